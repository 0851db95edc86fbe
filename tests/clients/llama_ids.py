"""Run by the clients' own Python: conversations as ids and masks by `ChatFormat` of llama-models.

python llama_ids.py TALKS ANSWER: files of JSON. Of each conversation: its ids, and for each whether
an assistant writes it: what stands behind its header, and the end of its turn.
"""

import json
from pathlib import Path
import sys

from llama_models.datatypes import RawMessage, ToolPromptFormat
from llama_models.llama3.chat_format import ChatFormat
from llama_models.llama3.tokenizer import Tokenizer


def main():
    tokenizer = Tokenizer.get_instance()
    form = ChatFormat(tokenizer)
    heads = {role: len(form._encode_header(role)) for role in ("system", "user", "assistant")}
    answer = []
    for talk in json.loads(Path(sys.argv[1]).read_bytes()):
        ids, mask = [tokenizer.bos_id], [0]
        for one in talk["messages"]:
            message = RawMessage(role=one["role"], content=one["content"])
            tokens, _ = form.encode_message(message, ToolPromptFormat.json)
            head = heads[one["role"]]
            written = int(one["role"] == "assistant")
            ids += tokens
            mask += [0] * head + [written] * (len(tokens) - head)
        answer.append([ids, mask])
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
