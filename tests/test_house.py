"""The rules of the house that no linter knows: rooms, cycles, shelves, weight, size, signs.

Sources are read, never imported. A house is a mapping of path to text, so that every rule is
also fed a planted sin and must see it.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOMS = (
    *("ground", "syntax", "expr", "ports", "ir", "plan", "stages", "engine", "snapshot"),
    *("build", "verbs", "cli", "__main__"),
)
SHELVES = (
    *("sftspec.expr.measures", "sftspec.expr.tallies", "sftspec.ports.sources"),
    *("sftspec.ports.emitters", "sftspec.ports.chats", "sftspec.ports.tokenizers"),
    *("sftspec.ir.rules", "sftspec.verbs"),
)
HEAVY = {
    *("highspy", "numpy", "pyarrow", "ray", "re2", "sentencepiece", "tiktoken", "tokenizers"),
    *("torch", "zstandard"),
}
ENTERED_LATE = {"stages", "engine", "snapshot", "build"}  # the rooms that may load them at once
MAX_LINES = 400

House = Mapping[str, str]
ROOT = Path(__file__).parent.parent
HOUSE = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted((ROOT / "sftspec").rglob("*.py"))
}
parse = cache(ast.parse)


def name_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def is_plugin(module: str) -> bool:
    shelf, _, leaf = module.rpartition(".")
    return shelf in SHELVES and leaf != "base"


def at_load(node: ast.AST) -> Iterator[ast.AST]:
    """What runs as a module is loaded: no function bodies, no `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        never = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        if not (later or never):
            yield child
            yield from at_load(child)


def imports(house: House, path: str, *, loaded: bool = False) -> list[str]:
    """Full names of the modules that a file imports anywhere, or only as it is loaded."""
    known = {name_of(other) for other in house}
    tree, found = parse(house[path]), set()
    for node in at_load(tree) if loaded else ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            full = {f"{base}.{alias.name}" for alias in node.names}
            found.update(name if name in known else base for name in full)
    return sorted(found)


def ours(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(("sftspec.", "."))]


def wrong_rooms(house: House) -> Iterator[str]:
    for path in house:
        room = room_of(name_of(path))
        if room and room not in ROOMS:
            yield f"{path}: there is no room called {room}"
            continue
        # the front door hands out public names when asked, so only what it loads counts
        allowed = ROOMS[: ROOMS.index(room) + 1] if room else ("ground",)
        for name in ours(imports(house, path, loaded=not room)):
            if room_of(name) not in allowed:
                yield f"{path}: imports {name}, which is not to its left"


def cycles(house: House) -> Iterator[str]:
    graph = {name_of(path): ours(imports(house, path)) for path in house if path.count("/") > 1}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield " -> ".join(reversed(error.args[1]))


def entangled_plugins(house: House) -> Iterator[str]:
    for path in house:
        if is_plugin(name_of(path)):
            others = [name for name in imports(house, path) if is_plugin(name)]
            yield from (f"{path}: imports the plug-in {name}" for name in others)


def heavy_at_load(house: House) -> Iterator[str]:
    """Heavy packages that a light module loads, itself or through modules of ours."""
    by_name = {name_of(path): path for path in house}
    for path in house:
        name = name_of(path)
        if room_of(name) in ENTERED_LATE and not is_plugin(name):
            continue
        reached, queue = {name: name}, [name]
        for module in queue:
            for target in imports(house, by_name[module], loaded=True):
                if target.split(".")[0] in HEAVY:
                    yield f"{path}: loads {target.split('.')[0]} by way of {reached[module]}"
                elif target in by_name and target not in reached:
                    reached[target] = f"{reached[module]} -> {target}"
                    queue.append(target)


def long_files(house: House) -> Iterator[str]:
    for path, text in house.items():
        lines = len(text.splitlines())
        if lines > MAX_LINES:
            yield f"{path}: {lines} lines, {MAX_LINES} allowed"


def bare_hashes(house: House) -> Iterator[str]:
    """`hash` differs from run to run; a digest or a draw does not."""
    for path, text in house.items():
        for node in ast.walk(parse(text)):
            if isinstance(node, ast.Name) and node.id == "hash":
                yield f"{path}:{node.lineno}: hash"


def missing_signs(house: House) -> Iterator[str]:
    for path, text in house.items():
        if not ast.get_docstring(parse(text)):
            yield f"{path}: no docstring"
        if path.rpartition("/")[0] + "/__init__.py" not in house:
            yield f"{path}: its folder has no __init__.py"


RULES = (
    *(wrong_rooms, cycles, entangled_plugins, heavy_at_load),
    *(long_files, bare_hashes, missing_signs),
)
SINS = [  # a rule, then path and text of each file of a house that breaks it
    (wrong_rooms, "ir/a", "def f():\n    from sftspec.plan import graph"),
    (wrong_rooms, "ground/a", "import sftspec.syntax.tree"),
    (wrong_rooms, "ground/a", "from . import b"),
    (wrong_rooms, "utils/a", ""),
    (wrong_rooms, "__init__", "from sftspec.build import build"),
    (cycles, "ir/a", "import sftspec.ir.b", "ir/b", "from sftspec.ir import a"),
    (entangled_plugins, "verbs/a", "from sftspec.verbs.b import run"),
    (entangled_plugins, "ir/rules/a", "import sftspec.ir.rules.b"),
    (heavy_at_load, "verbs/a", "import numpy as np"),
    (heavy_at_load, "__init__", "try:\n    from ray import get\nfinally:\n    pass"),
    (heavy_at_load, "verbs/a", "import sftspec.stages.b", "stages/b", "import pyarrow.ipc"),
    (long_files, "ir/a", "x = 1\n" * (MAX_LINES + 1)),
    (bare_hashes, "ir/a", "bucket = hash('row') % 8"),
    (bare_hashes, "ir/a", "ranks = sorted([], key=hash)"),
    (missing_signs, "ir/__init__", "x = 1"),
    (missing_signs, "ir/a", "'A sign without a door.'"),
]
VIRTUES = {
    "__init__": "def __getattr__(name):\n    from sftspec import build",
    "build": "import ray",
    "ground/__init__": "",
    "ground/canon": "if TYPE_CHECKING:\n    import pyarrow",
    "stages/__init__": "",
    "stages/draw": "from sftspec.ground.canon import digest",
    "stages/mix": "import numpy\nfrom sftspec.stages import draw",
    "verbs/__init__": "",
    "verbs/base": "",
    "verbs/plan": "from sftspec.verbs.base import Verb\ndef f():\n    import ray",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule):
    assert HOUSE
    assert [] == list(rule(HOUSE))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_sound_house_is_left_alone(rule):
    house = {f"sftspec/{path}.py": f"'A sign.'\n{text}" for path, text in VIRTUES.items()}
    assert [] == list(rule(house))


@pytest.mark.parametrize("sin", SINS, ids=lambda sin: f"{sin[0].__name__}-{sin[1]}")
def test_a_planted_sin_is_seen(sin):
    rule, *rest = sin
    house = {
        f"sftspec/{path}.py": text for path, text in zip(rest[::2], rest[1::2], strict=True)
    }
    assert [] != list(rule(house))
