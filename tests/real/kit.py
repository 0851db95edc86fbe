"""Real specs built in projects of their own, and what their snapshots say, read with csv, json and Arrow alone."""

from collections import Counter
import csv
import json
import os
from pathlib import Path
import re
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
DATA = Path(os.environ.get("SFTSPEC_REAL_DATA") or REPO.parent / "shared" / "data")
SMALL_CHUNKS = 65_536


def marks(*folders):
    """What a module of these tests is marked with: it needs these folders of the data."""
    return [
        pytest.mark.real,
        pytest.mark.skipif(
            not all((DATA / folder).is_dir() for folder in folders),
            reason=f"real data not found: set SFTSPEC_REAL_DATA to the folder that holds {', '.join(folders)}",
        ),
    ]


# ---- the data, as plain Python reads it


def text_of(name):
    """A file of the data, newlines untouched."""
    return (DATA / name).read_bytes().decode("utf-8")


def json_of(name):
    return json.loads(text_of(name))


def lines_of(name):
    """The values of a JSONL file; LF alone ends a line."""
    return [json.loads(line) for line in text_of(name).split("\n") if line.strip()]


def csv_of(name):
    """Rows of a CSV file, cells untouched."""
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def spec_text(spec, name):
    """The text of a prompt, or the options of a phrasing, as it stands in a spec."""
    source = (HERE / f"{spec}.sft").read_text("utf-8")
    body = re.search(
        rf"^(?:prompt|phrasing|table) {name}\b.*?\n}}$", source, re.MULTILINE | re.DOTALL
    )[0]
    if body.startswith("prompt"):
        lines = body.split('"""')[1].strip("\n").split("\n")
        return "\n".join(line.removeprefix("    ") for line in lines).strip("\n ")
    quoted = re.findall(r'^  (\w+ +)?("(?:[^"\\]|\\.)*")', body, re.MULTILINE)
    if body.startswith("table"):
        return {name.strip(): json.loads(text) for name, text in quoted}
    return [json.loads(text) for _, text in quoted]


# ---- builds


def sftspec(project, *words):
    """Run a verb in the project and give back the finished process."""
    done = subprocess.run(
        [sys.executable, "-m", "sftspec", *words],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def lay_out(project, spec):
    """A project that holds the spec and each file of the data that it names."""
    project.mkdir(parents=True, exist_ok=True)
    (project / "pyproject.toml").touch()
    source = HERE / f"{spec}.sft"
    shutil.copyfile(source, project / source.name)
    for named in re.findall(r'"data/([^"]+)"', source.read_text("utf-8")):
        for path in sorted(DATA.glob(re.sub(r"\{\w+\}", "*", named))):
            target = project / "data" / path.relative_to(DATA)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return project / source.name


def build(project, spec, *words):
    """Build the spec with a store of its own, and give back the snapshot's folder."""
    lay_out(project, spec)
    store = project / "fresh-store"
    done = sftspec(project, "build", f"{spec}.sft", "--store", str(store), *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (manifest,) = (project / "compiled").glob("*/*/MANIFEST.json")
    return manifest.parent


def build_scrambled(project, spec):
    """Build with an engine that does each task twice and in no order."""
    load = runpy.run_path
    engines = SimpleNamespace(**load(str(HERE.parent / "engines.py")))
    projects = SimpleNamespace(**load(str(HERE.parent / "projects.py")))
    return projects.built(
        lay_out(project, spec),
        project / "fresh-store",
        chunk_bytes=SMALL_CHUNKS,
        engine=lambda root, store: engines.ScrambledEngine(root, store, seed=5),
    ).folder


def preview(snapshot, spec, template, key):
    """The turns that a template makes of one row, chosen or not, and why it is set aside."""
    words = ("preview", f"{spec}.sft", template, "--key", key, "--format", "json")
    done = sftspec(snapshot.parents[2], *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads(done.stdout)["templates"]
    (sample,) = found["samples"]
    return [
        (turn["role"], "\n\n".join(part["text"] for part in turn["parts"]))
        for turn in sample["turns"]
    ]


# ---- the shape of a snapshot, told once


def manifest_of(snapshot):
    return json.loads((snapshot / "MANIFEST.json").read_bytes())


def count(manifest, name):
    """rows_read, rows_rejected, rows_used, candidates, chosen, not_chosen or rejected."""
    return manifest["counts"][name]


def rejected_by_reason(manifest):
    """Rows by source and candidates by stage, as one count per reason."""
    found = Counter()
    for source in manifest["sources"].values():
        found.update(source["rejected"])
    for name, many in manifest["counts"]["rejected_by_reason"].items():
        found[name.split(":")[1]] += many
    return dict(found)


def lines_in(path):
    """The values of a JSONL file that must end with a newline."""
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


def part(snapshot, name):
    """The conversations of one part, in the order written."""
    return [
        tuple((m["role"], m["content"]) for m in record["messages"])
        for record in lines_in(snapshot / f"{name}.jsonl")
    ]


def rejects(snapshot):
    return lines_in(snapshot / "rejected.jsonl")


def at_ingest(reject):
    """A rejected row rather than a rejected candidate."""
    return not reject.get("template")


def place_of(reject):
    return Path(reject["file"]).name, reject["line"]


def index(snapshot):
    """All candidates: where each comes from, and its fate."""
    import pyarrow.parquet as pq

    rows = pq.read_table(snapshot / "index.parquet").to_pylist()
    return [SimpleNamespace(**row) for row in rows]


def chosen(snapshot, suffix=""):
    """The chosen candidates with the record that was written of each (`value`)."""
    found = [one for one in index(snapshot) if one.part]
    values = {
        name: lines_in(snapshot / f"{name}{suffix}.jsonl") for name in {o.part for o in found}
    }
    assert Counter(one.part for one in found) == {n: len(v) for n, v in values.items()}
    for one in found:
        one.value = values[one.part][one.position]
        one.turns = [(m["role"], m.get("content")) for m in one.value["messages"]]
        one.roles = [role for role, _ in one.turns]
    return found


def said(one, role):
    """What one role says in a record, turn by turn."""
    return [text for who, text in one.turns if who == role]


def sums_hold(manifest):
    """No row and no candidate is lost: the sums that each snapshot promises."""
    assert count(manifest, "rows_read") == count(manifest, "rows_rejected") + count(
        manifest, "rows_used"
    )
    assert count(manifest, "rows_rejected") == sum(
        sum(source["rejected"].values()) for source in manifest["sources"].values()
    )
    assert count(manifest, "candidates") == sum(
        count(manifest, name) for name in ("chosen", "not_chosen", "rejected")
    )
    assert count(manifest, "rejected") == sum(manifest["counts"]["rejected_by_reason"].values())


def parts_by(records, name):
    """The parts that each value of a field stands in."""
    found = {}
    for one in records:
        found.setdefault(name(one), set()).add(one.part)
    return found
