"""A freeze: on which gates, by whom, once, whole or not at all."""

import errno
import itertools
import json
import os
from pathlib import Path
import runpy
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.ground.report import Fault
from sftspec.snapshot.disk import Disk
from sftspec.snapshot.freezing import Asked, Refused, freeze
from sftspec.snapshot.frozen import decode_freeze, freeze_id
from sftspec.snapshot.manifest import FREEZE, MANIFEST, SIGNATURE
from sftspec.snapshot.verify import verify

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
LINE = '  require count(rejected == "duplicate-key") <= 1 of rows\n'
SPEC = small.SPEC.replace("gate freeze {\n", "gate freeze {\n" + LINE)
ADA = Asked("Ada", "all is well")


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    root = small.make(tmp_path_factory.mktemp("freezing"), spec=SPEC)
    path = root / "data" / "asks-2.jsonl"
    small.write_rows(
        path, [*map(json.loads, path.read_text("utf-8").splitlines()), *small.rows_of(0, 1)]
    )
    done = small.sftspec(root, "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    return root


@pytest.fixture
def home(tmp_path, whole):
    shutil.copytree(whole, tmp_path / "home")
    return tmp_path / "home"


def folder_of(home, version="0.1.0"):
    return home / "compiled" / "small" / version


def again(home, version, **changes):
    """Build another version, its spec changed."""
    text = (home / "small.sft").read_text("utf-8")
    was = text[text.index("dataset small v") + 15 :].split(" ", 1)[0]
    text = text.replace(f"dataset small v{was}", f"dataset small v{version}")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    (home / "small.sft").write_text(text, encoding="utf-8")
    done = small.sftspec(home, "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    return folder_of(home, version)


def refused(folder, asked=ADA):
    with pytest.raises(Refused) as caught:
        freeze(folder, asked)
    assert not (folder / FREEZE).exists()
    return {one.slug: one for one in caught.value.blockers}


def test_a_freeze_says_who_why_and_on_what(home):
    folder = folder_of(home)
    before = small.tree(folder)
    done = freeze(folder, ADA)
    assert done.fresh
    mark = decode_freeze((folder / FREEZE).read_bytes())
    assert ("Ada", "all is well", verify(folder).id) == (
        mark.approver,
        mark.reason,
        mark.manifest,
    )
    assert mark.previous is None
    assert mark.gates["freeze"]["holds"]
    assert "require tests() == 100%" in [line["text"] for line in mark.gates["freeze"]["lines"]]
    assert before == {name: data for name, data in small.tree(folder).items() if name != FREEZE}
    assert verify(folder).good


def test_the_same_freeze_again_is_well_and_another_is_refused(home):
    folder = folder_of(home)
    freeze(folder, ADA)
    data = (folder / FREEZE).read_bytes()
    assert not freeze(folder, ADA).fresh
    with pytest.raises(Refused, match="is frozen by Ada"):
        freeze(folder, Asked("Bob", "me too"))
    assert data == (folder / FREEZE).read_bytes()


def test_each_freeze_holds_the_one_before(home):
    first = folder_of(home)
    freeze(first, ADA)
    second = again(home, "0.2.0", seed=("seed    = 7", "seed    = 8"))
    mark = freeze(second, Asked("Bob", "more")).freeze
    assert freeze_id((first / FREEZE).read_bytes()) == mark.previous
    assert verify(second).good
    (first / FREEZE).write_bytes(
        small.freeze_of((first / MANIFEST).read_bytes(), reason="forged")
    )
    assert verify(first).good, "it is consistent in itself"
    assert ["freeze"] == [one.kind for one in verify(second).wrong]


@pytest.mark.parametrize(
    ("old", "new", "slug", "said"),
    [
        ("coverage(topics) >= 50%", "count() > 900", "gate-not-met", "count() > 900"),
        (LINE, "", "duplicate-keys", "source asks: 1 rows"),
        (
            'expect response == "a paper"',
            'expect response == "x"',
            "tests-failed",
            "the term stands",
        ),
        (
            small.SPEC[small.SPEC.index("gate freeze") : small.SPEC.index("emit")],
            "",
            "no-gate",
            "",
        ),
    ],
)
def test_what_does_not_hold_is_not_frozen(home, old, new, slug, said):
    if slug == "no-gate":
        old = old.replace("gate freeze {\n", "gate freeze {\n" + LINE)
    found = refused(again(home, "0.2.0", it=(old, new)))
    assert slug in found
    assert said in " ".join(found[slug].lines)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("coverage(topics) >= 50%", "coverage(topics) >= 40%", ">= 40%` now"),
        ("  require coverage(topics) >= 50%\n", "", "is gone"),
        (
            "require coverage(topics) >= 50%",
            "warn    coverage(topics) >= 50%",
            "only warns now",
        ),
        ("need 2 each", "need 1 each", "need 1 in 2 cells"),
        ("coverage(topics) >= 50%", "coverage(topics) > 49%", "> 49%` now"),
    ],
)
def test_weaker_gates_need_a_reason(home, old, new, said):
    freeze(folder_of(home), ADA)
    folder = again(home, "0.2.0", it=(old, new))
    found = refused(folder)
    assert {"weaker-gates"} == set(found)
    assert said in found["weaker-gates"].lines[0]
    mark = freeze(folder, Asked("Bob", "more", weaker="the topics were merged")).freeze
    assert "the topics were merged" == mark.weaker_reason
    assert 1 == len(mark.weaker)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("coverage(topics) >= 50%", "coverage(topics) > 50%"),
        ("coverage(topics) >= 50%", "coverage(topics) >= 60%"),
        ("need 2 each", "need 3 each"),
        (LINE, LINE.replace("<= 1", "<= 1") + "  require count() > 2\n"),
    ],
)
def test_stricter_gates_need_none(home, old, new):
    freeze(folder_of(home), ADA)
    assert freeze(again(home, "0.2.0", it=(old, new)), Asked("Bob", "more")).fresh


def test_a_version_that_says_too_little_is_not_frozen(home):
    freeze(folder_of(home), ADA)
    folder = again(
        home, "0.1.1", it=('"What is {{ row.term }}?"', '"Say what {{ row.term }} is."')
    )
    found = refused(folder)
    assert {"bump-too-small"} == set(found)
    assert "template sense: turn 1 (user) changed" in found["bump-too-small"].lines[0]
    assert "v0.2.0" in found["bump-too-small"].message
    assert {"version-behind", "bump-too-small"} == set(refused(again(home, "0.0.9")))


def test_only_what_was_looked_at_is_frozen(home):
    found = refused(folder_of(home), Asked("Ada", "x", expect="sha256:" + "0" * 64))
    assert {"other-id"} == set(found)
    wanted = verify(folder_of(home)).id
    assert freeze(folder_of(home), Asked("Ada", "x", expect=wanted)).fresh


@pytest.mark.parametrize("name", ["train.jsonl", "index.parquet", "plan.json"])
def test_what_is_not_whole_is_not_frozen(home, name):
    path = folder_of(home) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    if name == "plan.json":
        with pytest.raises(Fault, match="its bytes are not those that were sealed"):
            freeze(folder_of(home), ADA)
        return
    assert {"not-whole"} == set(refused(folder_of(home)))
    path.unlink()
    assert f"missing: {name}" in refused(folder_of(home))["not-whole"].lines[0]


def test_of_two_that_freeze_at_once_one_does(home):
    words = [
        subprocess.Popen(
            **small.command(home, "freeze", "small", "--by", who, "--reason", "mine", "--format", "json"),
            stdout=subprocess.PIPE,
        )
        for who in ("Ada", "Bob", "Cleo")
    ]  # fmt: skip
    said = [json.loads(one.communicate()[0]) for one in words]
    assert [0, 1, 1] == sorted(one.returncode for one in words)
    won = next(one for one in said if one["verdict"] == "ok")
    lost = [one["blockers"] for one in said if one["verdict"] != "ok"]
    assert [["already-frozen"]] * 2 == [[b["slug"] for b in found] for found in lost]
    mark = decode_freeze((folder_of(home) / FREEZE).read_bytes())
    assert won["freeze"]["approver"] == mark.approver


def failing_at(k, code):
    count = itertools.count()

    def hook(*_):
        if next(count) >= k:
            raise OSError(code, os.strerror(code))

    return Disk(before=hook)


def sign(entries, subject):
    return json.dumps({"subject": subject, "files": len(entries)}).encode()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_freeze_that_fails_anywhere_is_there_whole_or_not_at_all(home, code):
    folder = folder_of(home)
    steps = []
    freeze(folder, ADA, sign=sign, disk=Disk(before=lambda *step: steps.append(step)))
    done = (folder / FREEZE).read_bytes()
    for k, (name, path) in enumerate(steps):
        for paper in (FREEZE, SIGNATURE):
            (folder / paper).unlink(missing_ok=True)
        with pytest.raises(Fault):
            freeze(folder, ADA, sign=sign, disk=failing_at(k, code))
        there = (folder / FREEZE).read_bytes() if (folder / FREEZE).exists() else None
        assert there in {None, done}, (name, path)
        assert verify(folder).good, (name, path)
        freeze(folder, ADA, sign=sign)
        assert done == (folder / FREEZE).read_bytes()
        assert (folder / SIGNATURE).exists()


def test_a_build_leaves_no_trace_of_a_freeze_that_died(home):
    staging = home / "compiled" / ".staging" / "small"
    staging.mkdir(parents=True, exist_ok=True)
    (staging / f"{FREEZE}.new").write_bytes(b"half")
    assert freeze(folder_of(home), ADA).fresh
    assert [] == list(staging.iterdir())


def test_a_freeze_that_is_taken_away_shows_in_the_next(home):
    first = folder_of(home)
    freeze(first, ADA)
    second = again(home, "0.2.0", seed=("seed    = 7", "seed    = 8"))
    freeze(second, Asked("Bob", "more"))
    (first / FREEZE).unlink()
    assert ["freeze"] == [one.kind for one in verify(second).wrong]
    shutil.copytree(second, home.parent / "elsewhere")
    assert verify(home.parent / "elsewhere").good, "a copy has no neighbours"
