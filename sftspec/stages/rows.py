"""The narrow facts of a chunk's rows: identities, and what was set aside and why."""

from typing import Any

import pyarrow as pa

from sftspec.stages.chunk import Prepared


def rows_table(prepared: Prepared) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parts `rows` (rid, key, line) and `rejects`, with the number of rows read."""
    rows = pa.table(
        {
            "rid": pa.array(prepared.rids, pa.binary(16)),
            "key": pa.array(prepared.keys, pa.string()),
            "line": pa.array(prepared.lines, pa.int32()),
        }
    )
    rejects = prepared.rejects
    aside = pa.table(
        {
            "line": pa.array([r.line for r in rejects], pa.int32()),
            "key": pa.array([r.key for r in rejects], pa.string()),
            "stage": pa.array([r.stage for r in rejects], pa.string()),
            "reason": pa.array([r.reason for r in rejects], pa.string()),
            "evidence": pa.array([r.evidence for r in rejects], pa.string()),
        }
    )
    return {"rows": rows, "rejects": aside}, {"read": prepared.read, "rejected": len(rejects)}
