"""Made-up contract clauses with their payment terms: the same rows for the same seed, on any machine.

Rows come in blocks of 4096. A block draws from raw Philox bits keyed by (seed, block), so the first
20,000 rows of a million are the 20,000 rows. About 1 % are invalid, in four ways; about 3 % repeat an
earlier row's content under another key.

    python -m bench.rows rows.jsonl --rows 200000
"""

import argparse
from collections import Counter
from collections.abc import Iterator
import hashlib
import json
import math
from pathlib import Path
import random
from statistics import NormalDist
import sys
import time
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

BLOCK = 4096
VOCABULARY = 30_000
SLOT_BITS = 20  # a word is drawn by indexing a table of 2**20 slots, filled by Zipf's law
MEDIAN_WORDS, SIGMA = 135, 0.6  # of the clause; log-normal

# value -> weight out of 1000; the mixture in bench.spec asks for slightly different shares
TOPICS = {
    "payment": 250,
    "liability": 200,
    "jurisdiction": 150,
    "termination": 150,
    "evidence": 125,
    "disputes": 125,
}
RISKS = {"low": 400, "medium": 350, "high": 250}
DIFFICULTIES = {"easy": 400, "medium": 400, "hard": 200}
INVALID, DUPLICATE = 10, 30  # per mille
FAULTS = ("broken_json", "missing_field", "invalid_enum", "rule")

CURRENCIES = ("CNY", "USD", "EUR")
METHODS = ("wire transfer", "letter of credit", "cheque", "direct debit")

Ints = npt.NDArray[np.uint64]


def bits(seed: int, purpose: str, block: int, count: int) -> Ints:
    """`count` random 64-bit words that depend on nothing but the arguments."""
    key = hashlib.blake2b(f"{seed}/{purpose}/{block}".encode(), digest_size=16).digest()
    return np.random.Philox(key=int.from_bytes(key, "little")).random_raw(count)


def pseudo_words(seed: int) -> list[str]:
    """Distinct words of one to four syllables; a few carry an accent or quotes, so that JSON has work to do."""
    draw = random.Random(seed)  # noqa: S311, made-up words hide nothing
    heads = ("b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "pr", "st", "tr")
    vowels, tails = ("a", "e", "i", "o", "u", "ea"), ("", "n", "r", "s", "nt")
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        syllables = min(4, 1 + len(words) // 400)  # frequent words are short
        word = "".join(
            draw.choice(heads) + draw.choice(vowels) for _ in range(draw.randint(1, syllables))
        )
        words[word + draw.choice(tails)] = None
    made = list(words)
    for rank in range(60, VOCABULARY, 97):
        made[rank] = made[rank] + "é"
    for rank in range(80, VOCABULARY, 151):
        made[rank] = f'"{made[rank]}"'
    return made


class Vocabulary:
    """Words by rank, and again with a full stop; `slots` maps random bits to ranks."""

    def __init__(self, seed: int) -> None:
        words = pseudo_words(seed)
        self.words = np.array(words + [word + "." for word in words], dtype=object)
        weight = 1.0 / (np.arange(VOCABULARY) + 2.7)
        counts = np.maximum(1, np.floor(weight / weight.sum() * (1 << SLOT_BITS))).astype(
            np.int64
        )
        slots = np.repeat(np.arange(VOCABULARY), counts)
        self.slots = np.resize(slots, 1 << SLOT_BITS)
        quantiles = (NormalDist().inv_cdf((step + 0.5) / 1024) for step in range(1024))
        self.lengths = np.array(
            [min(1200, round(MEDIAN_WORDS * math.exp(SIGMA * q))) for q in quantiles]
        )

    def texts(self, seed: int, block: int) -> Iterator[list[str]]:
        """The words of each clause of a block."""
        lengths = self.lengths[bits(seed, "length", block, BLOCK) >> np.uint64(54)]
        raw = bits(seed, "word", block, int(lengths.sum()))
        ranks = self.slots[raw >> np.uint64(64 - SLOT_BITS)]
        ranks[(raw & np.uint64(15)) == 0] += VOCABULARY
        words, at = self.words[ranks].tolist(), 0
        for length in lengths.tolist():
            yield words[at : at + length]
            at += length


def weighted(values: dict[str, int]) -> list[str]:
    """A thousand entries, each value as often as its weight."""
    return [value for value, weight in values.items() for _ in range(weight)]


TOPIC_OF, RISK_OF, DIFFICULTY_OF = weighted(TOPICS), weighted(RISKS), weighted(DIFFICULTIES)


def payment(draw: int) -> tuple[dict[str, Any], str]:
    """Payment terms and the sentence that states them; every number of the terms stands in the sentence."""
    currency = CURRENCIES[draw % 3] if draw >> 2 & 7 else None
    amount: float | None = None
    if currency and draw >> 5 & 7:
        cents = 10_000 + (draw >> 8 & 0xFFFFFFF)
        amount = cents / 100 if draw >> 36 & 1 else cents // 100
    method = METHODS[draw >> 37 & 3] if draw >> 39 & 1 else None
    days = 5 * (1 + (draw >> 40 & 31)) if draw >> 45 & 3 else None
    penalty = f"{((draw >> 47 & 31) + 1) / 20:g}% per day" if draw >> 52 & 1 else None
    said = (
        f"Party B shall pay {currency} {amount}"
        if amount is not None
        else f"Party B shall pay in {currency or 'kind'}"
    )
    said += f" by {method}" if method else ""
    said += (
        f" within {days} days of acceptance."
        if days is not None
        else " when the works are accepted."
    )
    said += f" A late payment bears {penalty}." if penalty else ""
    terms = {
        "currency": currency,
        "payment_amount": amount,
        "payment_method": method,
        "payment_due_days": days,
        "penalty_rate": penalty,
    }
    return terms, said


def content(draw: int, facets: int, words: list[str]) -> dict[str, Any]:
    """All of a row but its key."""
    terms, said = payment(draw)
    cut = (draw >> 53) % (len(words) + 1)
    return {
        "contract": f"{words[0].title()} {words[-1]} agreement {facets >> 48}",
        "clause": " ".join([*words[:cut], said, *words[cut:]]),
        "terms": terms,
        "topic": TOPIC_OF[(facets & 0xFFFF) % 1000],
        "risk": RISK_OF[(facets >> 16 & 0xFFFF) % 1000],
        "difficulty": DIFFICULTY_OF[(facets >> 32 & 0xFFFF) % 1000],
    }


def spoil(row: dict[str, Any], fault: str) -> bytes:
    """The row's line with one fault in it."""
    row = row | {"terms": dict(row["terms"])}
    if fault == "missing_field":
        del row["terms"]["penalty_rate"]
    elif fault == "invalid_enum":
        row["terms"]["currency"] = "DOGE"
    elif fault == "rule":
        row["terms"] |= {"currency": None, "payment_amount": 7}
    line = msgspec.json.encode(row)
    return line[: len(line) // 2] if fault == "broken_json" else line


def lines(count: int, seed: int, tally: Counter[str]) -> Iterator[bytes]:
    """The first `count` rows as JSON lines without their newlines; `tally` counts what was made."""
    vocabulary = Vocabulary(seed)
    encode = msgspec.json.Encoder().encode
    for block in range(-(-count // BLOCK)):
        draws = bits(seed, "terms", block, BLOCK).tolist()
        facets = bits(seed, "facets", block, BLOCK).tolist()
        fates = bits(seed, "fate", block, BLOCK).tolist()
        made: list[dict[str, Any]] = []
        for at, words in enumerate(vocabulary.texts(seed, block)):
            number = block * BLOCK + at
            if number == count:
                return
            fate = fates[at] % 1000
            copied = at > 0 and INVALID <= fate < INVALID + DUPLICATE
            body = (
                made[(fates[at] >> 32) % at]
                if copied
                else content(draws[at], facets[at], words)
            )
            made.append(body)
            row = {"id": f"clause-{number:08d}", **body}
            if fate < INVALID:
                fault = FAULTS[fates[at] >> 40 & 3]
                tally[fault] += 1
                yield spoil(row, fault)
                continue
            tally["duplicate"] += copied
            tally[f"risk_{body['risk']}"] += 1
            yield encode(row)


def write(path: Path, count: int, seed: int = 1) -> dict[str, int]:
    """Write `count` rows to `path` and say what is in them."""
    tally: Counter[str] = Counter()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb", buffering=1 << 20) as file:
        for line in lines(count, seed, tally):
            file.write(line + b"\n")
    return {"rows": count, "bytes": path.stat().st_size, **dict(sorted(tally.items()))}


def main() -> int:
    """Write the rows; print the tally as JSON and the speed on stderr."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    print(json.dumps(write(asked.path, asked.rows, asked.seed)))
    print(f"{asked.rows / (time.perf_counter() - begun):,.0f} rows/s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
