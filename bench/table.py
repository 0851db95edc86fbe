"""The straight loop's Parquet: lines of its JSON back to columns, a row group at a time."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq


class Table:
    """Conversations as Parquet, a row group of 10,000 at a time."""

    TYPE = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

    def __init__(self, path: Path, record: Any) -> None:
        self.path = path
        self.writer = pq.ParquetWriter(
            path, pa.schema([("messages", self.TYPE)]), compression="zstd", compression_level=3,
            use_dictionary=False, write_statistics=False,
        )  # fmt: skip
        self.decode = msgspec.json.Decoder(record).decode
        self.held: list[bytes] = []

    def add(self, line: bytes) -> None:
        """Append a record by its line."""
        self.held.append(line)
        if len(self.held) >= 10_000:
            self.flush()

    def flush(self) -> None:
        """Write what is held, columns built flat and not from nested lists."""
        said = [message for line in self.held for message in self.decode(line).messages]
        flat = pa.StructArray.from_arrays(
            [pa.array([one.role for one in said]), pa.array([one.content for one in said])],
            names=["role", "content"],
        )
        offsets = pa.array(range(0, 3 * len(self.held) + 1, 3), pa.int32())
        self.writer.write_table(pa.table({"messages": pa.ListArray.from_arrays(offsets, flat)}))
        self.held.clear()

    def close(self) -> dict[str, Any]:
        """Hash what was written; returns the manifest's entry."""
        self.flush()
        self.writer.close()
        data = self.path.read_bytes()
        return {
            "path": self.path.name,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
