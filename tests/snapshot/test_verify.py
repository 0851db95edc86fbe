"""Whatever is done to a sealed snapshot is found, and called by its name.

SFTSPEC_EXHAUSTIVE=1 flips every byte of every file; else a seeded sample of the larger ones.
"""

from collections import Counter
import hashlib
import json
import os
from pathlib import Path
import random
import shutil

import msgspec
import pytest

from sftspec.ground.canon import canonical, digest
from sftspec.snapshot.manifest import (
    FREEZE,
    MANIFEST,
    Unreadable,
    checked,
    decode,
    encode,
    refusal,
    snapshot_id,
)
from sftspec.snapshot.verify import verify

SAMPLE = 10**9 if os.environ.get("SFTSPEC_EXHAUSTIVE") else 80
FLAT = (
    "README.md",
    "dev.jsonl",
    "index.parquet",
    "plan.json",
    "rejected.jsonl",
    "train.jsonl",
)
LISTED = (*FLAT, "pairs/train.jsonl", "parquet/train-00000-of-00001.parquet")
FOLDERS = ("pairs", "parquet")
NOT_COVERED = {"receipt.json"}  # when and where: no digest covers it


@pytest.fixture
def snapshot(tmp_path, deep_snapshot):
    return Path(shutil.copytree(deep_snapshot, tmp_path / "snapshot"))


def found(folder):
    """What verification says: a word and a name each."""
    return sorted((one.kind, one.name) for one in verify(folder).wrong)


def rewrite(folder, change, *, seal=False):
    """The manifest's fields changed and written as the compiler writes them."""
    fields = json.loads((folder / MANIFEST).read_bytes())
    fields = change(fields) or fields
    if seal:
        fields = msgspec.to_builtins(checked(msgspec.convert(fields, type(read(folder)))))
    (folder / MANIFEST).write_bytes(encode(fields))


def read(folder):
    return decode((folder / MANIFEST).read_bytes())


def test_a_snapshot_as_sealed_is_good(new_snapshot, deep_snapshot):
    for snapshot, listed, inner in ((new_snapshot, FLAT, ()), (deep_snapshot, LISTED, FOLDERS)):
        verdict = verify(snapshot)
        assert verdict.good
        assert len(listed) == verdict.files
        assert sum((snapshot / name).stat().st_size for name in listed) == verdict.bytes
        assert verdict.id == snapshot_id((snapshot / MANIFEST).read_bytes())
        there = {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*")}
        assert {*listed, *inner, MANIFEST, "receipt.json"} == there


# ---- one file


@pytest.mark.parametrize("name", LISTED)
def test_a_flipped_byte_is_corrupt(snapshot, name):
    data = (snapshot / name).read_bytes()
    rng = random.Random(name)
    places = rng.sample(range(len(data)), min(SAMPLE, len(data)))
    for place in places:
        wrong = bytearray(data)
        wrong[place] ^= 1 << rng.randrange(8)
        (snapshot / name).write_bytes(wrong)
        assert [("corrupt", name)] == found(snapshot), place
    (snapshot / name).write_bytes(data)
    assert [] == found(snapshot)


@pytest.mark.parametrize("name", LISTED)
def test_lengths_tell(snapshot, name):
    path = snapshot / name
    data = path.read_bytes()
    for size in {0, 1, len(data) // 2, len(data) - 1}:
        path.write_bytes(data[:size])
        assert [("truncated", name)] == found(snapshot), size
    for more in (b"\0", b"\n", data):
        path.write_bytes(data + more)
        assert [("extended", name)] == found(snapshot)
    path.write_bytes(b"\n" + data)
    assert [("corrupt", name)] == found(snapshot)


def test_a_file_cut_to_nothing_is_truncated_though_another_is_empty(snapshot):
    empty = hashlib.sha256(b"").hexdigest()

    def change(fields):
        for entry in fields["files"]:
            if entry["name"] == "rejected.jsonl":
                entry |= {"sha256": empty, "bytes": 0, "records": 0}

    (snapshot / "rejected.jsonl").write_bytes(b"")
    rewrite(snapshot, change, seal=True)
    assert [] == found(snapshot)
    (snapshot / "train.jsonl").write_bytes(b"")
    assert [("truncated", "train.jsonl")] == found(snapshot)


@pytest.mark.parametrize("name", LISTED)
def test_a_file_that_is_gone_is_missing(snapshot, name):
    (snapshot / name).unlink()
    assert [("missing", name)] == found(snapshot)


@pytest.mark.parametrize("name", LISTED)
def test_what_is_no_file_is_not_read(snapshot, tmp_path, name):
    path = snapshot / name
    copy = tmp_path / "elsewhere"
    path.rename(copy)
    path.symlink_to(copy)
    assert [("not-a-file", name)] == found(snapshot)
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    assert [("not-a-file", name)] == found(snapshot)
    path.unlink()
    path.mkdir()
    assert [("not-a-file", name)] == found(snapshot)
    path.rmdir()
    os.mkfifo(path)
    assert [("not-a-file", name)] == found(snapshot)


@pytest.mark.parametrize("name", ["receipt.json", MANIFEST])
def test_unlisted_papers_are_files_too(snapshot, tmp_path, name):
    (snapshot / name).rename(tmp_path / "elsewhere")
    (snapshot / name).symlink_to(tmp_path / "elsewhere")
    assert [("not-a-file", name)] == found(snapshot)
    (snapshot / name).unlink()
    (snapshot / name).mkdir()
    assert [("not-a-file", name)] == found(snapshot)


def test_a_file_that_cannot_be_read_is_said_so(snapshot, monkeypatch):
    opened = Path.open

    def refuse(path, *args, **named):
        if path == snapshot / "train.jsonl":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **named)

    monkeypatch.setattr(Path, "open", refuse)
    (wrong,) = verify(snapshot).wrong
    assert ("unreadable", "train.jsonl") == (wrong.kind, wrong.name)
    assert "permission denied" in wrong.detail


# ---- several files


@pytest.mark.parametrize(
    "pair",
    [
        ("train.jsonl", "dev.jsonl"),
        ("README.md", "plan.json"),
        ("pairs/train.jsonl", "train.jsonl"),
    ],
)
def test_two_files_that_changed_places_are_swapped(snapshot, pair):
    one, other = (snapshot / name for name in pair)
    one.rename(snapshot.parent / "hand")
    other.rename(one)
    (snapshot.parent / "hand").rename(other)
    assert sorted(("swapped", name) for name in pair) == found(snapshot)


def test_a_copy_of_another_file_is_swapped(snapshot):
    shutil.copyfile(snapshot / "train.jsonl", snapshot / "dev.jsonl")
    assert [("swapped", "dev.jsonl")] == found(snapshot)


def test_a_file_of_another_name_is_missing_and_extra(snapshot):
    (snapshot / "train.jsonl").rename(snapshot / "train-00000-of-00002.jsonl")
    assert [("extra", "train-00000-of-00002.jsonl"), ("missing", "train.jsonl")] == found(
        snapshot
    )


@pytest.mark.parametrize(
    "name",
    ["more.jsonl", ".hidden", "MANIFEST.json.bak", "train.jsonl ", "TRAIN.jsonl", "a\nb"],
)
def test_a_file_too_many_is_extra(snapshot, name):
    (snapshot / name).write_bytes(b"")
    assert [("extra", name)] == found(snapshot)


def test_a_folder_too_many_is_extra(snapshot):
    (snapshot / "sub").mkdir()
    assert [("extra", "sub")] == found(snapshot)
    (snapshot / "sub" / "train.jsonl").write_bytes(b"")
    assert [("extra", "sub")] == found(snapshot)


# ---- folders


@pytest.mark.parametrize(
    "name", ["more.jsonl", "MANIFEST.json", ".hidden", "TRAIN.jsonl", "a\nb"]
)
def test_a_file_too_many_in_a_folder_is_extra(snapshot, name):
    (snapshot / "pairs" / name).write_bytes(b"")
    assert [("extra", f"pairs/{name}")] == found(snapshot)


def test_a_folder_too_many_in_a_folder_is_extra_whatever_is_in_it(snapshot):
    (snapshot / "pairs" / "pairs").mkdir()
    assert [("extra", "pairs/pairs")] == found(snapshot)
    (snapshot / "pairs" / "pairs" / "train.jsonl").write_bytes(b"")
    assert [("extra", "pairs/pairs")] == found(snapshot)


@pytest.mark.parametrize("name", ["Pairs", "parquet2", ".staging", "train"])
def test_a_folder_of_another_name_is_extra(snapshot, name):
    (snapshot / name).mkdir()
    (snapshot / name / "train.jsonl").write_bytes(b"")
    assert [("extra", name)] == found(snapshot)


@pytest.mark.parametrize("name", FOLDERS)
def test_of_a_folder_that_is_gone_each_file_is_missing(snapshot, name):
    shutil.rmtree(snapshot / name)
    inside = [("missing", file) for file in LISTED if file.startswith(name)]
    assert inside == found(snapshot)
    (snapshot / name).mkdir()
    assert inside == found(snapshot)


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_no_folder_is_not_looked_into(snapshot, tmp_path, name):
    """A link to an identical copy would pass every digest, and may lead elsewhere tomorrow."""
    path = snapshot / name
    path.rename(tmp_path / "elsewhere")
    for target in (tmp_path / "elsewhere", tmp_path / "nowhere", snapshot):
        path.symlink_to(target)
        assert [("not-a-folder", name)] == found(snapshot)
        path.unlink()
    path.write_bytes(b"")
    assert [("not-a-folder", name)] == found(snapshot)
    path.unlink()
    os.mkfifo(path)
    assert [("not-a-folder", name)] == found(snapshot)


def test_a_file_in_another_folder_is_missing_and_extra(snapshot):
    (snapshot / "pairs" / "train.jsonl").rename(snapshot / "parquet" / "train.jsonl")
    wanted = [("extra", "parquet/train.jsonl"), ("missing", "pairs/train.jsonl")]
    assert wanted == found(snapshot)


def test_folders_that_changed_places(snapshot):
    for old, new in (("pairs", "hand"), ("parquet", "pairs"), ("hand", "parquet")):
        (snapshot / old).rename(snapshot / new)
    assert ["extra", "extra", "missing", "missing"] == [kind for kind, _ in found(snapshot)]


def test_a_folder_that_cannot_be_listed_is_said_so(snapshot, monkeypatch):
    listed = os.scandir

    def refuse(path):
        if Path(path).name == "pairs":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [("unreadable", "pairs")] == found(snapshot)


def test_a_name_that_is_no_text_is_extra(snapshot, project):
    (snapshot / os.fsdecode(b"\xff\xfe.jsonl")).write_bytes(b"")
    assert [("extra", "\\udcff\\udcfe.jsonl")] == found(snapshot)
    for form in ("text", "json"):
        done = project.sftspec(snapshot, "verify", "./", "--format", form)
        assert 1 == done.returncode


# ---- the manifest


def test_any_flipped_byte_of_the_manifest_is_found(snapshot):
    """Even one inside a count or a text: the checksum covers every field."""
    data = (snapshot / MANIFEST).read_bytes()
    flips = Counter()
    rng = random.Random(7)
    for place in range(len(data)):
        for bit in range(8) if SAMPLE > len(data) else [rng.randrange(8)]:
            wrong = bytearray(data)
            wrong[place] ^= 1 << bit
            with pytest.raises(Unreadable) as caught:
                decode(bytes(wrong))
            flips[str(caught.value)[:28]] += 1
    assert flips["its fields do not add up to "] > 100  # read well, and were yet found
    for place in rng.sample(range(len(data)), 40):
        wrong = bytearray(data)
        wrong[place] ^= 1
        (snapshot / MANIFEST).write_bytes(wrong)
        assert [("unreadable", MANIFEST)] == found(snapshot)


def test_any_cut_of_the_manifest_is_found(snapshot):
    data = (snapshot / MANIFEST).read_bytes()
    for size in range(0, len(data), 1 + len(data) // 300):
        with pytest.raises(Unreadable):
            decode(data[:size])
    (snapshot / MANIFEST).write_bytes(b"")
    assert [("unreadable", MANIFEST)] == found(snapshot)
    (snapshot / MANIFEST).unlink()
    assert [("missing", MANIFEST)] == found(snapshot)


def reordered(data):
    fields = json.loads(data)
    return json.dumps(dict(reversed(fields.items())), indent=2).encode() + b"\n"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data[:-1],
        lambda data: b" " + data,
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b'": ', b'":  ', 1),
        lambda data: canonical(json.loads(data)),
        lambda data: data + data,
        reordered,
        lambda data: data.replace(b'"dataset"', b'"dat\\u0061set"', 1),
        lambda data: data.replace(b'"format_version": 1', b'"format_version": 2', 1),
        lambda data: data.replace(b'"format_version": 1', b'"format_version": 1.0', 1),
        lambda data: data.replace(b'"format_version": 1', b'"format_version": true', 1),
        lambda data: data.replace(b'"format_version": 1,', b"", 1),
        lambda data: data.replace(b'"dataset"', b'"dataset": "x", "dataset"', 1),
        lambda data: data.replace(b'"bytes": ', b'"bytes": -', 1),
        lambda data: data.replace(b'"bytes": ', b'"bytes": 1' + b"0" * 40, 1),
        lambda _: b"null",
        lambda _: b"[]",
        lambda _: b"[" * 200_000,
        lambda _: b'{"a":' * 200_000,
        lambda _: b"\0" * 100,
        lambda _: b'{"format_version": 1}\n',
        lambda _: '{"format_version": "\ud800"}'.encode("utf-8", "surrogatepass"),
    ],
)  # fmt: skip
def test_a_manifest_is_read_only_as_it_was_written(snapshot, spoil):
    data = (snapshot / MANIFEST).read_bytes()
    assert spoil(data) != data
    (snapshot / MANIFEST).write_bytes(spoil(data))
    assert [("unreadable", MANIFEST)] == found(snapshot)


def renamed(name):
    def change(fields):
        fields["files"][0]["name"] = name

    return change


REFUSED = [
    "../x", "/etc/passwd", "..", ".", "", "~/.ssh/id", "pairs/../x", "pairs/..", "./x", "pairs/./x", "..\\x",
    "pairs//x", "pairs/", "/pairs", "a/b/c", "pairs/a/b", "a\\b", "C:x", "C:/x", ".hidden", ".git/config",
    "pairs/.hidden", "a\nb", "a\rb", "nul\0", "a\x1b[2Jb", "a\x7fb", "a\x9bb", "a\u202eb", "a\u200bb", "a\u00a0b",
    "a\tb", "ä.jsonl", "\u0430.jsonl", "a.", "a ", " a", "pairs/a.", "a*b", "a?b", "a|b", 'a"b', "a<b",
    "CON", "nul.jsonl", "pairs/com1.txt", "Aux/train.jsonl", "a" * 256, "a/" + "b" * 254,
    MANIFEST, "receipt.json", FREEZE, "manifest.json", "MANIFEST.json/x", "receipt.json/x",
    "train.jsonl", "TRAIN.jsonl", "pairs/train.jsonl", "pairs/Train.jsonl", "PAIRS/train.jsonl", "Pairs/x",
    "pairs", "PAIRS", "train.jsonl/x", "Train.JSONL/x",
]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields["files"].append(dict(fields["files"][0])),
        lambda fields: fields | {"note": "hello"},
        lambda fields: fields["files"][0].update(note="hello"),
        *map(renamed, REFUSED),
    ],
)
def test_what_a_manifest_may_not_list(snapshot, change, monkeypatch):
    """Well written, checksum and all, by someone who means harm; nothing that it names is opened."""
    fields = json.loads((snapshot / MANIFEST).read_bytes())
    fields = change(fields) or fields
    bare = canonical(fields | {"checksum": ""})
    fields["checksum"] = digest("manifest-fields", bare)
    (snapshot / MANIFEST).write_bytes(encode(fields))
    opened, whole = [], Path.open

    def note(path, *args, **named):
        opened.append(path.name)
        return whole(path, *args, **named)

    monkeypatch.setattr(Path, "open", note)
    monkeypatch.setattr(os, "scandir", lambda _: pytest.fail("a folder was listed"))
    assert [("unreadable", MANIFEST)] == found(snapshot)
    assert [MANIFEST] == opened


def test_names_that_a_manifest_may_list():
    names = [
        "a.b", "a b", "train-00000-of-00001.parquet", "-", "a/b", "a/c", "b/b", "console.txt",
        "x" * 255, "x/" + "y" * 253, "~", "a,b", "{}", "'",
    ]  # fmt: skip
    assert refusal(names) is None
    assert "which are one name" in refusal([*names, "a"])
    for name in REFUSED:
        assert refusal([*FLAT, *LISTED[len(FLAT) :], name]), name


def test_a_listed_digest_that_is_wrong_is_found(snapshot):
    for field, value in (("sha256", "0" * 64), ("bytes", 1)):
        keep = (snapshot / MANIFEST).read_bytes()
        rewrite(snapshot, lambda f, k=field, v=value: f["files"][3].update({k: v}), seal=True)
        (wrong,) = found(snapshot)
        assert wrong[0] in {"corrupt", "extended"}
        (snapshot / MANIFEST).write_bytes(keep)


def test_the_root_is_worked_out_again(snapshot):
    rewrite(snapshot, lambda fields: fields.update(root="sha256:" + "0" * 64), seal=True)
    assert [("root", "index.parquet")] == found(snapshot)


@pytest.mark.parametrize("index", [b"", b"PAR1", b"no parquet at all", None])
def test_an_index_that_is_none_is_a_wrong_root(snapshot, index):
    def change(fields):
        entry = next(one for one in fields["files"] if one["name"] == "index.parquet")
        if index is None:
            fields["files"].remove(entry)
        else:
            entry |= {"bytes": len(index), "sha256": hashlib.sha256(index).hexdigest()}

    if index is None:
        (snapshot / "index.parquet").unlink()
    else:
        (snapshot / "index.parquet").write_bytes(index)
    rewrite(snapshot, change, seal=True)
    assert [("root", "index.parquet")] == found(snapshot)


# ---- forgery, and what finds it out


def forge(folder):
    """Other words in a record, and every digest made to fit."""
    data = (folder / "train.jsonl").read_bytes().replace(b"Page", b"Leaf")

    def change(fields):
        for entry in fields["files"]:
            if entry["name"] == "train.jsonl":
                entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    (folder / "train.jsonl").write_bytes(data)
    rewrite(folder, change, seal=True)


def test_a_forgery_that_is_consistent_is_found_by_its_id_alone(snapshot, project):
    wanted = verify(snapshot).id
    done = project.sftspec(snapshot, "verify", "./", "--expect", wanted)
    assert (0, True) == (done.returncode, "is the one expected" in done.stdout)
    forge(snapshot)
    done = project.sftspec(snapshot, "verify", "./")
    assert 0 == done.returncode
    assert "self-consistent, not authenticated" in done.stdout
    done = project.sftspec(snapshot, "verify", "./", "--expect", wanted)
    assert 1 == done.returncode
    assert done.stdout.startswith("other-id: MANIFEST.json")


def test_a_frozen_mark_finds_a_forgery_too(snapshot, project):
    (snapshot / FREEZE).write_bytes(project.freeze_of((snapshot / MANIFEST).read_bytes()))
    assert [] == found(snapshot)
    forge(snapshot)
    assert [("freeze", FREEZE)] == found(snapshot)


@pytest.mark.parametrize(
    "mark", [b"", b"{}", b"[]", b"7", b"null", b'{"manifest": 7}', b"[" * 200_000, b"\xff"]
)
def test_a_mark_that_is_none_is_found(snapshot, mark):
    (snapshot / FREEZE).write_bytes(mark)
    assert [("freeze", FREEZE)] == found(snapshot)


def test_any_flip_in_the_mark_is_found(snapshot, project):
    data = project.freeze_of((snapshot / MANIFEST).read_bytes())
    for place in range(len(data)):
        wrong = bytearray(data)
        wrong[place] ^= 2
        (snapshot / FREEZE).write_bytes(wrong)
        assert [("freeze", FREEZE)] == found(snapshot), bytes(wrong)
    (snapshot / FREEZE).unlink()
    (snapshot / FREEZE).mkdir()
    assert [("not-a-file", FREEZE)] == found(snapshot)


def test_the_receipt_is_covered_by_nothing(snapshot):
    """It says when and where; no digest is over it, and no identity depends on it."""
    before = verify(snapshot).id
    (snapshot / "receipt.json").write_bytes(b"\xff")
    assert (True, before) == (verify(snapshot).good, verify(snapshot).id)
    (snapshot / "receipt.json").unlink()
    assert verify(snapshot).good


# ---- at random


def test_whatever_is_done_at_random_is_found(snapshot, deep_snapshot):
    rng = random.Random(20261121)
    names = [*LISTED, MANIFEST]
    for _ in range(SAMPLE if SAMPLE < 10**6 else 20_000):
        name, other = rng.sample(names, 2)
        path = snapshot / name
        data = path.read_bytes()
        deed = rng.choice(["flips", "cut", "swap", "gone", "zeros", "doubled", "tail"])
        at = rng.randrange(len(data))
        wrong = {
            "flips": bytes(b ^ rng.randrange(256) if rng.random() < 0.01 else b for b in data),
            "cut": data[:at],
            "swap": (snapshot / other).read_bytes(),
            "gone": None,
            "zeros": data[:at] + bytes(min(512, len(data) - at)) + data[at + 512 :],
            "doubled": data[:at] + data,
            "tail": data + data[at:],
        }[deed]
        if wrong == data:
            continue
        path.unlink()
        if wrong is not None:
            path.write_bytes(wrong)
        assert [name] == [place for _, place in found(snapshot)], (deed, name)
        path.write_bytes(data)
    assert verify(snapshot) == verify(deep_snapshot)


# ---- the command


def test_the_command_says_what_is_wrong(snapshot, project):
    (snapshot / "train.jsonl").write_bytes(b"")
    (snapshot / "dev.jsonl").unlink()
    (snapshot / "new\x1b[31m.jsonl").write_bytes(b"")
    done = project.sftspec(snapshot, "verify", "./")
    assert 1 == done.returncode
    assert "" == done.stderr
    assert ["missing", "truncated", "extra"] == [
        x.split(":")[0] for x in done.stdout.splitlines()
    ]
    assert "\x1b" not in done.stdout
    done = project.sftspec(snapshot, "verify", "./", "--format", "json")
    answer = json.loads(done.stdout)
    assert (1, 1, "wrong") == (done.returncode, answer["format_version"], answer["verdict"])
    assert {"missing", "truncated", "extra"} == {one["kind"] for one in answer["wrong"]}


def test_the_command_on_a_good_snapshot_and_on_none(snapshot, project):
    done = project.sftspec(snapshot, "verify", "./", "--format", "json")
    answer = json.loads(done.stdout)
    assert (0, "ok", []) == (done.returncode, answer["verdict"], answer["wrong"])
    assert answer["id"] == verify(snapshot).id
    assert len(LISTED) == answer["files"]
    done = project.sftspec(snapshot, "verify", "./nowhere")
    assert (3, True) == (done.returncode, "snapshot-not-found" in done.stderr)
    done = project.sftspec(snapshot, "verify")
    assert 2 == done.returncode
    done = project.sftspec(snapshot.parent, "verify", "./")
    assert (1, "missing") == (done.returncode, done.stdout.split(":")[0])


def test_a_fresh_clone_is_told_to_build(snapshot, project):
    for name in set(LISTED) - {"plan.json", "README.md"}:
        (snapshot / name).unlink()
    done = project.sftspec(snapshot, "verify", "./")
    assert 1 == done.returncode
    assert "build the spec to fill them in" in done.stdout
