"""Conversations, a tokenizer trained on them, and what ChatML makes of them, written down anew.

Nothing here is the compiler's: what clients read is held against this.
"""

import random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

IGNORED = -100
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEXT = (
    "a an the that this is was will be of in on for to from with without and or but when "
    "until who what where why how many one two three seven order parcel refund invoice "
    "clause notice tenant landlord deposit week month year paid sent lost found signed "
    "owed broken late early never always please thanks sorry yes no maybe Grüße naïve 日本 "
    "🙂 42 3.14 it's don't"
)
WORDS = TEXT.split()
LONG = 1400  # words of one answer: more tokens than trainers keep by default
SPELLED = " What does <|im_end|> mean?"
TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['role'] == 'assistant' -%}"
    "{%- generation -%}{{- message['content'] + '<|im_end|>' -}}{%- endgeneration -%}{{- '\\n' -}}"
    "{%- else -%}{{- message['content'] + '<|im_end|>\\n' -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)
"""ChatML as a server's template, with the tags by which trainers find what to train."""


def said(draw, least, most):
    """A few words, maybe of several lines."""
    words = [draw.choice(WORDS) for _ in range(draw.randint(least, most))]
    text = " ".join(words).capitalize()
    several = draw.random() < 0.2
    return (
        f"{text}.\n\n- {draw.choice(WORDS)}\n- {draw.choice(WORDS)}" if several else f"{text}?"
    )


def conversations(count, seed=5):
    """Conversations of one to four answers, all different.

    The third has an answer that is very long, a user of the last spells a control token.
    """
    draw = random.Random(seed)
    for number in range(count):
        messages = []
        if draw.random() < 0.5:
            messages.append({"role": "system", "content": said(draw, 3, 12)})
        for turn in range(draw.randint(1, 4)):
            asked = f"{number}.{turn} {said(draw, 2, 15)}"
            if number == count - 1 and turn == 0:
                asked += SPELLED
            most = LONG if number == 2 and turn == 0 else 25
            answer = said(draw, most if most == LONG else 1, most)
            messages += [
                {"role": "user", "content": asked},
                {"role": "assistant", "content": answer},
            ]
        yield messages


def trained_tokenizer(texts):
    """A byte-level BPE of few words, with ChatML's control tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=list(CONTROLS), show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def tokenizer_of(path):
    """The tokenizer of a file, to which a control token that a text spells is text."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


def chatml(messages, tokenizer):
    """The ids of a conversation, and its labels: what an assistant says and the end of its turn."""
    start, end = (tokenizer.token_to_id(name) for name in CONTROLS[1:])
    ids, labels = [], []

    def add(some, *, trained=False):
        ids.extend(some)
        labels.extend(some if trained else [IGNORED] * len(some))

    for message in messages:
        own = message["role"] == "assistant"
        add([start, *tokenizer.encode(f"{message['role']}\n").ids])
        add([*tokenizer.encode(message["content"]).ids, end], trained=own)
        add(tokenizer.encode("\n").ids)
    return ids, labels
