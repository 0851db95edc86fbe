"""Show samples of a template as a build would render them, without building the rest.

Roles, trained turns and, in colour, what came from data are marked; a rejected sample shows its
reason. Only the first rows of the source are read, or those up to the row with the key that is
asked for. Whether a sample is chosen is up to the mixture, which only `plan` and `build` know.
"""

import argparse
from collections.abc import Callable, Iterator
import sys
from typing import Any

import msgspec

from sftspec.verbs.base import add_spec, colours

_OFF = "\x1b[0m"
_PAINTS = {
    "name": "\x1b[1m", "quiet": "\x1b[2m", "role": "\x1b[1;34m", "trained": "\x1b[1;32m",
    "data": "\x1b[36m", "bad": "\x1b[1;31m", "odd": "\x1b[32;4m", "even": "\x1b[32m",
}  # fmt: skip
Paint = Callable[[str, str], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_spec(parser)
    parser.add_argument("template", nargs="?", help="a template (else one sample of each)")
    parser.add_argument(
        "-n", type=_count, dest="count", metavar="N", help="samples of a template (3)"
    )
    parser.add_argument(
        "--chat",
        metavar="NAME",
        help="show them as tokens of this chat, those that are trained marked",
    )
    parser.add_argument("--key", help="the samples of the row with this key")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one")
    return count


def run(args: argparse.Namespace) -> int:
    """Read, render and show; 1 where the key that was asked for has no sample."""
    import gc

    from sftspec.build import read
    from sftspec.engine.glimpse import Reader

    gc.disable()
    graph, _, home = read(args.spec, args.root)
    known = graph.templates()
    names = [args.template] if args.template else list(known)
    if args.template and args.template not in known:
        raise _unknown(args.template, list(known))
    reader = Reader(graph, home)
    count = args.count or (3 if args.template else 1)
    found = [reader.samples(name, count, args.key) for name in names]
    if args.key is not None and any(one.samples for one in found):
        found = [one for one in found if one.samples]
    failed = args.key is not None and not any(one.samples for one in found)
    if args.chat:
        return _chat(args, home, found, failed=failed)
    if args.format == "json":
        sys.stdout.write(_json(found, failed=failed))
    else:
        paint = _painted if colours(sys.stdout) else _plain
        sys.stdout.write("\n".join(_text(one, paint) for one in found))
    return 1 if failed else 0


def _chat(args: argparse.Namespace, home: Any, found: list[Any], *, failed: bool) -> int:
    """The samples as tokens of a chat."""
    from sftspec.engine.glimpse_chat import Layer, chat_of
    from sftspec.ground.render import answer
    from sftspec.snapshot.pictures import as_values, picture

    stage, tokenizer = chat_of(args.spec, args.root, args.chat)
    layer = Layer(stage, tokenizer, home)
    told = [(sample, layer.lay(sample)) for one in found for sample in one.samples]
    if args.format == "json":
        samples = [
            {"template": sample.template, "key": sample.key, "id": sample.id, **as_values(laid)}
            for sample, laid in told
        ]
        verdict = "no-sample" if failed else "ok"
        sys.stdout.write(answer(verdict, chat=args.chat, samples=samples))
    else:
        paint = _painted if colours(sys.stdout) else None
        shown = (
            f"{next(iter(_sample(sample, paint or _plain)))}\n{picture(laid, stage, paint)}"
            for sample, laid in told
        )
        sys.stdout.write("\n".join(shown))
    return 1 if failed else 0


def _unknown(name: str, known: list[str]) -> Exception:
    from sftspec.ground.report import Misuse, did_you_mean, there_are

    hint = did_you_mean(name, known) or there_are(known, 20) or ""
    return Misuse("unknown-template", f"no template is called `{name}`", hint=hint)


def _json(found: list[Any], *, failed: bool) -> str:
    from sftspec.ground.render import answer

    templates = [_plain_values(one) for one in found]
    return answer("no-sample" if failed else "ok", templates=templates)


def _plain_values(glimpse: Any) -> dict[str, Any]:
    """The glimpse with every field of a turn written out."""
    return {
        "template": glimpse.template,
        "rows_read": glimpse.read,
        "rows_rejected": glimpse.aside,
        "why": glimpse.why,
        "samples": [
            {
                **{
                    name: getattr(sample, name)
                    for name in sample.__struct_fields__
                    if name != "worse"
                },
                "turns": [
                    {
                        "role": turn.role,
                        "train": turn.train,
                        "name": turn.name,
                        "call_id": turn.call_id,
                        "calls": turn.calls,
                        "parts": [
                            {
                                "element": part.element,
                                "text": part.text,
                                "data_spans": part.data_spans,
                            }
                            for part in turn.parts
                        ],
                    }
                    for turn in sample.turns
                ],
                "tools": msgspec.json.decode(sample.tools) if sample.tools else None,
                "rejected_answer": sample.worse,
            }
            for sample in glimpse.samples
        ],
    }


# text


def _plain(_: str, text: str) -> str:
    return text


def _painted(kind: str, text: str) -> str:
    return f"{_PAINTS[kind]}{text}{_OFF}" if text else ""


def _text(glimpse: Any, paint: Paint) -> str:
    from sftspec.ground.render import escape

    out = ["\n".join(_sample(sample, paint)) + "\n" for sample in glimpse.samples]
    if glimpse.why is not None:
        out.append(f"{paint('name', glimpse.template)}  {escape(glimpse.why)}\n")
    elif not glimpse.samples:
        out.append(f"{paint('name', glimpse.template)}  no sample\n")
    aside = ", ".join(f"{reason} {count}" for reason, count in sorted(glimpse.aside.items()))
    if aside:
        out.append(
            paint("quiet", f"of {glimpse.read} rows read, rejected: {escape(aside)}") + "\n"
        )
    return "\n".join(out)


def _sample(sample: Any, paint: Paint) -> Iterator[str]:
    from sftspec.ground.render import escape

    place = f"{escape(sample.path)}:{sample.line}"
    variant = f"  variant {sample.variant + 1} of {sample.variants}"
    yield (
        f"{paint('name', f'{sample.template} v{sample.version}')}  {place}"
        f"  key {escape(sample.key)}{variant if sample.variants > 1 else ''}"
    )
    if sample.tags:
        tags = ", ".join(f"{name} {_value(value)}" for name, value in sample.tags.items())
        yield paint("quiet", f"  {escape(tags)}")
    if sample.rejected:
        stage, reason, evidence = sample.rejected
        yield f"  {paint('bad', f'rejected {reason}')} ({stage}): {escape(evidence)}"
    if sample.tools:
        names = [tool["function"]["name"] for tool in msgspec.json.decode(sample.tools)]
        yield paint("quiet", f"  tools {escape(', '.join(names))}")
    for turn in sample.turns:
        yield from _calls(turn, paint)
        for part in turn.parts:
            if turn.calls and not part.text:
                continue
            yield ""
            element = f" {part.element}" if part.element else ""
            mark = f"  {paint('trained', 'trained')}" if turn.train else ""
            name = f" {escape(turn.name)}" if turn.name else ""
            yield f"  {paint('role', turn.role)}{name}{element}{mark}"
            bar = paint("trained", "┃") if turn.train else paint("quiet", "│")
            for line in _lines(part, paint):
                yield f"  {bar} {line}".rstrip(" ")

    if sample.worse:
        yield ""
        yield f"  {paint('role', 'rejected')}"
        for line in sample.worse.split("\n"):
            yield f"  {paint('quiet', '│')} {escape(line)}".rstrip(" ")


def _calls(turn: Any, paint: Paint) -> Iterator[str]:
    """A turn's calls, one a line."""
    from sftspec.ground.render import escape

    if not turn.calls:
        return
    yield ""
    yield f"  {paint('role', turn.role)} calls{'  ' + paint('trained', 'trained') if turn.train else ''}"
    bar = paint("trained", "┃") if turn.train else paint("quiet", "│")
    for call in turn.calls:
        arguments = msgspec.json.encode(call["arguments"]).decode()
        yield f"  {bar} {escape(call['name'])} {escape(arguments)}"


def _value(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _lines(part: Any, paint: Paint) -> list[str]:
    """The part's lines, safe on a terminal, data painted."""
    from sftspec.ground.render import defuse, escape

    out = [""]
    for text, is_data in _pieces(part):
        for index, line in enumerate(text.split("\n")):
            if index:
                out.append("")
            shown = escape(line)
            out[-1] += paint("data", shown) if is_data else shown
    return [defuse(line) for line in out]  # a command may be half data


def _pieces(part: Any) -> Iterator[tuple[str, bool]]:
    """The part's text in order, cut where data begins and ends."""
    data = part.text.encode()
    at = 0
    for start, end in zip(part.data_spans[::2], part.data_spans[1::2], strict=True):
        yield data[at:start].decode(), False
        yield data[start:end].decode(), True
        at = end
    yield data[at:].decode(), False
