"""`parity`: the command, against a template's file and against a server."""

from http.server import BaseHTTPRequestHandler, HTTPServer
import json
from threading import Thread

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from sftspec.cli import main

SPEC = """edition 2026
dataset shop v0.1.0 { seed = 3, license = "X" }
facet topic { pay "money", ship "goods" }
source orders {
  path = "data/a.jsonl", key = id, origin = human, license = "X"
  fields { id: string, ask: string, reply: string, topic: facet topic }
}
template reply v1.0.0 {
  layer = generic
  from orders as row
  tags { topic = row.topic }
  user "{{ row.ask }}"
  assistant "{{ row.reply }}"
}
chat x { template = builtin("chatml"), tokenizer = "tokenizer.json", window = 512 }
emit { jsonl, tokens x }
"""
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + "
    "'<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
ROWS = [
    {"id": f"k{at}", "ask": f"Question {at}?", "reply": f" Answer {at}.\x1b[31m", "topic": "pay"} for at in range(5)
]  # fmt: skip


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".sftroot").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "shop.sft").write_text(SPEC)
    (tmp_path / "chat_template.jinja").write_text(CHATML)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({sign: at for at, sign in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def parity(project, capsys, *words, chat="x"):
    capsys.readouterr()
    code = main(["parity", str(project / "shop.sft"), chat, *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_file_that_is_equal_exits_with_0(project, capsys):
    file = project / "chat_template.jinja"
    assert (0, f"x against {file}: 0 of 5 records differ\n") == parity(
        project, capsys, "--template", file
    )[:2]
    code, out, _ = parity(project, capsys, "--template", file, "--limit", 3, "--format", "json")
    answer = json.loads(out)
    assert (0, "ok", 3, 0, 0, None) == (
        code, answer["verdict"], answer["compared"], answer["refused"], answer["differing"], answer["first"],
    )  # fmt: skip


def test_what_differs_is_shown_and_exits_with_1(project, capsys):
    file = project / "other.jinja"
    file.write_text(CHATML.replace("message.content +", "message.content | trim +"))
    code, out, _ = parity(project, capsys, "--template", file)
    lines = out.splitlines()
    assert 1 == code
    assert lines[0].endswith(": conversation differs at byte 61")
    assert lines[1].startswith("  ours    …")
    assert "assistant\\u{a} Answer" in lines[1]
    assert "assistant\\u{a}Answer" in lines[2]
    assert "\x1b" not in out
    assert "x against" in lines[3]
    assert "5 of 5 records differ" in lines[3]
    code, out, _ = parity(project, capsys, "--template", file, "--format", "json")
    first = json.loads(out)["first"]
    assert (1, "differs", "conversation", 61) == (
        code,
        json.loads(out)["verdict"],
        first["what"],
        first["at"],
    )


def test_a_server_is_asked_for_its_prompts(project, capsys):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(
                self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"
            )
            ends = "<|im_end|>\n<|im_start|>assistant\n"
            said = [
                f"<|im_start|>{one['role']}\n{one['content']}"
                for one in body.get("messages", [])
            ]
            good = self.path == "/apply-template"
            data = json.dumps(
                {"prompt": "<|im_end|>\n".join(said) + ends} if good else {}
            ).encode()
            self.send_response(200 if good else 404)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST  # noqa: N815 - the base class's name

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        code, out, _ = parity(project, capsys, "--server", url)
    finally:
        server.shutdown()
        server.server_close()
    assert (0, f"x against {url} (llama.cpp): 0 of 5 records differ\n") == (code, out)
    code, out, _ = parity(project, capsys, "--server", url, "--format", "json")
    assert (3, "server-unreachable") == (code, json.loads(out)["fault"]["slug"])


@pytest.mark.parametrize(
    ("words", "chat", "code", "slug"),
    [
        (["--template", "no.jinja"], "x", 3, "chat-template-unreadable"),
        (["--template", "data"], "x", 3, "chat-template-unreadable"),
        (["--server", "nowhere"], "x", 2, "bad-arguments"),
        ([], "x", 2, "bad-arguments"),
        (["--server", "http://a.example", "--limit", "0"], "x", 2, ""),
        (["--template", "chat_template.jinja"], "y", 2, "unknown-chat"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(project, capsys, monkeypatch, words, chat, code, slug):
    monkeypatch.chdir(project)
    try:
        found, out, _ = parity(project, capsys, *words, "--format", "json", chat=chat)
    except SystemExit as exit_:
        found, out = exit_.code, ""
    assert code == found
    assert slug in out
