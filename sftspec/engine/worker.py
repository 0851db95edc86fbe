"""A worker process: tasks in by stdin, what they came to out by stdout, until stdin ends.

Run as `python -m sftspec.engine.worker ROOT STORE`. Stdin ends when the builder lets go of it, or
dies; so no worker outlives its builder.
"""

import os
import sys
from typing import BinaryIO

HEAD = 8


def send(stream: BinaryIO, data: bytes) -> None:
    """One message: its length in eight bytes, then itself."""
    stream.write(len(data).to_bytes(HEAD, "little"))
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO) -> bytes | None:
    """The next message, or None where the other side is gone."""
    head = stream.read(HEAD)
    if len(head) < HEAD:
        return None
    length = int.from_bytes(head, "little")
    data = stream.read(length)
    return data if len(data) == length else None


def main() -> None:
    """Serve until nobody asks any more."""
    from sftspec.engine.remote import run_remote

    root, store = sys.argv[1:3]
    tasks = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while (data := receive(tasks)) is not None:
        try:
            send(answers, run_remote(root, store, data))
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
