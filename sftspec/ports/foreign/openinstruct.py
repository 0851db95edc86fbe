"""open-instruct: a mixer of datasets with how much of each, `dataset_mixer_list` or `dataset_mixer`.

In a list a number with a point is a part of the dataset's rows and one without is a count: `1` is
one row, `1.0` is all of them. In the older object `1` is all, and what is above it is a count.
"""

from collections.abc import Sequence
from fractions import Fraction
import re
from typing import Any

from sftspec.ports.foreign.base import (
    Amount,
    Asked,
    Desk,
    Entry,
    Imported,
    Place,
    Settings,
    Shape,
    Talked,
    dataset_id,
    sound,
)

TRAINER = "open-instruct"
SMALL = 10
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{0,17})?(e-[0-9]{1,2})?")
_OF_FILE = {
    "dataset_mixer_eval_list": "say which rows are set aside with `split`",
    "max_train_samples": "say it with `total`",
    "dataset_local_cache_dir": "builds keep their work in `.sftspec`",
    "dataset_mix_dir": "a snapshot is a folder",
}
_OPENAI = (("system", "system"), ("user", "user"), ("assistant", "assistant"), ("tool", "tool"))
_SHAREGPT = (
    ("gpt", "assistant"), ("Assistant", "assistant"), ("assistant", "assistant"),
    ("user", "user"), ("User", "user"), ("human", "user"),
)  # fmt: skip
_ASKED = (  # instruction, output, input, system: the first whose columns are there
    ("instruction", "output", "input", ""),
    ("prompt", "completion", "", ""),
    ("question", "response", "", "system_prompt"),
    ("query", "answer", "", ""),
    ("query", "response", "", ""),
)


def fits(config: dict[str, Any]) -> bool:
    """Whether it has a mixer."""
    return bool(config.get("dataset_mixer_list") or config.get("dataset_mixer"))


def names(config: dict[str, Any]) -> list[str]:
    """The datasets of the mixer."""
    mixer = config.get("dataset_mixer_list")
    if isinstance(mixer, list):
        return [str(name) for name in mixer[::2]]
    mixer = config.get("dataset_mixer")
    return [str(name) for name in mixer] if isinstance(mixer, dict) else []


def read(config: dict[str, Any], chosen: Sequence[int], desk: Desk) -> Imported:
    """The chosen datasets and how much of each is taken."""
    whole = Settings("the configuration", config, desk)
    pairs = _pairs(whole)
    splits = whole.texts("dataset_mixer_list_splits") or ("train",)
    if len(splits) not in {1, len(pairs)}:
        whole.wrong("dataset_mixer_list_splits", "one split, or one for each dataset")
    for name, why in _OF_FILE.items():
        if whole.said(name):
            desk.warn("not-imported", f"`{name}` is not taken over: {why}")
    found = []
    for at in chosen if len(pairs) == len(names(config)) else ():
        name, amount = pairs[at]
        split = splits[at if at < len(splits) else 0]
        found.append(Entry(name, _place(name, split), None, amount=amount))
    return Imported(TRAINER, tuple(found), seed=whole.whole("seed"))


def _place(name: str, split: str) -> Place:
    if dataset_id(name):
        return Place(files=(name,), hub="hf", dataset=name, split=split)
    return Place(files=(name,), split=split)


# how much


def _pairs(whole: Settings) -> list[tuple[str, Amount]]:
    listed, mixer = whole.take("dataset_mixer_list"), whole.take("dataset_mixer")
    if listed:
        if not isinstance(listed, list) or len(listed) % 2:
            whole.wrong("dataset_mixer_list", "a list of names, each with its weight behind it")
            return []
        items = list(zip(listed[::2], listed[1::2], strict=True))
        counts = None
    elif isinstance(mixer, dict):
        items = list(mixer.items())
        counts = any(type(weight) is int and weight > 1 for weight in mixer.values())
    else:
        whole.wrong("dataset_mixer", "an object of names and weights")
        return []
    found = []
    for name, weight in items:
        amount = _amount(weight, counts)
        if amount is None or not isinstance(name, str) or not sound(name) or not name:
            whole.desk.error(
                "malformed-entry", f"`{str(name)[:60]}` of the mixer has no weight that is a number from 0",
            )  # fmt: skip
            return []
        _small(name, amount, whole.desk)
        found.append((name, amount))
    return found


def _amount(weight: Any, counts: bool | None) -> Amount | None:  # noqa: FBT001 - of the whole mixer
    """A weight as a count or a part. `counts`: of an object, whether its whole numbers are counts."""
    said = str(weight)
    if not isinstance(weight, int | float | str) or not _NUMBER.fullmatch(said):
        return None  # `true` is no number either
    whole = not isinstance(weight, float) and said.isdecimal()
    if whole and counts is not False:
        return Amount(rows=int(said))
    return Amount(part=Fraction(said))


def _small(name: str, amount: Amount, desk: Desk) -> None:
    if amount.rows is not None and 0 < amount.rows <= SMALL:
        desk.warn(
            "small-count", f"{amount.rows} of `{name[:60]}` is that many rows, not times all of them",
            f"write {amount.rows}.0 in the mixer where all rows are meant",
        )  # fmt: skip


# what the rows are


def shape_by_columns(columns: Sequence[str] | None) -> tuple[Shape | None, tuple[str, ...]]:
    """The shape that the trainer would see in columns, and those that may be missing.

    Where they are not known it is a list of messages; None where no turns are in them.
    """
    if columns is None or "messages" in columns:
        return Talked("messages", ("role", "content"), _OPENAI, tools="tools"), ("tools",)
    for instruction, output, input_, system in _ASKED[:2]:
        if instruction in columns and output in columns:
            return Asked(instruction, output, input_, system, joint="\n"), (input_, system)
    if "conversations" in columns:
        return Talked("conversations", ("from", "value"), _SHAREGPT), ()
    for instruction, output, input_, system in _ASKED[2:]:
        if instruction in columns and output in columns:
            return Asked(instruction, output, input_, system), (input_, system)
    return None, ()
