"""The words of a command line: options and positionals in any order, for every verb."""

from importlib import import_module

import pytest

from sftspec.cli import _parsed, _Parser, verbs
from sftspec.ground.report import Misuse

OPTIONAL = [
    ("check", ["a.sft"], ["--format", "json"], ["b.sft"]),
    ("ci", ["a.sft"], ["--format", "json"], ["b.sft"]),
    ("coverage", ["legal"], ["--pairs", "1"], ["tasks"]),
    ("diff", ["a"], ["--format", "json"], ["b"]),
    ("explain", [], ["--all"], ["expect"]),
    ("fmt", ["a.sft"], ["--check"], ["b.sft"]),
    ("init", [], ["--root", "x"], ["new"]),
    ("preview", ["a.sft"], ["--format", "json"], ["reply"]),
    ("query", ["legal"], ["--of", "rejected"], ["risk == low"]),
    ("status", ["a"], ["--format", "json"], ["b"]),
]


def of(verb):
    parser = _Parser(prog=f"sftspec {verb}")
    import_module(f"sftspec.verbs.{verb}").add_arguments(parser)
    return parser


def parsed(verb, *words):
    return _parsed([verb, *words], verbs())[1]


def optional(verb):
    """Whether a verb has positionals that can be left out."""
    return any(not a.option_strings and a.nargs in {"?", "*", "+"} for a in of(verb)._actions)


def test_every_verb_with_a_positional_that_can_be_left_out_has_a_case():
    assert {name for name in verbs() if optional(name)} == {verb for verb, *_ in OPTIONAL}


@pytest.mark.parametrize(("verb", "first", "option", "last"), OPTIONAL)
def test_an_option_may_stand_anywhere(verb, first, option, last):
    if not any(option[0] in action.option_strings for action in of(verb)._actions):
        option = []
    behind = parsed(verb, *first, *last, *option)
    assert behind == of(verb).parse_args([*first, *last, *option])
    assert behind == parsed(verb, *first, *option, *last)
    assert behind == parsed(verb, *option, *first, *last)
    assert behind == parsed(verb, *option, "--", *first, *last)


@pytest.mark.parametrize("verb", verbs())
def test_help_is_that_of_the_parser(verb, capsys):
    with pytest.raises(SystemExit):
        _parsed([verb, "--help"], verbs())
    shown = capsys.readouterr().out
    parser = of(verb)
    parser.description = import_module(f"sftspec.verbs.{verb}").__doc__
    assert parser.format_help() == shown


def test_what_stands_behind_two_dashes_is_no_option():
    args = parsed("query", "legal", "--", "--of")
    assert ("legal", "--of", "chosen") == (args.snapshot, args.expression, args.of)
    assert "-x" == parsed("query", "--limit", "1", "--", "-x").snapshot


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: snapshot"),
        (("--of", "chosen"), "the following arguments are required: snapshot"),
        (("legal", "--bogus", "risk == low"), "unrecognized arguments: --bogus"),
        (("legal", "a", "--limit", "1", "b"), "unrecognized arguments: b"),
        (("legal", "--show", "risk == low", "--count"), "not allowed with"),
    ],
)
def test_words_that_are_none_are_a_misuse(words, message, capsys):
    with pytest.raises(Misuse) as caught:
        parsed("query", *words)
    assert "bad-arguments" == caught.value.slug
    assert message in caught.value.message
    assert capsys.readouterr().err.startswith("usage: sftspec query [-h]")
