"""A loader that torch's DataLoader takes for what it is. Imported where tensors are asked for."""

from sftspec.snapshot.batches import torch_library
from sftspec.snapshot.loader import Loader

_torch = torch_library()


class TorchLoader(Loader, _torch.utils.data.IterableDataset):  # type: ignore[misc, name-defined]
    """Batches of tensors, for `DataLoader(loader, batch_size=None, num_workers=…)` too."""
