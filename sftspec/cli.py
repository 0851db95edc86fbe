"""argv to one verb, which is imported only when it is called; exceptions to exit codes.

0 well, 1 findings, 2 usage, 3 environment, 70 our bug, 130 interrupted.
"""

import argparse
from importlib import import_module
import os
import signal
import sys
from typing import Any, NoReturn

from sftspec.ground.shelf import modules

OK, FINDINGS, USAGE, ENVIRONMENT, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130


def verbs() -> list[str]:
    """The names of the verbs: the files of their shelf."""
    return [name for name in modules("sftspec.verbs") if name != "base"]


def main(argv: list[str] | None = None) -> int:
    """Run a command line; the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _main(argv)
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):  # the end is near anyway
            signal.signal(number, signal.SIG_IGN)
        start = "\n" if sys.stderr.isatty() else ""
        print(f"{start}interrupted; finished work is kept", file=sys.stderr)
        return INTERRUPTED


def _main(argv: list[str] | None) -> int:
    args = sys.argv[1:] if argv is None else argv
    known = verbs()
    if not args or args[0] in {"-h", "--help"}:
        _help(known)
        return OK if args else USAGE
    if args[0] == "--version":
        from importlib.metadata import version

        print(f"sftspec {version('sftspec')}")
        return OK
    if args[0] not in known:
        from sftspec.ground.report import did_you_mean

        hint = did_you_mean(args[0], known)
        _complain(f"no command `{args[0]}`" + (f"; {hint}" if hint else ""))
        return USAGE
    verb: Any = import_module(f"sftspec.verbs.{args[0]}")
    parser = _Parser(prog=f"sftspec {args[0]}", description=verb.__doc__)
    verb.add_arguments(parser)
    return guarded(verb, parser.parse_args(args[1:]))


class _Parser(argparse.ArgumentParser):
    """Words of a command line; those that are none are not echoed raw."""

    def error(self, message: str) -> NoReturn:
        from sftspec.ground.render import escape

        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {escape(message)}\n")


def _complain(message: str) -> None:
    from sftspec.ground.render import escape

    print(f"sftspec: {escape(message)}", file=sys.stderr)


def _help(known: list[str]) -> None:
    print("usage: sftspec COMMAND …\n\nA compiler for supervised fine-tuning data.\n")
    for name in known:
        verb = import_module(f"sftspec.verbs.{name}")
        print(f"  {name:<9} {(verb.__doc__ or '').strip().splitlines()[0]}")
    print("\n`sftspec COMMAND --help` says more.")


def guarded(verb: Any, args: argparse.Namespace) -> int:
    """The verb's exit code; what it raises becomes a message and a code."""
    from sftspec.ground.report import Fault, SpecError

    try:
        code: int = verb.run(args)
        sys.stdout.flush()
    except SpecError as error:
        from sftspec.verbs.base import show_report

        form = getattr(args, "format", "text")
        return show_report(
            error.report, form if form in {"json", "github", "sarif"} else "text"
        )
    except Fault as fault:
        _say_fault(fault)
        return ENVIRONMENT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        _say_fault(Fault("io-error", f"{error.filename or 'the system'}: {reason}"))
        return ENVIRONMENT
    except Exception as error:  # noqa: BLE001 - the last resort: a mistake of ours, shown whole
        if type(error).__name__ == "ShortMixture":
            return _say_shortfall(error)
        import traceback

        traceback.print_exc()
        print(
            "\nThis is a mistake in sftspec, not in your spec. Please report it.",
            file=sys.stderr,
        )
        return BUG
    return code


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _say_fault(fault: Any) -> None:
    from sftspec.ground.render import escape

    print(f"fault[{fault.slug}]: {escape(fault.message)}", file=sys.stderr)
    if fault.hint:
        print(f"  hint: {escape(fault.hint)}", file=sys.stderr)


def _say_shortfall(error: Any) -> int:
    from sftspec.snapshot.shortfall import explain_shortfall

    sys.stderr.write(explain_shortfall(error.result, error.rejected))
    return FINDINGS
