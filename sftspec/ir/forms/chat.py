"""`chat`: how conversations become tokens: the model's template and tokenizer, and what is trained."""

from pathlib import Path
from typing import Any

from sftspec.ground.report import did_you_mean, listing
from sftspec.ground.shelf import modules
from sftspec.ir.forms.base import Form, Line, lines
from sftspec.ir.outputs import Chat
from sftspec.ir.paths import path_problem, resolve
from sftspec.ir.world import World
from sftspec.syntax import tree

KIND = "chat"
MOST = 1 << 24
LEAST = 8
LOSSES = ("all_assistant_turns", "last_assistant_turn", "expand")
FORM = Form(
    "chat NAME {",
    "how conversations become tokens: template, tokenizer, window, loss",
    inner=(
        Form("template = CALL", 'a built-in one: `builtin("llama3")`', once=True, needed=True),
        Form(
            "template = TEXT", "a `chat_template.jinja` or `tokenizer_config.json`", once=True,
            needed=True,
        ),
        Form(
            "tokenizer = TEXT", "a `tokenizer.json`, SentencePiece or tekken file, or its folder",
            once=True, needed=True,
        ),
        Form("window = INT", "tokens that a sample, and a pack, may have", once=True, needed=True),
        Form(
            f"loss = {'|'.join(LOSSES)}",
            "trained: all assistant turns, the last, or each in a sample of its own", once=True,
        ),
        Form(
            "overflow = drop|cut|error",
            "a sample over the window: dropped, cut after an assistant turn, or an error", once=True,
        ),
        Form("calls = trained|untrained", "whether the model learns to write calls", once=True),
        Form("thinking = on|off", "whether the model writes its block of thoughts", once=True),
        Form("date = TEXT", "today's, for templates that tell it: as they write it", once=True),
    ),
)  # fmt: skip


def lower(line: Line, world: World) -> Chat | None:
    """The chat, its template looked up or read."""
    name = line.name("name")
    found = lines(f"chat `{name}`", line.entry.head, line.entry.body, FORM.inner, world.report)
    said = {item.form.head: item for item in found}
    before = len(world.report.items)
    template = _template(said["template"], world) if "template" in said else None
    tokenizer = _path(said["tokenizer"], world) if "tokenizer" in said else None
    window = said["window"].whole() if "window" in said else LEAST
    if not LEAST <= window <= MOST:
        world.report.error(
            "out-of-range", said["window"].slots["int"].span,
            f"a window has {LEAST} to {MOST} tokens",
        )  # fmt: skip
    if template is None or tokenizer is None or len(world.report.items) > before:
        return None
    words = {head: _word(item) for head, item in said.items()}
    return Chat(
        name=name,
        builtin=template[0],
        path=template[1],
        source=template[2],
        tokenizer=tokenizer,
        window=window,
        loss=words.get("loss", LOSSES[0]),
        overflow=words.get("overflow", "drop"),
        calls=words.get("calls", "trained") == "trained",
        thinking=words.get("thinking", "off") == "on",
        date=said["date"].text().value if "date" in said else "",
        span=line.entry.head,
    )


def _word(item: Line) -> str:
    """The word that a line chooses."""
    return next(iter(item.words - {item.form.head}), "")


def _template(item: Line, world: World) -> tuple[str, str, str] | None:
    """Name of a built-in template, or path and text of a file."""
    call = item.slots.get("call")
    if call is not None:
        return _builtin(call, world)
    shown = _path(item, world)
    data = None if shown is None else world.read(shown, item.slots["text"].span)
    if data is None:
        return None
    from sftspec.ports.foreign_chat import problem_of

    try:
        source = data.decode()
        why = problem_of(source)
    except UnicodeDecodeError:
        source, why = "", "it is not UTF-8"
    if not why:
        return "", shown or "", source
    world.report.error(
        "bad-chat-template", item.slots["text"].span, f"`{shown}` cannot be used: {why}",
        hint="name the model's chat_template.jinja, or the tokenizer_config.json that holds it",
    )  # fmt: skip
    return None


def _builtin(call: Any, world: World) -> tuple[str, str, str] | None:
    args = call.args if isinstance(call, tree.Call) else ()
    if call.name != "builtin" or len(args) != 1 or not isinstance(args[0], tree.Text):
        world.report.error(
            "wrong-arguments", call.span, "a chat template is a file, or a built-in one",
            hint='write `builtin("llama3")`',
        )  # fmt: skip
        return None
    known = modules("sftspec.ports.chats")
    name = args[0].value
    if name not in known:
        world.report.error(
            "unknown-chat-template", args[0].span, f"no built-in chat template is called `{name}`",
            hint=did_you_mean(name, known) or f"there are {listing(known, 20)}",
        )  # fmt: skip
        return None
    return name, "", ""


def _path(item: Line, world: World) -> str | None:
    """A path from the root."""
    text = item.text()
    problem = path_problem(text.value, text.span)
    if problem:
        world.report.error(problem[0], text.span, problem[1], hint=problem[2])
        return None
    return resolve(Path(text.span.text.path).parent, text.value)
