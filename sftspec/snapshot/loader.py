"""A rank's batches of a part, in an order that no number of ranks or workers changes."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct
import numpy as np

from sftspec.ground.report import Fault
from sftspec.snapshot import receipts
from sftspec.snapshot.batches import (
    FORMATS,
    LAYOUTS,
    Batch,
    batch_of,
    for_transformers,
    joined,
    tensors,
    worker_place,
)  # fmt: skip
from sftspec.snapshot.cursor import Cursor, Last, State, bad_state, read_state
from sftspec.snapshot.order import Order
from sftspec.snapshot.stored import Store

AHEAD = 1024
Format = Literal["numpy", "torch"]
Layout = Literal["flat", "transformers", "packs"]
Check = Literal["lazy", "open", "never"]
CHOICES = {
    "last": ("drop", "pad"), "format": FORMATS, "layout": LAYOUTS, "check": ("lazy", "open", "never"),
}  # fmt: skip


class Identity(Struct, frozen=True):
    """What a loader reads: a part of a chat of a snapshot."""

    snapshot: str
    dataset: str
    version: str
    chat: str
    part: str
    phases: list[receipts.Phase]


class Settings(Struct, frozen=True):
    """How a loader reads it. Raises Fault on what cannot be."""

    rank: int = 0
    world_size: int = 1
    seed: int = 0
    epoch: int = 0
    batch_size: int = 1
    last: Last = "drop"
    shuffle: bool = True
    format: Format = "numpy"
    layout: Layout = "flat"
    check: Check = "lazy"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise _bad(
                    f"`{name}` is one of {', '.join(known)}, not {getattr(self, name)!r}"
                )
        for name, least in (("batch_size", 1), ("world_size", 1), ("epoch", 0), ("rank", 0)):
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise _bad(f"`{name}` is a whole number from {least} up, not {value!r}")
        if self.rank >= self.world_size:
            raise _bad(f"there is no rank {self.rank} of {self.world_size}; the first is 0")
        if type(self.seed) is not int or not -(2**63) <= self.seed < 2**63:
            raise _bad(f"`seed` is a whole number of 64 bits, not {self.seed!r}")


class Loader:
    """A rank's batches: `for batch in loader` reads one epoch, from where it stands to its end.

    It stands at a place of the training and goes on from there: what was given is not given again.
    Ranks that differ in tensor, context or pipeline parallelism alone take the same `rank` and read the same.
    """

    def __init__(self, store: Store, what: Identity, how: Settings) -> None:
        self.store, self.what, self.how = store, what, how
        self._cursor = Cursor(
            store.packs, how.epoch, how.last, (how.world_size, how.batch_size)
        )
        if not self._cursor.left(0):
            raise _bad(
                f"`{what.part}` has {store.packs} packs, and a step takes {self._cursor.step}",
                'write last="pad", or make batches smaller',
            )
        self._drawn: tuple[int, int, Any] | None = None  # epoch, first place, packs of steps
        self._own: int | None = None  # in a worker: where its next batch begins
        self._resumed: tuple[int, int] | None = None

    # what it gives

    def __len__(self) -> int:
        """Batches of a whole epoch; each rank has as many."""
        return self._cursor.left(0)

    def __iter__(self) -> Iterator[Any]:
        place = worker_place()
        if place is None and self._own is None:
            return self._pass()
        return self._share(*(place or (0, 1)))

    def workers(self, count: int, **options: Any) -> Iterator[Any]:
        """The rest of the epoch, read ahead by so many processes; `options` are a torch DataLoader's.

        What was given counts, not what was read ahead, so that a state is good at any time.
        """
        if not count:
            yield from self
            return
        from sftspec.snapshot.ahead import read_ahead

        for batch in read_ahead(self, count, options):
            self.advance()
            yield batch

    def _pass(self) -> Iterator[Any]:
        epoch = self.epoch
        while self.epoch == epoch:
            place = self.consumed
            batch = self._batch(epoch, place)
            self._cursor.advance(1)  # a state taken in the loop's body counts this batch
            yield batch

    def _share(self, worker: int, workers: int) -> Iterator[Any]:
        """A worker's share: a DataLoader takes batches from its workers in turn."""
        cursor, resumed = self._cursor, self._resumed
        if resumed not in {None, (worker, workers)}:
            raise _other(
                "it is of another worker", f"worker {resumed} resumes as one of as many"
            )
        if self._own is None or resumed is None:
            if self._own is not None and not cursor.left(self._own):
                cursor.go(self.epoch + 1, 0)
            self._own = self.consumed + worker * cursor.step
        self._resumed = None
        while cursor.left(self._own):
            place, self._own = self._own, self._own + workers * cursor.step
            yield self._batch(self.epoch, place)

    def _batch(self, epoch: int, place: int) -> Any:
        lent = [self.store.lend(number) for number in self._numbers(epoch, place)]
        if self.how.layout == "packs":
            return [self._finished(batch_of([one])) for one in lent]
        return self._finished(batch_of(lent))

    def _numbers(self, epoch: int, place: int) -> list[int]:
        """This rank's packs of the step that begins at a place; drawn for many steps at once."""
        step, size = self._cursor.step, self.how.batch_size
        drawn = self._drawn
        which = (place - drawn[1]) // step if drawn else 0
        fits = drawn and drawn[0] == epoch and (place - drawn[1]) % step == 0
        if drawn is None or not fits or not 0 <= which < len(drawn[2]):
            begins = place + step * np.arange(min(AHEAD, self._cursor.left(place)))
            own = self.how.rank + self.how.world_size * np.arange(size)
            places = begins[:, None] + own
            packs = order_of(self.what, self.how, epoch).at(places.ravel())
            drawn, which = (epoch, place, packs.reshape(places.shape)), 0
            self._drawn = drawn
        numbers: list[int] = drawn[2][which].tolist()
        return numbers

    def _finished(self, batch: Batch) -> Batch:
        return finished(batch, self.how)

    def collate(self, packs: Sequence[Batch]) -> Batch:
        """Packs as one batch without padding, in the layout of this loader: a `collate_fn`."""
        return self._finished(joined(packs))

    @property
    def packs(self) -> "Packs":
        """All packs of this epoch by place, for whoever samples and deals them out."""
        return Packs(self.store, self.what, self.how, self.epoch)

    # where it stands

    @property
    def epoch(self) -> int:
        """The epoch that the next batch is of."""
        return self._cursor.epoch

    @property
    def consumed(self) -> int:
        """Packs of this epoch that are done with, over all ranks."""
        return self._cursor.consumed

    @property
    def left(self) -> int:
        """Batches to come in this epoch."""
        return self._cursor.left(self.consumed)

    @property
    def phase(self) -> str:
        """The phase of the curriculum that the next batch begins in."""
        phases = self.what.phases
        ends = list(accumulate(phase.packs for phase in phases))
        return phases[bisect_right(ends, self.consumed)].name

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch; the one that is under way goes on."""
        if type(epoch) is not int or epoch < 0:
            raise _bad(f"`epoch` is a whole number from 0 up, not {epoch!r}")
        if epoch != self.epoch:
            self._cursor.go(epoch, 0)

    def rewind(self) -> None:
        """Go to the beginning of this epoch."""
        self._cursor.go(self.epoch, 0)

    def advance(self, steps: int = 1) -> None:
        """Say that so many batches were taken elsewhere, by workers of a DataLoader."""
        self._cursor.advance(steps)

    def state_dict(self) -> dict[str, Any]:
        """What it takes to go on from here, with as many ranks as there will be."""
        how, what, cursor = self.how, self.what, self._cursor
        plain: dict[str, Any] = msgspec.to_builtins(
            State(
                snapshot=what.snapshot,
                consumed=self._own if self._own is not None else cursor.consumed,
                epoch=cursor.epoch,
                chat=what.chat,
                part=what.part,
                seed=how.seed,
                shuffle=how.shuffle,
                last=how.last,
                spans=cursor.spans,
                worker=worker_place() if self._own is not None else None,
            )
        )
        return plain

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state. Raises Fault where it is none, or of other data or another order."""
        read = read_state(state)
        self._refuse(read)
        if read.worker is None and read.consumed > self.store.packs:
            raise bad_state(f"{read.consumed} packs of {self.store.packs} are done with")
        self._cursor.spans = list(read.spans)
        self._resumed = read.worker
        if read.worker is None:
            self._own = None
            self._cursor.go(read.epoch, read.consumed)
        else:
            self._own = read.consumed
            self._cursor.epoch, self._cursor.consumed = read.epoch, 0

    def _refuse(self, state: State) -> None:
        pairs = (
            ("snapshot", state.snapshot, self.what.snapshot),
            ("chat", state.chat, self.what.chat),
            ("part", state.part, self.what.part),
            ("seed", state.seed, self.how.seed),
            ("shuffle", state.shuffle, self.how.shuffle),
            ("last", state.last, self.how.last),
        )
        for name, was, now in pairs:
            if was is not None and was != now:
                raise _other(f"its {name} is {was!r}", f"{name} is {now!r}")

    def receipt(self, at: str = "") -> dict[str, Any]:
        """What was read up to here, over all ranks. `at`: a time to put in; else it has none."""
        what, how = self.what, self.how
        return receipts.as_dict(
            receipts.Receipt(
                snapshot=what.snapshot, dataset=what.dataset, version=what.version,
                chat=what.chat, part=what.part, packs=self.store.packs, phases=what.phases,
                seed=how.seed, shuffle=how.shuffle, last=how.last,
                spans=self._cursor.spans, epoch=self.epoch, consumed=self.consumed, at=at,
            )
        )  # fmt: skip

    def write_receipt(self, path: str | Path, at: str = "") -> None:
        """Put the receipt down as canonical JSON: equal runs write equal bytes."""
        receipts.write(self.receipt(at), Path(path))


class Packs:
    """The packs of an epoch by place: what samplers and trainers call a map-style dataset.

    Read from 0 up they stand in the loader's order; `DistributedSampler(shuffle=False)` deals
    them to ranks as the loader does.
    """

    def __init__(self, store: Store, what: Identity, how: Settings, epoch: int) -> None:
        self.store, self.what, self.how = store, what, how
        self._finish = partial(finished, how=msgspec.structs.replace(how, layout="flat"))
        self.set_epoch(epoch)

    def set_epoch(self, epoch: int) -> None:
        """Take the order of another epoch."""
        self._order = order_of(self.what, self.how, epoch)

    def __len__(self) -> int:
        return self.store.packs

    def __getitem__(self, place: int) -> Batch:
        return self.__getitems__([place])[0]

    def __getitems__(self, places: Sequence[int]) -> list[Batch]:
        """Several at once, which is how a DataLoader fetches a batch."""
        wanted = np.asarray(places, np.int64)
        count = len(self)
        if ((wanted < -count) | (wanted >= count)).any():
            raise IndexError(f"there are {count} packs")
        numbers = self._order.at(wanted).tolist()
        return [self._finish(batch_of([self.store.lend(number)])) for number in numbers]


def order_of(what: Identity, how: Settings, epoch: int) -> Order:
    """The order that a part is read in."""
    counts = [phase.packs for phase in what.phases]
    return Order(counts, how.seed, epoch, shuffle=how.shuffle)


def finished(batch: Batch, how: Settings) -> Batch:
    """A batch in the layout and format that is asked for."""
    if how.format == "torch":
        batch = tensors(batch)
    return for_transformers(batch) if how.layout == "transformers" else batch


def _bad(why: str, hint: str = "") -> Fault:
    return Fault("bad-loader", why, hint=hint)


def _other(theirs: str, ours: str) -> Fault:
    return Fault(
        "other-state", f"the state is of another training: {theirs}, and here {ours}",
        hint="load what it was taken from, or begin anew without a state",
    )  # fmt: skip
