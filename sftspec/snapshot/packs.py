"""The packs of a snapshot as trainers read them: rows of `packed`, documents of `store`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
import numpy as np

from sftspec.ground.report import Fault
from sftspec.snapshot.leak import Pack
from sftspec.snapshot.manifest import Manifest
from sftspec.snapshot.stored import Store, shards_of


class _Output(Struct, frozen=True):
    folder: str
    parts: dict[str, Any]


class _Chat(Struct, frozen=True):
    outputs: dict[str, _Output] = {}


class Rows:
    """The packs of one file of `packed`, by row."""

    def __init__(self, folder: Path, name: str) -> None:
        import pyarrow.parquet as pq

        self.name = name
        self._file = pq.ParquetFile(folder / name)
        about = self._file.metadata
        sizes = [about.row_group(at).num_rows for at in range(about.num_row_groups)]
        self._starts = np.cumsum([0, *sizes])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def pack(self, number: int) -> Pack:
        """The pack of that row."""
        group = int(np.searchsorted(self._starts, number, "right")) - 1
        row = self._file.read_row_group(group).slice(number - int(self._starts[group]), 1)
        ids, positions, lengths = (
            row[name].combine_chunks().flatten().to_numpy()
            for name in ("input_ids", "position_ids", "seq_lengths")
        )
        return Pack(f"{self.name} row {number}", ids, positions, lengths)

    def astray(self) -> int | None:
        """The first row whose positions do not begin anew with each sample, and there alone."""
        for group, start in enumerate(self._starts[:-1].tolist()):
            table = self._file.read_row_group(group, ["position_ids", "seq_lengths"])
            positions, lengths = (table[name].combine_chunks() for name in table.column_names)
            sizes = lengths.flatten().to_numpy().astype(np.int64)
            wanted = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            ends = np.cumsum([0, *sizes])[
                lengths.offsets.to_numpy() - lengths.offsets[0].as_py()
            ]
            if np.array_equal(
                ends, positions.offsets.to_numpy() - positions.offsets[0].as_py()
            ):
                wrong = np.flatnonzero(positions.flatten().to_numpy() != wanted)
                at = int(np.searchsorted(ends, wrong[0], "right")) - 1 if len(wrong) else None
            else:
                own = positions.value_lengths().to_numpy()
                at = int(np.flatnonzero(own != np.diff(ends))[0])
            if at is not None:
                return int(start) + at
        return None


class Documents:
    """The packs of one part of a `store`. Their positions are those that its loader gives them."""

    def __init__(self, store: Store, name: str) -> None:
        self.name, self._store = name, store

    def __len__(self) -> int:
        return self._store.packs

    def pack(self, number: int) -> Pack:
        """The pack of that number."""
        lent = self._store.lend(number)
        positions = np.concatenate([np.arange(size) for size in lent.lengths.tolist()])
        return Pack(f"{self.name} pack {number}", lent.ids, positions, lent.lengths)

    def astray(self) -> None:
        """None: it has no positions of its own."""


def shelves(folder: Path, manifest: Manifest) -> list[Rows | Documents]:
    """All that is packed in a snapshot. Raises Fault where nothing is, or a file is not there."""
    found: list[Rows | Documents] = []
    raw = {} if manifest.chats is msgspec.UNSET else manifest.chats
    for chat in msgspec.convert(raw, dict[str, _Chat]).values():
        for form, output in sorted(chat.outputs.items()):
            if form == "packed":
                found += [Rows(folder, name) for name in _rows(manifest, output.folder)]
            elif form == "store":
                found += [
                    _documents(folder, manifest, output.folder, part)
                    for part in sorted(output.parts)
                ]
    if not found:
        raise Fault(
            "not-packed", f"{manifest.dataset} {manifest.version} has no packed tokens",
            path=str(folder), hint="write `emit { packed CHAT }` or `emit { store CHAT }`, and build it",
        )  # fmt: skip
    return found


def _rows(manifest: Manifest, inside: str) -> list[str]:
    names = [one.name for one in manifest.files]
    return [
        name for name in names if name.startswith(f"{inside}/") and name.endswith(".parquet")
    ]


def _documents(folder: Path, manifest: Manifest, inside: str, part: str) -> Documents:
    label = f"{manifest.dataset} {manifest.version}"

    def lacking(name: str) -> Fault:
        return Fault(
            "no-data", f"{label} has no `{name}` here", path=str(folder),
            hint="data are not committed; build the spec to fill them in",
        )  # fmt: skip

    shards = shards_of(manifest.files, inside, part, lacking)
    return Documents(Store(folder, shards, "never", label), f"{inside}/{part}")


def spread(several: Sequence[Rows | Documents], limit: int) -> Iterator[Pack]:
    """As many packs as the limit says, evenly over all there are."""
    starts = np.cumsum([0, *map(len, several)])
    total = int(starts[-1])
    count = min(limit, total)
    for number in range(count):
        at = number * total // count
        which = int(np.searchsorted(starts, at, "right")) - 1
        yield several[which].pack(at - int(starts[which]))
