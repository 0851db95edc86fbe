"""Run by the clients' own Python: how axolotl's sampler and collator pack `tokens`, as JSON.

axolotl_reads.py FOLDER PART TOKENIZER WINDOW
"""

import json
from pathlib import Path
import sys

from axolotl.utils.collators.batching import V2BatchSamplerDataCollatorForSeq2Seq
from axolotl.utils.samplers import MultipackBatchSampler, get_dataset_lengths
from datasets import disable_progress_bars, load_dataset
from torch.utils.data import SequentialSampler
from transformers import PreTrainedTokenizerFast


def main():
    disable_progress_bars()
    folder, part, window = Path(sys.argv[1]), sys.argv[2], int(sys.argv[4])
    files = [str(file) for file in sorted((folder / "tokens").glob(f"{part}-*.parquet"))]
    data = load_dataset("parquet", data_files=files, split="train")
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=sys.argv[3], pad_token="<|endoftext|>")
    sampler = MultipackBatchSampler(
        SequentialSampler(data), batch_size=1, batch_max_len=window, drop_last=False, bin_size=200,
        lengths=get_dataset_lengths(data, from_arrow=True),
    )  # fmt: skip
    collate = V2BatchSamplerDataCollatorForSeq2Seq(tokenizer=tokenizer)
    batches = [
        {
            "samples": several,
            **{
                name: value[0].tolist()
                for name, value in collate([[data[at] for at in several]]).items()
            },
        }
        for batch in sampler
        for several in batch
    ]
    answer = {
        "columns": data.column_names,
        "rows": [dict(row) for row in data],
        "batches": batches,
    }
    sys.stdout.write("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()
