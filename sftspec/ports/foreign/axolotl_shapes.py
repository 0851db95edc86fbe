"""axolotl's `type`: what the columns of a dataset are and whose turns they hold."""

from typing import Any

from sftspec.ports.foreign.base import Asked, Settings, Shape, Talked

_ALPACA = ("instruction", "output", "input", "")
_ASKED = {  # instruction, output, input, system
    "alpaca": _ALPACA,
    "alpaca_chat": _ALPACA,
    "alpaca_chat.load_concise": _ALPACA,
    "alpaca_chat.load_no_prompt": _ALPACA,
    "alpaca_instruct": _ALPACA,
    "alpaca_instruct.load_no_prompt": _ALPACA,
    "alpaca_w_system": ("instruction", "output", "input", "system"),
    "alpaca_w_system.load_open_orca": ("question", "response", "", "system_prompt"),
    "alpaca_w_system.load_open_orca_chatml": ("question", "response", "", "system_prompt"),
    "alpaca_chat.load_qa": ("question", "answer", "", ""),
    "alpaca_chat.load_camel_ai": ("message_1", "message_2", "", ""),
    "gpteacher": ("instruction", "response", "input", ""),
    "oasst": ("INSTRUCTION", "RESPONSE", "", ""),
    "metharme": ("prompt", "generation", "", ""),
}
_RAW = {"", "completion", "pretrain", "input_output"}
_ROLES = {"user": ["human", "user"], "assistant": ["gpt", "assistant"], "system": ["system"], "tool": ["tool"]}  # fmt: skip
_TARGETS = {
    "user": "user", "human": "user", "input": "user", "assistant": "assistant", "gpt": "assistant",
    "model": "assistant", "output": "assistant", "system": "system", "tool": "tool",
    "function": "tool", "ipython": "tool", "observation": "tool",
}  # fmt: skip
_MARKS = ("message_field_training", "message_field_training_detail")
_THOUGHTS = ("field_thinking", "template_thinking_key", "split_thinking")
Read = tuple[Shape | None, tuple[str, ...], str]


def shape_of(given: Settings, pairs: str) -> Read:
    """The shape of a dataset's rows, its loose columns, and why no record can be made of them."""
    kind = given.take("type")
    if isinstance(kind, dict):
        return _own(given)
    name = "" if kind is None else kind if isinstance(kind, str) else "?"
    base = name.split(":")[0].removesuffix(".load").removesuffix(".default")
    if base == "chat_template" or (base in {"sharegpt", "sharegpt.load_role"} and not pairs):
        return _talked(given, base, pairs)
    if base in _ASKED and not pairs:
        given.desk.warn(
            "wording-differs", f"the wording that `{name}` puts around a question is not in the records",
            f"{given.what}: instruction and input are the two elements of the user's turn",
        )  # fmt: skip
        instruction, output, input_, system = _ASKED[base]
        shape = Asked(instruction=instruction, output=output, input=input_, system=system)
        return shape, (input_,), ""
    if base in _RAW:
        given.take("field")
        given.desk.warn(
            "raw-text-dataset", f"{given.what} has raw texts or tokens and no turns",
            "records are conversations; the source is declared and excluded",
        )  # fmt: skip
        return None, (), "texts or tokens without turns"
    given.desk.warn(
        "unknown-dataset-type", f"{given.what} is of type `{name[:60]}`, which is not read here",
        "the source is declared and excluded; write its template, and take `excluded` away",
    )  # fmt: skip
    return None, (), f"rows of type {name[:60]}: write a template for them"


def _own(given: Settings) -> Read:
    """Columns that the configuration names itself."""
    inner = Settings(f"`type` of {given.what}", given.values["type"], given.desk)
    shape = Asked(
        instruction=inner.text("field_instruction", "instruction"),
        output=inner.text("field_output", "output"),
        input=inner.text("field_input", "input"),
        system=inner.text("field_system", "system"),
        preamble=_long(inner, "system_prompt"),
    )
    wording = [_long(inner, name) for name in ("format", "no_input_format", "system_format")]
    if any(wording):
        given.desk.warn(
            "wording-differs", "the wording that `format` puts around a question is not in the records",
            f"{given.what}: put it into the template's `user` lines where it is no chat template's",
        )  # fmt: skip
    inner.rest()
    return shape, (shape.input, shape.system), ""


def _long(given: Settings, name: str) -> str:
    """A text that may have several lines."""
    value = given.take(name)
    if value is None or (isinstance(value, str) and len(value) <= 4_000):
        return value or ""
    given.wrong(name, "a text of at most 4000 characters")
    return ""


# conversations


def _talked(given: Settings, base: str, pairs: str) -> Read:
    legacy = base.startswith("sharegpt")
    keys = ("from", "value") if legacy else ("role", "content")
    keys = ("role", "value") if base.endswith("load_role") else keys
    keys = _keys(given, keys)
    system, tools = given.text("field_system", "system"), given.text("field_tools", "tools")
    _trained(given)
    for name in _THOUGHTS:
        if given.said(name):
            given.desk.warn(
                "not-imported", f"`{name}` of {given.what} is not taken over",
                "thoughts in a column of a message of their own are not read",
            )  # fmt: skip
    shape = Talked(
        messages=given.text("field_messages", "conversations" if legacy else "messages"),
        keys=keys,
        roles=_roles(given),
        system=system,
        tools=tools,
        chosen=given.text("field_chosen", "chosen") if pairs else "",
        rejected=given.text("field_rejected", "rejected") if pairs else "",
        drops_system=given.flag("drop_system_message"),
    )
    return shape, (system, tools), ""


def _keys(given: Settings, default: tuple[str, str]) -> tuple[str, str]:
    """What messages call role and text; the older names of the setting count too."""
    role = given.text("message_field_role", default[0])
    content = given.text("message_field_content", default[1])
    inner = given.inner("message_property_mappings")
    if inner is not None:
        role, content = inner.text("role", role), inner.text("content", content)
        inner.rest()
    return role, content


def _roles(given: Settings) -> tuple[tuple[str, str], ...]:
    """Names of roles and what they mean. `roles` says of each meaning which names it has."""
    inner = given.inner("roles")
    if inner is None:
        return tuple((name, target) for target, named in _ROLES.items() for name in named)
    found: dict[str, str] = {}
    for target in list(inner.values):
        said: Any = _TARGETS.get(target)
        named = inner.texts(target)
        if said is None:
            given.desk.warn(
                "unmapped-role", f"{given.what} maps to the role `{target[:60]}`, which records do not have",
                "write `role NAME = …` in the template, or rows with it are rejected",
            )  # fmt: skip
            continue
        found.update(dict.fromkeys(named, said))
    return tuple(found.items())


def _trained(given: Settings) -> None:
    """Whose turns are trained on: in a spec it is the assistant's, all of them."""
    asked = "roles_to_train" in given.values
    trained = given.texts("roles_to_train")
    if (asked and set(trained) - {"assistant", "gpt"}) or (asked and not trained):
        given.desk.warn(
            "trained-turns", f"`roles_to_train` of {given.what} is not taken over",
            "in a spec all of the assistant's turns are trained on; `weight: 0` in a message says otherwise",
        )  # fmt: skip
    for name in _MARKS:
        if given.said(name):
            given.desk.warn(
                "trained-turns", f"`{name}` of {given.what} is not taken over",
                "give the messages that are not to be trained on `weight: 0`",
            )  # fmt: skip
