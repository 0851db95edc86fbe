"""Makes `small.json`: a small byte-level BPE cut as Llama 3's, trained on the data of these specs.

It has the control tokens of Llama 3 and of Qwen 2.5, and lets the specs become tokens without a file of a megabyte; a real model's own `tokenizer.json`
goes in its place. Run `python specs/tokenizers/train.py` (needs the library `tokenizers`).
"""

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECS = Path(__file__).parent.parent
SIZE = 3072
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = [
    *("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    *("<|eot_id|>", "<|eom_id|>", "<|python_tag|>"),
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"),
]


def main() -> None:
    """Train and write."""
    files = sorted(
        path for path in SPECS.rglob("*") if path.suffix in {".jsonl", ".csv", ".sft", ".json"}
    )
    texts = [path.read_text("utf-8") for path in files if path.parent.name != "tokenizers"]
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.save(str(SPECS / "tokenizers" / "small.json"), pretty=False)


if __name__ == "__main__":
    main()
