"""Where a training stands in the packs of a part: an integer, and what it is counted in.

A place is a pack's position in the order of an epoch, over all ranks. A step takes the next
`world_size * batch_size` places; rank r has places r, r + world_size, … of them. So which packs
a step takes depends on nothing but the place, and a run may go on with other ranks than it began.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault

Last = Literal["drop", "pad"]
FORMAT_VERSION = 1


class Span(Struct, frozen=True):
    """Places `start` to `stop` of an epoch, read by so many ranks.

    `repeated`: packs of the beginning that filled the last batch up; `dropped`: packs that
    no batch took, because a whole one could not be had of them.
    """

    epoch: int
    start: int
    stop: int
    world_size: int
    batch_size: int
    repeated: int = 0
    dropped: int = 0


class State(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run that goes on has to know. Only `snapshot` and `consumed` are needed.

    `consumed`: packs of the epoch that are done with, over all ranks. `worker`: which of how many
    workers of a DataLoader it is the state of, whose next batch begins at `consumed`.
    """

    snapshot: str
    consumed: int
    epoch: int = 0
    chat: str | None = None
    part: str | None = None
    seed: int | None = None
    shuffle: bool | None = None
    last: Last | None = None
    spans: list[Span] = []
    worker: tuple[int, int] | None = None
    format_version: int = FORMAT_VERSION


class Cursor:
    """A place in the epochs, and the spans that were read up to it."""

    def __init__(self, total: int, epoch: int, last: Last, ranks: tuple[int, int]) -> None:
        self.total, self.epoch, self.last = total, epoch, last
        self.world_size, self.batch_size = ranks
        self.consumed = 0
        self.spans: list[Span] = []

    @property
    def step(self) -> int:
        """Packs that a step takes, over all ranks."""
        return self.world_size * self.batch_size

    def left(self, place: int) -> int:
        """Steps from a place to the end of the epoch."""
        rest = max(0, self.total - place)
        return rest // self.step if self.last == "drop" else -(-rest // self.step)

    def go(self, epoch: int, consumed: int) -> None:
        """Stand at a place; where no step can be made, at the beginning of the next epoch."""
        self.epoch, self.consumed = epoch, consumed
        self._turn()

    def advance(self, steps: int) -> None:
        """Some steps on, over the ends of epochs."""
        while steps > 0:
            some = min(steps, self.left(self.consumed))
            stop = self.consumed + some * self.step
            over = max(0, stop - self.total)
            self._note(stop - over, over)
            self.consumed = stop - over
            steps -= some
            self._turn()

    def _turn(self) -> None:
        if not self.left(self.consumed):
            if self.consumed < self.total:
                self._drop()
            self.epoch, self.consumed = self.epoch + 1, 0

    def _note(self, stop: int, repeated: int) -> None:
        here = (self.epoch, self.consumed, self.world_size, self.batch_size)
        if self.spans:
            was = self.spans[-1]
            if (
                was.epoch,
                was.stop,
                was.world_size,
                was.batch_size,
            ) == here and not was.dropped:
                self.spans[-1] = msgspec.structs.replace(was, stop=stop, repeated=repeated)
                return
        start = self.consumed
        self.spans.append(
            Span(self.epoch, start, stop, self.world_size, self.batch_size, repeated)
        )

    def _drop(self) -> None:
        """Say of the last span, or of one of no length, that the rest of the epoch was left out."""
        self._note(self.consumed, 0)
        self.spans[-1] = msgspec.structs.replace(
            self.spans[-1], dropped=self.total - self.consumed
        )


def read_state(state: Any) -> State:
    """A state out of a dict. Raises Fault where it is none."""
    try:
        read = msgspec.convert(state, State)
    except msgspec.ValidationError as error:
        raise bad_state(str(error)) from None
    if read.format_version != FORMAT_VERSION:
        raise bad_state(f"its format is {read.format_version}, this is {FORMAT_VERSION}")
    if read.consumed < 0 or read.epoch < 0:
        raise bad_state("it stands before the beginning")
    return read


def bad_state(why: str) -> Fault:
    """What is said of a state that none is, or none that was ever reached."""
    return Fault(
        "bad-state", f"this is no state of a loader: {why}",
        hint="give it what `state_dict()` gave, or `snapshot` and `consumed` alone",
    )  # fmt: skip
