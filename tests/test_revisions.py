"""A stage whose output changes must raise its `revision`, else stores serve results of the old code.

`golden/revisions.json` holds what every stage made of the projects `tiny` and `talks`: the values,
not the bytes of Arrow files, so that other library versions do not matter. Write it anew with
`python tests/test_revisions.py`, after raising the revision that the failure names.
"""

import gzip
import hashlib
import json
from pathlib import Path
import runpy
import sys
import tempfile
from types import SimpleNamespace

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from sftspec.build import Settings, read, start
from sftspec.engine import finish as finishing
from sftspec.engine.log import Log
from sftspec.plan import graph as g

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "revisions.json"
projects = SimpleNamespace(**runpy.run_path(str(HERE / "projects.py")))
talks = SimpleNamespace(**runpy.run_path(str(HERE / "talks.py")))
DEPENDS = {
    "lookup": (),
    "rows": ("lookup",),
    "who": ("rows",),
    "render": ("rows", "who"),
    "settle": ("rows",),
    "screen": ("render", "settle"),
    "split": ("who", "settle"),
    "mix": ("screen", "split"),
    "judge": ("mix",),
    "encode": ("render",),
    "pack": ("mix", "encode"),
    "emit": ("mix",),
    "emit_tokens": ("pack",),
    "papers": ("mix",),
}  # in the order of the pipeline
STAGES = {
    stage.__struct_config__.tag: stage
    for stage in (
        g.Rows,
        g.Lookup,
        g.Who,
        g.Render,
        g.Settle,
        g.Screen,
        g.Split,
        g.Mix,
        g.Judge,
        g.Encode,
        g.Pack,
        g.Emit,
        g.EmitTokens,
    )
}


def revision_of(name):
    return finishing.PAPERS if name == "papers" else STAGES[name].revision


def where_of(name):
    return "PAPERS in engine/finish.py" if name == "papers" else f"the revision of {STAGES[name].__name__} in plan/graph.py"  # fmt: skip


def values(table):
    """A table's names, types and values as JSON can hold them."""
    return {
        field.name: [str(field.type), column.to_pylist()]
        for field, column in zip(table.schema, table.columns, strict=True)
    }


def digest(value):
    plain = msgspec.to_builtins(value, builtin_types=(bytes,))
    text = json.dumps(plain, sort_keys=True, ensure_ascii=True, default=bytes.hex)
    return hashlib.sha256(text.encode()).hexdigest()


def outputs(spec, chunk_bytes):
    """What every stage makes of a project, by stage."""
    graph, _, home = read(spec)
    run = start(graph, home, Settings(engine="local", chunk_bytes=chunk_bytes), Log())
    finish = finishing.Finish(run, run.chunk_work())
    finish.decide()
    outcome = finish.outcome()

    def made(header):
        parts = {p.name: values(run.store.table(header.key, p.name)) for p in header.parts}
        return [parts, header.meta]

    chunks = [result for source in run.results.values() for result in source]
    files = {
        file.name: said(file.name, bytes(run.store.buffer(file.key, "file")))
        for file in outcome.files
        if file.part == "file"
    }
    tokens = {
        file.name: said(file.name, bytes(run.store.buffer(file.key, file.part)))
        for file in outcome.files
        if file.part != "file"
    }
    return {
        "lookup": [made(header) for header in run.lookups.values()],
        "rows": [made(result.rows) for result in chunks],
        "who": [made(one) for result in chunks for one in result.whos.values()],
        "render": [made(one) for result in chunks for one in result.renders.values()],
        "settle": [made(header) for header in finish.settled.values()],
        "screen": made(finish.screened),
        "split": made(finish.parted),
        "mix": made(finish.mixed),
        "judge": outcome.judgement,
        "papers": [files.pop("index.parquet"), files.pop("rejected.jsonl"), outcome.counts],
        "emit": files,
        "encode": [made(header) for one in finish.encoded.values() for header in one.blocks],
        "pack": outcome.outputs,
        "emit_tokens": tokens,
    }


def said(name, data):
    """What a file says, whatever packs it."""
    if name.endswith(".gz"):
        return gzip.decompress(data)
    if name.endswith(".zst"):
        return zstandard.ZstdDecompressor().decompress(data)
    if name.endswith(".parquet"):
        return pq.read_table(pa.BufferReader(data)).to_pylist()
    if name.endswith(".arrow"):
        return pa.ipc.open_stream(data).read_all().to_pylist()
    return data


def fresh(folder):
    """The golden as it would be written now."""
    tiny, other = projects.tiny(folder / "tiny"), talks.make(folder / "talks")
    support = projects.shipped(folder / "support", "support")
    inputs = {
        path.relative_to(folder).as_posix(): said(path.name, path.read_bytes())
        for path in folder.rglob("*.*")
        if path.is_file()
    }
    made = (outputs(tiny, 2048), outputs(other, 1 << 24), outputs(support, 1 << 24))
    stages = {
        name: {"revision": revision_of(name), "output": digest([one[name] for one in made])}
        for name in DEPENDS
    }
    return {"project": digest(inputs), "stages": stages}


def before(name):
    """All stages that come before one."""
    return {one for direct in DEPENDS[name] for one in (direct, *before(direct))}


def complaints(known, found):
    """What is wrong with a golden, in words that say what to do."""
    again = "then write the golden anew: python tests/test_revisions.py"
    if known["project"] != found["project"]:
        return [f"the projects are others; {again}"]
    changed = {
        n for n in DEPENDS if known["stages"][n]["output"] != found["stages"][n]["output"]
    }
    raised = {
        n for n in DEPENDS if known["stages"][n]["revision"] != found["stages"][n]["revision"]
    }
    first = [name for name in DEPENDS if name in changed and not changed & before(name)]
    wrong = [
        f"stage `{name}` makes something else of equal inputs: raise {where_of(name)}, {again}"
        for name in first
        if name not in raised
    ]
    wrong += [
        f"stage `{name}` has another revision: {again}" for name in DEPENDS if name in raised
    ]
    return wrong


@pytest.fixture(scope="module")
def now(tmp_path_factory):
    return fresh(tmp_path_factory.mktemp("tiny"))


def test_no_output_changed_without_a_revision(now):
    assert [] == complaints(json.loads(GOLDEN.read_text()), now)


def test_every_stage_is_watched():
    assert set(STAGES) | {"papers"} == set(DEPENDS)
    assert set(STAGES.values()) == set(g.Stage.__args__)


def planted(now, **changes):
    stages = {name: {**one, **changes.get(name, {})} for name, one in now["stages"].items()}
    return {**now, "stages": stages}


def test_the_first_stage_that_changed_is_named(now):
    known = planted(now, render={"output": "x"}, screen={"output": "y"}, mix={"output": "z"})
    (wrong,) = complaints(known, now)
    assert "stage `render` makes something else" in wrong
    assert "raise the revision of Render in plan/graph.py" in wrong


def test_a_raised_revision_asks_for_a_new_golden(now):
    known = planted(now, render={"output": "x", "revision": 0}, mix={"output": "z"})
    (wrong,) = complaints(known, now)
    assert "stage `render` has another revision: then write the golden anew" in wrong
    assert [] != complaints({**now, "project": "x"}, now)


def test_the_output_does_not_depend_on_the_day_or_the_place(now, tmp_path):
    assert now == fresh(tmp_path)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(fresh(Path(folder)), indent=2)
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {GOLDEN.name}\n")
