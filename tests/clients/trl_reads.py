"""Run by the clients' own Python: what TRL makes of chat, tokens, packed and pairs, as JSON.

trl_reads.py FOLDER PART TOKENIZER TEMPLATE END OUTPUT…: the token that ends a turn, and what to read.
"""

from itertools import pairwise
import json
from pathlib import Path
import sys
import tempfile

from datasets import disable_progress_bars, load_dataset
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

FOLDER, PART = Path(sys.argv[1]), sys.argv[2]
TOKENIZER = PreTrainedTokenizerFast(
    tokenizer_file=sys.argv[3], eos_token=sys.argv[5], pad_token=sys.argv[5],
    chat_template=Path(sys.argv[4]).read_text("utf-8"),
)  # fmt: skip
PACKED = {"padding_free": True, "packing": False, "max_length": None}


def model():
    """A Llama of two layers, the same weights each time, wide enough that a leak shows in the loss."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(TOKENIZER), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=4096,
        initializer_range=0.2, attn_implementation="sdpa",
    )  # fmt: skip
    return LlamaForCausalLM(config)


def rows(kind, files):
    return load_dataset(kind, data_files=[str(file) for file in sorted(files)], split="train")


def sft(data, **settings):
    """A trainer of such rows."""
    given = {
        "output_dir": tempfile.mkdtemp(), "report_to": "none", "use_cpu": True, "bf16": False,
        "max_steps": 2, "per_device_train_batch_size": 1, "shuffle_dataset": False,
        "logging_strategy": "no", "save_strategy": "no", "disable_tqdm": True,
        "learning_rate": 1e-4,
    }  # fmt: skip
    return SFTTrainer(
        model=model(), args=SFTConfig(**(given | settings)), train_dataset=data,
        processing_class=TOKENIZER,
    )  # fmt: skip


def kept(trainer, *columns):
    """The rows as they are when it is about to train on them."""
    return [{name: row[name] for name in columns} for row in trainer.train_dataset]


def batches(trainer):
    """Its rows as its collator gives them to the model, one by one."""
    data = trainer._remove_unused_columns(trainer.train_dataset, "training")
    return [trainer.data_collator([row]) for row in data]


def losses(batch, bounds=None, **other):
    """The loss of a batch as the model says it, how many tokens are trained, and each sample's share."""
    given = {name: batch[name] for name in batch if name in TAKEN}
    with torch.inference_mode():
        found = MODEL(**given, **other, use_cache=False)  # as TRL calls it
    labels = torch.nn.functional.pad(batch["labels"], (0, 1), value=-100)[0, 1:]
    each = torch.nn.functional.cross_entropy(found.logits[0], labels, reduction="none")
    ends = bounds if bounds is not None else [0, len(each)]
    return {
        "loss": float(found.loss), "trained": int((labels != -100).sum()),
        "samples": [float(each[first:end].sum()) for first, end in pairwise(ends)],
    }  # fmt: skip


def plain(batch):
    return {
        name: value.tolist() if torch.is_tensor(value) else value
        for name, value in batch.items()
    }


def of_chat():
    data = rows("json", FOLDER.glob(f"{PART}*.jsonl"))
    trainer = sft(data, assistant_only_loss=True, max_length=None)
    answer = {"rows": kept(trainer, "input_ids", "labels")}
    return answer | {"trained": trainer.train().training_loss}


def of_tokens():
    data = rows("parquet", (FOLDER / "tokens").glob(f"{PART}-*.parquet"))
    trainer = sft(data, max_length=None)
    return {
        "rows": kept(trainer, "input_ids", "labels"),
        "by default": kept(sft(data), "input_ids"),
        "losses": [losses(one) for one in batches(trainer)],
        "trained": trainer.train().training_loss,
    }


def of_packed():
    data = rows("parquet", (FOLDER / "packed").glob(f"{PART}-*.parquet"))
    trainer = sft(data, **PACKED)
    found = batches(trainer)
    padded = batches(sft(data, max_length=None))  # no padding_free: boundaries are lost
    bounds = [one["cu_seq_lens_q"].tolist() for one in found]
    ones = [torch.ones_like(one["input_ids"]) for one in found]
    return {
        "columns": data.column_names,
        "rows": [plain(one) for one in found],
        "losses": [losses(*one) for one in zip(found, bounds, strict=True)],
        "without lengths": [losses(*one) for one in zip(padded, bounds, strict=True)],
        "with a mask of ones": [
            losses(one, where, attention_mask=mask)
            for one, where, mask in zip(found, bounds, ones, strict=True)
        ],
        "trained": trainer.train().training_loss,
    }


def of_pairs():
    data = rows("json", (FOLDER / "pairs").glob(f"{PART}*.jsonl"))
    args = DPOConfig(
        output_dir=tempfile.mkdtemp(), report_to="none", use_cpu=True, bf16=False, max_steps=2,
        per_device_train_batch_size=2, max_length=None, logging_strategy="no", save_strategy="no",
        disable_tqdm=True,
    )  # fmt: skip
    trainer = DPOTrainer(
        model=model(),
        ref_model=model(),
        args=args,
        train_dataset=data,
        processing_class=TOKENIZER,
    )
    columns = ("prompt_ids", "chosen_ids", "rejected_ids")
    return {"rows": kept(trainer, *columns), "trained": trainer.train().training_loss}


MODEL = model().eval()
TAKEN = {"input_ids", "labels", "position_ids", "attention_mask"}
OUTPUTS = {"chat": of_chat, "tokens": of_tokens, "packed": of_packed, "pairs": of_pairs}

if __name__ == "__main__":
    disable_progress_bars()
    logging.set_verbosity_error()
    sys.stdout.write("\n" + json.dumps({name: OUTPUTS[name]() for name in sys.argv[6:]}))
