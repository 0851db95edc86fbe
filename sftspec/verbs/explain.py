"""Explain a slug, a block and its lines, a measure, a tally or a filter; without a word, list all.

A slug is the word in brackets of a diagnostic, or the reason of a rejection.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
import re
import sys

from sftspec.ir.forms.base import Form

LEGEND = """\
Words in lower case stand as they are, `a|b` is a choice, CAPITALS stand for what is said,
`[ … ]` may be left out, `{` opens a body: the lines below it, indented.
"""
WIDTH = 96


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument(
        "word", nargs="?", help="a slug, a block, a measure, a tally or a filter"
    )


def run(args: argparse.Namespace) -> int:
    """Print what is known of a word; 2 where nothing is."""
    if args.word is None:
        sys.stdout.write("\n".join(_all()))
        return 0
    word = args.word.lower()
    found = [part for about in (_block, _call, _filter, _line, _slug) for part in about(word)]
    if not found:
        from sftspec.ground.render import escape
        from sftspec.ground.report import did_you_mean

        hint = did_you_mean(word, _words()) or "`sftspec explain` lists what there is"
        sys.stderr.write(f"sftspec: nothing is called `{escape(args.word)}`; {hint}\n")
        return 2
    sys.stdout.write("\n".join(found))
    return 0


# slugs


def sections() -> dict[str, str]:
    """The sections of the catalogue by slug, in its order."""
    from sftspec import ground

    text = (Path(ground.__path__[0]) / "slugs.md").read_text("utf-8")
    parts = re.split(r"(?m)^## (\S+)\n|^# .*\n", text)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {slug: body.strip() + "\n" for slug, body in pairs if slug}


def _slug(word: str) -> Iterator[str]:
    text = sections().get(word)
    if text is not None:
        from sftspec.verbs.base import colours

        bold, off = ("\x1b[1m", "\x1b[0m") if colours(sys.stdout) else ("", "")
        yield f"{bold}{word}{off}\n\n{text}"


# blocks


def _blocks() -> dict[str, list[Form]]:
    """The forms of each block that is built, by its first word."""
    from sftspec.ir.resolve import FORMS

    found: dict[str, list[Form]] = {}
    for form in FORMS:
        if not form.later:
            found.setdefault(form.usage.split()[0], []).append(form)
    return found


def _block(word: str) -> Iterator[str]:
    from sftspec.ir.resolve import LATER

    if word in LATER:
        yield f"`{word}` blocks are not built yet.\n"
    forms = _blocks().get(word)
    if forms:
        yield _table([row for form in _once(forms) for row in _rows(form, 0)]) + "\n" + LEGEND


def _once(forms: list[Form]) -> Iterator[Form]:
    """The forms; of several with the same lines only the last shows them."""
    from msgspec.structs import replace

    for at, form in enumerate(forms):
        again = any(form.inner and other.inner == form.inner for other in forms[at + 1 :])
        yield replace(form, inner=()) if again else form


def _rows(form: Form, depth: int) -> Iterator[tuple[str, str]]:
    """A form and the lines of its body: usage and help."""
    notes = [form.help] if form.help else []
    if form.later:
        notes.append("(not built yet)")
    elif form.needed:
        notes.append("(needed)")
    yield "  " * depth + form.shown, " ".join(notes)
    for inner in _once(list(form.inner)):
        yield from _rows(inner, depth + 1)


def _table(rows: list[tuple[str, str]]) -> str:
    """Usage and help in two columns; a long usage has its help on a line of its own."""
    import textwrap

    column = min(max(len(usage) for usage, _ in rows), 44) + 2
    out = []
    for usage, note in rows:
        said = [" " * column + line for line in textwrap.wrap(note, WIDTH - column)]
        if len(usage) < column - 1 and said:
            out.append(usage + said.pop(0)[len(usage) :])
        else:
            out.append(usage)
        out.extend(said)
    return "\n".join(out) + "\n"


def _line(word: str) -> Iterator[str]:
    """The lines of blocks that begin with a word that is no block: `join` is one of `source`."""
    known = _blocks()
    for forms in known.values() if word not in known else ():
        for form in forms:
            owner = form.shown.removesuffix(" {")
            for line in form.inner:
                if word in line.usage.split()[0].split("|"):
                    yield f"in `{owner}`\n\n" + _table(list(_rows(line, 1)))


# measures, tallies, filters


def _call(word: str) -> Iterator[str]:
    from sftspec.expr import base, nodes

    measure = base.measures().get(word)
    if measure is not None:
        yield f"{measure.usage}   a measure of one record\n\n{_plain(measure.help)}"
    if word == "valid":
        yield f"valid(response)   a measure of one record\n\n{_plain(nodes.Valid.__doc__)}"
    tally = base.tallies().get(word)
    if tally is not None:
        taken = {"nothing": "", "condition": "COND", "number": "NUMBER"}.get(
            tally.takes, "NAME"
        )
        gives = "a percentage" if tally.result == "percent" else "a number"
        yield f"{word}({taken})   a tally over many records: {gives}\n\n{_plain(tally.__doc__)}"


def _filter(word: str) -> Iterator[str]:
    from sftspec.ir.filters import FILTERS

    kind = FILTERS.get(word)
    if word == "json_schema":
        yield "{{ SCHEMA | json_schema }}   a filter of bodies\n\nThe contract as JSON Schema.\n"
    if kind is not None:
        one = {str: "TEXT", int: "INT"}[kind.takes]
        words = [one] * kind.least + [f"[{one}]"] * (kind.most - kind.least)
        call = f"{word}({', '.join(words)})" if words else word
        yield f"{{{{ VALUE | {call} }}}}   a filter of bodies\n\n{_plain(kind.help)}"


def _plain(doc: str | None) -> str:
    import inspect

    return inspect.cleandoc(doc or "") + "\n"


# the list


def _words() -> list[str]:
    return [word for _, words in _listed() for word in words]


def _listed() -> Iterator[tuple[str, list[str]]]:
    from sftspec.expr import base
    from sftspec.ir.filters import FILTERS

    yield "blocks", sorted(_blocks())
    yield "measures", sorted([*base.measures(), "valid"])
    yield "tallies", sorted(base.tallies())
    yield "filters", sorted([*FILTERS, "json_schema"])
    yield "slugs", list(sections())


def _all() -> Iterator[str]:
    import textwrap

    for title, words in _listed():
        text = textwrap.fill(
            "  ".join(words), WIDTH - 2, break_on_hyphens=False,
            initial_indent="  ", subsequent_indent="  ",
        )  # fmt: skip
        yield f"{title}\n{text}\n"
