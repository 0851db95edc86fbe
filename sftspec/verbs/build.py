"""Build a spec into a sealed snapshot."""

import argparse
import sys
from typing import Any

from sftspec.verbs.base import add_engine_options, add_spec, log_of, settings_of, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    add_spec(parser)
    add_engine_options(parser)
    parser.add_argument("--gate", metavar="NAME", help="exit 1 where this gate does not hold")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Build, and say what came of it."""
    import gc

    from sftspec.build import build

    gc.disable()  # what a build makes has no cycles worth looking for
    built = build(args.spec, settings_of(args), log_of(args))
    gates = built.manifest.gates
    if args.gate and args.gate not in gates:
        from sftspec.ground.report import Misuse, did_you_mean, there_are

        hint = did_you_mean(args.gate, gates) or there_are(list(gates)) or ""
        raise Misuse("unknown-gate", f"the spec has no gate `{args.gate}`", hint=hint)
    failed = bool(args.gate) and not gates[args.gate]["holds"]
    sys.stdout.write(_json(built, failed) if args.format == "json" else _text(built))
    return 1 if failed else 0


def _json(built: Any, failed: bool) -> str:  # noqa: FBT001 - the verdict
    from sftspec.ground.render import answer

    manifest = built.manifest
    return answer(
        "gate-failed" if failed else "ok",
        snapshot=str(built.folder), id=built.id, fresh=built.fresh,
        counts=manifest.counts, mixture=manifest.mixture, gates=manifest.gates,
        tests=manifest.tests, chats=manifest.chats or {},
    )  # fmt: skip


def _text(built: Any) -> str:
    from sftspec.ground.render import escape

    manifest = built.manifest
    counts = manifest.counts
    out = [
        f"\n{manifest.dataset} {manifest.version}  {escape(str(built.folder))}\n",
        f"  {'sealed' if built.fresh else 'up to date'}  {built.id}\n\n",
        f"  rows read {counts['rows_read']} = used {counts['rows_used']} + rejected {counts['rows_rejected']}\n",
        (
            f"  candidates {counts['candidates']} = chosen {counts['chosen']} + not chosen "
            f"{counts['not_chosen']} + rejected {counts['rejected']}\n"
        ),
    ]
    rejected = [
        (f"{source}: {reason}", str(count))
        for source, info in manifest.sources.items()
        for reason, count in info["rejected"].items()
    ] + [(reason, str(count)) for reason, count in counts["rejected_by_reason"].items()]
    if rejected:
        out.append(
            "\n  rejected\n" + table([("", *row) for row in rejected], right=frozenset({2}))
        )
    out.append("\n  parts\n")
    rows = [
        ("", name, str(part["chosen"]), _shrunk(part))
        for name, part in manifest.mixture["parts"].items()
    ]
    out.append(table(rows, right=frozenset({2})))
    out += [_chat(name, chat) for name, chat in (manifest.chats or {}).items()]
    out.append(_gates(manifest))
    return "".join(out)


def _chat(name: str, chat: dict[str, Any]) -> str:
    """Tokens of a chat by part, how full its packs are, and what was cut or dropped."""
    rows = [
        (
            "",
            part,
            f"{sizes['read']['total']} tokens",
            f"{sizes['trained']['total']} trained",
            f"longest {sizes['read']['max']}",
        )
        for part, sizes in chat["tokens"].items()
    ]
    rows += [
        (
            "",
            f"{one['folder']}/{part}",
            f"{sizes['packs']} packs",
            f"{sizes['fill'] / 100:.2f}% full",
            f"at most {sizes['most']} samples",
        )
        for one in chat["outputs"].values()
        if one["packed"]
        for part, sizes in one["parts"].items()
    ]
    lost = [f"{count} cut" for count in [chat["truncated"]["cut"]] if count]
    lost += [f"{count} rejected as {reason}" for reason, count in chat["rejected"].items()]
    note = f": {', '.join(lost)}" if lost else ""
    return f"\n  chat {name}, window {chat['window']}{note}\n" + table(
        rows, right=frozenset({2, 3})
    )


def _shrunk(part: dict[str, Any]) -> str:
    if part["chosen"] == part["wanted"]:
        return ""
    return f"of {part['wanted']} wanted; {part['available']} were there"


def _gates(manifest: Any) -> str:
    from sftspec.snapshot.gatetext import explain_line

    out = []
    for name, gate in manifest.gates.items():
        out.append(f"\n  gate {name}: {'holds' if gate['holds'] else 'does not hold'}\n")
        rows = []
        for line in gate["lines"]:
            mark = "ok" if line["holds"] else "FAILS" if line["require"] else "warns"
            measured = (
                line["measured"] if line["measured"] is not None else "nothing to measure"
            )
            rows.append(("", mark, measured, line["text"]))
        out.append(table(rows))
        out.extend(
            "\n" + "".join(f"    {one}\n" for one in explain_line(line))
            for line in gate["lines"]
            if not line["holds"]
        )
    return "".join(out)
