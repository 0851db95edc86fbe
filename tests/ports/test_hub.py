"""Local Hugging Face folders: which files a split has, as the hub and `save_to_disk` lay them out."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sftspec.ground.report import Fault
from sftspec.ports.hub import hub_files


def laid(root, *names):
    for name in names:
        path = root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def saved(root, folder, files, **more):
    """A folder as `save_to_disk` writes it."""
    laid(root, *(f"{folder}{name}" for name in files), f"{folder}dataset_info.json")
    state = {"_data_files": [{"filename": name} for name in files], "_fingerprint": "x", **more}
    (root / "data" / folder / "state.json").write_text(json.dumps(state))


def files(root, split=None):
    return [name.removeprefix("data/") for name in hub_files(root, "data", split)]


def refused(root, split=None):
    with pytest.raises(Fault) as caught:
        hub_files(root, "data", split)
    assert caught.value.path.startswith("data")
    return caught.value.slug, f"{caught.value.message}; {caught.value.hint}"


PARTS = ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]


def test_a_saved_dataset_has_the_files_that_its_state_names(tmp_path):
    saved(tmp_path, "", PARTS, _split="train")
    laid(tmp_path, "cache-1234.arrow")
    assert PARTS == files(tmp_path) == files(tmp_path, "train")
    assert ("unknown-split", True) == (refused(tmp_path, "test")[0], True)


def test_a_saved_dataset_of_splits_has_one_folder_each(tmp_path):
    saved(tmp_path, "train_sft/", PARTS, _split="train_sft")
    saved(tmp_path, "test/", PARTS[:1], _split="test")
    laid(tmp_path, "dataset_dict.json")
    assert [f"train_sft/{name}" for name in PARTS] == files(tmp_path, "train_sft")
    assert ["test/data-00000-of-00002.arrow"] == files(tmp_path, "test")
    slug, said = refused(tmp_path)
    assert ("unknown-split", True) == (
        slug,
        "has several splits; it has `test`, `train_sft`" in said,
    )
    assert "did you mean `test`?" in refused(tmp_path, "tests")[1]


def test_of_several_splits_train_is_taken_where_none_is_named(tmp_path):
    saved(tmp_path, "train/", PARTS[:1])
    saved(tmp_path, "validation/", PARTS[:1])
    assert files(tmp_path) == files(tmp_path, "train") == ["train/data-00000-of-00002.arrow"]


@pytest.mark.parametrize("name", ["../secret.arrow", "/etc/passwd", "a/b.arrow", "..", ""])
def test_a_state_that_names_a_file_elsewhere_is_refused(tmp_path, name):
    saved(tmp_path, "", PARTS[:1])
    state = tmp_path / "data" / "state.json"
    state.write_text(json.dumps({"_data_files": [{"filename": name}]}))
    assert "bad-head" == refused(tmp_path)[0]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"_data_files": "x"}', '{"_data_files": [{"filename": 3}]}']
)
def test_a_state_that_is_none_is_refused(tmp_path, text):
    saved(tmp_path, "", PARTS[:1])
    (tmp_path / "data" / "state.json").write_text(text)
    assert "bad-head" == refused(tmp_path)[0]


NAMES = [  # a file of a hub repository, and its split
    ("data/train-00000-of-00002-3f2a9c.parquet", "train"),
    ("data/train_sft-00000-of-00003-a3ecf92756993583.parquet", "train_sft"),
    ("data/test_gen-00000-of-00001.parquet", "test_gen"),
    ("data/validation_matched-00000-of-00001.parquet", "validation_matched"),
    ("data/dev-00000-of-00001.parquet", "validation"),
    ("en/train-00000-of-00001.parquet", "train"),
    ("default/test/0000.parquet", "test"),
    ("train/part-00000-of-00002.parquet", "train"),
    ("data/train.jsonl", "train"),
    ("data/train.jsonl.gz", "train"),
    ("data/test_sft.jsonl", "test"),
    ("my_train_v2.csv", "train"),
    ("Validation.json", "validation"),
    ("squad-dev.json", "validation"),
    ("data/questions.jsonl", "train"),
    ("questions.jsonl", "train"),
    ("questions/all.jsonl", "all"),
    ("latest.jsonl", "train"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "split"), NAMES)
def test_a_file_of_a_repository_says_its_split(tmp_path, name, split):
    laid(tmp_path, name, "README.md", "LICENSE.txt", ".gitattributes", "dataset_infos.json")
    other = "zzz-00000-of-00001.parquet"
    laid(tmp_path, other)
    assert [name] == files(tmp_path, split)
    assert [other] == files(tmp_path, "zzz")


def test_the_files_of_a_split_are_sorted_and_no_others_are_read(tmp_path):
    laid(tmp_path, *(f"data/train-0000{n}-of-00003.parquet" for n in (2, 0, 1)), "data/test-00000-of-00001.parquet", ".cache/x.parquet")  # fmt: skip
    assert [f"data/train-0000{n}-of-00003.parquet" for n in range(3)] == files(tmp_path)


def test_a_folder_that_is_none_or_empty_is_refused(tmp_path):
    assert ("source-not-found", True) == (refused(tmp_path)[0], True)
    laid(tmp_path, "README.md", "picture.png")
    slug, said = refused(tmp_path)
    assert ("source-not-found", True) == (slug, "has no data files" in said)


def test_a_folder_through_a_link_is_not_looked_into(tmp_path):
    laid(tmp_path / "else", "train.jsonl")
    (tmp_path / "data").symlink_to(tmp_path / "else" / "data")
    with pytest.raises(Fault):
        hub_files(tmp_path, "data/inner", None)


def test_a_folder_as_datasets_writes_it(tmp_path):
    """What `save_to_disk` and `to_parquet` leave behind, made by pyarrow."""
    table = pa.table({"id": [1, 2]})
    saved(tmp_path, "train/", ["data-00000-of-00001.arrow"])
    path = tmp_path / "data" / "train" / "data-00000-of-00001.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    assert ["train/data-00000-of-00001.arrow"] == files(tmp_path)
    pq.write_table(table, tmp_path / "data" / "stray.parquet")
    assert ["train/data-00000-of-00001.arrow"] == files(tmp_path)
