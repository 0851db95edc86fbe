"""argv to one verb, which is imported only when it is called; exceptions to exit codes.

0 well, 1 findings, 2 usage, 3 environment, 70 our bug, 130 interrupted. With `--format json` there
is one answer on stdout, whatever comes of it; what is for people is on stderr then.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module
import io
import os
import signal
import sys
from typing import Any, NamedTuple, NoReturn

from sftspec.ground.shelf import modules

OK, FINDINGS, USAGE, ENVIRONMENT, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130


class Ending(NamedTuple):
    """What a command came to; `answer` is what `--format json` prints of it."""

    code: int
    answer: str = ""


def verbs() -> list[str]:
    """The names of the verbs: the files of their shelf."""
    return [name for name in modules("sftspec.verbs") if name != "base"]


def main(argv: list[str] | None = None) -> int:
    """Run a command line; the exit code."""
    words = sys.argv[1:] if argv is None else argv
    as_json = wants_json(words)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        ending = _main(words, as_json=as_json)
    except KeyboardInterrupt:
        ending = Ending(_interrupted(), _answer("interrupted") if as_json else "")
    try:
        return _give(ending) if as_json else ending.code
    except KeyboardInterrupt:  # it may be written in part: there is no second answer
        return _interrupted()


def wants_json(words: Sequence[str]) -> bool:
    """Whether a command line says `--format json`, be it one that cannot be parsed."""
    said = ""
    for at, word in enumerate(words):
        if word == "--":
            break
        name, equal, value = word.partition("=")
        if len(name) > len("--") and "--format".startswith(name):  # argparse takes `--form` too
            said = value if equal else "".join(words[at + 1 : at + 2])
    return said == "json"


def _main(words: list[str], *, as_json: bool) -> Ending:
    known = verbs()
    if not words or words[0] in {"-h", "--help"}:
        _help(known)
        return Ending(OK if words else USAGE)
    if words[0] == "--version":
        from importlib.metadata import version

        print(f"sftspec {version('sftspec')}")
        return Ending(OK)
    try:
        verb, args = _parsed(words, known)
    except Exception as error:  # noqa: BLE001 - told like any other
        return _told(error, as_json=as_json)
    return guarded(verb, args, as_json=as_json)


def _parsed(words: list[str], known: list[str]) -> tuple[Any, argparse.Namespace]:
    if words[0] not in known:
        from sftspec.ground.report import Misuse, did_you_mean, there_are

        hint = did_you_mean(words[0], known) or there_are(known, 20) or ""
        raise Misuse("unknown-command", f"no command is called `{words[0]}`", hint=hint)
    verb = import_module(f"sftspec.verbs.{words[0]}")
    parser = _Parser(prog=f"sftspec {words[0]}", description=verb.__doc__)
    verb.add_arguments(parser)
    return verb, parser.parse_words(words[1:])


class _Parser(argparse.ArgumentParser):
    """Words of a command line; those that are none are not echoed raw."""

    def parse_words(self, words: list[str]) -> argparse.Namespace:
        """The arguments; an option may stand before a positional that can be left out."""
        after = words[words.index("--") + 1 :] if "--" in words else []
        if any(word.startswith("-") for word in after):
            return self.parse_args(words)  # read twice, they would be taken for options
        return self.parse_intermixed_args(words)

    def error(self, message: str) -> NoReturn:
        from sftspec.ground.report import Misuse

        self.print_usage(sys.stderr)
        raise Misuse("bad-arguments", message, hint=f"`{self.prog} --help` says what there is")


def _help(known: list[str]) -> None:
    print("usage: sftspec COMMAND …\n\nA compiler for supervised fine-tuning data.\n")
    for name in known:
        verb = import_module(f"sftspec.verbs.{name}")
        print(f"  {name:<9} {(verb.__doc__ or '').strip().splitlines()[0]}")
    print("\n`sftspec COMMAND --help` says more.")


def guarded(verb: Any, args: argparse.Namespace, *, as_json: bool = False) -> Ending:
    """How the verb ended; what it raises becomes a message and a code.

    An answer in JSON is held back until the verb is through, so that there is never half of one
    and another behind it.
    """
    kept, held = sys.stdout, io.StringIO()
    try:
        sys.stdout = held if as_json else kept
        code: int = verb.run(args)
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - told by its kind
        sys.stdout = kept
        if isinstance(error, BrokenPipeError) and not as_json:
            _hang_up()
            return Ending(OK)
        return _told(error, as_json=as_json, form=getattr(args, "format", "text"))
    finally:
        sys.stdout = kept
    return Ending(code, held.getvalue())


def _give(ending: Ending) -> int:
    """Print the answer; JSON is UTF-8, whatever the locale says."""
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(encoding="utf-8")
    try:
        out.write(ending.answer)
        out.flush()
    except BrokenPipeError:
        _hang_up()
    except OSError as error:
        _hang_up()
        return _told(error).code
    return ending.code


def _hang_up() -> None:
    """Nobody reads stdout any more: what is still to be flushed at the exit goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# what stopped a verb


def _told(error: Exception, *, as_json: bool = False, form: str = "text") -> Ending:
    """Say it on stderr; the exit code and the answer that go with it."""
    if isinstance(error, ImportError) and not (error.name or "").startswith("sftspec"):
        return _no_library(error, as_json=as_json)
    from sftspec.ground.report import Fault, Misuse, SpecError

    if isinstance(error, SpecError):
        return _spec_errors(error, form)
    if isinstance(error, Misuse):
        _say(f"error[{error.slug}]", error.message, error.hint)
        about = {name: getattr(error, name) or None for name in ("slug", "message", "hint")}
        return Ending(USAGE, _answer("usage", usage=about) if as_json else "")
    if isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
        error = Fault("io-error", f"{error.filename or 'the system'}: {reason}")
    if isinstance(error, Fault):
        return _fault(error, as_json=as_json)
    if type(error).__name__ == "ShortMixture":  # not imported: its module is not light
        return _shortfall(error, as_json=as_json)
    if type(error).__name__ == "EmptyDataset":
        return _empty(error, as_json=as_json)
    return _bug(error, as_json=as_json)


def _spec_errors(error: Any, form: str) -> Ending:
    from sftspec.ground.render import render

    if form == "json":
        return Ending(FINDINGS, render(error.report.sorted(), form))
    from sftspec.verbs.base import show_report

    return Ending(show_report(error.report, form if form in {"github", "sarif"} else "text"))


def _fault(fault: Any, *, as_json: bool) -> Ending:
    _say(f"fault[{fault.slug}]", fault.message, fault.hint)
    names = ("slug", "message", "path", "stage", "hint")
    about = {name: getattr(fault, name) or None for name in names}
    return Ending(ENVIRONMENT, _answer("fault", fault=about) if as_json else "")


def _no_library(error: ImportError, *, as_json: bool) -> Ending:
    """A library that is not there, or does not load; it may be one that speaking needs."""
    said = ascii(str(error))[1:-1]
    hint = "`sftspec doctor` says what else this machine lacks"
    try:
        from sftspec.ground.report import Fault

        return _fault(Fault("missing-library", said, hint=hint), as_json=as_json)
    except ImportError:
        print(f"fault[missing-library]: {said}\n  hint: {hint}", file=sys.stderr)
        return Ending(ENVIRONMENT)


def _shortfall(error: Any, *, as_json: bool) -> Ending:
    from sftspec.snapshot.shortfall import as_rows, explain_shortfall

    sys.stderr.write(explain_shortfall(error.result, error.rejected))
    short = {
        "shortfall": as_rows(error.result), "rejected": error.rejected, "mixture": error.result,
    }  # fmt: skip
    return Ending(FINDINGS, _answer("shortfall", **short) if as_json else "")


def _empty(error: Any, *, as_json: bool) -> Ending:
    from sftspec.snapshot.shortfall import explain_empty

    sys.stderr.write(explain_empty(error.read, error.taken))
    about = {"rows_read": error.read, "taken": error.taken}
    return Ending(FINDINGS, _answer("empty", **about) if as_json else "")


def _bug(error: Exception, *, as_json: bool) -> Ending:
    import traceback

    from sftspec.ground.render import escape

    for line in "".join(traceback.format_exception(error)).rstrip("\n").split("\n"):
        print(escape(line), file=sys.stderr)  # what it was about is quoted in it
    print(
        "\nThis is a mistake in sftspec, not in your spec. Please report it.", file=sys.stderr
    )
    about = {"type": type(error).__name__, "message": str(error)}
    return Ending(BUG, _answer("bug", bug=about) if as_json else "")


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _interrupted() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # the end is near anyway
        signal.signal(number, signal.SIG_IGN)
    start = "\n" if sys.stderr.isatty() else ""
    print(f"{start}interrupted; finished work is kept", file=sys.stderr)
    return INTERRUPTED


def _say(head: str, message: str, hint: str) -> None:
    from sftspec.ground.render import escape

    print(f"{head}: {escape(message)}", file=sys.stderr)
    if hint:
        print(f"  hint: {escape(hint)}", file=sys.stderr)


def _answer(verdict: str, **fields: Any) -> str:
    from sftspec.ground.render import answer

    return answer(verdict, **fields)
