"""From conversations to tokens and packs: `sftspec build` beside datasets and TRL, in one run.

    python -m bench.training            # 200,000 conversations; needs `make clients`
    python -m bench.training --quick    # 20,000

Both read the same JSON Lines, use the same tokenizer (trained here) and template (ChatML), train on
what the assistant says, and write a sample a row and a pack a row to Parquet at a window of 2048. Ours
does all that a build does besides: keys, proof of each record, index, manifest, hashes. Both use two
processes. Equal numbers of tokens, and of trained ones, are checked.
"""

import argparse
import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile

import msgspec
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from bench.measure import measure

ROOT = Path(__file__).parent.parent
PEER = Path(__file__).parent / "peer_trl.py"
WINDOW = 2048
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPEC = f"""edition 2026
dataset talks v0.1.0 {{ seed = 1, license = "CC0-1.0" }}
source talks {{
  path = "talks.jsonl", key = id, origin = synthetic, license = "CC0-1.0"
  fields {{ id: string, messages: [any] }}
}}
template talk v1.0.0 {{ layer = generic, from talks as row, messages = row.messages as openai }}
mixture {{ total = all }}
chat chatml {{ template = builtin("chatml"), tokenizer = "tokenizer.json", window = {WINDOW} }}
emit {{ tokens chatml, packed chatml }}
"""


def talks(count: int, path: Path) -> None:
    """Conversations of four turns: a clause, its reading, a question, an answer."""
    raw = path.with_suffix(".rows")
    subprocess.run([sys.executable, "-m", "bench.rows", str(raw), "--rows", str(count)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)  # fmt: skip
    with raw.open("rb") as lines, path.open("wb") as out:
        for line in lines:
            try:
                row = msgspec.json.decode(line)
            except msgspec.DecodeError:
                continue  # broken on purpose, for another benchmark
            words = row["clause"].split()
            half = len(words) // 2
            said = [
                ("user", f"Read this clause of the {row['contract']}.\n\n{row['clause']}"),
                ("assistant", f"In short: {' '.join(words[half : half + 40])}."),
                ("user", "And what else does it say?"),
                ("assistant", " ".join(words[: 10 + half // 4])),
            ]
            messages = [{"role": role, "content": text} for role, text in said]
            out.write(msgspec.json.encode({"id": row["id"], "messages": messages}) + b"\n")
    raw.unlink()


def train(path: Path, target: Path) -> None:
    """A byte-level BPE of 16,000 pieces, cut as Llama 3's."""
    texts = []
    with path.open("rb") as lines:
        for _, line in zip(range(4000), lines, strict=False):
            texts += [one["content"] for one in msgspec.json.decode(line)["messages"]]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=16_000, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    tokenizer.save(str(target))


def main() -> int:
    """Make, run both, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 conversations")
    parser.add_argument(
        "--rows", type=int, default=0, metavar="N", help="so many conversations"
    )
    args = parser.parse_args()
    count = args.rows or (20_000 if args.quick else 200_000)
    peer = os.environ.get("SFTSPEC_CLIENTS", str(ROOT / ".venv-clients" / "bin" / "python"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / ".sftroot").touch()
        (home / "talks.sft").write_text(SPEC)
        talks(count, home / "talks.jsonl")
        train(home / "talks.jsonl", home / "tokenizer.json")
        env = {
            name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        words = ("build", "talks.sft", "--engine", "local", "--workers", "2", "--log", "none")
        ours = measure([sys.executable, "-m", "sftspec", *words], cwd=home, env=env)
        manifest = json.loads((home / "compiled/talks/0.1.0/MANIFEST.json").read_bytes())
        report = manifest["chats"]["chatml"]["outputs"]["packed"]["parts"]["train"]
        theirs = measure([peer, str(PEER), str(home), str(WINDOW)], cwd=home, env=env)
        said = json.loads(theirs.said.strip().splitlines()[-1])
    print(f"{count} conversations, {report['tokens']} tokens, {report['trained']} trained")
    for name, cost, packs in (
        ("sftspec", ours, report["packs"]),
        ("datasets + TRL", theirs, said["packs"]),
    ):
        print(
            f"  {name:<15} {cost.wall:7.1f} s  {cost.cpu:7.1f} CPU s  "
            f"{report['tokens'] / cost.wall / 1e6:6.2f} M tokens/s  {packs} packs"
        )
    print(f"  ratio           {theirs.wall / ours.wall:7.2f}    {theirs.cpu / ours.cpu:7.2f}")
    equal = (said["tokens"], said["trained"]) == (report["tokens"], report["trained"])
    print(
        f"  tokens and labels {'agree' if equal else 'DIFFER'}: {said['tokens']}, {said['trained']} by the peer"
    )
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
