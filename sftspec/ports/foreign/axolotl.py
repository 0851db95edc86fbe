"""axolotl: the `datasets` of a configuration, and what stands beside them about the data."""

from collections.abc import Sequence
from typing import Any

from sftspec.ports.foreign.axolotl_shapes import shape_of
from sftspec.ports.foreign.base import Desk, Entry, Imported, Place, Settings, dataset_id

TRAINER = "axolotl"
_PAIRS = {"dpo", "ipo", "orpo", "simpo"}
_SPELLED = {
    "json": "json",
    "csv": "csv",
    "parquet": "parquet",
    "arrow": "arrow",
    "text": "text",
}
_TOKENS = "how a conversation becomes tokens is the trainer's"
_OF_FILE = {  # settings beside `datasets`, and why a spec does not have them
    "dataset_prepared_path": "builds keep their work in `.sftspec`",
    "pretraining_dataset": "texts that are read as a stream have no turns",
    "streaming": "a build reads its sources whole",
    "shuffle_merged_datasets": "the order of records is drawn from `seed`",
    "curriculum_sampling": "say the order with a `curriculum` block",
    "dataset_shard_num": "a build takes all rows",
    "dataset_shard_idx": "a build takes all rows",
    "default_system_message": "say it with a `system` line in the templates",
    "push_dataset_to_hub": "a snapshot is a folder",
}
_OF_ENTRY = {
    "chat_template": _TOKENS, "chat_template_jinja": _TOKENS, "conversation": _TOKENS,
    "train_on_eos": "which end tokens are trained on is the trainer's",
    "train_on_eot": "which end tokens are trained on is the trainer's",
    "trust_remote_code": "no code of a dataset is run",
    "shards": "a build takes all rows", "shards_idx": "a build takes all rows",
    "preprocess_shards": "a build cuts its work by itself",
    "input_transform": "no code is run", "temperature": _TOKENS, "logprobs_field": _TOKENS,
}  # fmt: skip


def fits(config: dict[str, Any]) -> bool:
    """Whether it has a list of datasets with paths."""
    found = config.get("datasets")
    return isinstance(found, list) and any(isinstance(x, dict) and "path" in x for x in found)


def names(config: dict[str, Any]) -> list[str]:
    """The entries, by their paths."""
    return [_name(about) for about in config["datasets"]]


def _name(about: Any) -> str:
    path = about.get("path") if isinstance(about, dict) else None
    return path if isinstance(path, str) else ""


def read(config: dict[str, Any], chosen: Sequence[int], desk: Desk) -> Imported:
    """The chosen datasets; those to test on are declared beside them."""
    whole = Settings("the configuration", config, desk)
    mode = whole.text("rl")
    found = [_entry(config["datasets"][at], f"dataset {at + 1}", mode, desk) for at in chosen]
    _tell(whole)
    found += _tests(whole, desk)
    return Imported(
        TRAINER,
        tuple(entry for entry in found if entry is not None),
        seed=whole.whole("seed"),
        dev=_dev(whole),
        deduplicate=whole.flag("dataset_exact_deduplication"),
    )


def _tell(whole: Settings) -> None:
    """What stands beside the datasets and is not taken."""
    for name, why in _OF_FILE.items():
        if whole.said(name):
            whole.desk.warn("not-imported", f"`{name}` is not taken over: {why}")
    if whole.flag("train_on_inputs"):
        whole.desk.warn(
            "trained-turns", "`train_on_inputs` is not taken over",
            "in a spec the assistant's turns are trained on, and no others",
        )  # fmt: skip


def _dev(whole: Settings) -> int:
    """The part that is set aside, in basis points."""
    value = whole.take("val_set_size")
    if value is None or value == 0:
        return 0
    if isinstance(value, bool | str | list | dict) or not value > 0:
        whole.wrong("val_set_size", "a part of the rows, such as 0.05")
        return 0
    share = round(value * 10_000) if value < 1 else 0
    if not 0 < share < 10_000:
        whole.desk.warn(
            "not-imported", f"`val_set_size` of {str(value)[:20]} is no part of the rows that a split can have",
            "write `split { dev 5% }` with a percentage",
        )  # fmt: skip
        return 0
    return share


def _tests(whole: Settings, desk: Desk) -> list[Entry | None]:
    given = whole.take("test_datasets")
    if not given:
        return []
    if not isinstance(given, list) or len(given) > 16:
        whole.wrong("test_datasets", "a list of at most 16 datasets")
        return []
    desk.warn(
        "test-datasets", "`test_datasets` are declared as sources and excluded",
        "a snapshot's parts come from one pool: `split` sets rows aside",
    )  # fmt: skip
    why = "the configuration tests on it"
    return [
        _entry(about, f"test dataset {n + 1}", "", desk, why) for n, about in enumerate(given)
    ]


def _entry(about: Any, what: str, mode: str, desk: Desk, why: str = "") -> Entry | None:
    if not isinstance(about, dict) or not all(isinstance(key, str) for key in about):
        desk.error("malformed-entry", f"{what} is no object")
        return None
    given = Settings(what, about, desk)
    path = given.text("path")
    if not path:
        given.wrong("path", "a file or the name of a dataset")
        return None
    given.what = f"{what}, `{path[:60]}`"
    place = _place(path, given)
    shape, loose, reason = shape_of(given, mode if mode in _PAIRS else "")
    if mode and mode not in _PAIRS and not reason:
        reason = f"made for `rl: {mode}`"
        slug = "kto-dataset" if mode == "kto" else "not-imported"
        desk.warn(slug, f"{given.what} is {reason}, and is excluded")
    for name, because in _OF_ENTRY.items():
        if given.said(name):
            desk.warn("not-imported", f"`{name}` of {given.what} is not taken over: {because}")
    given.rest()
    return Entry(path, place, shape, loose, excluded=reason or why)


def _place(path: str, given: Settings) -> Place:
    """A file, a folder with files, or a dataset of the hub: the disk tells which."""
    format_ = given.text("ds_type")
    if format_ and format_ not in _SPELLED:
        given.wrong("ds_type", f"one of {', '.join(_SPELLED)}")
    files = given.texts("data_files")
    split = given.text("split")
    within = given.text("name")
    revision = given.text("revision")
    if "://" in path:
        return Place(elsewhere=path, split=split, format=format_)
    if dataset_id(path):
        return Place(
            files=files or (path,), hub="hf", dataset=path, within=within, split=split,
            revision=revision, format=format_,
        )  # fmt: skip
    return Place(files=files or (path,), split=split, format=format_)
