"""Run by the clients' own Python: reads a snapshot as trainers do and prints what it got, as JSON.

python read_back.py SNAPSHOT PART
"""

import json
from pathlib import Path
import sys

from datasets import load_dataset
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import TypeAdapter


def rows(kind, files):
    """All rows of some files by `datasets`, as plain Python."""
    data = load_dataset(kind, data_files=[str(file) for file in files], split="train")
    return [dict(row) for row in data]


def openai_faults(lines):
    """Lines that the types of OpenAI's own client refuse, and why."""
    message, tool = (
        TypeAdapter(ChatCompletionMessageParam),
        TypeAdapter(ChatCompletionToolParam),
    )
    found = []
    for number, line in enumerate(lines, 1):
        try:
            for one in line["messages"]:
                checked = message.validate_python(one, strict=True)
                list(checked.get("tool_calls") or [])
            for one in line.get("tools", []):
                tool.validate_python(one, strict=True)
        except ValueError as error:
            found.append([number, str(error)[:300]])
    return found


def main():
    folder, part = Path(sys.argv[1]), sys.argv[2]
    lines = [json.loads(line) for line in (folder / f"{part}.jsonl").open(encoding="utf-8")]
    answer = {
        "parquet": rows("parquet", sorted((folder / "parquet").glob(f"{part}-*.parquet"))),
        "folder": sorted(load_dataset(str(folder / "parquet"))),
        "jsonl": rows("json", [folder / f"{part}.jsonl"]),
        "pairs": rows("json", [folder / "pairs" / f"{part}.jsonl"]),
        "openai": openai_faults(lines),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
