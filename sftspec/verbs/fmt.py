"""Lay out spec files in the one layout of the language. What they say does not change.

Only white space moves, and before a file is written it is parsed again and compared.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
import os
from pathlib import Path
import stat
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sftspec.ground.report import Report

STDIN = "<stdin>"
SKIPPED = ("compiled",)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Done(NamedTuple):
    """What came of one file. `after` is None where it could not be read or written."""

    path: str
    before: str = ""
    after: str | None = None

    @property
    def changed(self) -> bool:
        """Whether its layout is another than it had."""
        return self.after is not None and self.after != self.before


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's words."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH",
        help="files, or folders for every .sft file below (this folder); `-` is stdin to stdout",
    )  # fmt: skip
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a file would change"
    )
    parser.add_argument(
        "--diff", action="store_true", help="write nothing; print what would change"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Lay out each file; 1 where one has errors, or with `--check` another layout."""
    import gc

    from sftspec.ground.report import Misuse, Report

    gc.disable()
    if "-" in args.paths and len(args.paths) > 1:
        raise Misuse("bad-arguments", "`-` stands alone: stdin is one file")
    report = Report()
    done = []
    for name in dict.fromkeys(file for path in args.paths or ["."] for file in _files(path)):
        own = Report()  # each file has its own limit of errors
        done.append(_file(name, own, dry=args.check or args.diff))
        report.items.extend(own.items)
    unlike = args.check and any(one.changed for one in done)
    if args.format == "json":
        sys.stdout.write(_json(done, report, args))
    else:
        _show(done, report, args)
    return 1 if unlike or report.failed else 0


# finding files


def _files(name: str) -> Iterator[str]:
    """The file of that name; of a folder every spec file below it, in order."""
    path = Path(name)
    yield from sorted(_below(path), key=os.fsencode) if path.is_dir() else [str(path)]


def _below(folder: Path) -> Iterator[str]:
    """Spec files below a folder. What is hidden, compiled or a symbolic link is not looked into."""
    for home, folders, names in os.walk(folder, onerror=_give_up):
        folders[:] = [one for one in folders if one[0] != "." and one not in SKIPPED]
        for name in names:
            path = Path(home, name)
            if name.endswith(".sft") and not path.is_symlink():
                yield str(path)


def _give_up(error: OSError) -> None:
    raise error


def _place(name: str) -> tuple[Path, str]:
    """Where no symbolic link is followed from, and the way from there."""
    path = Path(name)
    return (path.parent.resolve(), path.name) if path.is_absolute() else (Path(), str(path))


# one file


def _file(name: str, report: "Report", *, dry: bool) -> Done:
    """A file, laid out and written. What is wrong with it goes to the report."""
    from sftspec.ground.report import Fault
    from sftspec.ports.files import read_range, reading
    from sftspec.syntax.read import MAX_BYTES

    if name == "-":
        return _lay_out(sys.stdin.buffer.read(MAX_BYTES + 1), STDIN, report, dry=dry)
    base, relative = _place(name)
    shown = _utf8(name)
    try:
        with reading(base, relative) as descriptor:
            seen = os.fstat(descriptor)
            data = read_range(descriptor, 0, MAX_BYTES + 1)
    except Fault as fault:
        report.error(fault.slug, None, fault.message, path=shown, hint=fault.hint or None)
        return Done(shown)
    done = _lay_out(data, shown, report, dry=dry)
    if not dry and done.changed and not _write(base, relative, done.after or "", seen):
        report.error(
            "file-changed", None, "the file changed while it was laid out", path=shown,
            hint="it is left as it is now; run the command again",
        )  # fmt: skip
        return Done(shown)
    return done


def _lay_out(data: bytes, shown: str, report: "Report", *, dry: bool) -> Done:
    """The file's text before and after; what is said has its place in the one that is to stay."""
    from sftspec.ground.report import Report
    from sftspec.ground.text import Span, SpecText
    from sftspec.syntax.format import format_spec
    from sftspec.syntax.read import check_text

    text = check_text(data, shown, report)
    if text is None:
        return Done(shown)
    own = Report()
    laid = format_spec(text, own)
    done = Done(shown, text.text, laid.text)
    if not dry and done.changed and own.items:
        text, own = SpecText(shown, laid.text), Report()
        laid = format_spec(text, own)
    report.items.extend(own.items)
    for left in laid.left:
        end = text.text.find("\n", left.start, left.end)
        span = Span(text, left.start, left.end if end < 0 else end)
        report.warn("not-formatted", span, f"this is left as it is: {left.why}")
    return done


def _utf8(name: str) -> str:
    """A file's name as it is shown; it need not be UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _write(base: Path, relative: str, text: str, seen: os.stat_result) -> bool:
    """Put a text in the file's place at once, through no symbolic link, with the file's mode.

    False where the file is no longer the one that was read.
    """
    from sftspec.ground.report import Fault

    aside, name = f".sftspec-fmt-{os.urandom(8).hex()}", Path(relative).name
    try:
        with _folder(base, relative) as folder:
            try:
                _fill(os.open(aside, _CREATE, 0o600, dir_fd=folder), text.encode(), seen)
                now = os.stat(name, dir_fd=folder, follow_symlinks=False)
                same = (now.st_ino, now.st_mtime_ns) == (seen.st_ino, seen.st_mtime_ns)
                if same:
                    os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
            finally:
                with suppress(OSError):  # it is there no more where all went well
                    os.unlink(aside, dir_fd=folder)
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise Fault("io-error", f"{relative}: {reason}", path=relative) from None
    return same


@contextmanager
def _folder(base: Path, relative: str) -> Iterator[int]:
    """A descriptor of the folder that a file is in, through no symbolic link below `base`."""
    found = os.open(base, _FOLDER)
    try:
        for part in Path(relative).parts[:-1]:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=found)
            os.close(found)
            found = inner
        yield found
    finally:
        os.close(found)


def _fill(descriptor: int, data: bytes, seen: os.stat_result) -> None:
    try:
        with suppress(PermissionError):
            os.fchown(descriptor, seen.st_uid, seen.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(seen.st_mode))
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# what is said of it


def _show(done: list[Done], report: "Report", args: argparse.Namespace) -> None:
    from sftspec.ground.render import escape
    from sftspec.verbs.base import show_report

    changed = [one for one in done if one.changed]
    dry = args.check or args.diff
    piped = args.paths == ["-"] and not dry
    if piped and done[0].after is not None:
        sys.stdout.buffer.write(done[0].after.encode())
    if args.diff:
        sys.stdout.writelines(f"{escape(line)}\n" for one in changed for line in _diff(one))
    names = sys.stderr if args.diff else sys.stdout
    word = "would change" if dry else "formatted"
    names.writelines(f"{word} {escape(one.path)}\n" for one in changed if not piped)
    show_report(report)
    if not piped:
        files = f"{len(done)} file{'s' if len(done) != 1 else ''}"
        sys.stderr.write(f"{len(changed)} of {files} {word}\n" if done else "no .sft file\n")


def _diff(one: Done) -> Iterator[str]:
    """A unified diff without newlines."""
    from difflib import unified_diff

    before, after = ((text or "").split("\n") for text in (one.before, one.after))
    missing = before[-1] != ""  # the last line of a file ends too
    for side in (before, after):
        if side[-1] == "":
            side.pop()
    if missing:
        before[-1] += "\n"
    for line in unified_diff(before, after, f"a/{one.path}", f"b/{one.path}", lineterm=""):
        yield line.rstrip("\n")
        if line.endswith("\n"):
            yield "\\ No newline at end of file"


def _json(done: list[Done], report: "Report", args: argparse.Namespace) -> str:
    from sftspec.ground.render import answer, as_dict

    unlike = args.check and any(one.changed for one in done)
    verdict = "errors" if report.failed else "unformatted" if unlike else "ok"
    return answer(
        verdict,
        files=[_about(one, args) for one in done],
        diagnostics=[as_dict(item) for item in report.sorted()],
    )


def _about(one: Done, args: argparse.Namespace) -> dict[str, Any]:
    """A file in the answer: what became of it; its diff, or stdin's text."""
    dry = args.check or args.diff
    state = "would-change" if dry else "formatted"
    about = {"path": one.path, "state": state if one.changed else "unchanged"}
    if one.after is None:
        about["state"] = "refused"
    elif args.diff:
        about["diff"] = "".join(f"{line}\n" for line in _diff(one))
    elif one.path == STDIN and not dry:
        about["text"] = one.after
    return about
