"""A small project, the command run in it, and what every answer must keep to.

Verbs run in this process where they only read, in another one under limits of CPU time and
memory where the input means to use them up.
"""

import contextlib
import gc
import io
import json
import os
from pathlib import Path
import re
import resource
import signal
import subprocess
import sys
from types import SimpleNamespace

from sftspec.cli import main

REPO = Path(__file__).resolve().parents[2]
CPU_SECONDS = 20
MEMORY = 1 << 30
SEALED = {"MANIFEST.json": b"{}\n", "train.jsonl": b'{"messages":[]}\n'}
SPEC = """edition 2026
dataset d v0.1.0 { seed = 1, license = "CC0-1.0" }
facet topic { pay "money", law "rules" }
schema Terms {
  note: string | null
  days: integer | null
}
source rows {
  path = "data/rows.jsonl"
  key = id
  license = "CC0-1.0"
  fields {
    id: string
    text: string
    maybe: string | null
    items: [string]
    topic: facet topic
    terms: Terms
  }
}
table focus by topic { pay "Amounts.", law "Rules." }
phrasing ask { "Do it.", "Please do." }
template t v1.0.0 {
  layer = domain
  from rows as row
  vary how = ask
  tags { topic = row.topic }
  user "{{ how }} {{ row.text }} {{ focus[row.topic] }}"
  assistant json Terms = row.terms
}
mixture { total = all }
emit { jsonl }
"""
ROW = {
    "id": "1", "text": "a text", "maybe": None, "items": ["one", "two"], "topic": "pay",
    "terms": {"note": "x", "days": 3},
}  # fmt: skip
USER = '  user "{{ how }} {{ row.text }} {{ focus[row.topic] }}"\n'


def row(**changes):
    return {**ROW, **changes}


def lines_of(*rows):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)


def with_body(body):
    """The spec whose user turn is `body`, between triple quotes."""
    shown = "\n".join("    " + line for line in body.split("\n"))
    return SPEC.replace(USER, f'  user """\n{shown}\n    """\n')


class Project:
    """A folder with a spec, data and a sealed snapshot that nothing may touch."""

    def __init__(self, home, spec=SPEC, files=None):
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.write("pyproject.toml", "")
        self.write("data/rows.jsonl", lines_of(ROW))
        for name, data in SEALED.items():
            self.write(f"compiled/d/0.0.1/{name}", data)
        self.write("m.sft", spec)
        for name, data in (files or {}).items():
            self.write(name, data)

    def write(self, name, data):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def run(self, *words):
        """A verb in this process: its exit code and what it said."""
        out, err = io.StringIO(), io.StringIO()
        before, here = signal.getsignal(signal.SIGTERM), Path.cwd()
        os.chdir(self.home)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([str(word) for word in words])
        finally:
            os.chdir(here)
            signal.signal(signal.SIGTERM, before)
            gc.enable()
        done = SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())
        return clean(done, github="github" in words)

    def run_apart(self, *words, cpu=CPU_SECONDS, memory=MEMORY):
        """A verb in another process, under limits; a signal is an exit code below 0."""

        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
            if memory:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

        env = {**os.environ, "PYTHONPATH": str(REPO)}
        done = subprocess.run(
            [sys.executable, "-m", "sftspec", *map(str, words)],
            cwd=self.home, env=env, capture_output=True, preexec_fn=limit, check=False, timeout=300,
        )  # fmt: skip
        said = SimpleNamespace(
            code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode()
        )
        return clean(said, github="github" in words)

    def sealed(self):
        """Everything below compiled/."""
        found = (self.home / "compiled").rglob("*")
        return {str(p.relative_to(self.home)): p.read_bytes() for p in found if p.is_file()}

    def snapshot(self):
        """The rejects and records of the one snapshot that was built, and its counts."""
        folder = self.home / "compiled" / "d" / "0.1.0"
        read = lambda name: [  # noqa: E731 - a word for what is done thrice
            json.loads(line) for line in (folder / name).read_bytes().split(b"\n") if line
        ]
        manifest = json.loads((folder / "MANIFEST.json").read_bytes())
        train = read("train.jsonl") if (folder / "train.jsonl").exists() else []
        return SimpleNamespace(
            rejects=read("rejected.jsonl"),
            users=[record["messages"][0]["content"] for record in train],
            answers=[record["messages"][-1]["content"] for record in train],
            counts=manifest["counts"],
        )


UNTOUCHED = {f"compiled/d/0.0.1/{name}": data for name, data in SEALED.items()}


def clean(done, *, github=False):
    """No traceback, nothing on a terminal but what can be seen, and no command for a CI system.

    GitHub obeys `::name::` where a line begins, whatever blanks stand before it, and `##[name]`
    anywhere; Azure `##vso[name]`. Only its own format may speak to it.
    """
    assert "Traceback" not in done.err, done.err
    for name, text in (("stdout", done.out), ("stderr", done.err)):
        odd = {char for char in text if char != "\n" and not char.isprintable()}
        assert not odd, f"raw {sorted(map(ascii, odd))} on {name}"
        assert not re.search(r"##\w*\[", text), f"a command on {name}: {text}"
        own = (
            r"::(?:error|warning) (?:file=|title=)" if github and name == "stdout" else r"(?!)"
        )
        for line in text.split("\n"):
            wrong = line.lstrip().startswith("::") and not re.match(own, line)
            assert not wrong, f"a command on {name}: {line}"
    return done


def place_of(text, at, start=0):
    """Line and column of the first character of `at`; `start` is in characters."""
    offset = text.index(at, start)
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def refused(project, slug, words, place, path="m.sft", *, apart=False):
    """Assert that `check` and `build` refuse a spec alike, at that place, and write nothing."""
    run = project.run_apart if apart else project.run
    done = run("check", "m.sft", "--format", "json")
    assert done.code == 1, (done.code, done.err[-2000:], done.out[-2000:])
    assert done.err == ""
    answer = json.loads(done.out)
    assert answer["verdict"] == "errors"
    said = [d for d in answer["diagnostics"] if d["slug"] == slug]
    assert said, [(d["slug"], d["message"], d.get("line")) for d in answer["diagnostics"]]
    found = [d for d in said if words in d["message"]]
    assert found, [d["message"] for d in said]
    places = [(d["path"], d.get("line"), d.get("column")) for d in found]
    assert (path, *place) in places, places
    text = run("check", "m.sft")
    assert (text.code, text.out) == (1, "")
    where = path if place[0] is None else f"{path}:{place[0]}:{place[1]}"
    assert f"error[{slug}]: " in text.err
    assert f"\n  {where}\n" in text.err
    assert len(text.err) < 200_000
    built = run("build", "m.sft", "--log", "none")
    assert (built.code, built.out, built.err) == (1, "", text.err)
    assert project.sealed() == UNTOUCHED
    assert not (project.home / ".sftspec").exists()
    return answer["diagnostics"]
