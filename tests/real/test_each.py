"""What holds of every real spec: nothing lost, the gate, the layout, and the same bytes on any engine."""

from collections import Counter
from pathlib import Path
import runpy
from types import SimpleNamespace

import pytest

kit = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("kit.py"))))
SPECS = ("legal", "medical", "support", "general", "general_nc", "tools")
pytestmark = [
    *kit.marks("legal", "medical", "support", "general", "tools", "multiturn"),
    pytest.mark.parametrize("spec", SPECS),
]


def same_bytes(one, two):
    listed = ["MANIFEST.json", *(f["name"] for f in kit.manifest_of(one)["files"])]
    assert [n for n in listed if (one / n).read_bytes() != (two / n).read_bytes()] == []


def test_no_row_and_no_candidate_is_lost(spec, snapshot_of):
    snapshot = snapshot_of(spec)
    manifest = kit.manifest_of(snapshot)
    kit.sums_hold(manifest)
    rejected = kit.rejects(snapshot)
    assert kit.rejected_by_reason(manifest) == dict(Counter(r["reason"] for r in rejected))
    assert len(kit.index(snapshot)) == kit.count(manifest, "candidates")
    assert len(kit.chosen(snapshot)) == kit.count(manifest, "chosen")


def test_the_files_that_were_read_are_those_of_the_data(spec, snapshot_of):
    for source in kit.manifest_of(snapshot_of(spec))["sources"].values():
        assert source["files"] or not source["read"]
        for file in source["files"]:
            path = kit.DATA / Path(file["path"]).relative_to("data")
            assert file["bytes"] == path.stat().st_size


def test_a_source_row_and_its_group_stay_in_one_part(spec, snapshot_of):
    records = kit.chosen(snapshot_of(spec))
    assert {one.part for one in records} == {"train", "dev"}
    rows = kit.parts_by(records, lambda one: (one.source, one.key))
    assert {row for row, parts in rows.items() if len(parts) > 1} == set()
    groups = kit.parts_by([one for one in records if one.group], lambda one: one.group)
    assert {group for group, parts in groups.items() if len(parts) > 1} == set()


def test_every_conversation_ends_with_the_assistant(spec, snapshot_of):
    for one in kit.chosen(snapshot_of(spec)):
        assert one.roles[-1] == "assistant"
        assert "user" in one.roles
        assert "system" not in one.roles[1:]
        for message in one.value["messages"]:
            assert (
                message.get("tool_calls")
                or message["role"] == "tool"
                or message["content"].strip()
            )


def test_the_release_gate_holds(spec, snapshot_of):
    project = snapshot_of(spec).parents[2]
    store = str(project / "fresh-store")
    done = kit.sftspec(project, "build", f"{spec}.sft", "--gate", "release", "--store", store)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_other_verbs_have_nothing_to_say_against_it(spec, snapshot_of):
    snapshot = snapshot_of(spec)
    file = f"{spec}.sft"
    for words in (
        ("check", file),
        ("fmt", "--check", file),
        ("test", file),
        ("preview", file, "-n", "1"),
        ("verify", str(snapshot)),
    ):
        done = kit.sftspec(snapshot.parents[2], *words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_small_chunks_give_the_same_snapshot(spec, snapshot_of, tmp_path):
    words = ("--engine", "local", "--chunk-bytes", str(kit.SMALL_CHUNKS))
    same_bytes(snapshot_of(spec), kit.build(tmp_path, spec, *words))


def test_no_order_of_tasks_changes_the_snapshot(spec, snapshot_of, tmp_path):
    same_bytes(snapshot_of(spec), kit.build_scrambled(tmp_path, spec))


@pytest.mark.ray
def test_ray_gives_the_same_snapshot(spec, snapshot_of, tmp_path):
    words = ("--engine", "ray", "--workers", "2")
    same_bytes(snapshot_of(spec), kit.build(tmp_path, spec, *words))
