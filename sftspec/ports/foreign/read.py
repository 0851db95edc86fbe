"""A configuration file to plain values: JSON, or YAML of the plainest kind.

Why so strict a YAML: a reader that follows aliases lets a page grow into gigabytes, one that obeys
tags runs code, and one that takes the last of two equal keys hides the other. Words are read as
YAML 1.1 has them, because that is how the trainers read them.
"""

from collections.abc import Iterator
from typing import Any

from sftspec.ground.report import Fault
from sftspec.ports.base import Problem
from sftspec.ports.foreign.base import Desk
from sftspec.ports.jsontext import read_json

MAX_JSON = 16 * 1024 * 1024
MAX_YAML = 1024 * 1024
MAX_DEPTH = 32
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}


class _Unread(Exception):  # noqa: N818 - a way out, not an error
    """Why a text is not read: the message, and the line from 0."""

    def __init__(self, message: str, line: int | None = None) -> None:
        where = "" if line is None else f"line {line + 1}: "
        super().__init__(f"{where}{message}")


def read_config(data: bytes, desk: Desk) -> dict[str, Any] | None:
    """The settings of a file, or None with the reason in the report."""
    as_json = desk.path.lower().endswith(".json")
    most = MAX_JSON if as_json else MAX_YAML
    try:
        return _whole(_json(_at_most(data, most)) if as_json else _yaml(_at_most(data, most)))
    except _Unread as error:
        desk.error(
            "unreadable-config", f"the configuration cannot be read: {error}",
            hint="a file whose name ends in .json is read as JSON, any other as YAML",
        )  # fmt: skip
        return None


def _at_most(data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise _Unread(f"more than {most >> 20} MiB")
    return data


def _whole(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise _Unread("it is no object with names and values")
    return found


def _json(data: bytes) -> Any:
    found = read_json(data)
    if isinstance(found, Problem):
        raise _Unread(found.evidence)
    return found[0]


def _yaml(data: bytes) -> Any:
    try:
        import yaml
    except ImportError:
        raise Fault(
            "missing-library", "a YAML file is read by PyYAML, which is not there",
            hint="pip install 'sftspec[import]', or hand in the same settings as JSON",
        ) from None  # fmt: skip
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unread(f"byte {error.start} is not UTF-8") from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(yaml).build(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _Unread(error.problem or "no YAML", mark.line if mark else None) from None
    except yaml.YAMLError as error:
        raise _Unread(str(error).splitlines()[0]) from None


class _Builder:
    """Values of one document, event by event, without recursion."""

    def __init__(self, yaml: Any) -> None:
        self.yaml = yaml
        self.words = yaml.SafeLoader("")  # knows what a plain word means
        self.stack: list[tuple[Any, list[Any]]] = []
        self.whole: list[Any] = []

    def build(self, events: Iterator[Any]) -> Any:
        documents = 0
        for event in events:
            name = type(event).__name__
            line = event.start_mark.line if event.start_mark else None
            documents += name == "DocumentStartEvent"
            if documents > 1:
                raise _Unread("a second document begins", line)
            if name == "AliasEvent":
                raise _Unread("an alias (`*name`) stands here; write out what it means", line)
            if name in {"MappingStartEvent", "SequenceStartEvent"}:
                self._open({} if name.startswith("M") else [], event, line)
            elif name in {"MappingEndEvent", "SequenceEndEvent"}:
                done = self.stack.pop()[0]
                self._put(done, line)
            elif name == "ScalarEvent":
                self._put(self._scalar(event, line), line)
        return self.whole[0] if self.whole else None

    def _open(self, empty: Any, event: Any, line: int | None) -> None:
        if event.tag is not None:
            raise _Unread(f"a tag (`{event.tag[:40]}`) stands here", line)
        if len(self.stack) >= MAX_DEPTH:
            raise _Unread(f"nested more than {MAX_DEPTH} deep", line)
        self.stack.append((empty, []))

    def _put(self, value: Any, line: int | None) -> None:
        """A value in its list or object; in an object a key comes first."""
        if not self.stack:
            self.whole.append(value)
            return
        home, keys = self.stack[-1]
        if isinstance(home, list):
            home.append(value)
        elif keys:
            home[keys.pop()] = value
        elif not isinstance(value, str | int | float | bool | None) or value == "<<":
            raise _Unread("this can be no name of a setting", line)
        elif value in home:
            raise _Unread(f"`{str(value)[:40]}` stands twice", line)
        else:
            keys.append(value)

    def _scalar(self, event: Any, line: int | None) -> Any:
        if event.tag not in {None, "!"}:
            raise _Unread(f"a tag (`{event.tag[:40]}`) stands here", line)
        kind = self.yaml.ScalarNode
        tag = self.words.resolve(kind, event.value, event.implicit)
        if tag not in _PLAIN or tag.endswith(":str"):
            return str(event.value)
        try:
            return self.words.construct_object(kind(tag, event.value))
        except (ValueError, OverflowError):
            raise _Unread("this is no number", line) from None
