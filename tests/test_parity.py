"""The same bytes whatever runs the build, wherever, however cut and in whatever order.

The files compared are the manifest and all that it lists; only `receipt.json` may differ.
"""

import json
import os
from pathlib import Path
import platform
import random
import runpy
import shutil
from types import SimpleNamespace

import pytest

HERE = Path(__file__).parent
projects = SimpleNamespace(**runpy.run_path(str(HERE / "projects.py")))
engines = SimpleNamespace(**runpy.run_path(str(HERE / "engines.py")))
MAKERS = {"tiny": projects.tiny, "legal": projects.legal}


def listed(built):
    return projects.listed(built.folder)


def in_process(spec, *words, **how):
    """Build with the command; the snapshot's files."""
    done = projects.command(spec, "build", "--format", "json", "--log", "none", *words, **how)
    return projects.listed(Path(json.loads(done.stdout)["snapshot"]))


@pytest.fixture(scope="module", params=MAKERS)
def project(request, tmp_path_factory):
    """How to lay a project out, where it was built once, and the bytes that came of it."""
    root = tmp_path_factory.mktemp(request.param)
    spec = MAKERS[request.param](root)
    built = projects.built(spec)
    return SimpleNamespace(
        name=request.param,
        make=MAKERS[request.param],
        root=root,
        built=built,
        bytes=listed(built),
    )


# ------------------------------------------------------------------------- engines and chunks


@pytest.mark.parametrize("size", [1, 4096])
def test_chunks_of_any_size(project, size, tmp_path):
    built = projects.built(project.make(tmp_path), chunk_bytes=size)
    rows = [node for node in built.nodes if node.node.startswith("rows ")]
    assert sum(node.total for node in rows) > len(rows)
    assert project.bytes == listed(built)


def test_tasks_in_any_order_each_done_twice(project, tmp_path):
    used = []

    def scrambled(root, store):
        used.append(engines.ScrambledEngine(root, store, seed=3))
        return used[-1]

    built = projects.built(project.make(tmp_path), chunk_bytes=1, engine=scrambled)
    assert used[0].attempts > 2 * 100
    assert project.bytes == listed(built)


@pytest.mark.ray
@pytest.mark.parametrize("workers", [1, 2])
def test_ray(project, workers, tmp_path):
    spec = project.make(tmp_path)
    words = ("--engine", "ray", "--workers", workers, "--chunk-bytes", 4096)
    assert project.bytes == in_process(spec, *words)
    receipt = next(tmp_path.glob("compiled/*/*/receipt.json"))
    assert "ray" == json.loads(receipt.read_bytes())["engine"]


# ------------------------------------------------------------------------------- what is shipped


def scrambled_engine(root, store):
    return engines.ScrambledEngine(root, store, seed=7)


@pytest.fixture(scope="module", params=["medical", "support"])
def other(request, tmp_path_factory):
    """A shipped spec with tools, pairs, Parquet and compressed files, built once."""
    root = tmp_path_factory.mktemp(request.param)
    built = projects.built(projects.shipped(root, request.param))
    return SimpleNamespace(name=request.param, bytes=listed(built))


@pytest.mark.parametrize(
    "how",
    [{"chunk_bytes": 700, "engine": scrambled_engine}, {"workers": 2, "chunk_bytes": 4096}],
    ids=["scrambled", "two processes"],
)
def test_a_shipped_spec_is_the_same_however_it_is_run(other, how, tmp_path):
    spec = projects.shipped(tmp_path, other.name)
    assert other.bytes == listed(projects.built(spec, **how))


@pytest.mark.ray
def test_a_shipped_spec_is_the_same_on_ray(other, tmp_path):
    spec = projects.shipped(tmp_path, other.name)
    words = ("--engine", "ray", "--workers", 2, "--chunk-bytes", 4096)
    assert other.bytes == in_process(spec, *words)


def test_two_processes_give_the_bytes_of_one(project, tmp_path):
    built = projects.built(project.make(tmp_path), workers=2, chunk_bytes=512)
    assert project.bytes == listed(built)


# ------------------------------------------------------------------------------- surroundings

ASCII = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
SURROUNDINGS = {
    "hash seed 0": {"env": {"PYTHONHASHSEED": "0"}},
    "hash seed 1": {"env": {"PYTHONHASHSEED": "1"}},
    "hash seed random": {"env": {"PYTHONHASHSEED": "random"}},
    "an ASCII locale": {"env": {"LC_ALL": "C", **ASCII}},
    "a Turkish locale, west": {"env": {"LC_ALL": "tr_TR.UTF-8", "TZ": "America/Los_Angeles"}},
    "a German locale, east": {"env": {"LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Kiritimati"}},
    "another home and folder": {"env": {"HOME": "/nonexistent"}, "cwd": "/"},
    "without asserts": {"python": ("-O",)},
    "everything a warning": {"python": ("-W", "error", "-X", "dev")},
}


LEGAL = ("hash seed 1", "an ASCII locale", "a German locale, east", "without asserts")
PAIRS = [*(("tiny", one) for one in SURROUNDINGS), *(("legal", one) for one in LEGAL)]


@pytest.mark.parametrize(("project", "surroundings"), PAIRS, indirect=["project"])
def test_any_surroundings(project, surroundings, tmp_path):
    how = SURROUNDINGS[surroundings]
    assert project.bytes == in_process(project.make(tmp_path), **how)


def test_a_spec_named_from_elsewhere(project, tmp_path):
    spec = project.make(tmp_path / "project")
    there = os.path.relpath(spec, HERE)
    assert project.bytes == in_process(Path(there), "--chunk-bytes", 4096, cwd=HERE)


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_any_umask(project, mask, tmp_path):
    spec = project.make(tmp_path)
    with projects.umask(mask):
        assert project.bytes == listed(projects.built(spec))


def test_a_store_anywhere(project, tmp_path):
    spec = project.make(tmp_path / "project")
    assert project.bytes == listed(projects.built(spec, tmp_path / "a store"))
    assert not (tmp_path / "project" / ".sftspec").exists()


def test_files_created_in_another_order(project, tmp_path):
    first = tmp_path / "first"
    spec = project.make(first)
    other = tmp_path / "other"
    for path in sorted(first.rglob("*"), reverse=True):
        if path.is_file():
            target = other / path.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    assert project.bytes == listed(projects.built(other / spec.relative_to(first)))


def test_files_listed_in_another_order(tmp_path):
    lists = (
        '["data/asks-1.jsonl", "data/asks-2.jsonl"]',
        '["data/asks-2.jsonl", "data/asks-1.jsonl"]',
        '["data/asks-2.jsonl", "data/asks-1.jsonl", "data/asks-2.jsonl"]',
    )
    found = []
    for number, text in enumerate(lists):
        spec = projects.tiny(tmp_path / str(number))
        if number:
            projects.edit(spec, lists[0], text)
        found.append(listed(projects.built(spec)))
    assert found[0] == found[1] == found[2]


def test_nothing_of_the_machine_or_the_hour_is_in_the_files(project):
    receipt = json.loads((project.built.folder / "receipt.json").read_bytes())
    assert "receipt.json" not in project.bytes
    assert platform.node() == receipt["host"]
    day = receipt["finished"].split("T")[0]
    for name, data in project.bytes.items():
        for word in (str(project.root), receipt["host"], day, "local"):
            if len(word) < 5 and b"\0" in data:
                continue  # packed numbers spell a short name by chance
            assert word.encode() not in data or word == "local" != name, (name, word)


# ---------------------------------------------------------------------------------- row order


def shuffled(lines, seed):
    """Lines in another order, but those with one key in the order they had."""

    def key(line):
        try:
            return json.loads(line).get("id")
        except ValueError:
            return None

    mixed = list(lines)
    random.Random(seed).shuffle(mixed)
    queues = {}
    for line in lines:
        queues.setdefault(key(line), []).append(line)
    return [queues[key(line)].pop(0) for line in mixed]


def test_rows_in_another_order_within_their_file(project, tmp_path):
    spec = project.make(tmp_path)
    paths = sorted((spec.parent / "data").rglob("*.jsonl"))
    for seed, path in enumerate(paths):
        lines = path.read_text("utf-8").splitlines()
        projects.lines_to(path, shuffled(lines, seed))
    built = projects.built(spec, chunk_bytes=4096)
    found = listed(built)
    parts = [name for name in found if name.endswith(".jsonl") and name != "rejected.jsonl"]
    assert {"train.jsonl", "dev.jsonl"} <= set(parts)
    assert [name for name in parts if found[name] != project.bytes[name]] == []

    def settled(folder):
        rows = projects.index(folder).values()
        return {row.id: {**vars(row), "line": 0} for row in rows}

    assert settled(project.built.folder) == settled(built.folder)
    assert project.built.manifest.root == built.manifest.root
    assert project.built.manifest.counts == built.manifest.counts

    def rejects(files):
        lines = [json.loads(line) for line in files["rejected.jsonl"].splitlines()]
        return sorted(json.dumps({**line, "line": 0}) for line in lines)

    assert rejects(project.bytes) == rejects(found)
    assert project.bytes["rejected.jsonl"] != found["rejected.jsonl"]


SOME = """edition 2026
dataset some v0.1.0 { seed = 1, license = "CC0-1.0" }
source rows {
  path = "rows.jsonl", key = id, origin = human, license = "CC0-1.0"
  fields { id: integer, name: string }
}
phrasing how { "Who is {{ row.id }}?", "Name {{ row.id }}." }
template who v1.0.0 {
  layer = domain
  from rows as row where row.id >= 5
  vary ask = how
  samples = 2
  user "{{ ask }}"
  assistant "{{ row.name }}, number {{ row.id }}"
}
mixture { total = all }
emit { jsonl }
"""


@pytest.mark.parametrize("size", [1, 4096])
def test_variants_of_some_rows_have_the_values_of_their_row(size, tmp_path):
    """As many candidates as rows, and the last of both is the same: no reason to mix them up."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "some.sft").write_text(SOME)
    rows = [json.dumps({"id": n, "name": f"n{n}"}) for n in range(10)]
    projects.lines_to(tmp_path / "rows.jsonl", rows)
    built = projects.built(tmp_path / "some.sft", chunk_bytes=size)
    lines = (built.folder / "train.jsonl").read_text().splitlines()
    said = sorted(json.loads(line)["messages"][-1]["content"] for line in lines)
    assert [f"n{n}, number {n}" for n in range(5, 10) for _ in range(2)] == said
