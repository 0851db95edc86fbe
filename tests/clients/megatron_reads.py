"""Run by the clients' own Python: what megatron-core makes of `store`, Megatron-Bridge of `nemo`, as JSON.

megatron_reads.py FOLDER PART WINDOW END, the id that ends a turn: the Bridge takes the loss off what is
predicted behind it.

The released Bridge reads pickled rows, later ones the Parquet itself: the rows are handed to it as
a pickle that is made here. Its packages want transformer-engine as they load, so they are known by
their folders alone, and only the module that reads is run.
"""

from itertools import pairwise
import json
from pathlib import Path
import sys
import tempfile
from types import ModuleType, SimpleNamespace

from megatron.core.datasets.indexed_dataset import IndexedDataset
import numpy as np
import pyarrow.parquet as pq

SHALLOW = (
    *("megatron.bridge", "megatron.bridge.data", "megatron.bridge.data.datasets"),
    *("megatron.bridge.training", "megatron.bridge.training.tokenizers"),
)


def bridge_reader():
    """The class that reads packed rows."""
    for name in SHALLOW:
        parent, _, leaf = name.rpartition(".")
        module = sys.modules[name] = ModuleType(name)
        module.__path__ = [f"{folder}/{leaf}" for folder in sys.modules[parent].__path__]
    tokenizer = SimpleNamespace(MegatronTokenizer=object)
    sys.modules["megatron.bridge.training.tokenizers.tokenizer"] = tokenizer
    from megatron.bridge.data.datasets.sft import GPTSFTPackedDataset

    return GPTSFTPackedDataset


def of_nemo(folder, part, window, end):
    """Rows, and each as the batch that the model gets."""
    files = sorted((folder / "nemo").glob(f"{part}-*.idx.parquet"))
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    pickled = Path(tempfile.mkdtemp(), "packed.npy")
    np.save(pickled, np.array(rows, object), allow_pickle=True)
    data = bridge_reader()(
        str(pickled), SimpleNamespace(eos_id=end), max_seq_length=window, pad_seq_length_to_mult=1,
        prompt_template="{input} {output}", label_key="output", truncation_field="input",
    )  # fmt: skip
    batches = [data.collate_fn([data[at]]) for at in range(len(rows))]
    wanted = ("tokens", "labels", "loss_mask", "position_ids", "cu_seqlens")
    return {
        "rows": rows,
        "batches": [{name: batch[name][0].tolist() for name in wanted} for batch in batches],
    }


def of_store(folder, part):
    """Each pack of each shard, sample by sample: tokens and labels."""
    packs = []
    for file in sorted((folder / "store").glob(f"{part}-*.tokens.bin")):
        stem = str(file).removesuffix(".tokens.bin")
        tokens, labels = (IndexedDataset(f"{stem}.{kind}") for kind in ("tokens", "labels"))
        ends = tokens.document_indices.tolist()
        assert ends == labels.document_indices.tolist()
        assert str(tokens[0].dtype) == "int32"
        packs += [
            [[tokens[at].tolist(), labels[at].tolist()] for at in range(first, end)]
            for first, end in pairwise(ends)
        ]
    return packs


if __name__ == "__main__":
    folder, part, window, end = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    answer = {"store": of_store(folder, part), "nemo": of_nemo(folder, part, window, end)}
    sys.stdout.write("\n" + json.dumps(answer))
