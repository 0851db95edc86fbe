"""Run by the clients' own Python: two training steps of TRL on packs, as JSON.

two_steps.py FOLDER TOKENIZER END: the folder of packs, and the token that pads.
"""

import json
from pathlib import Path
import sys
import tempfile

from datasets import disable_progress_bars, load_dataset
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer


def main():
    """Train, and say what the losses were and whether the weights moved."""
    disable_progress_bars()
    folder, tokenizer, end = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    files = sorted(str(file) for file in folder.glob("train-*.parquet"))
    words = PreTrainedTokenizerFast(tokenizer_file=tokenizer, eos_token=end, pad_token=end)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=8192,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    before = model.model.layers[0].self_attn.q_proj.weight.detach().clone()
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=tempfile.mkdtemp(), report_to="none", use_cpu=True, bf16=False, max_steps=2,
            per_device_train_batch_size=2, padding_free=True, packing=False, max_length=None,
            logging_steps=1, save_strategy="no", disable_tqdm=True, learning_rate=1e-2,
        ),
        train_dataset=load_dataset("parquet", data_files=files, split="train"),
        processing_class=words,
    )  # fmt: skip
    trainer.train()
    losses = [one["loss"] for one in trainer.state.log_history if "loss" in one]
    after = model.model.layers[0].self_attn.q_proj.weight.detach()
    moved = not torch.equal(before, after)
    answer = {
        "steps": trainer.state.global_step, "losses": losses, "moved": moved,
        "rows": len(trainer.train_dataset),
    }  # fmt: skip
    sys.stdout.write(json.dumps(answer) + "\n")


main()
