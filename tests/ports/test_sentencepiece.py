"""SentencePiece models, trained on the spot: ids, what they spell, and control tokens that no text makes."""

from functools import cache
import io
from itertools import pairwise
import sys

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
import sentencepiece

from sftspec.ground.report import Fault
from sftspec.ports.tokenizers.sentencepiece import LOST, SentencePiece, load

CORPUS = [
    "the quick brown fox jumps over the lazy dog and says hello to the world",
    "hello hello world, it is what it is, ▁ and  two blanks",
    'of {"a": [1, 2, 3], "b": "two words"} and <start>user<end>',
    "Grüße aus Zürich, naïve café @home",
] * 20
KINDS = {
    "bytes": {
        "model_type": "bpe", "vocab_size": 420, "byte_fallback": True,
        "normalization_rule_name": "identity", "remove_extra_whitespaces": False,
        "control_symbols": ["[INST]", "[/INST]"], "user_defined_symbols": ["<start>", "<end>"],
    },
    "no blank": {
        "model_type": "bpe", "vocab_size": 420, "byte_fallback": True, "add_dummy_prefix": False,
        "normalization_rule_name": "identity", "remove_extra_whitespaces": False,
    },
    "folding": {"model_type": "bpe", "vocab_size": 420, "byte_fallback": True},
    "unknown": {"model_type": "unigram", "vocab_size": 90},
}  # fmt: skip
SPELLED = (
    "<s>",
    "</s>",
    "<unk>",
    "[INST]",
    "[/INST]",
    "<start>",
    "<end>",
    "<0x0A>",
    "▁",
    " ",
    "\n",
    "hello",
)
steady = settings(deadline=None, derandomize=True, max_examples=150)
texts = st.lists(
    st.lists(st.sampled_from(SPELLED) | st.text(max_size=5), max_size=6).map("".join),
    max_size=4,
)


@cache
def trained(kind):
    """The bytes of a model."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=out, minloglevel=9, num_threads=1,
        hard_vocab_limit=False, **KINDS[kind],
    )  # fmt: skip
    return out.getvalue()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A function that loads a kind of model, with control tokens that a template names."""
    folder = tmp_path_factory.mktemp("models")

    @cache
    def of(kind, *controls):
        path = folder / f"{kind}.model"
        path.write_bytes(trained(kind))
        return load(path, controls)

    return of


def said(tokenizer, *texts):
    """What texts spell, each encoded and spelled again."""
    return tokenizer.spell(*tokenizer.encode(texts))


def pieces(tokenizer, text):
    names = {number: name for name, number in tokenizer.controls.items()}
    ids, offsets = tokenizer.encode([text])
    assert [0, len(ids)] == offsets.tolist()
    return [names.get(one, one) for one in ids.tolist()]


@pytest.mark.parametrize("kind", ["bytes", "no blank", "folding"])
@steady
@given(data=st.data())
def test_ids_spell_what_the_normaliser_leaves_of_a_text(model, kind, data):
    tokenizer = model(kind)
    given = data.draw(texts)
    assert tokenizer.normal(given) == said(tokenizer, *given)


@pytest.mark.parametrize("kind", ["bytes", "no blank"])
@steady
@given(data=st.data())
def test_a_normaliser_that_does_nothing_keeps_each_text_but_for_its_own_blank(
    model, kind, data
):
    given = data.draw(texts)
    wanted = [text.replace("▁", " ").encode() for text in given]
    assert wanted == said(model(kind), *given)


def test_a_normaliser_folds_and_drops_blanks(model):
    assert [b"fi x"] == said(model("folding"), " \ufb01  x ")


@steady
@given(given=texts)
def test_no_text_becomes_a_control_token(model, given):
    tokenizer = model("bytes", "[INST]", "<start>", "<end>", "</s>")
    ids, _ = tokenizer.encode([*given, *SPELLED, "".join(SPELLED)])
    assert not set(tokenizer.controls.values()) & set(ids.tolist())


def test_a_piece_that_no_template_names_is_what_text_becomes(model):
    plain, named = model("bytes"), model("bytes", "<start>")
    start = named.controls["<start>"]
    assert "<start>" not in plain.controls
    assert start in pieces(plain, "a<start>b")
    assert "<start>" not in pieces(named, "a<start>b")
    assert [b"a<start>b"] == said(plain, "a<start>b") == said(named, "a<start>b")
    assert b"<start>" == named.spell(np.array([start], np.int32), np.array([0, 1]))[0]


def test_the_tokenizer_says_what_it_is(model):
    tokenizer = model("bytes", "<end>")
    assert {"<s>": 1, "</s>": 2, "[INST]": 3, "[/INST]": 4, "<end>": 6} == tokenizer.controls
    assert ("<s>", "</s>") == (tokenizer.begin, tokenizer.end)
    assert max(tokenizer.encode(CORPUS)[0]) < tokenizer.size
    assert ("sentencepiece",) == tokenizer.libraries


def test_ids_are_those_of_the_library(model, tmp_path):
    path = tmp_path / "m"
    path.write_bytes(trained("bytes"))
    library = sentencepiece.SentencePieceProcessor(model_file=str(path))
    given = ["", "hello", "  two", "[INST] ☃\n", ""]
    ids, offsets = model("bytes").encode(given)
    assert [library.encode(text) for text in given] == [
        ids[start:end].tolist() for start, end in pairwise(offsets)
    ]
    assert (np.int32, np.int64) == (ids.dtype, offsets.dtype)


def test_no_texts_are_no_ids(model):
    ids, offsets = model("bytes").encode([])
    assert ([], [0]) == (ids.tolist(), offsets.tolist())
    assert [] == model("bytes").spell(ids, offsets) == model("bytes").normal([])


def test_behind_a_control_token_a_text_begins_anew(model):
    tokenizer = model("bytes")
    ids, _ = tokenizer.encode(["hello", " world"])
    first, second = (tokenizer.encode([text])[0].tolist() for text in ("hello", " world"))
    assert first + second == ids.tolist()
    run = np.array([1, 3, *first, 4, *second, 2], np.int32)
    offsets = np.array([0, len(run)])
    assert [b"<s>[INST]hello[/INST] world</s>"] == tokenizer.spell(run, offsets)
    parts = tokenizer.spell(run, np.array([0, 2, 2, 2 + len(first), len(run)]))
    assert [b"<s>[INST]", b"", b"hello", b"[/INST] world</s>"] == parts


def test_an_unknown_piece_spells_what_no_text_does(model):
    tokenizer = model("unknown")
    assert [b"hello " + LOST] == said(tokenizer, "hello ☃☃")
    assert ["hello ☃☃".encode()] == tokenizer.normal(["hello ☃☃"])
    with pytest.raises(UnicodeDecodeError):
        LOST.decode()


def test_a_folder_is_its_model(tmp_path):
    (tmp_path / "a.model").write_bytes(trained("bytes"))
    assert load(tmp_path, ()).controls["[INST]"] == 3
    (tmp_path / "tokenizer.model").write_bytes(trained("folding"))
    assert "[INST]" not in load(tmp_path, ()).controls


@pytest.mark.parametrize(
    ("kind", "controls", "slug", "words"),
    [
        ("bytes", ("[TOOL_CALLS]",), "control-token-missing", "`[TOOL_CALLS]`"),
        ("bytes", ("<unk>",), "control-token-missing", "`<unk>`"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(tmp_path, kind, controls, slug, words):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(trained(kind))
    with pytest.raises(Fault) as fault:
        load(path, controls)
    assert slug == fault.value.slug
    assert words in fault.value.message
    assert str(path) == fault.value.path


def test_a_model_that_adds_control_tokens_of_its_own_is_refused():
    library = sentencepiece.SentencePieceProcessor(model_proto=trained("bytes"), add_bos=True)
    with pytest.raises(Fault, match="makes the control token `<s>` of text"):
        SentencePiece(library, ())


@pytest.mark.parametrize(
    "data",
    [b"", b"version https://git-lfs.github.com/spec/v1\n", trained("bytes")[:3000], b"\x0b"],
    ids=["empty", "pointer", "cut off", "other"],
)
def test_what_is_no_model_is_refused(tmp_path, data):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(data)
    with pytest.raises(Fault) as fault:
        load(path, ("<s>",))
    assert "tokenizer-unreadable" == fault.value.slug


def test_a_folder_with_no_model_or_two_is_refused(tmp_path):
    with pytest.raises(Fault, match="there is none"):
        load(tmp_path, ())
    for name in "ab":
        (tmp_path / f"{name}.model").write_bytes(trained("bytes"))
    with pytest.raises(Fault, match=r"a\.model, b\.model"):
        load(tmp_path, ())


def test_without_the_library_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(Fault) as fault:
        load(tmp_path, ())
    assert "missing-library" == fault.value.slug
    assert "sftspec[tokens]" in fault.value.hint
