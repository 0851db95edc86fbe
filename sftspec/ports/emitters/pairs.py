"""Preference pairs: `{"prompt":[…],"chosen":[…],"rejected":[…],"tools":[…]}`, one a line.

The openai profile has `{"input":{"messages":[…],"tools":[…]},"preferred_output":[…],
"non_preferred_output":[…]}`.
"""

from typing import Any

import msgspec

from sftspec.ports.chat import Talk, tools_of

FOLDER = "pairs"
SUFFIX = "jsonl"
ALWAYS_NUMBERED = False


def lines(table: Any, profile: str) -> list[memoryview]:
    """Each record that has a worse answer as a line. `table`: turns, tools, rejected."""
    talk = Talk(table["turns"].combine_chunks(), profile)
    out = []
    for messages, kit, worse in zip(
        talk.records(), tools_of(table), table["rejected"].to_pylist(), strict=True
    ):
        prompt = ",".join(messages[:-1])
        rejected = f'{{"role":"assistant","content":{msgspec.json.encode(worse).decode()}}}'
        tools = "" if kit is None else f',"tools":{kit}'
        if profile == "openai":
            line = (
                f'{{"input":{{"messages":[{prompt}]{tools}}},"preferred_output":[{messages[-1]}],'
                f'"non_preferred_output":[{rejected}]}}\n'
            )
        else:
            line = f'{{"prompt":[{prompt}],"chosen":[{messages[-1]}],"rejected":[{rejected}]{tools}}}\n'
        out.append(memoryview(line.encode()))
    return out
