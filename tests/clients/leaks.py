"""Run by the clients' own Python: what `verify --leak` finds in snapshots, and the check alone, as JSON.

leaks.py PACKAGES SNAPSHOT [BROKEN]: the folder of packages that `sftspec` itself needs and that are not
here, a snapshot, and one whose positions run on.
"""

import contextlib
import io
import json
from pathlib import Path
import sys

sys.path[1:1] = [str(Path(__file__).resolve().parents[2])]
sys.path.append(sys.argv[1])

import numpy as np  # noqa: E402 - found only now, as are the others

from sftspec.cli import main  # noqa: E402
from sftspec.snapshot.leak import LONGEST, Pack, leak  # noqa: E402


def verify(folder, *words):
    """Exit status and output of the verb."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main(["verify", folder, "--leak", *words])
    return [status, out.getvalue()]


def pack(*sizes, run_on=False):
    """A pack of samples of these sizes."""
    total = sum(sizes)
    anew = np.concatenate([np.arange(size) for size in sizes])
    ids = np.arange(total) * 7919 % 50_000
    return Pack("a pack", ids, np.arange(total) if run_on else anew, np.array(sizes))


def answer(*packs, limit=9):
    found = leak(iter(packs), limit)
    return {name: getattr(found, name) for name in found.__struct_fields__} | {"why": found.why}


PACKS = {
    "two": [pack(9, 30)],
    "run on": [pack(30, 9), pack(9, 30, run_on=True)],
    "alone": [pack(20)],
    "one token each": [pack(1, 1, 1, 5)],
    "too long": [pack(LONGEST - 9, 40, 40)],
    "torn": [Pack("a pack", np.arange(5), np.arange(5), np.array([2, 2]))],
    "empty": [Pack("a pack", np.arange(4), np.array([0, 1, 0, 1]), np.array([2, 0, 2]))],
    "many": [pack(9, 30)] * 20,
}

if __name__ == "__main__":
    found = {"sound": verify(sys.argv[2], "--format", "json")}
    if len(sys.argv) > 3:
        found["text"] = verify(sys.argv[2])
        found["broken"] = verify(sys.argv[3], "--format", "json")
        found["packs"] = {name: answer(*some) for name, some in PACKS.items()}
    sys.stdout.write(json.dumps(found))
