"""Compare how a chat lays records out with a template's file, or with a running server.

A file is rendered as transformers does. A server (vLLM, SGLang, TGI, llama.cpp) is asked for its prompt
before the last turn of the assistant, and generates nothing; no other command opens the network. The
first byte that differs is shown, with what stands around it on both sides. SFTSPEC_SERVER_KEY may hold
the server's key.
"""

import argparse
from pathlib import Path
import sys
from typing import Any

from sftspec.verbs.base import add_spec, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_spec(parser)
    parser.add_argument("chat", help="a `chat` of the spec")
    other = parser.add_mutually_exclusive_group()
    other.add_argument(
        "--template", type=Path, metavar="FILE",
        help="a chat_template.jinja, or a tokenizer_config.json",
    )  # fmt: skip
    other.add_argument("--server", metavar="URL", help="as in http://localhost:8000")
    parser.add_argument("--model", help="the model's name on the server (else its first)")
    parser.add_argument(
        "--limit", type=positive, default=50, metavar="N", help="records to compare (50)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Read, lay out and compare; 1 where something differs."""
    from sftspec.engine.glimpse_chat import Layer, chat_of
    from sftspec.ground.render import answer
    from sftspec.ground.report import Misuse
    from sftspec.snapshot.parity import Side

    if args.template is None and args.server is None:
        raise Misuse(
            "bad-arguments", "there is nothing to compare with",
            hint="add `--template FILE` or `--server URL`",
        )  # fmt: skip
    stage, tokenizer = chat_of(args.spec, args.root, args.chat)
    home, records = _records(args)
    layer = Layer(stage, tokenizer, home)
    side = Side(stage, layer.template, layer.tokenizer)
    against, verdict = (
        _template(args.template, side, records)
        if args.template is not None
        else _server(args, side, records)
    )
    word = "differs" if verdict.differing else "ok" if verdict.compared else "no-sample"
    if args.format == "json":
        sys.stdout.write(
            answer(
                word, chat=args.chat, against=against, compared=verdict.compared,
                refused=verdict.refused, differing=verdict.differing, first=verdict.first,
            )
        )  # fmt: skip
    else:
        _show(args.chat, against, verdict)
    return 0 if word == "ok" else 1


def _records(args: argparse.Namespace) -> tuple[Path, list[Any]]:
    """The project's root, and the first records of each template in turn, so many in all."""
    from itertools import islice, zip_longest

    from sftspec.build import read
    from sftspec.engine.glimpse import Reader
    from sftspec.engine.glimpse_chat import told_of
    from sftspec.snapshot.parity import Told

    graph, _, home = read(args.spec, args.root)
    reader = Reader(graph, home)
    several = [reader.samples(name, args.limit).samples for name in graph.templates()]
    turns = (one for row in zip_longest(*several) for one in row if one and not one.rejected)
    return home, [Told(one.id, told_of(one).talk) for one in islice(turns, args.limit)]


def _template(path: Path, side: Any, records: list[Any]) -> tuple[str, Any]:
    from sftspec.ground.report import Fault
    from sftspec.ports.foreign_chat import foreign_template
    from sftspec.snapshot.parity import with_template

    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise Fault("chat-template-unreadable", f"{why}", path=str(path)) from None
    return str(path), with_template(side, foreign_template(source, side.tokenizer), records)


def _server(args: argparse.Namespace, side: Any, records: list[Any]) -> tuple[str, Any]:
    from sftspec.ports.chat_servers import open_server
    from sftspec.snapshot.parity import with_server

    server = open_server(args.server, args.model)
    verdict = with_server(side, server.prompt, records)
    return f"{server.url} ({server.way})" if server.way else server.url, verdict


def _show(chat: str, against: str, verdict: Any) -> None:
    from sftspec.ground.render import escape

    first = verdict.first
    lines = []
    if first is not None:
        unit = "token" if first.what == "ids of one text" else "byte"
        lines += [
            f"record {first.id}: {first.what} differs at {unit} {first.at}",
            f"  ours    {escape(first.ours)}", f"  theirs  {escape(first.theirs)}",
        ]  # fmt: skip
    said = f"{verdict.differing} of {verdict.compared} records differ"
    refused = f", {verdict.refused} refused by `{chat}`" if verdict.refused else ""
    lines.append(f"{escape(chat)} against {escape(against)}: {said}{refused}")
    sys.stdout.write("\n".join(lines) + "\n")
