"""Run by the clients' own Python: what mistral-common makes of conversations, as JSON.

python mistral_ids.py GENERATION TALKS SCRATCH. Of each conversation the answer has its ids and which
stretches of them the assistant says, or why it is refused; and the tokenizer's file.
"""

import json
from pathlib import Path
import socket
import sys

import mistral_common
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.validator import ValidationMode
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

DATA = Path(mistral_common.__file__).parent / "data"
FILES = {
    "v1": "tokenizer.model.v1",
    "v2": "mistral_instruct_tokenizer_240216.model.v2",
    "v3": "mistral_instruct_tokenizer_240323.model.v3",
    "v3_tekken": "tekken_240718.json",
    "v3_tekken_images": "tekken_240911.json",
    "v7": "mistral_instruct_tokenizer_241114.model.v7",
    "v7_images": "mistral_instruct_tokenizer_241114.model.v7m1",
}


def no_network(*_):
    raise OSError("this test reaches no network")


def tokenizer_file(generation, scratch):
    """The file of a generation; of v7 none with tekken is shipped, so v3's is said to be one."""
    if generation in FILES:
        return DATA / FILES[generation]
    model = json.loads((DATA / FILES["v3_tekken"]).read_bytes())
    model["config"]["version"] = "v7"
    made = Path(scratch) / "tekken_v7.json"
    made.write_text(json.dumps(model))
    return made


def answer(tokenizer, talk):
    """Ids, and the stretches of the assistant's turns."""
    request = ChatCompletionRequest.from_openai(talk["messages"], talk.get("tools"))
    valid = tokenizer._chat_completion_request_validator.validate_request(request)
    asked = tokenizer._instruct_request_normalizer.from_chat_completion_request(valid)
    whole = tokenizer.encode_chat_completion(request).tokens
    ids, stretches = by_turn(tokenizer.instruct_tokenizer, asked)
    if ids != whole:
        raise SystemExit("the encoders of turns, one by one, give other ids than all of them")
    return {"ids": ids, "stretches": stretches}


def by_turn(encoder, asked):
    """The same ids turn by turn."""
    first, last = encoder.find_first_last_user(asked)
    ids, stretches = encoder.start(), []
    for at, message in enumerate(asked.messages):
        if message.role == "user":
            tokens = encoder.encode_user_message(
                message, asked.available_tools, at == last, at == first,
                system_prompt=asked.system_prompt, force_img_first=True,
            )[0]  # fmt: skip
        elif message.role == "tool":
            tokens = encoder.encode_tool_message(message, at < last)[0]
        elif message.role == "system":
            tokens = encoder.encode_system_message(message)[0]
        else:
            tokens = encoder.encode_assistant_message(message, at < last)
            if tokens:
                stretches.append([len(ids), len(ids) + len(tokens)])
        ids = ids + tokens
    return ids, stretches


def main():
    socket.socket.connect = socket.getaddrinfo = no_network
    generation, talks, scratch = sys.argv[1:]
    file = tokenizer_file(generation, scratch)
    tokenizer = MistralTokenizer.from_file(str(file), mode=ValidationMode.agnostic)
    found = []
    for talk in json.loads(Path(talks).read_bytes()):
        try:
            found.append(answer(tokenizer, talk))
        except Exception as error:  # noqa: BLE001 - whatever it is raised by, it is a refusal
            found.append({"refused": f"{type(error).__name__}: {error}"[:300]})
    json.dump({"file": str(file), "answers": found}, sys.stdout)


if __name__ == "__main__":
    main()
