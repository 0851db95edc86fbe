"""What it costs to read a store of 1,000,000 rows: `python -m bench.loading [--rows N]`.

Makes a snapshot in a temporary folder, each row by itself and then packed to 4096 tokens, and
reads an epoch of each in processes of their own: opening, the first epoch (which hashes every
shard), the second, and how much the memory grew. One process, files in the page cache.
"""

import argparse
from collections.abc import Sequence
import hashlib
from itertools import pairwise
import json
from pathlib import Path
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

WINDOW = 4096
SHARD = 1 << 23
MEAN = 100
BATCH = {"rows": 64, "packs": 1}


def lengths_of(rows: int) -> np.ndarray:
    """Log-normal lengths of rows, from 8 tokens up."""
    drawn = np.random.default_rng(7).lognormal(np.log(MEAN) - 0.245, 0.7, rows)
    return np.clip(drawn, 8, 2000).astype(np.int64)


def packed(lengths: np.ndarray) -> np.ndarray:
    """Where packs begin, in rows: each takes the rows that come, as long as they fit."""
    ends, begins, start = np.cumsum(lengths), [0], 0
    while begins[-1] < len(lengths):
        begins.append(int(np.searchsorted(ends, start + WINDOW, "right")))
        start = int(ends[begins[-1] - 1])
    return np.array(begins)


def shards(lengths: np.ndarray, packs: np.ndarray) -> list[np.ndarray]:
    """The packs of each shard: a slice of where packs begin."""
    at = np.concatenate(([0], np.cumsum(lengths)))[packs]
    bounds = np.unique(
        np.searchsorted(at, np.arange(0, at[-1] + SHARD, SHARD)).clip(0, len(packs) - 1)
    )
    return [packs[a : b + 1] for a, b in pairwise(bounds)]


def write(folder: Path, lengths: np.ndarray, packs: np.ndarray) -> None:
    """A snapshot whose `train` has these rows."""
    from sftspec.ports.emitters import store
    from sftspec.ports.samples import Samples
    from sftspec.snapshot.manifest import MANIFEST, FileEntry, Manifest, checked, encode

    (folder / "store").mkdir(parents=True)
    draws, entries, some = np.random.default_rng(8), [], shards(lengths, packs)
    for number, mine in enumerate(some):
        sizes = lengths[mine[0] : mine[-1]]
        offsets = np.concatenate(([0], np.cumsum(sizes)))
        trained = np.ones(offsets[-1], bool)
        trained[offsets[:-1]] = False
        ids = draws.integers(0, 128_000, offsets[-1], dtype=np.int32)
        samples = Samples(ids, trained, offsets, mine - mine[0], WINDOW)
        for suffix, data in store.files(samples).items():
            name = f"store/train-{number:05}-of-{len(some):05}.{suffix}"
            (folder / name).write_bytes(data)
            entries.append(FileEntry(name, hashlib.sha256(data).hexdigest(), len(data)))
    part = {
        "packs": len(packs) - 1, "samples": len(lengths), "tokens": int(lengths.sum()),
        "phases": [["", len(packs) - 1]],
    }  # fmt: skip
    chats = {"llama3": {"outputs": {"store": {"folder": "store", "parts": {"train": part}}}}}
    empty: dict[str, Any] = {
        name: {}
        for name in ("about", "compiler", "definitions", "sources", "counts", "distribution",
                     "lengths", "mixture", "coverages", "gates", "tests")
    }  # fmt: skip
    manifest = Manifest(
        format_version=1, dataset="bench", version="0.1.0", meaning="", root="", chats=chats,
        files=tuple(entries), **empty,
    )  # fmt: skip
    (folder / MANIFEST).write_bytes(encode(checked(manifest)))


def memory() -> int:
    """KiB of this process that are its own, without mapped files."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def read(folder: str, size: int, kind: str) -> dict[str, float]:
    """What two epochs cost in this process."""
    begun = time.perf_counter()
    import sftspec
    import sftspec.snapshot.load

    if kind == "torch":
        import torch  # noqa: F401 - its import is no part of opening
    imported = time.perf_counter()
    loader = sftspec.load(folder).loader(batch_size=size, format=kind)  # type: ignore[arg-type]
    opened = time.perf_counter()
    rates, grown = [], 0
    for _ in range(2):
        tokens, before = 0, memory()
        start = time.perf_counter()
        for step, batch in enumerate(loader):
            tokens += len(batch["input_ids"])
            if step == 100:
                before = memory()
        rates.append(tokens / (time.perf_counter() - start))
        grown = max(grown, memory() - before)
    return {
        "import_ms": 1000 * (imported - begun), "open_ms": 1000 * (opened - imported),
        "first": rates[0], "second": rates[1], "grown_kib": grown, "own_kib": memory(),
    }  # fmt: skip


def asked(python: str, folder: Path, size: int, kind: str) -> dict[str, float]:
    """The same, in a process of its own."""
    done = subprocess.run(
        [python, "-m", "bench.loading", "--read", str(folder), "--batch", str(size), "--kind", kind],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main(words: Sequence[str] | None = None) -> None:
    """Print a line for each way of reading."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--torch", metavar="PYTHON", help="a Python that has torch")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--kind", default="numpy", help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    if args.read:
        print(json.dumps(read(args.read, args.batch, args.kind)))
        return
    lengths = lengths_of(args.rows)
    print(f"{args.rows:,} rows, {int(lengths.sum()):,} tokens")
    for name, packs in (("rows", np.arange(len(lengths) + 1)), ("packs", packed(lengths))):
        with tempfile.TemporaryDirectory() as home:
            write(Path(home) / "snapshot", lengths, packs)
            ways = [(sys.executable, "numpy")] + [(args.torch, "torch")] * bool(args.torch)
            for python, kind in ways:
                got = asked(python, Path(home) / "snapshot", BATCH[name], kind)
                print(
                    f"{len(packs) - 1:>9,} {name:5} {kind:5}  open {got['open_ms']:5.1f} ms (import "
                    f"{got['import_ms']:.0f} ms)  first epoch {got['first'] / 1e6:6.1f} M tokens/s, second "
                    f"{got['second'] / 1e6:6.1f}  memory +{got['grown_kib'] / 1024:.1f} MiB in an epoch, "
                    f"{got['own_kib'] / 1024:.0f} in all"
                )


if __name__ == "__main__":
    main()
