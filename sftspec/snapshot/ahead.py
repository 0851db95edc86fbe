"""Batches read ahead by the workers of a torch DataLoader. Imported where that is asked for."""

from collections.abc import Iterable, Iterator
from typing import Any

from sftspec.snapshot.batches import torch_library

_torch = torch_library()


class Stream(_torch.utils.data.IterableDataset):  # type: ignore[misc, name-defined]
    """Anything that gives batches, as the DataLoader wants it."""

    def __init__(self, source: Iterable[Any]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return iter(self._source)


def read_ahead(source: Iterable[Any], count: int, options: dict[str, Any]) -> Iterable[Any]:
    """A DataLoader of so many workers over whole batches, which stay as they are."""
    loader: Iterable[Any] = _torch.utils.data.DataLoader(
        Stream(source), batch_size=None, num_workers=count, collate_fn=_as_it_is, **options
    )
    return loader


def _as_it_is(batch: Any) -> Any:
    return batch
