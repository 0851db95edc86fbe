"""Tekken, with a file made by hand: its special tokens come first, and no text becomes one."""

import base64
import json
import sys

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from sftspec.ground.report import Fault
from sftspec.ports.tokenizers.tekken import EARLY, load

MERGED = (b"he", b"ll", b"hell", b"hello", b" w", b"or", b" wor", b"\xc3\xbc")
PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
steady = settings(deadline=None, derandomize=True, max_examples=150)
texts = st.lists(
    st.lists(st.sampled_from([*EARLY, "<SPECIAL_20>", " ", "hello"]) | st.text(max_size=5)).map("".join),
    max_size=4,
)  # fmt: skip


def written(folder, tokens=(), *, special=None, count=24, size=None, pattern=PATTERN):
    """The path of a file. `tokens`: bytes beside the single ones."""
    words = [*(bytes([one]) for one in range(256)), *(tokens or MERGED)]
    vocab = [
        {"rank": at, "token_bytes": base64.b64encode(word).decode(), "token_str": None}
        for at, word in enumerate(words)
    ]
    config = {
        "pattern": pattern, "num_vocab_tokens": len(words), "version": "v3",
        "default_vocab_size": size or count + len(words), "default_num_special_tokens": count,
    }  # fmt: skip
    model = {"config": config, "vocab": vocab}
    if special is not None:
        model["special_tokens"] = special
    path = folder / "tekken.json"
    path.write_text(json.dumps(model), "utf-8")
    return path


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load(written(tmp_path_factory.mktemp("tekken")), ("[INST]",))


@steady
@given(given=texts)
def test_ids_spell_the_very_text_and_no_control_token(tokenizer, given):
    ids, offsets = tokenizer.encode(given)
    assert [text.encode() for text in given] == tokenizer.spell(ids, offsets)
    assert tokenizer.normal(given) == tokenizer.spell(ids, offsets)
    assert not set(tokenizer.controls.values()) & set(ids.tolist())


def test_ids_stand_behind_the_special_tokens(tokenizer):
    ids, offsets = tokenizer.encode(["hello", "", " world"])
    assert [24 + 259, 24 + 262, 24 + 108, 24 + 100] == ids.tolist()
    assert [0, 1, 1, 4] == offsets.tolist()
    assert (np.int32, np.int64) == (ids.dtype, offsets.dtype)


def test_no_texts_are_no_ids(tokenizer):
    ids, offsets = tokenizer.encode([])
    assert ([], [0]) == (ids.tolist(), offsets.tolist())
    assert [] == tokenizer.spell(ids, offsets) == tokenizer.normal([])


def test_control_tokens_are_spelled_by_name(tokenizer):
    run = np.array([1, 3, 24 + 259, 4, 2, 23], np.int32)
    wanted = [b"<s>[INST]", b"hello[/INST]</s><SPECIAL_23>"]
    assert wanted == tokenizer.spell(run, np.array([0, 2, 6]))


def test_early_files_list_no_special_tokens(tokenizer):
    assert 24 + 256 + len(MERGED) == tokenizer.size
    assert [*EARLY, *(f"<SPECIAL_{at}>" for at in range(20, 24))] == list(tokenizer.controls)
    assert list(range(24)) == list(tokenizer.controls.values())
    assert ("<s>", "</s>") == (tokenizer.begin, tokenizer.end)


def test_later_files_list_theirs(tmp_path):
    names = ["<unk>", "<s>", "</s>", "[ARGS]"]
    special = [
        {"rank": at, "token_str": name, "is_control": at != 3}
        for at, name in reversed(list(enumerate(names)))
    ]
    tokenizer = load(written(tmp_path, special=special, count=6), ("[ARGS]",))
    assert [*names, "<SPECIAL_4>", "<SPECIAL_5>"] == list(tokenizer.controls)
    assert [b"[ARGS]"] == tokenizer.spell(*tokenizer.encode(["[ARGS]"]))
    assert 3 not in tokenizer.encode(["[ARGS]"])[0]


def test_tokens_over_the_size_are_left_out(tmp_path):
    tokenizer = load(written(tmp_path, size=24 + 257), ())
    assert [24 + 256, 24 + 108, 24 + 108, 24 + 111] == tokenizer.encode(["hello"])[0].tolist()


def test_a_folder_is_its_file(tmp_path):
    written(tmp_path)
    assert 3 == load(tmp_path, ()).controls["[INST]"]


def test_a_folder_with_no_file_or_two_is_refused(tmp_path):
    with pytest.raises(Fault, match="there is none"):
        load(tmp_path, ())
    path = written(tmp_path).rename(tmp_path / "tekken_1.json")
    assert 3 == load(tmp_path, ()).controls["[INST]"]
    (tmp_path / "tekken_2.json").write_bytes(path.read_bytes())
    with pytest.raises(Fault, match=r"tekken_1\.json, tekken_2\.json"):
        load(tmp_path, ())


def test_a_text_that_the_library_breaks_down_at_has_no_ids(tokenizer, capfd):
    ids, offsets = tokenizer.encode(["hello", " " * 1_000_001 + "x", "hello"])
    assert [0, 1, 1, 2] == offsets.tolist()
    assert [24 + 259, 24 + 259] == ids.tolist()
    assert "StackOverflow" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"size": 9999}, "its tokens are not numbered from 0 to 9974"),
        ({"tokens": (b"he", b"he")}, "its tokens are not numbered"),
        ({"count": 19}, "its special tokens are not numbered from 0 to 18"),
        ({"special": [{"rank": 1, "token_str": "<s>"}], "count": 1}, "special tokens are not numbered"),
        ({"pattern": "("}, "Parsing error"),
        ({"pattern": "[a-z]+"}, "its pattern loses text"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_sound_is_refused(tmp_path, more, words):
    with pytest.raises(Fault) as fault:
        load(written(tmp_path, **more), ())
    assert "tokenizer-unreadable" == fault.value.slug
    assert words in fault.value.message


def test_the_first_tokens_are_the_bytes(tmp_path):
    path = written(tmp_path)
    model = json.loads(path.read_bytes())
    model["vocab"][65]["token_bytes"] = base64.b64encode(b"hey").decode()
    path.write_text(json.dumps(model), "utf-8")
    with pytest.raises(Fault, match="its first tokens are not the bytes"):
        load(path, ())


@pytest.mark.parametrize("data", [b"", b"version https://git-lfs", b"{}", b'{"vocab": "\xff"}'])
def test_what_is_no_tekken_is_refused(tmp_path, data):
    path = tmp_path / "tekken.json"
    path.write_bytes(data)
    with pytest.raises(Fault) as fault:
        load(path, ())
    assert ("tokenizer-unreadable", str(path)) == (fault.value.slug, fault.value.path)


def test_a_control_token_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(Fault, match=r"`\[ARGS\]`") as fault:
        load(written(tmp_path), ("[INST]", "[ARGS]"))
    assert "control-token-missing" == fault.value.slug


def test_without_the_library_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    with pytest.raises(Fault) as fault:
        load(written(tmp_path), ())
    assert "missing-library" == fault.value.slug
    assert "sftspec[tokens]" in fault.value.hint
