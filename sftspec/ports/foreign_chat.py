"""Chat templates by file: any of Hugging Face's, its spans derived and then verified, or the record refused.

A conversation is rendered twice: with plain texts, as a server does, and with texts that know which
field they are of (`chat_marks`). Nothing is ever searched for in what was rendered of data.
"""

from collections.abc import Sequence
from functools import lru_cache
import re
from threading import RLock
from typing import Any

from jinja2 import Template, nodes
import msgspec

from sftspec.ground.report import Fault
from sftspec.ports.chat_marks import GENERATED, OWN, UNCLEAR, Marking, runs_of
from sftspec.ports.chat_sandbox import Sandbox
from sftspec.ports.foreign_laid import Laid, Rerun, not_derived
from sftspec.ports.foreign_shape import Recipe, derive
from sftspec.ports.foreign_talk import Kit, as_messages, kit_of, marked_messages
from sftspec.ports.segments import END, Call, CannotSay, Message, Options, Segment, Talk
from sftspec.ports.vocabulary import Tokenizer

SPECIAL = tuple(f"{name}_token" for name in ("bos", "eos", "unk", "sep", "pad", "cls", "mask"))
MOST_SOURCE = 1 << 20
MOST_SHAPES = 4096

_ASKED = Message("user", "Which one?")
_TOLD = Message("assistant", "That one.")
_TOOL = {
    "type": "function",
    "function": {
        "name": "look_up", "description": "Looks a word up.",
        "parameters": {
            "type": "object",
            "properties": {"word": {"type": "string", "description": "What to look up."}},
            "required": ["word"],
        },
    },
}  # fmt: skip
_CALLED = Message("assistant", "", (Call("a1b2c3d4e", "look_up", {"word": "one"}),))
_FOUND = Message("tool", "It is 1.", (), "a1b2c3d4e", "look_up")
_PROBES = (
    Talk((_ASKED, _TOLD, _ASKED, _TOLD)),
    Talk((Message("system", "Be brief."), _ASKED, _TOLD, _ASKED, _TOLD)),
    Talk((_ASKED, _CALLED, _FOUND, _TOLD, _ASKED, _TOLD), (_TOOL,)),
)


@lru_cache(maxsize=16)
def read_source(source: str) -> tuple[dict[str, str], dict[str, str]]:
    """Templates by name and variables, of a template's text or that of a tokenizer_config.json. Raises Fault."""
    if not source.lstrip().startswith("{") or source.lstrip().startswith(("{{", "{%", "{#")):
        return {"default": source}, {}
    try:
        config = msgspec.json.decode(source, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {"default": source}, {}
    given = config.get("chat_template")
    if isinstance(given, str):
        given = {"default": given}
    elif isinstance(given, list):
        given = {one.get("name"): one.get("template") for one in given if isinstance(one, dict)}
    if not isinstance(given, dict) or not isinstance(given.get("default"), str):
        raise Fault(
            "chat-template-unreadable", "the file has no `chat_template`, or none named `default`",
            hint="give a chat_template.jinja, or a tokenizer_config.json with one in it",
        )  # fmt: skip
    names = {name: _token(config.get(name)) for name in SPECIAL}
    templates = {name: text for name, text in given.items() if isinstance(text, str)}
    return templates, {name: text for name, text in names.items() if text is not None}


def _token(value: Any) -> str | None:
    """A token's spelling: a text, or an object that has it."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else None


def problem_of(source: str) -> str | None:
    """Why a file's text is no chat template, as far as can be said without a tokenizer."""
    try:
        templates, _ = read_source(source)
        for text in templates.values():
            _compiled(Sandbox(), text)
    except Fault as why:
        return why.message
    return None


def foreign_template(source: str, tokenizer: Tokenizer) -> "ForeignTemplate":
    """The template of a file's text, for a tokenizer. Raises Fault where it cannot be read."""
    controls = tuple(sorted(tokenizer.controls))
    return _template(source, controls, tokenizer.begin, tokenizer.end)


@lru_cache(maxsize=16)
def _template(
    source: str, controls: tuple[str, ...], begin: str | None, end: str | None
) -> "ForeignTemplate":
    said = {"bos_token": begin, "eos_token": end}
    names = {name: text for name, text in said.items() if text is not None}
    return ForeignTemplate(source, controls, names)


class ForeignTemplate:
    """A template as one of the shelf `ports.chats` is used.

    `variables`: special tokens by name, such as `bos_token`; those of a tokenizer_config.json count
    where they are not given.
    """

    def __init__(self, source: str, controls: Sequence[str], variables: dict[str, str]) -> None:
        texts, said = read_source(source)
        self.CONTROLS = tuple(controls)
        self._names = {**said, **variables}
        self._lock = RLock()
        self._plain, self._marking = Sandbox(), Marking()
        self._texts = {name: texts[name] for name in ("default", "tool_use") if name in texts}
        self._templates: dict[str, tuple[Template, Template]] = {
            name: (_compiled(self._plain, text), _compiled(self._marking, text))
            for name, text in self._texts.items()
        }
        self._constants = _constants(self._plain, self._texts.values())
        self._pattern = _pattern(self.CONTROLS)
        self._shapes: dict[Any, Recipe] = {}
        self._tools: Any = None
        self._kit = kit_of(None)
        self._end: str | None = None
        self.KEEPS = self._strict = False
        self._end = self._ending()
        self.KEEPS = True
        self.KEEPS = self._keeps()
        self._strict = False
        self._shapes.clear()
        self.BEGIN = self._begin()

    # the protocol

    def segments(self, talk: Talk, options: Options) -> list[Segment]:
        """The conversation, all of it. Raises CannotSay."""
        if not talk.messages:
            raise CannotSay("no-turns", "the conversation has no turn")
        with self._lock:
            laid = self._lay(talk, options)
            shape = (laid.shape(), _presence(talk), options)
            recipe = self._shapes.get(shape)
            found = None if recipe is None else recipe.fill(laid, talk)
            if found is not None:
                return found
            recipe, found = self._derive(laid, talk, options)
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes.setdefault(shape, recipe)
            return found

    def prompt(self, options: Options) -> list[Segment]:
        """What a server adds behind a conversation for the model to answer. Raises CannotSay."""
        talk = Talk((_ASKED,))
        with self._lock:
            before = self._lay(talk, options).cut(self._pattern)
            after = self._lay(talk, options, ask=True).cut(self._pattern)
        same = 0
        while same < min(len(before), len(after)) and before[same] == after[same]:
            same += 1
        return after[same:]

    # rendering

    def text(self, talk: Talk, options: Options, *, ask: bool = False) -> str:
        """The conversation as transformers renders it; `ask`: with what a server adds. Raises CannotSay."""
        with self._lock:
            plain, _ = self._both(talk)
            kit = self._kitted(talk)
            names = self._given(as_messages(talk), kit.plain, options, ask=ask)
            self._plain.known = kit.spelled
            return "".join(self._plain.pieces(plain, names, options.date))

    def _lay(self, talk: Talk, options: Options, *, ask: bool = False) -> Laid:
        """Both renders of a conversation. Raises CannotSay where they differ."""
        plain = self.text(talk, options, ask=ask)
        _, marking = self._both(talk)
        kit = self._kitted(talk)
        names = self._given(marked_messages(talk), kit.marked, options, ask=ask)
        self._marking.known = kit.spelled_marked
        laid = _laid(list(self._marking.pieces(marking, names, options.date)))
        if laid.text != plain:
            at = _differ(laid.text, plain)
            raise not_derived(f"its pieces are not what it renders, from character {at} on")
        return laid

    def _both(self, talk: Talk) -> tuple[Template, Template]:
        name = (
            "tool_use"
            if talk.tools is not None and "tool_use" in self._templates
            else "default"
        )
        return self._templates[name]

    def _kitted(self, talk: Talk) -> Kit:
        if self._tools is not talk.tools:
            self._tools, self._kit = talk.tools, kit_of(talk.tools)
        return self._kit

    def _given(
        self, messages: Any, tools: Any, options: Options, *, ask: bool
    ) -> dict[str, Any]:
        """The variables that a template is rendered with."""
        return {
            **self._names, "messages": messages, "tools": tools, "documents": None,
            "add_generation_prompt": ask, "date_string": options.date,
            "enable_thinking": options.thinking, "thinking": options.thinking,
        }  # fmt: skip

    # what is known of the template

    def _derive(self, laid: Laid, talk: Talk, options: Options) -> tuple[Recipe, list[Segment]]:
        rerun = Rerun(
            lambda some, ask: self.text(some, options, ask=ask), self._pattern,
            self._constants, self._end,
        )  # fmt: skip
        return derive(laid, talk, rerun, keeps=self.KEEPS, strict=self._strict)

    def _ending(self) -> str | None:
        """The control token behind an assistant's words."""
        try:
            found = self.segments(Talk((_ASKED, _TOLD)), Options())
        except CannotSay:
            return None
        self._shapes.clear()
        return next((one.text for one in found[::-1] if one.part == END), None)

    def _keeps(self) -> bool:
        """Whether earlier turns of the probes are laid out the same whatever follows them."""
        for talk in _PROBES:
            for thinking in (False, True):
                options = Options(thinking=thinking)
                if self._says(talk, options, strict=False) and not self._says(
                    talk, options, strict=True
                ):
                    return False
        return True

    def _says(self, talk: Talk, options: Options, *, strict: bool) -> bool:
        """Whether it has a place for a conversation; `strict`: with all of its turns."""
        self._strict = strict
        self._shapes.clear()
        try:
            self.segments(talk, options)
        except CannotSay:
            return False
        return True

    def _begin(self) -> str | None:
        """The BOS token where the template writes it first."""
        wanted = self._names.get("bos_token")
        for talk in _PROBES:
            try:
                first = self._lay(talk, Options()).cut(self._pattern)[:1]
            except CannotSay:
                continue
            if first and first[0].control and first[0].text == wanted:
                return wanted
        return None


def _compiled(sandbox: Sandbox, source: str) -> Template:
    """A template ready to run. Raises Fault where it is none."""
    if len(source) > MOST_SOURCE:
        raise Fault("chat-template-unreadable", "the chat template is longer than 1 MiB")
    try:
        return sandbox.from_string(source)
    except Exception as why:  # noqa: BLE001 - whatever Jinja, or Python's compiler, cannot take
        raise Fault(
            "chat-template-unreadable", f"the chat template is no Jinja: {str(why)[:200]}",
            hint="it must be a template that transformers can read",
        ) from None  # fmt: skip


def _constants(sandbox: Sandbox, sources: Any) -> re.Pattern[str]:
    """Any of the texts that a template may look for in data: its own constants."""
    found = {
        node.value.strip()
        for source in sources
        for node in sandbox.parse(source).find_all(nodes.Const)
        if isinstance(node.value, str)
    }
    return _pattern([text for text in found if len(text) > 1])


def _pattern(texts: Sequence[str]) -> re.Pattern[str]:
    """Any of some texts, the longest first."""
    ordered = sorted(filter(None, texts), key=lambda text: (-len(text), text))
    return re.compile(f"({'|'.join(map(re.escape, ordered)) or '(?!)'})")


def _presence(talk: Talk) -> tuple[Any, ...]:
    """What of a conversation is there, field by field."""
    return (
        talk.tools is not None,
        *[
            (one.role, bool(one.text.strip()), *[bool(call.arguments) for call in one.calls])
            for one in talk.messages
        ],
    )


def _laid(pieces: list[str]) -> Laid:
    """Pieces with marks as one text."""
    ends: list[int] = []
    marks: list[int] = []
    tagged: list[tuple[int, int]] = []
    at = 0
    for piece in pieces:
        for size, whose in runs_of(piece):
            if whose >= GENERATED:
                tagged.append((at, at + size))
                whose -= GENERATED  # noqa: PLW2901 - the mark without its flag
            if not size:
                continue
            at += size
            if marks and marks[-1] == whose:
                ends[-1] = at
            else:
                marks.append(whose)
                ends.append(at)
    if UNCLEAR in marks:
        raise not_derived("some text is made of several fields at once")
    assert not marks or min(marks) >= OWN  # noqa: S101 - there are no others
    return Laid("".join(pieces), ends, marks, tagged)


def _differ(one: str, other: str) -> int:
    """Where two texts begin to differ."""
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return at
    return min(len(one), len(other))
