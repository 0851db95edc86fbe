"""The peer of `bench.training`: datasets and TRL, as their documentation does it. Run by the clients' Python."""

import json
from pathlib import Path
import sys
from typing import Any

from datasets import load_dataset
from transformers import PreTrainedTokenizerFast
from trl import pack_dataset

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}"
    "{% endgeneration %}{{ '\n' }}{% else %}{{ message['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}"
)


def main() -> None:
    """Tokens, then packs, each to Parquet."""
    home, window = Path(sys.argv[1]), int(sys.argv[2])
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(home / "tokenizer.json"))
    tokenizer.chat_template = TEMPLATE
    data = load_dataset(
        "json",
        data_files=str(home / "talks.jsonl"),
        split="train",
        cache_dir=str(home / "cache"),
    )

    def tokenize(example: dict[str, Any]) -> dict[str, list[int]]:
        done = tokenizer.apply_chat_template(
            example["messages"], return_dict=True, return_assistant_tokens_mask=True
        )
        mask = done["assistant_masks"]
        labels = [i if m else -100 for i, m in zip(done["input_ids"], mask, strict=True)]
        return {"input_ids": done["input_ids"], "labels": labels}

    tokens = data.map(tokenize, remove_columns=data.column_names, num_proc=2)
    tokens.to_parquet(home / "tokens.parquet")
    packed = pack_dataset(tokens, window, "bfd", {"num_proc": 2})
    packed.to_parquet(home / "packed.parquet")
    table = tokens.with_format("arrow")[:]
    import pyarrow.compute as pc

    labels = pc.list_flatten(table["labels"])
    answer = {
        "tokens": len(labels),
        "trained": pc.sum(pc.not_equal(labels, -100)).as_py(),
        "packs": len(packed),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
