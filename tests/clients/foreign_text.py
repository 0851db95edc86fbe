"""Run by the clients' own Python: conversations rendered by `apply_chat_template`, on a day of our choice.

python foreign_text.py ASKED ANSWER: files of JSON. Asked: `talks`; `date`, as year, month and day;
`tokens` by name, such as `bos_token`; and the `arguments` of the templates. Answer: for each model
template that TRL ships its `source` and the `texts`, null where the template raises.
"""

import datetime as dt
import json
from pathlib import Path
import sys

from tokenizers import Tokenizer
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils
import trl

TEMPLATES = Path(trl.__file__).parent / "chat_templates"


def on(day):
    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(*day, tzinfo=tz)

    return Clock


def rendered(tokenizer, talk, source, arguments):
    try:
        return tokenizer.apply_chat_template(
            talk["messages"],
            tools=talk.get("tools"),
            chat_template=source,
            tokenize=False,
            **arguments,
        )
    except Exception:  # noqa: BLE001 - whatever a template raises is its refusal
        return None


def main():
    asked = json.loads(Path(sys.argv[1]).read_bytes())
    chat_template_utils.datetime = on(asked["date"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(BPE()), **asked["tokens"])
    answer = {}
    for path in sorted(TEMPLATES.glob("*.jinja")):
        if path.stem.endswith("_training"):
            continue
        source = path.read_text("utf-8")
        texts = [
            rendered(tokenizer, talk, source, asked["arguments"]) for talk in asked["talks"]
        ]
        answer[path.stem] = {"source": source, "texts": texts}
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
