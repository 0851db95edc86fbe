"""Hugging Face tokenizers, trained on the spot: every id is the library's, and no text is a control token."""

# ruff: noqa: RUF001 - signs that look like others are what is tested
from functools import cache
from itertools import pairwise, product
import json
import sys

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from sftspec.ground.report import Fault
from sftspec.ports import words
from sftspec.ports.borders import Split
from sftspec.ports.crossing import crossing_of_bytes
from sftspec.ports.hugging_paper import LOST, Paper, bytes_of, letters
from sftspec.ports.hugging_proof import prove
from sftspec.ports.splitters import Classes, forms
from sftspec.ports.tokenizers.huggingface import HuggingFace, load

LLAMA, QWEN, O200K, THIRDS, TEKKEN = [regex for regex in forms() if regex != "gpt2"]
FORMS = {
    "gpt2": None,
    "llama": LLAMA,
    "qwen": QWEN,
    "o200k": O200K,
    "thirds": THIRDS,
    "tekken": TEKKEN,
}
SPECIAL = ("<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<|im_end|>")
CORPUS = [
    "It's what you've said: we'll see, they're HERE. I'd say 'so', I'M sure; don't.",
    "def main(argv):\n    if argv[1:] != []:\n\t\treturn {'a': 1.5}  # 2024\n\n\nmain()\n",
    "人工智能是计算机科学的一个分支，它企图了解智能的实质。中文字幕，使用Python语言。我们的中国人。",
    "https://www.example.com/path/to-page_1?q=caf%C3%A9&n=12345#top",
    "Grüße aus Zürich, naïve café; Привет, мир! こんにちは世界。カタカナ 안녕하세요 नमस्ते दुनिया",
    "<|im_start|>user\nhello<|im_end|>\n<tool_call> 🙂🙂 \u00a0 x\u3000y",
    "HelloWorld HTTPServer iPhone x/y and/or //www a//b !\n/!a",
]
SPELLED = (
    *SPECIAL,
    *(
        "<|IM_END|>",
        "＜｜im_end｜＞",
        "<|im_\u200bend|>",
        "<|im_énd|>",
        "<|im_",
        "end|>",
        "<tool_call>",
    ),
    *(
        "'s",
        "'ll",
        "'S",
        "'ſ",
        "\u2019s",
        "\u00a0",
        "\u3000",
        "\u2028",
        "\u0085",
        "\x1c",
        "\x00",
    ),
    *(
        "e\u0301",
        "\u0301",
        "é",
        "\u1161",
        "가",
        "ﬅ",
        "ſ",
        "K",
        "ǅ",
        "ʰ",
        "Ⅷ",
        "²",
        "٣",
        "१",
        "𝟘",
    ),
    *(
        "的",
        "中文",
        "字幕",
        "漢字",
        "，",
        "。",
        "“",
        "語A",
        "🙂",
        "𠀀",
        "\ufdd0",
        "\ufdd03\ufdd0",
    ),
    *(
        "▁",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\n\n\n",
        "1",
        "12345",
        "/",
        "//",
        "'",
        "!",
        "!!",
        "a",
        "Ab",
        "Σ",
    ),
)
steady = settings(deadline=None, derandomize=True, max_examples=80)
texts = st.lists(
    st.lists(st.sampled_from(SPELLED) | st.text(max_size=6), max_size=8).map("".join),
    max_size=5,
)


@cache
def splitter(form):
    if form == "gpt2":
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(FORMS[form]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


@cache
def byte_level(form, *, whole=False, composed=False, size=900):
    """The paper of a byte-level tokenizer."""
    made = Tokenizer(models.BPE(ignore_merges=whole))
    made.pre_tokenizer = splitter(form)
    made.decoder = decoders.ByteLevel()
    if composed:
        made.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    made.train_from_iterator(CORPUS * 3, trainer)
    return made.to_str()


@cache
def pieces(prefix):
    """The paper of SentencePiece's kind of byte pairs. `prefix`: what puts a blank before a text."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    made.train_from_iterator(CORPUS * 3, trainer)
    paper = json.loads(made.to_str())
    model = paper["model"]
    model["byte_fallback"] = True
    model["vocab"] |= {f"<0x{at:02X}>": len(model["vocab"]) + at for at in range(256)}
    model["vocab"] |= {"s>": len(model["vocab"])}
    model["merges"] += [["s", ">"], ["<", "s>"]]  # so that text would become `<s>`
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    scheme = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": prefix, "split": False}
    split = {
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": False,
    }
    before = {"type": "Prepend", "prepend": "▁"}
    paper["pre_tokenizer"] = {"": split, "always": None}.get(prefix, scheme)
    paper["normalizer"] = {
        "": replace, "always": {"type": "Sequence", "normalizers": [before, replace]}
    }.get(prefix)  # fmt: skip
    return json.dumps(paper)


@cache
def unigram():
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.train_from_iterator(
        CORPUS * 3,
        trainers.UnigramTrainer(
            vocab_size=400,
            special_tokens=["<unk>", "<s>", "</s>"],
            unk_token="<unk>",
            show_progress=False,
        ),
    )
    return made.to_str()


def with_text_tokens(paper, *contents, **flags):
    made = Tokenizer.from_str(paper)
    made.add_tokens([AddedToken(one, **{"normalized": False, **flags}) for one in contents])
    return made.to_str()


PAPERS = {
    **{form: lambda form=form: byte_level(form) for form in FORMS},
    "llama whole": lambda: byte_level("llama", whole=True),
    "o200k whole": lambda: byte_level("o200k", whole=True),
    "qwen composed": lambda: byte_level("qwen", composed=True),
    "gpt2 small": lambda: byte_level("gpt2", size=300),
    **{f"pieces {prefix}": lambda prefix=prefix: pieces(prefix) for prefix in ("", "always", "first", "never")},
    "text tokens": lambda: with_text_tokens(
        byte_level("qwen", composed=True), "\n\n", "\n\n\n", "<tool_call>", "的", "im_", "<|im_e"
    ),
    "pieces with text tokens": lambda: with_text_tokens(pieces(""), "\n", "\n\n", "\n\n\n", "▁▁", "<tool_call>"),
}  # fmt: skip


@cache
def both(kind):
    """The tokenizer with the fast path and without it."""
    data = PAPERS[kind]().encode()
    return HuggingFace(data), HuggingFace(data, quick=False)


@cache
def library(kind):
    """The library's tokenizer without its control tokens, as plainly as that can be had."""
    paper = json.loads(PAPERS[kind]())
    for one in paper["added_tokens"]:
        if one["special"]:
            name = f"\ufdd7{one['id']}\ufdd7\ufdd7"
            model = paper["model"]
            model["unk_token"] = (
                name if model["unk_token"] == one["content"] else model["unk_token"]
            )
            model["merges"] = [
                pair for pair in model["merges"] if "".join(pair) != one["content"]
            ]
            if one["content"] in model["vocab"]:
                model["vocab"][name] = model["vocab"].pop(one["content"])
            one |= {"content": name, "special": False, "normalized": False}
    return Tokenizer.from_str(json.dumps(paper))


def rows(found):
    ids, offsets = found
    assert (np.int32, np.int64) == (ids.dtype, offsets.dtype)
    return [ids[start:end].tolist() for start, end in pairwise(offsets.tolist())]


def wanted(kind, said):
    return [one.ids for one in library(kind).encode_batch(said, add_special_tokens=False)]


@pytest.mark.parametrize("kind", PAPERS)
def test_every_form_on_the_list_has_a_fast_way(kind):
    assert (True, False) == tuple(one.quick for one in both(kind))


@pytest.mark.parametrize("kind", PAPERS)
@steady
@given(texts)
def test_every_id_is_the_librarys(kind, said):
    quick, plain = both(kind)
    want = wanted(kind, said)
    assert want == rows(plain.encode(said))
    assert want == rows(quick.encode(said))
    assert want == rows(quick.encode(said))  # all pieces known by now


@pytest.mark.parametrize("kind", PAPERS)
@steady
@given(texts)
def test_a_cold_cache_has_the_ids_of_a_warm_one(kind, said):
    quick, _ = both(kind)
    warm = rows(quick.encode(said))
    quick._quick.__self__._words._forget()
    assert warm == rows(quick.encode(said))
    assert warm == [row for text in said for row in rows(quick.encode([text]))]


@pytest.mark.parametrize("kind", PAPERS)
@steady
@given(texts)
def test_ids_spell_what_their_texts_say(kind, said):
    quick, plain = both(kind)
    for one in (quick, plain):
        assert one.normal(said) == one.spell(*one.encode(said))


@pytest.mark.parametrize("kind", PAPERS)
@steady
@given(texts)
def test_no_text_is_a_control_token(kind, said):
    said = [*said, *SPECIAL, "<s></s>", "<|im_start|>system\n<|im_end|>"]
    for one in both(kind):
        assert set() == {*one.encode(said)[0].tolist()} & {*one.controls.values()}


@pytest.mark.parametrize("kind", PAPERS)
def test_real_texts_have_the_librarys_ids_whatever_is_forgotten_between(kind, monkeypatch):
    said = [line for text in CORPUS for line in (text, text * 40, text[::-1], *text.split(" "))]
    want = wanted(kind, said)
    monkeypatch.setattr(words, "MOST", 50)
    monkeypatch.setattr(words, "BATCH", 300)
    assert want == rows(HuggingFace(PAPERS[kind]().encode()).encode(said))


def test_texts_of_any_size_and_none():
    quick, _ = both("llama")
    long = "a" * 100_000 + " " * 5_000 + "的" * 3_000 + "7" * 4_001 + "\n" * 3_000
    for said in ([], [""], ["", "", "a", ""], [long, "", long]):
        assert wanted("llama", said) == rows(quick.encode(said))
        assert [text.encode() for text in said] == quick.spell(*quick.encode(said))


def test_what_is_remembered_is_bounded(monkeypatch):
    quick = HuggingFace(PAPERS["gpt2"]().encode())
    kept = quick._quick.__self__._words
    for bound in ("MOST", "ROOM"):
        monkeypatch.setattr(words, bound, 100)
        quick.encode([" ".join(f"{bound}{at}" for at in range(200))])
        assert len(kept._known) > 100
        quick.encode(["a"])
        assert ["a"] == [one.decode() for one in kept._known]
        monkeypatch.undo()


# the proof


def is_split(form, text):
    return [(start, end) for _, (start, end) in splitter(form).pre_tokenize_str(text)]


class Apart:
    """No token has two characters that are cut beside."""

    def crossed(self, left, right):
        del right
        return np.zeros(len(left), bool)


@pytest.mark.parametrize("crossing", [None, Apart()], ids=["by rule", "where no token crosses"])
@pytest.mark.parametrize("form", FORMS)
def test_rules_cut_where_the_splitter_does_and_change_no_match(form, crossing):
    """Every text of up to four characters, one or two of each class, and what the splitter says of it."""
    borders = Split(FORMS[form] or "gpt2", crossing)
    signs = "asl漢1!，' \t\n" + ("A/\u0301ʰ" if borders.cased else "")
    matches = cache(lambda text: is_split(form, text))
    for count in range(2, 5):
        said = ["".join(one) for one in product(signs, repeat=count)]
        codes = np.frombuffer("".join(said).encode("utf-32-le"), np.uint32)
        starts = np.arange(len(said)) * count
        cuts = borders.cuts(codes, starts, starts + count).reshape(-1, count)
        for text, cut in zip(said, cuts, strict=True):
            if cut.sum() < 2:
                continue
            want = {start for start, _ in matches(text)}
            got = set()
            for start, end in pairwise([*np.flatnonzero(cut).tolist(), count]):
                got |= {start + at for at, _ in matches(text[start:end])}
            if crossing is not None:  # cuts inside of a match are for that alone
                got -= {at for at in got - want if text[at] == "漢" and text[at - 1] in "漢，"}
            assert want == got, text


@pytest.mark.parametrize("form", FORMS)
def test_a_piece_that_goes_to_the_model_as_it_is_is_one_match(form):
    borders = Split(FORMS[form] or "gpt2", None)
    signs = "asl漢1!' \t\n" + ("Aʰ/\u0301" if borders.cased else "é")
    said = ["".join(one) for count in range(1, 5) for one in product(signs, repeat=count)]
    single = borders.single("".join(said), [len(text) for text in said])
    assert {1} == {
        len(is_split(form, text)) for text, one in zip(said, single, strict=True) if one
    }
    assert sum(single) > 300


@pytest.mark.parametrize("form", ["gpt2", "o200k"])
def test_classes_are_those_of_the_library_for_every_character(form):
    classes = Classes(forms()[FORMS[form] or "gpt2"])
    codes = np.array(
        [code for code in range(0x110000) if not 0xD800 <= code < 0xE000], np.uint32
    )
    names = np.array(list(".LWNOQSBRM/Ul"))[classes.of(codes)]
    text = "".join(map(chr, codes.tolist()))
    for regex, wanted_names in ((r"\p{L}", "LWUl"), (r"\p{N}", "N"), (r"\s", "SBR")):
        found = normalizers.Replace(Regex(regex), "\ue000").normalize_str(text)
        matched = np.array([one == "\ue000" for one in found]) & (codes != 0xE000)
        assert [] == np.flatnonzero(matched != np.isin(names, list(wanted_names))).tolist()


def mutated(kind, change):
    paper = json.loads(PAPERS[kind]())
    change(paper)
    return paper


def regex_of(paper):
    return paper["pre_tokenizer"]["pretokenizers"][0]


REFUSED = {
    "another regex": ("llama", lambda one: regex_of(one)["pattern"].update(Regex=LLAMA.replace("{1,3}", "{1,2}"))),
    "a regex as a string": ("llama", lambda one: regex_of(one).update(pattern={"String": LLAMA})),
    "merged": ("llama", lambda one: regex_of(one).update(behavior="MergedWithNext")),
    "inverted": ("llama", lambda one: regex_of(one).update(invert=True)),
    "a new setting": ("llama", lambda one: regex_of(one).update(limit=3)),
    "a blank before": ("gpt2", lambda one: one["pre_tokenizer"].update(add_prefix_space=True)),
    "no regex": ("gpt2", lambda one: one["pre_tokenizer"].update(use_regex=False)),
    "digits first": ("gpt2", lambda one: one.update(pre_tokenizer={
        "type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True}, one["pre_tokenizer"]]})),
    "lower case": ("gpt2", lambda one: one.update(normalizer={"type": "Lowercase"})),
    "compatible": ("qwen", lambda one: one.update(normalizer={"type": "NFKC"})),
    "prepended": ("gpt2", lambda one: one.update(normalizer={"type": "Prepend", "prepend": "x"})),
    "a new model": ("gpt2", lambda one: one["model"].update(reverse=True)),
    "no model": ("gpt2", lambda one: one["model"].update(type="Unigram", vocab=[["a", 0.0]])),
    "stripping": ("text tokens", lambda one: one["added_tokens"][-1].update(lstrip=True)),
    "words alone": ("text tokens", lambda one: one["added_tokens"][-1].update(single_word=True)),
    "normalised": ("text tokens", lambda one: one["added_tokens"][-1].update(normalized=True)),
    "split pieces": ("pieces first", lambda one: one["pre_tokenizer"].update(split=True)),
    "another sign": ("pieces first", lambda one: one["pre_tokenizer"].update(replacement="_")),
    "no fallback": ("pieces ", lambda one: one["model"].update(byte_fallback=False)),
    "whole pieces": ("pieces ", lambda one: one["model"].update(ignore_merges=True)),
    "a byte missing": ("pieces ", lambda one: one["model"]["vocab"].pop("<0x41>")),
    "bytes merged": ("pieces ", lambda one: (
        one["model"]["vocab"].update({"<0xE4><0xB8>": 9999}),
        one["model"]["merges"].append(["<0xE4>", "<0xB8>"]))),
    "other blanks": ("pieces ", lambda one: one["normalizer"].update(content="_")),
    "text tokens behind a blank": ("pieces first", lambda one: one["added_tokens"].append(
        {"id": 5000, "content": "X", "special": False, "normalized": False})),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_on_the_list_word_by_word_goes_to_the_library(name):
    kind, change = REFUSED[name]
    whole = Paper(PAPERS[kind]().encode())
    assert prove(whole, whole.controls(())) is not None
    paper = Paper(json.dumps(mutated(kind, change)).encode())
    assert prove(paper, paper.controls(())) is None


@pytest.mark.parametrize(
    "name", ["another regex", "a blank before", "digits first", "lower case", "stripping"]
)
@steady
@given(texts)
def test_what_goes_to_the_library_has_its_ids(name, said):
    kind, change = REFUSED[name]
    paper = mutated(kind, change)
    found = HuggingFace(json.dumps(paper).encode())
    assert not found.quick
    said = [text for text in said if not any(one in text for one in SPECIAL)]
    plain = Tokenizer.from_str(json.dumps(paper))
    assert [one.ids for one in plain.encode_batch(said, add_special_tokens=False)] == rows(
        found.encode(said)
    )


def test_merged_bytes_are_seen_however_json_writes_them():
    _, change = REFUSED["bytes merged"]
    data = (
        json.dumps(mutated("pieces ", change)).replace("<0xE4>", "\\u003c0x\\u00454>").encode()
    )
    paper = Paper(data)
    assert prove(paper, paper.controls(())) is None


def test_dropout_is_refused():
    paper = mutated("gpt2", lambda one: one["model"].update(dropout=0.1))
    with pytest.raises(ValueError, match="dropout"):
        HuggingFace(json.dumps(paper).encode())


def test_no_cut_where_a_token_crosses_whole_or_torn():
    tokens = ["中文".encode(), "的".encode() + b"\xe6", b"\x96" + "字".encode(), b"\xbd\xed"]
    crossing = crossing_of_bytes([*tokens, *(bytes([one]) for one in range(256))])
    pairs = ["中文", "的時", "文字", "你히", "中字", "的字"]
    codes = np.array([[ord(one), ord(other)] for one, other in pairs], np.uint32)
    for at, (one, other) in enumerate(pairs):
        joined, cut = f"{one}{other}".encode(), len(one.encode())
        crosses = any(joined.find(token, max(0, cut - len(token) + 1), cut + len(token) - 1) >= 0
                      for token in tokens)  # fmt: skip
        assert not crosses or crossing.crossed(codes[at : at + 1, 0], codes[at : at + 1, 1])[0]
    assert not crossing.crossed(codes[4:, 0], codes[4:, 1]).any()


def test_a_token_that_merges_do_not_make_keeps_its_texts_whole():
    paper = json.loads(byte_level("llama", whole=True))
    shown = "".join(letters()[byte] for byte in "漢字".encode())
    paper["model"]["vocab"][shown] = 5000
    found = HuggingFace(json.dumps(paper).encode())
    plain = Tokenizer.from_str(json.dumps(paper))
    said = ["漢字", "漢字的", "的漢字", "一漢字。漢字", "字漢", "漢", "漢字，漢字"]
    assert [one.ids for one in plain.encode_batch(said)] == rows(found.encode(said))
    assert 5000 in rows(found.encode(said))[0]
    assert 5000 not in rows(found.encode(said))[1]


def test_without_a_token_for_every_byte_no_letters_are_cut_apart():
    paper = json.loads(byte_level("gpt2"))
    paper["model"]["vocab"].pop(letters()[0xFF])
    found = HuggingFace(json.dumps(paper).encode())
    assert found._quick.__self__._words._borders.crossing is None


# control tokens


def test_ids_of_control_tokens_stay_and_text_that_spells_them_is_text():
    quick, _ = both("llama")
    assert set(SPECIAL) == set(quick.controls)
    for name, number in quick.controls.items():
        ids, offsets = quick.encode([f"a{name}b"])
        assert number not in ids
        assert [f"a{name}b".encode()] == quick.spell(ids, offsets)
        assert [name.encode()] == quick.spell(np.array([number], np.int32), np.array([0, 1]))


def test_a_control_token_that_only_the_template_names_is_no_text_either():
    data = with_text_tokens(byte_level("qwen"), "<tool_call>", "<think>").encode()
    plain, named = HuggingFace(data), HuggingFace(data, ["<tool_call>"])
    number = Tokenizer.from_buffer(data).token_to_id("<tool_call>")
    assert [number] == rows(plain.encode(["<tool_call>"]))[0]
    assert "<tool_call>" not in plain.controls
    assert number == named.controls["<tool_call>"]
    assert number not in named.encode(["<tool_call>"])[0]
    think = Tokenizer.from_buffer(data).token_to_id("<think>")
    assert [[think]] == rows(named.encode(["<think>"]))


@pytest.mark.parametrize("quick", [True, False])
def test_other_spellings_of_normalised_control_tokens_are_text(quick):
    made = Tokenizer.from_str(byte_level("gpt2"))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    made.add_special_tokens([AddedToken("<|stop|>", normalized=True)])
    found = HuggingFace(made.to_str().encode(), quick=quick)
    for text in ("<|stop|>", "<|STOP|>", "＜｜ｓｔｏｐ｜＞", "x <|Stop|> y"):
        ids, offsets = found.encode([text])
        assert found.controls["<|stop|>"] not in ids
        assert found.normal([text]) == found.spell(ids, offsets)


def test_merges_that_would_make_a_control_token_of_text_are_off():
    for prefix in ("", "always", "first", "never"):
        quick, plain = both(f"pieces {prefix}")
        assert 1 == quick.controls["<s>"]
        assert rows(plain.encode(["<s>", "x<s>y"])) == rows(quick.encode(["<s>", "x<s>y"]))
        assert 1 not in quick.encode(["<s>", "x<s>y", "<", "s>"])[0]


def test_pieces_of_a_unigram_are_no_control_tokens_either():
    found = HuggingFace(unigram().encode())
    said = ["<s>", "a</s>b", "hello  world", "ｆｕｌｌ", "", " x"]
    assert not found.quick
    assert not {*found.encode(said)[0].tolist()} & {1, 2}
    spelled = found.spell(*found.encode(said))
    assert [found.normal(said)[at] for at in (2, 4, 5)] == [spelled[at] for at in (2, 4, 5)]


def test_text_that_has_no_token_is_never_spelled_right():
    found = HuggingFace(unigram().encode())
    ids, offsets = found.encode(["☃", "<unk>"])
    assert LOST in found.spell(ids, offsets)[0]
    assert found.normal(["☃"]) != found.spell(ids, offsets)[:1]


@pytest.mark.parametrize("times", [1, 2, 5])
def test_the_name_behind_a_veil_is_text_as_well(times):
    _, plain = both("gpt2")
    veil = "\ufdd0"
    text = "".join(f"{veil * times}{number}{veil} " for number in plain.controls.values())
    ids, offsets = plain.encode([text])
    assert [text.encode()] == plain.spell(ids, offsets)


def test_a_normaliser_is_what_the_bytes_are_compared_with():
    quick, _ = both("qwen composed")
    assert ["é".encode(), b"a", "각".encode()] == quick.normal(
        ["e\u0301", "a", "\u1100\u1161\u11a8"]
    )
    first, always = both("pieces first")[0], both("pieces always")[0]
    assert [b"a", b"a b", b""] == first.normal(["a", " a b", ""])
    assert [b"a", b" a b", b""] == always.normal(["a", " a b", ""])


def test_post_processor_truncation_and_padding_are_off():
    made = Tokenizer.from_str(byte_level("gpt2"))
    made.post_processor = processors.TemplateProcessing(
        single="<|im_start|> $A <|im_end|>",
        special_tokens=[("<|im_start|>", 2), ("<|im_end|>", 3)],
    )
    made.enable_truncation(3)
    made.enable_padding(length=8)
    for quick in (True, False):
        found = HuggingFace(made.to_str().encode(), quick=quick)
        said = ["a longer text than three tokens", "a"]
        assert wanted("gpt2", said) == rows(found.encode(said))


# reading


def folder(tmp_path, paper, **papers):
    (tmp_path / "tokenizer.json").write_text(paper, "utf-8")
    for name, content in papers.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return tmp_path


def fault(path, *controls):
    with pytest.raises(Fault) as caught:
        load(path, controls)
    return caught.value


def test_bos_and_eos_are_what_the_papers_say(tmp_path):
    config = {"bos_token": None, "eos_token": {"content": "<|im_end|>", "lstrip": False}}
    found = load(folder(tmp_path, byte_level("gpt2"), tokenizer_config=config), ())
    assert (None, "<|im_end|>") == (found.begin, found.end)
    beside = {"bos_token": "<|im_start|>", "eos_token": "<|end_of_text|>"}
    found = load(folder(tmp_path, byte_level("gpt2"), special_tokens_map=beside), ())
    assert (None, "<|im_end|>") == (found.begin, found.end)
    (tmp_path / "tokenizer_config.json").unlink()
    found = load(tmp_path, ())
    assert ("<|im_start|>", "<|end_of_text|>") == (found.begin, found.end)


def test_bos_and_eos_without_papers_are_known_names_or_the_post_processors(tmp_path):
    found = load(folder(tmp_path, byte_level("gpt2")) / "tokenizer.json", ())
    assert ("<|begin_of_text|>", "<|end_of_text|>") == (found.begin, found.end)
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = splitter("gpt2")
    made.add_special_tokens(["<go>", "<halt>"])
    made.post_processor = processors.TemplateProcessing(
        single="<go> $A <halt>", special_tokens=[("<go>", 0), ("<halt>", 1)]
    )
    found = load(folder(tmp_path, made.to_str()), ())
    assert ("<go>", "<halt>") == (found.begin, found.end)


def test_an_eos_that_is_not_marked_special_is_a_control_token(tmp_path):
    paper = with_text_tokens(byte_level("gpt2"), "</s>")
    found = load(folder(tmp_path, paper, tokenizer_config={"eos_token": "</s>"}), ())
    assert "</s>" == found.end
    assert found.controls["</s>"] not in found.encode(["</s>"])[0]


def test_a_paper_that_names_a_token_which_is_not_there_is_a_fault(tmp_path):
    folder(tmp_path, byte_level("gpt2"), tokenizer_config={"eos_token": "<gone>"})
    assert "tokenizer-unreadable" == fault(tmp_path).slug


def test_a_control_token_that_is_missing_is_named(tmp_path):
    found = fault(folder(tmp_path, byte_level("gpt2")), "[INST]")
    assert ("control-token-missing", True) == (found.slug, "[INST]" in found.message)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"model": 1}', "version https://git-lfs.github.com/spec/v1", '{"model": {"type": "BPE"}}']
)  # fmt: skip
def test_what_is_no_tokenizer_is_a_fault(tmp_path, content):
    assert fault(folder(tmp_path, content)).slug in {"tokenizer-unreadable", "tokenizer-lossy"}


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["model"].pop("vocab"),
        lambda one: one["model"].update(vocab={"a": "b"}),
        lambda one: one["model"].update(merges=[["a", "no such"]]),
        lambda one: one["added_tokens"][0].update(id=70),
        lambda one: one.update(added_tokens=[{"id": 1}]),
        lambda one: one.update(pre_tokenizer={"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}),
    ],
)  # fmt: skip
def test_a_damaged_tokenizer_is_a_fault(tmp_path, change):
    found = fault(folder(tmp_path, json.dumps(mutated("gpt2", change))))
    assert "tokenizer-unreadable" == found.slug


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["model"].update(type="WordPiece"),
        lambda one: one["model"].update(continuing_subword_prefix="##"),
        lambda one: one["model"].update(end_of_word_suffix="</w>"),
        lambda one: one.update(pre_tokenizer={"type": "Whitespace"}),
        lambda one: one.update(pre_tokenizer={"type": "Split", "pattern": {"String": " "}, "behavior": "Removed"}),
    ],
)  # fmt: skip
def test_a_tokenizer_that_loses_text_is_refused(tmp_path, change):
    found = fault(folder(tmp_path, json.dumps(mutated("gpt2", change))))
    assert "tokenizer-lossy" == found.slug


def test_without_the_library_the_fault_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    found = fault(folder(tmp_path, byte_level("gpt2")))
    assert ("missing-library", "run `pip install 'sftspec[tokens]'`") == (
        found.slug,
        found.hint,
    )


def test_letters_stand_for_bytes_as_the_library_has_it():
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for code in (*range(0x800), 0x4E2D, 0x1F642):
        shown = "".join(one for one, _ in split.pre_tokenize_str(chr(code)))
        assert chr(code).encode() == bytes_of(shown)
    assert "中".encode() == bytes_of("中")
