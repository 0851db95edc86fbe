"""Run by the clients' own Python: conversations rendered by the model templates that TRL ships.

python template_text.py ASKED ANSWER: files of JSON. Asked: `talks`, and `jobs`, each with the name
of a `template`, its `arguments`, and whether to stop before the last turn with a `prompt` for it.
Answer: the texts of each job, null where the template raises.
"""

import json
from pathlib import Path
import sys

from transformers.utils.chat_template_utils import render_jinja_template
import trl

TEMPLATES = Path(trl.__file__).parent / "chat_templates"


def rendered(talk, template, job):
    messages = talk["messages"][:-1] if job["prompt"] else talk["messages"]
    try:
        texts, _ = render_jinja_template(
            [messages],
            tools=talk.get("tools"),
            chat_template=template,
            add_generation_prompt=job["prompt"],
            **job["arguments"],
        )
    except Exception:  # noqa: BLE001 - whatever a template raises is its refusal
        return None
    return texts[0]


def main():
    asked = json.loads(Path(sys.argv[1]).read_bytes())
    answer = []
    for job in asked["jobs"]:
        template = (TEMPLATES / f"{job['template']}.jinja").read_text("utf-8")
        answer.append([rendered(talk, template, job) for talk in asked["talks"]])
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
