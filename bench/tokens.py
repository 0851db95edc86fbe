"""Tokens a second of one core: ours beside the library's own `encode_batch`, in one run, per kind of text.

    SFTSPEC_REAL_DATA=folder python -m bench.tokens
    python -m bench.tokens model/tokenizer.json …   # of models at hand instead of those trained here

Three byte-level tokenizers are trained on the texts: GPT-2's splitter, Llama 3's, and Qwen 2's behind NFC.
`cold` is one pass of a tokenizer that has seen no text, `warm` a second one; both are over the library's
better pass of two. Every id is compared, so texts that spell a control token are left out. Times are CPU
of this process, which is on one thread. Without real data the texts are made up of pseudo-words; `urls`
are too few to be cold for long, so more are put together of their parts.
"""

from collections.abc import Iterator
import csv
import io
import json
import os
from pathlib import Path
import random
import re
import sys
import time
from typing import Any

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import pyarrow.compute  # noqa: F401 - loaded by every build before a text is encoded
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from sftspec.ports.splitters import forms
from sftspec.ports.tokenizers.huggingface import HuggingFace

VOCABULARY = 48_000
URLS = 20_000
_URL = re.compile(r"https?://[^\s\"\\)<>]+")
ROOT = Path(__file__).resolve().parents[1]


def strings(value: Any) -> Iterator[str]:
    """Every text of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def texts_of(folder: Path) -> dict[str, list[str]]:
    """The texts of the real data, by kind."""

    def values(path: str) -> Any:
        return json.loads((folder / path).read_text("utf-8"))

    def lines(path: str) -> list[Any]:
        text = (folder / path).read_text("utf-8")
        return [json.loads(line) for line in text.split("\n") if line.strip()]

    support = io.StringIO(
        (folder / "support/bitext_customer_support.csv").read_text("utf-8"), newline=""
    )
    papers = strings([values("medical/pubmedqa_pqal.json"), values("general/alpaca_5000.json")])
    human = [
        [one["prompt"] + one["canonical_solution"], one["test"]]
        for one in lines("eval/humaneval.jsonl")
    ]
    sources = [path.read_text("utf-8") for path in sorted(ROOT.glob("[st]*/**/*.py"))]
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    urls = sorted(
        {
            url
            for path in files
            for url in _URL.findall(path.read_text("utf-8", errors="replace"))
        }
    )
    return {
        "english": list(papers),
        "support": [row[-1] for row in csv.reader(support)],
        "chinese": [text for text in strings(values("general/alpaca_zh_demo.json")) if text],
        "code": [*strings(human), *(text for text in sources if "<|" not in text)],
        "json": [json.dumps(one) for one in lines("multiturn/tau_airline_gpt4o.jsonl")],
        "urls": [*urls, *recombined(urls)],
    }


def recombined(urls: list[str]) -> Iterator[str]:
    """URLs of the parts of others."""
    draw = random.Random(7)  # noqa: S311 - made-up text is no secret
    hosts = [url.split("/")[2] for url in urls if url.count("/") > 2]
    parts = [part for url in urls for part in re.split(r"[/?&=]", url)[3:] if part] or ["index"]
    for at in range(URLS):
        tail = "/".join(draw.choices(parts, k=draw.randint(1, 4)))
        yield f"https://{draw.choice(hosts)}/{tail}?id={at}&q={draw.choice(parts)}"


def made_up() -> dict[str, list[str]]:
    """Texts of pseudo-words, where there is no real data."""
    draw = random.Random(3)  # noqa: S311 - made-up text is no secret
    words = [
        "".join(draw.choices("etaoinshrdlucmfwypvbgkjqxz", k=draw.randint(2, 10)))
        for _ in range(30_000)
    ]
    weights = [1 / rank for rank in range(1, 30_001)]
    signs = [chr(draw.randint(0x4E00, 0x9FA5)) for _ in range(3_000)]

    def drawn(pool: list[str], count: int) -> list[str]:
        return draw.choices(pool, weights[: len(pool)], k=count)

    urls = [f"https://www.{one}.com/{'/'.join(drawn(words, 3))}" for one in drawn(words, 800)]
    return {
        "english": [" ".join(drawn(words, 200)).capitalize() + "." for _ in range(5_000)],
        "chinese": ["".join(drawn([*signs, "\uff0c", "\u3002", "\u7684"], 200)) for _ in range(1_500)],
        "code": [
            "\n".join("    " * draw.randint(0, 3) + f"{a}_{b} = {c}({a}[1:], {draw.randint(0, 9999)})"
                      for a, b, c in zip(*(drawn(words, 40) for _ in range(3)), strict=True))
            for _ in range(1_500)
        ],
        "urls": [*urls, *recombined(urls)],
    }  # fmt: skip


def trained(texts: list[str]) -> Iterator[tuple[str, bytes]]:
    """Names and papers of tokenizers."""
    _, llama, qwen, *_ = forms()
    for name, regex in (("gpt2", None), ("llama3", llama), ("qwen2", qwen)):
        made = Tokenizer(models.BPE(ignore_merges=name == "llama3"))
        split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex is None)
        if regex is not None:
            isolated = pre_tokenizers.Split(Regex(regex), "isolated")
            split = pre_tokenizers.Sequence([isolated, split])
        made.pre_tokenizer, made.decoder = split, decoders.ByteLevel()
        if name == "qwen2":
            made.normalizer = normalizers.NFC()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            initial_alphabet=alphabet,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            show_progress=False,
        )
        made.train_from_iterator(texts, trainer)
        yield name, made.to_str().encode()


def timed(run: Any) -> tuple[float, Any]:
    """CPU seconds of a call, and what it answers."""
    begun = time.process_time()
    found = run()
    return time.process_time() - begun, found


def row(name: str, kind: str, data: bytes, texts: list[str]) -> bool:
    """Print one line of the table; whether every id is the library's."""
    library = Tokenizer.from_buffer(data)
    slow, want = timed(lambda: library.encode_batch(texts, add_special_tokens=False))
    again, _ = timed(lambda: library.encode_batch(texts, add_special_tokens=False))
    slow = min(slow, again)
    flat = [number for one in want for number in one.ids]
    ours = HuggingFace(data)
    cold, (ids, offsets) = timed(lambda: ours.encode(texts))
    warm = min(timed(lambda: ours.encode(texts))[0] for _ in range(3))
    same = (
        flat == ids.tolist()
        and [len(one.ids) for one in want] == (offsets[1:] - offsets[:-1]).tolist()
    )
    count = len(flat)
    print(
        f"{name:8} {kind:8} {count / 1e6:6.2f} M tokens  library {count / slow / 1e6:5.2f} M/s"
        f"  cold {count / cold / 1e6:5.2f} M/s {slow / cold:5.1f}x"
        f"  warm {count / warm / 1e6:5.2f} M/s {slow / warm:5.1f}x"
        f"  {'' if ours.quick else 'by the library  '}{'every id equal' if same else 'IDS DIFFER'}",
        flush=True,
    )
    return same


def main() -> int:
    """Print the table; 1 where an id differs."""
    folder = os.environ.get("SFTSPEC_REAL_DATA")
    kinds = texts_of(Path(folder)) if folder else made_up()
    every = [text for texts in kinds.values() for text in texts]
    found = [(Path(path).parent.name, Path(path).read_bytes()) for path in sys.argv[1:]]
    same = True
    for name, data in found or trained(every):
        for kind, texts in [*kinds.items(), ("all", every)]:
            same &= row(name, kind, data, texts)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
