"""Paths that a spec names: relative, inside the project root, spelled in one way."""

from pathlib import Path
import re

from sftspec.ground.text import Span

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_WINDOWS = re.compile(
    r"^(?:[A-Za-z]:|\\\\)|(?:^|/)(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.[^/]*)?(?:/|$)",
    re.IGNORECASE,
)


def path_problem(path: str, span: Span) -> tuple[str, str, str | None] | None:
    """Why a spec may not name this path (slug, message, hint), or None."""
    inside = "paths are relative to the file that names them and stay inside the project"
    if _SCHEME.match(path):
        return (
            "path-outside-root",
            f"`{path}` is a URL; a spec names files of the project",
            inside,
        )
    if not path or any(ord(char) < 0x20 or ord(char) == 0x7F for char in path):
        return "bad-path", "a path is not empty and holds no control characters", None
    if path.startswith(("/", "~")) or "\\" in path or _WINDOWS.search(path):
        return "path-outside-root", f"`{path}` is not a path inside the project", inside
    if "//" in path or "/./" in f"/{path}" or path.endswith("/"):
        return (
            "bad-path",
            f"`{path}` can be written shorter",
            "write it without `.`, `//` or a last `/`",
        )
    home = Path(span.text.path).parent
    if resolve(home, path) is None:
        return "path-outside-root", f"`{path}` leads out of the project root", inside
    return None


def resolve(home: Path, path: str) -> str | None:
    """The path from the root, `..` taken away; None where it leads out."""
    parts: list[str] = []
    for part in [*home.parts, *path.split("/")]:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {".", ""}:
            parts.append(part)
    return "/".join(parts)
