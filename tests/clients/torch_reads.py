"""Run by the clients' own Python: what torch's DataLoader makes of our loader, as JSON.

torch_reads.py SNAPSHOT PACKAGES: a snapshot, and the folder of packages that `sftspec` needs itself.
"""

import contextlib
import json
import sys
import tempfile
import warnings

sys.path.append(sys.argv[2])

import sftspec

warnings.simplefilter("error")
warnings.filterwarnings("ignore", "This DataLoader will create")  # three workers on two cores
warnings.filterwarnings("ignore", ".*set_vital")  # torchdata calls it
LOADED = sftspec.load(sys.argv[1])
NUMPY = next(iter(LOADED.loader()))
ALONE = "torch" not in sys.modules

import torch  # noqa: E402 - after a look at who loads it
from torch.utils.data import DataLoader, DistributedSampler  # noqa: E402

BASE = 1000
COUNTS = (0, 1, 3)


def numbers(batch):
    """The packs that a batch is made of."""
    firsts = batch["input_ids"][batch["cu_seqlens"][:-1].long()].tolist()
    return [first // BASE for first in firsts if first % BASE == 0]


def loader(**how):
    return LOADED.loader(format="torch", **({"batch_size": 4, "seed": 3} | how))


def epochs(make, count):
    """Epoch after epoch by workers of a DataLoader."""
    one = loader()
    found = [[numbers(batch) for batch in make(one, count)] for _ in range(2)]
    return [found, one.state_dict()]


def by_workers(one, count):
    yield from one.workers(count, prefetch_factor=3)


def by_hand(one, count):
    """A DataLoader of one's own, which the loader is told of."""
    epoch = one.epoch
    for batch in DataLoader(one, batch_size=None, num_workers=count):
        if count:
            one.advance()
        yield batch
    assert epoch + 1 == one.epoch


def kept(count):
    """Workers that live for two epochs."""
    one = loader()
    running = DataLoader(one, batch_size=None, num_workers=count, persistent_workers=True)
    return [[numbers(batch) for batch in running] for _ in range(2)]


def cut_off(first, then):
    """An epoch that stops after three batches, goes on with other workers and ends."""
    one = loader()
    with contextlib.closing(one.workers(first)) as running:
        found = [numbers(next(running)) for _ in range(3)]
    state = torch_round(one.state_dict())
    other = loader(batch_size=2)
    other.load_state_dict(state)
    found += [numbers(batch) for batch in other.workers(then)]
    return [number for step in found for number in step]


def torch_round(state):
    """A state as a checkpoint keeps it, read back with nothing but plain values allowed."""
    import io

    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def by_places(count):
    """The packs as a map-style dataset, in the order of places, collated without padding."""
    one = loader()
    running = DataLoader(
        one.packs, batch_size=4, num_workers=count, collate_fn=one.collate, drop_last=True
    )
    return [numbers(batch) for batch in running]


def sampled(world):
    """What DistributedSampler deals to each rank, and what our loader does."""
    found = []
    for rank in range(world):
        one = loader(rank=rank, world_size=world, batch_size=2)
        sampler = DistributedSampler(one.packs, world, rank, shuffle=False, drop_last=True)
        theirs = DataLoader(
            one.packs, batch_size=2, sampler=sampler, collate_fn=one.collate, drop_last=True
        )
        found.append([[numbers(batch) for batch in theirs], [numbers(batch) for batch in one]])
    return found


def stateful(count):
    """torchdata's StatefulDataLoader, cut off after each number of batches and resumed."""
    try:
        from torchdata.stateful_dataloader import StatefulDataLoader
    except ImportError:
        return None
    found = []
    for stop in range(1, 10):
        first = StatefulDataLoader(loader(), batch_size=None, num_workers=count)
        running = iter(first)
        read = [numbers(next(running)) for _ in range(stop)]
        state = first.state_dict()
        second = StatefulDataLoader(loader(), batch_size=None, num_workers=count)
        second.load_state_dict(state)
        found.append(read + [numbers(batch) for batch in second])
    return found


def worker_state():
    """What is said where the state of one worker is given to a loader of its own."""
    one = loader()
    other = {"worker": [1, 3], **{k: v for k, v in one.state_dict().items() if k != "worker"}}
    one.load_state_dict(other)
    try:
        next(iter(one))
    except Exception as error:  # noqa: BLE001 - its kind is the answer
        return f"{type(error).__name__} {getattr(error, 'slug', '')}"
    return ""


def damaged():
    """What comes where workers find a shard damaged."""
    import pathlib
    import shutil

    with tempfile.TemporaryDirectory() as home:
        folder = pathlib.Path(shutil.copytree(LOADED.folder, f"{home}/0.1.0"))
        name = folder / "store" / "train-00001-of-00003.labels.bin"
        name.write_bytes(bytes(name.stat().st_size))
        try:
            list(sftspec.load(folder).loader(format="torch").workers(2))
        except Exception as error:  # noqa: BLE001 - what it says is the answer
            return str(error)
    return ""


def loss():
    """A step of a model over a flat batch: ids look up, labels score."""
    batch = next(iter(loader()))
    torch.manual_seed(0)
    logits = torch.nn.Embedding(100_000, 8)(batch["input_ids"]) @ torch.randn(8, 100_000)
    value = torch.nn.functional.cross_entropy(logits[:-1], batch["labels"][1:])
    return bool(torch.isfinite(value))


def llama():
    """A Llama of two layers, the same weights each time."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=40_000, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, initializer_range=0.2,
        attn_implementation="sdpa",
    )  # fmt: skip
    return LlamaForCausalLM(config)


class Watched(torch.utils.data.Dataset):
    """A map-style dataset that notes which places are asked for."""

    def __init__(self, packs):
        self.packs, self.seen = packs, []

    def __len__(self):
        return len(self.packs)

    def __getitem__(self, place):
        self.seen.append(place)
        return self.packs[place]


def trained():
    """Which packs transformers' Trainer took in two steps, and the losses it had."""
    from transformers import Trainer, TrainingArguments

    one = loader(layout="transformers")
    watched = Watched(one.packs)
    with tempfile.TemporaryDirectory() as home, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, of each other
        how = TrainingArguments(
            output_dir=home, per_device_train_batch_size=4, max_steps=2, report_to=[],
            train_sampling_strategy="sequential", use_cpu=True, logging_steps=1,
            save_strategy="no", disable_tqdm=True, remove_unused_columns=False,
        )  # fmt: skip
        trainer = Trainer(
            model=llama(), args=how, train_dataset=watched, data_collator=one.collate
        )
        with contextlib.redirect_stdout(None):
            trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return [watched.seen[:8], [float(value) for value in losses]]


def apart():
    """The largest difference between logits of a batch and of its samples one by one."""
    model, most = llama().eval(), 0.0
    with torch.no_grad():
        batch = next(iter(loader(layout="transformers")))
        packed = model(**batch).logits[0]
        for start, end in zip(
            *(batch["cu_seq_lens_q"][n:].tolist() for n in (0, 1)), strict=False
        ):
            alone = model(input_ids=batch["input_ids"][:, start:end]).logits[0]
            most = max(most, float((alone - packed[start:end]).abs().max()))
    return most


def main():
    one = loader()
    batch = next(iter(one))
    rows = next(iter(loader(layout="transformers")))
    return {
        "alone": ALONE,
        "kinds": {name: str(getattr(value, "dtype", "int")) for name, value in batch.items()},
        "rows": {name: list(getattr(value, "shape", [])) for name, value in rows.items()},
        "numpy": NUMPY["input_ids"].tolist() == next(iter(LOADED.loader(format="torch")))["input_ids"].tolist(),
        "straight": [[numbers(b) for b in loader(epoch=epoch)] for epoch in range(2)],
        "state": [by_epochs_end()],
        "workers": [epochs(by_workers, count) for count in COUNTS],
        "by_hand": [epochs(by_hand, count) for count in COUNTS],
        "kept": [kept(count) for count in COUNTS[1:]],
        "cut_off": [cut_off(first, then) for first, then in ((0, 3), (3, 0), (1, 2), (2, 3))],
        "places": [by_places(count) for count in COUNTS],
        "sampled": sampled(3),
        "spawned": [numbers(b) for b in loader().workers(2, multiprocessing_context="spawn")],
        "stateful": [stateful(count) for count in COUNTS],
        "worker_state": worker_state(),
        "damaged": damaged(),
        "arrays": [b["input_ids"].tolist() for b in LOADED.loader().workers(2)],
        "loss": loss(),
        "trained": trained(),
        "apart": apart(),
    }  # fmt: skip


def by_epochs_end():
    """The state after two epochs in this process."""
    one = loader()
    for _ in range(2):
        for _ in one:
            pass
    return one.state_dict()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()))
