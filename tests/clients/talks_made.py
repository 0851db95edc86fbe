"""Conversations made by a seed, as plain JSON, in the shape of OpenAI's messages.

Arguments of calls are objects. A tool's turn follows each call, in the calls' order; ids are of nine
letters and digits. `tools` is there only where there are some; `content` is absent, or empty, or not,
beside calls. Texts hold what a template may trip over: nothing, blanks at the ends, control tokens
and their lookalikes, tags of thoughts, code of templates, every plane of Unicode.
"""

import random

CONTROLS = (
    *("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>"),
    *("<|end_of_text|>", "<|python_tag|>", "<|finetune_right_pad_id|>", "<|im_start|>", "<|im_end|>"),
    *("<|endoftext|>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "<s>", "</s>", "<unk>"),
    *("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    *("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>"),
    *("### Instruction:", "### Response:", "<|tool_call|>", "<pad>", "[BOS]", "<0x0A>", "▁", "Ġ"),
)  # fmt: skip
TEXTS = (
    *("Hello", "two words", "What is 17 times 23?", "  two blanks before", "two after  ", "\n\nlines\n\n"),
    *("tab\there", "carriage\r\nreturn", "a\n\nb\n\n\nc", "It's 3.14, isn't it?", "1234567890", "#!/bin/sh"),
    *("def f(x):\n    return {'a': [x, None]}\n", '{"a": "b", "c": [1, 2.5, null]}', '<b>bold & "so"</b>'),
    *("{{ messages[0] }}", "{% raw %}", "{# none #}", "%s {} $x", "\\n \\u0041 \\", "http://a.example/?q=1&r=%20#z"),
    *("Grüße, naïve café", "cafe\u0301", "日本語の文章です。", "汉字\uff0c标点。", "한국어 문장", "Привет, мир", "שלום", "مرحبا"),
    *("🙂👩‍👩‍👧‍👦🇨🇭", "\U0001d4b3 ∈ ℝⁿ", "ﬁ ﬂ", "\u00a0hard blank\u00a0", "\u3000ideographic\u3000", "\ufefftop", "a\u200bb"),
    *("\u2028line\u2029paragraph", "\x0bvertical\x0c", "\x1c\x1d\x1e\x1f", "\x85", "\x00null", "\x7f", "\U0010ffff"),
    *("\ue000private", "ends with a colon:", "-", ".", "0", "None", "null", "undefined", "system", "assistant"),
    *("user\n", "<|", "|>", "<", ">", "[", "<think>\nso\n</think>\n\nDone", "<think>half", "whole</think>"),
    *("<think></think>", "a</think>b</think>c", "\n<think>\n\n</think>\n\n", "<tool_response>\nx\n</tool_response>"),
    *("Cutting Knowledge Date: December 2023", "Environment: ipython", "the cat sat on the mat " * 12),
)  # fmt: skip
NAMES = ("look_up", "weather", "add", "send_mail", "f", "get-price", "Ümlaut", "search_2")
KINDS = ("string", "integer", "number", "boolean", "object", "array")
ENDS = ("", "", "", " ", "\n", "  \n", "\t", "\u00a0", "\r\n")


class Made:
    """The draws of one conversation."""

    def __init__(self, draw):
        self.draw = draw
        self.used = set()

    def lookalike(self):
        """A control token, or a spelling near to one."""
        token = self.draw.choice(CONTROLS)
        at = self.draw.randrange(1, len(token)) if len(token) > 1 else 0
        shift = {ord(sign): ord(sign) + 0xFEE0 for sign in "<|>[]/"}
        return self.draw.choice(
            [
                *(token, token, token, token.upper(), token.title(), token.translate(shift)),
                *(token[:at] + "\u200b" + token[at:], token[:at] + " " + token[at:]),
                *(token[:at], token[at:], token * 2, token[:at] + token + token[at:]),
                *(token[:at] + "\u0301" + token[at:], token.replace("_", "\u203f")),
            ]
        )

    def sign(self):
        """Any character but half a surrogate pair."""
        most = self.draw.choice([0x7F, 0x24F, 0xD7FF, 0x10FFFF])
        code = self.draw.randrange(most + 1)
        return chr(code if not 0xD800 <= code <= 0xDFFF else 0xFFFD)

    def text(self, *, empty=0.06):
        if self.draw.random() < empty:
            return self.draw.choice(["", "", " ", "\n", " \n\t "])
        pieces = [self.piece() for _ in range(self.draw.choice([1, 1, 2, 3, 5]))]
        joint = self.draw.choice(["", " ", "\n", " "])
        return self.draw.choice(ENDS) + joint.join(pieces) + self.draw.choice(ENDS)

    def piece(self):
        kind = self.draw.random()
        if kind < 0.6:
            return self.draw.choice(TEXTS)
        if kind < 0.9:
            return self.lookalike()
        return "".join(self.sign() for _ in range(self.draw.randrange(1, 9)))

    def number(self):
        return self.draw.choice(
            [
                *(0, -1, 7, 10**18, -(2**63), 2**64 - 1, 0.5, -0.0, 1.0, 1e16, 1e-7, 1.5e300, 3.0e-5),
                self.draw.randrange(-999, 999),
                self.draw.uniform(-1e6, 1e6),
            ]
        )  # fmt: skip

    def value(self, depth=0):
        """Any JSON value."""
        kind = self.draw.random()
        if kind < 0.45:
            return self.text()
        if kind < 0.65:
            return self.number()
        if kind < 0.8 or depth > 2:
            return self.draw.choice([True, False, None])
        size = self.draw.randrange(4)
        if kind < 0.9:
            return [self.value(depth + 1) for _ in range(size)]
        return {self.key(): self.value(depth + 1) for _ in range(size)}

    def key(self):
        return self.draw.choice(
            ["a", "b", "place", "unit", "größe", "", 'q"q', "x y", self.piece()]
        )

    def id(self):
        signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        while True:
            found = "".join(self.draw.choices(signs, k=9))
            if found not in self.used:
                self.used.add(found)
                return found

    def tool(self, name):
        """A declaration: its keys always stand in OpenAI's order."""
        fields = {}
        for _ in range(self.draw.randrange(4)):
            about = {"description": self.text()} if self.draw.random() < 0.6 else {}
            fields[self.key()] = {"type": self.draw.choice(KINDS), **about}
        parameters = {"type": "object", "properties": fields}
        if self.draw.random() < 0.5:
            parameters["required"] = [name for name in fields if self.draw.random() < 0.5]
        function = {"name": name, "description": self.text(), "parameters": parameters}
        return {"type": "function", "function": function}

    def calls(self, names):
        """A turn that calls, and the turns that answer."""
        count = self.draw.choice([1, 1, 1, 2, 3])
        calls = [
            {
                "id": self.id(),
                "type": "function",
                "function": {
                    "name": self.draw.choice(names),
                    "arguments": {
                        self.key(): self.value() for _ in range(self.draw.randrange(4))
                    },
                },
            }
            for _ in range(count)
        ]
        turn = {"role": "assistant", "tool_calls": calls}
        if self.draw.random() < 0.3:
            turn = {"role": "assistant", "content": self.text(empty=0.3), "tool_calls": calls}
        answers = [
            {
                "role": "tool",
                "tool_call_id": call["id"],
                "name": call["function"]["name"],
                "content": self.text(),
            }
            for call in calls
        ]
        return [turn, *answers]

    def talk(self, *, tools, system):
        """One conversation. Its last turn is the assistant's."""
        names = []
        if tools and self.draw.random() < 0.5:
            names = self.draw.sample(NAMES, self.draw.choice([1, 1, 2, 4]))
        messages = []
        if system and self.draw.random() < 0.5:
            messages.append({"role": "system", "content": self.text()})
        for _ in range(self.draw.choice([1, 1, 2, 2, 3, 5])):
            messages.append({"role": "user", "content": self.text()})
            while names and self.draw.random() < 0.4:
                messages += self.calls(names)
            messages.append({"role": "assistant", "content": self.text()})
        found = {"messages": messages}
        if names:
            found["tools"] = [self.tool(name) for name in names]
        return found


def made(count, seed, *, tools=True, system=True):
    """So many conversations, each `{"messages": […]}` and maybe `"tools"`; the same for one seed."""
    return [
        Made(random.Random(f"{seed} {number}")).talk(tools=tools, system=system)
        for number in range(count)
    ]


def talk_of(found):
    """A conversation that was made, as chat templates take it."""
    from sftspec.ports.segments import Call, Message, Talk

    messages = tuple(
        Message(
            one["role"],
            one.get("content", ""),
            tuple(
                Call(call["id"], call["function"]["name"], call["function"]["arguments"])
                for call in one.get("tool_calls", ())
            ),
            one.get("tool_call_id"),
            one.get("name"),
        )
        for one in found["messages"]
    )
    return Talk(messages, tuple(found["tools"]) if "tools" in found else None)
