"""LLaMA-Factory: the entries of a `dataset_info.json`."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

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
)

TRAINER = "LLaMA-Factory"
_HUBS = (("hf_hub_url", "hf"), ("ms_hub_url", "modelscope"), ("om_hub_url", "openmind"))
_PLACES = (*(name for name, _ in _HUBS), "script_url", "cloud_file_name", "file_name")
_MEDIA = ("images", "videos", "audios")
_COLUMNS = {  # what a column is called where `columns` is not there at all
    "prompt": "instruction", "query": "input", "response": "output", "messages": "conversations",
}  # fmt: skip
_TAGS = {
    "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
    "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system",
}  # fmt: skip
_MEANS = {
    "user_tag": "user", "assistant_tag": "assistant", "observation_tag": "tool",
    "function_tag": "call", "system_tag": "system",
}  # fmt: skip


def fits(config: dict[str, Any]) -> bool:
    """Whether it is a `dataset_info.json`: names, and where the rows of each are."""
    return any(
        isinstance(about, dict) and any(name in about for name in _PLACES)
        for about in config.values()
    )


def names(config: dict[str, Any]) -> list[str]:
    """The entries."""
    return list(config)


def read(config: dict[str, Any], chosen: Sequence[int], desk: Desk) -> Imported:
    """The chosen entries, as far as a spec can say them."""
    items = list(config.items())
    found = [_entry(*items[at], desk) for at in chosen]
    return Imported(TRAINER, tuple(entry for entry in found if entry is not None))


def _entry(name: str, about: Any, desk: Desk) -> Entry | None:
    if not isinstance(about, dict):
        desk.error("malformed-entry", f"entry `{name[:60]}` is no object")
        return None
    given = Settings(f"entry `{name[:60]}`", about, desk)
    form = given.text("formatting", "alpaca")
    if form not in {"alpaca", "sharegpt", "openai"}:
        given.wrong("formatting", "`alpaca`, `sharegpt` or `openai`")
        return None
    place = _place(given)
    ranking = given.flag("ranking")
    count = given.whole("num_samples")
    columns = _columns(given)
    shape: Shape | None
    if form == "alpaca":
        shape = _asked(columns, ranking=ranking)
        given.take("tags")
    else:
        shape = _talked(given, columns, form, ranking=ranking)
    why = _media(given, columns) or _raw(given, shape, columns, ranking=ranking)
    given.rest()
    if place is None:
        return None
    if shape is not None and shape.wanted and not why:
        desk.warn(
            "kto-dataset", f"{given.what} marks answers as wanted or not; only wanted ones are taken",
            "there is no pair to learn from in a single answer that nobody wants",
        )  # fmt: skip
    if isinstance(shape, Asked) and shape.history and shape.input:
        desk.warn(
            "wording-differs", f"{given.what}: an empty line stands between instruction and input, not one newline",
            "beside a history the row is read as alpaca, which joins them so",
        )  # fmt: skip
    amount = None if count is None else Amount(rows=count)
    return Entry(name, place, shape, excluded=why, amount=amount)


def _columns(given: Settings) -> dict[str, str]:
    """What each column is called; as soon as one is named, those that are not are none."""
    inner = given.inner("columns")
    if inner is None:
        return dict(_COLUMNS)
    known = (*_COLUMNS, "history", "system", "tools", "chosen", "rejected", "kto_tag", *_MEDIA)
    found = {name: inner.text(name) for name in known}
    inner.rest()
    return {name: column for name, column in found.items() if column}


# the shape of a row


def _asked(columns: dict[str, str], *, ranking: bool) -> Asked | None:
    prompt, query = columns.get("prompt", ""), columns.get("query", "")
    output = columns.get("chosen" if ranking else "response", "")
    rejected = columns.get("rejected", "") if ranking else ""
    if not (prompt or query) or not output or (ranking and not rejected):
        return None
    return Asked(
        instruction=prompt or query, input=query if prompt else "", output=output,
        system=columns.get("system", ""), history=columns.get("history", ""),
        tools=columns.get("tools", ""), rejected=rejected, wanted=columns.get("kto_tag", ""),
        joint="\n",
    )  # fmt: skip


def _raw(
    given: Settings, shape: Shape | None, columns: dict[str, str], *, ranking: bool
) -> str:
    """Why an entry has no turns, and so no records; empty where it has."""
    if shape is not None:
        return ""
    if ranking:
        given.desk.warn(
            "no-such-pair", f"{given.what} has `ranking`, and no columns `chosen` and `rejected`",
            "name them in `columns`, or take `ranking` away",
        )  # fmt: skip
        return "its pairs are in columns that the configuration does not name"
    if "prompt" not in columns:
        given.wrong("columns", "a list of columns with a `prompt`")
        return ""
    given.desk.warn(
        "raw-text-dataset", f"{given.what} has texts to go on with and no answers",
        "records are conversations; the source is declared and excluded",
    )  # fmt: skip
    return "texts without turns"


def _media(given: Settings, columns: dict[str, str]) -> str:
    there = [name for name in _MEDIA if name in columns]
    if not there:
        return ""
    given.desk.warn(
        "media-dataset", f"{given.what} has {' and '.join(there)}, which records cannot hold",
        "the source is declared and excluded",
    )  # fmt: skip
    return f"its rows are about {' and '.join(there)}"


def _talked(
    given: Settings, columns: dict[str, str], form: str, *, ranking: bool
) -> Talked | None:
    """The conversation; None where it is a pair's, and the pair is not named."""
    tags = _tags(given)
    keys = (tags.get("role_tag", ""), tags.get("content_tag", ""))
    roles = _roles(given, tags, form, keys)
    messages = columns.get("messages", "")
    if not messages:
        given.wrong("columns", "a list of columns with `messages`")
    talked = Talked(
        messages=messages or "messages", keys=keys, roles=roles,
        system=columns.get("system", ""), tools=columns.get("tools", ""),
        wanted=columns.get("kto_tag", ""),
    )  # fmt: skip
    if ranking:
        chosen, rejected = columns.get("chosen", ""), columns.get("rejected", "")
        if not (chosen and rejected):
            return None
        talked = structs.replace(talked, chosen=chosen, rejected=rejected)
    return talked


def _tags(given: Settings) -> dict[str, str]:
    """As soon as one tag is named, those that are not are none."""
    inner = given.inner("tags")
    if inner is None:
        return dict(_TAGS)
    found = {name: inner.text(name) for name in _TAGS}
    inner.rest()
    return {name: tag for name, tag in found.items() if tag}


def _roles(
    given: Settings, tags: dict[str, str], form: str, keys: tuple[str, str]
) -> tuple[tuple[str, str], ...]:
    said = {tag: _MEANS[name] for name, tag in tags.items() if name in _MEANS}
    if len(said) < sum(name in _MEANS for name in tags):
        given.wrong("tags", "a list of tags that differ from one another")
    function = tags.get("function_tag")
    if keys == ("role", "content") and function in said:
        if form == "openai":  # its calls stand in `tool_calls`
            said[function] = "assistant"
        else:
            del said[function]
            given.desk.warn(
                "calls-as-text", f"{given.what} has calls as the text of messages with `{function}`",
                "beside `role` and `content`, calls are read from `tool_calls` alone; such rows are rejected",
            )  # fmt: skip
    return tuple(said.items())


# where the rows are


def _place(given: Settings) -> Place | None:
    """Where the rows are, in the order in which the trainer looks."""
    within = given.text("subset") or ""
    folder = given.text("folder")
    split = given.text("split", "train")
    said = {name: given.text(name) for name in _PLACES}
    hub = next(((said[name], kind) for name, kind in _HUBS if said[name]), None)
    if hub is not None and not dataset_id(hub[0]):
        given.wrong("hf_hub_url", "the name of a dataset")
        return None
    if hub is not None:
        return Place(
            hub=hub[1], dataset=hub[0], within=folder or within, split=split,
            format="hf",
        )  # fmt: skip
    if said["script_url"]:
        given.desk.warn(
            "script-dataset", f"the rows of {given.what} come from a script, which is not run",
            "run it, save its rows where `path` says, and look whether the fields are right",
        )  # fmt: skip
        return Place(elsewhere=f"the script {said['script_url']}", split=split)
    if said["cloud_file_name"]:
        return Place(elsewhere=said["cloud_file_name"])
    if said["file_name"]:
        return Place(files=(said["file_name"],), split=split)
    given.desk.error("malformed-entry", f"{given.what} does not say where its rows are")
    return None
