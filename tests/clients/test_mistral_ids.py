"""Our ids and masks of Mistral's templates are those of mistral-common, and both refuse the same.

Every generation that it ships, over conversations made by a seed, with its own tokenizer files.
"""

from collections import Counter
import hashlib
from itertools import groupby, pairwise
import json
import os
from pathlib import Path
import random
import runpy
import subprocess
from types import SimpleNamespace

import pytest

from sftspec.ports.segments import (
    WORDS,
    Call,
    CannotSay,
    Message,
    Options,
    Talk,
    chat_template,
)
from sftspec.ports.tokenizers import sentencepiece, tekken

HERE = Path(__file__).resolve().parent
CLIENTS = os.environ.get("SFTSPEC_CLIENTS", "")
GENERATIONS = {  # what is compared, and our template for it
    "v1": "v1", "v2": "v2", "v3": "v3", "v3_tekken": "v3_tekken", "v3_tekken_images": "v3_tekken",
    "v7": "v7", "v7_images": "v7", "v7_tekken": "v7_tekken",
}  # fmt: skip
ENOUGH = 2000

talks_made = SimpleNamespace(**runpy.run_path(str(HERE / "talks_made.py")))
pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(not CLIENTS, reason="SFTSPEC_CLIENTS names no Python: `make clients`"),
]


def bent(talk, draw):
    """A conversation that may break the rules in one way, or has ids that are too long."""
    messages = [dict(message) for message in talk["messages"]]
    at = draw.randrange(len(messages))
    kind = draw.choice(["gone", "twice", "swapped", "ends", "system", "empty", "ids", "json"])
    if kind == "gone" and len(messages) > 1:
        del messages[at]
    elif kind == "twice":
        messages.insert(at, dict(messages[at]))
    elif kind == "swapped":
        other = draw.randrange(len(messages))
        messages[at], messages[other] = messages[other], messages[at]
    elif kind == "ends":
        messages = messages[: at + 1]
    elif kind == "system":
        messages.insert(at, {"role": "system", "content": draw.choice(["", "Be brief. "])})
    elif kind == "empty":
        messages[at]["content"] = draw.choice(["", "  ", " x  "])
    elif kind == "ids":
        messages = [long_ids(message) for message in messages]
    elif kind == "json":
        value = draw.choice(
            ['{"a": [1.0, 1e22, -0]}', '"x"', "[]", "1E400", "NaN", "{", ' {"b":\n1} ']
        )
        messages = [
            {**one, "content": value} if one["role"] == "tool" else one for one in messages
        ]
    return {**talk, "messages": messages}


def long_ids(message):
    if "tool_calls" in message:
        calls = [{**call, "id": f"call_{call['id']}"} for call in message["tool_calls"]]
        return {**message, "tool_calls": calls}
    if "tool_call_id" in message:
        return {**message, "tool_call_id": f"call_{message['tool_call_id']}"}
    return message


def short(number):
    if len(number) == 9 and number.isascii() and number.isalnum():
        return number
    return hashlib.sha256(b"sftspec/call-id/1\0" + number.encode()).hexdigest()[:9]


def theirs(talk):
    """The conversation with ids that mistral-common takes."""
    out = []
    for given in talk["messages"]:
        message = dict(given)
        if "tool_calls" in message:
            message["tool_calls"] = [
                {**one, "id": short(one["id"])} for one in message["tool_calls"]
            ]
        if "tool_call_id" in message:
            message["tool_call_id"] = short(message["tool_call_id"])
        out.append(message)
    return {**talk, "messages": out}


def ours(talk):
    messages = tuple(
        Message(
            message["role"],
            message.get("content") or "",
            tuple(
                Call(one["id"], one["function"]["name"], one["function"]["arguments"])
                for one in message.get("tool_calls", ())
            ),
            message.get("tool_call_id"),
            message.get("name"),
        )
        for message in talk["messages"]
    )
    return Talk(messages, tuple(talk["tools"]) if talk.get("tools") else None)


def runs_of(segments):
    """What is encoded as one: a control token, or text up to where the mask changes; and the mask."""
    number = 0
    runs = []
    for segment in segments:
        number += segment.control or segment.apart
        runs.append((number, segment.part >= WORDS, segment.control, segment.text))
        number += segment.control
    return [
        ("".join(text for *_, text in run), trained, control)
        for (_, trained, control), run in groupby(runs, key=lambda one: one[:3])
    ]


def encoded(tokenizer, runs):
    """Ids and mask, and the runs of text that do not spell back."""
    texts = [text for text, _, control in runs if not control]
    ids, offsets = tokenizer.encode(texts)
    assert not set(tokenizer.controls.values()) & set(ids.tolist())
    assert tokenizer.normal(texts) == tokenizer.spell(ids, offsets)
    pieces = (ids[a:b].tolist() for a, b in pairwise(offsets.tolist()))
    found, mask = [], []
    for text, trained, control in runs:
        more = [tokenizer.controls[text]] if control else next(pieces)
        found += more
        mask += [trained] * len(more)
    return found, mask


@pytest.fixture(scope="module")
def talks():
    draw = random.Random(7)
    plain = talks_made.made(1800, 51) + talks_made.made(1200, 52, tools=False)
    return plain + [bent(talk, draw) for talk in talks_made.made(1000, 53)]


def asked(generation, talks, scratch):
    """What mistral-common says."""
    path = scratch / "talks.json"
    path.write_text(json.dumps([theirs(talk) for talk in talks]), "utf-8")
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [CLIENTS, str(HERE / "mistral_ids.py"), generation, str(path), str(scratch)],
        capture_output=True, text=True, check=False, env=env | {"HOME": str(scratch)},
        timeout=600,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_ids_and_masks_are_those_of_mistral_common(generation, talks, tmp_path):
    said = asked(generation, talks, tmp_path)
    template = chat_template(f"mistral_{GENERATIONS[generation]}")
    shelf = tekken if said["file"].endswith(".json") else sentencepiece
    tokenizer = shelf.load(Path(said["file"]), template.CONTROLS)
    counts = Counter()
    for talk, answer in zip(talks, said["answers"], strict=True):
        segments, reason = laid_out(template, talk)
        if reason:
            counts[reason] += 1
            assert "refused" in answer or stricter(talk, reason), (reason, talk)
            continue
        assert "refused" not in answer, (answer, talk)
        ids, mask = encoded(tokenizer, runs_of(segments))
        wanted = [False] * len(answer["ids"])
        for start, end in answer["stretches"]:
            wanted[start:end] = [True] * (end - start)
        assert answer["ids"] == ids, talk
        assert wanted == mask, talk
        counts["compared"] += 1
        counts["with calls"] += any(message.get("tool_calls") for message in talk["messages"])
    assert counts["compared"] >= ENOUGH, counts
    assert counts["with calls"] >= 100 or generation == "v1", counts


def laid_out(template, talk):
    """Its segments, and why it has none."""
    try:
        return template.segments(ours(talk), Options()), ""
    except CannotSay as why:
        return [], why.reason


def stricter(talk, reason):
    """Whether mistral-common looks away: at more answers than calls at the end, at tools in v1."""
    if reason == "no-place-for-tools":
        return bool(talk.get("tools"))
    return reason == "calls-unanswered" and talk["messages"][-1]["role"] == "tool"
