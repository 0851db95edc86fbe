"""Snapshots with a store of tokens, made by hand: what lies in each pack is known."""

import hashlib

import numpy as np

from sftspec.ports.emitters import store
from sftspec.ports.samples import Samples
from sftspec.snapshot.manifest import MANIFEST, FileEntry, Manifest, checked, encode

BASE = 1000
"""Token ids of pack n begin with n * BASE."""


def packs_of(count, *, samples=3, most=9):
    """Packs of one to `samples` samples of two to `most` tokens; deterministic."""
    packs = []
    for number in range(count):
        sizes = [2 + (number * 7 + k * 5) % (most - 1) for k in range(1 + number % samples)]
        ids, at = [], number * BASE
        for size in sizes:
            ids.append(list(range(at, at + size)))
            at += size
        packs.append(ids)
    return packs


def samples_of(packs, window=64):
    """Packs as the emitters get them; every token but a sample's first is trained."""
    flat = [sample for pack in packs for sample in pack]
    lengths = [len(sample) for sample in flat]
    trained = [place > 0 for sample in flat for place in range(len(sample))]
    return Samples(
        ids=np.array([token for sample in flat for token in sample], np.int32),
        trained=np.array(trained, bool),
        offsets=np.cumsum([0, *lengths], dtype=np.int64),
        packs=np.cumsum([0, *(len(pack) for pack in packs)], dtype=np.int64),
        window=window,
    )


def shard_files(part, packs, shards, folder="store"):
    """Files of a part, its packs dealt to some shards one after the other."""
    files = {}
    bounds = [len(packs) * number // shards for number in range(shards + 1)]
    for number in range(shards):
        some = packs[bounds[number] : bounds[number + 1]]
        for suffix, data in store.files(samples_of(some)).items():
            files[f"{folder}/{part}-{number:05}-of-{shards:05}.{suffix}"] = bytes(data)
    return files


def entry_of(packs, phases):
    """What the manifest says of a part."""
    sizes = [len(sample) for pack in packs for sample in pack]
    return {
        "packs": len(packs),
        "samples": len(sizes),
        "tokens": sum(sizes),
        "trained": sum(sizes) - len(sizes),
        "longest": max((sum(map(len, pack)) for pack in packs), default=0),
        "most": max(map(len, packs), default=0),
        "squares": sum(size * size for size in sizes),
        "window": 64,
        "phases": [list(phase) for phase in phases],
        "fill": 9000,
    }


def snapshot(folder, parts, *, shards=2, chats=("llama3",), change=dict, **other):
    """A snapshot in a folder.

    `parts`: name to (packs, phases); `change`: what else to make of the files before they are
    listed; `other`: fields of the manifest.
    """
    files, said = {}, {}
    for chat in chats:
        home = "store" if chat == chats[0] else f"store-{chat}"
        for part, (packs, _) in parts.items():
            files |= shard_files(part, packs, min(shards, len(packs)), home) if packs else {}
        said[chat] = {
            "template": {"builtin": chat},
            "window": 64,
            "outputs": {
                "store": {
                    "folder": home,
                    "packed": True,
                    "parts": {part: entry_of(*given) for part, given in parts.items()},
                }
            },
        }
    files = change(files)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    entries = tuple(
        FileEntry(name, hashlib.sha256(data).hexdigest(), len(data))
        for name, data in sorted(files.items())
    )
    fields = {
        "format_version": 1, "dataset": "small", "version": "0.1.0", "about": {}, "compiler": {},
        "meaning": "", "definitions": {}, "sources": {}, "counts": {}, "distribution": {},
        "lengths": {}, "mixture": {}, "coverages": {}, "gates": {}, "tests": {}, "files": entries,
        "root": "", "chats": said,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_bytes(encode(checked(Manifest(**(fields | other)))))
    return folder


def one_part(folder, count, phases=(), **other):
    """A snapshot whose part `train` has so many packs; no `dev`."""
    return snapshot(folder, {"train": (packs_of(count), phases)}, **other)


def numbers(batch):
    """The packs that a flat batch is made of, in its order."""
    ids, starts = batch["input_ids"], batch["cu_seqlens"][:-1]
    firsts = [int(ids[int(start)]) for start in starts]
    return [first // BASE for first in firsts if first % BASE == 0]
