"""Parity: our layout held against a template's file, and against servers that answer as the real ones do."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
import json
from threading import Thread

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from sftspec.ground.report import Fault, Misuse
from sftspec.plan.graph import Encode
from sftspec.ports.chat_servers import Prompt, open_server
from sftspec.ports.foreign_chat import ForeignTemplate
from sftspec.ports.segments import Call, Message, Options, Talk, chat_template
from sftspec.ports.vocabulary import load_tokenizer
from sftspec.snapshot.parity import Side, Told, compare, with_server, with_template

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + "
    "'<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
BEGUN = "{{ bos_token }}" + CHATML
CONTROLS = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A tokenizer of bytes and a few pairs."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=CONTROLS, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    made.train_from_iterator(
        ["the user and the assistant said so", "system assistant user"], trainer
    )
    found = tmp_path_factory.mktemp("vocabulary") / "tokenizer.json"
    made.save(str(found))
    return found


@pytest.fixture(scope="module")
def side(path):
    stage = Encode(
        chat="x", builtin="chatml", source="", window=4096, loss="all_assistant_turns",
        overflow="drop", calls=True, options=Options(),
    )  # fmt: skip
    template = chat_template("chatml")
    return Side(stage, template, load_tokenizer(path, template.CONTROLS))


def talk(*texts):
    return Talk(tuple(map(Message, ("user", "assistant") * len(texts), texts)))


RECORDS = [Told("r1", talk("Why?", "So.", "And?", "Then.")), Told("r2", talk("Grüße", "汉字"))]


class Real:
    """What a server does, with a template and a tokenizer of its own."""

    def __init__(self, path, source=CHATML):
        self.template = ForeignTemplate(source, CONTROLS, TOKENS)
        self.tokenizer = Tokenizer.from_file(str(path))
        self.asked = []

    def text(self, body):
        messages = tuple(
            Message(one["role"], one.get("content", ""), tuple(
                Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in one.get("tool_calls", ())
            ))
            for one in body["messages"]
        )  # fmt: skip
        return self.template.text(
            Talk(messages), Options(), ask=body.get("add_generation_prompt", True)
        )

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def vllm(self, route, body):
        if route == "/v1/models":
            return {"object": "list", "data": [{"id": "our-model", "object": "model"}]}
        if route == "/tokenize":
            assert ("our-model", False) == (body["model"], body["add_special_tokens"])
            ids = self.ids(self.text(body))
            return {"count": len(ids), "max_model_len": 4096, "tokens": ids, "token_strs": None}
        return None

    def sglang(self, route, body):
        if route == "/v1/tokenize":
            assert body["messages"]
            body.pop("add_generation_prompt")
            ids = self.ids(self.text(body))
            return {"tokens": ids, "count": len(ids), "max_model_len": 4096}
        return None

    def tgi(self, route, body):
        if route == "/chat_tokenize":
            text = self.text(body)
            tokens = [{"id": one, "text": "", "start": 0, "stop": 0} for one in self.ids(text)]
            return {"tokenize_response": tokens, "templated_text": text}
        return None

    def llama_cpp(self, route, body):
        if (
            route == "/tokenize"
        ):  # it wants a `content`, and answers nothing where there is none
            return {"tokens": []}
        return (
            {"prompt": self.text(body).removeprefix("<s>")}
            if route == "/apply-template"
            else None
        )


@contextmanager
def serving(answer, keys=None):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            if keys is not None:
                keys.append(self.headers.get("Authorization"))
            size = int(self.headers.get("Content-Length", 0))
            found = answer(self.path, json.loads(self.rfile.read(size)) if size else {})
            status, body = (
                found if isinstance(found, tuple) else (404 if found is None else 200, found)
            )
            data = json.dumps(body or {"error": "not found"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST  # noqa: N815 - the base class's name

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


KINDS = {"vllm": "vLLM", "sglang": "SGLang", "tgi": "TGI", "llama_cpp": "llama.cpp"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
def test_a_server_that_lays_out_as_we_do_is_equal(side, path, kind, tail):
    with serving(getattr(Real(path), kind)) as url:
        server = open_server(url + tail, None)
        verdict = with_server(side, server.prompt, RECORDS)
    assert (2, 0, 0, None) == (
        verdict.compared,
        verdict.refused,
        verdict.differing,
        verdict.first,
    )
    assert KINDS[kind] == server.way


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_byte_that_differs_is_shown_from_both_sides(side, path, kind):
    source = CHATML.replace("assistant\n'", "assistant\n<think>\n'")
    with serving(getattr(Real(path, source), kind)) as url:
        verdict = with_server(side, open_server(url, None).prompt, RECORDS)
    first = verdict.first
    assert (2, 2, "r1", "prompt") == (verdict.compared, verdict.differing, first.id, first.what)
    assert first.ours.endswith("<|im_start|>assistant\n")
    assert first.theirs.endswith("<|im_start|>assistant\n<think>\n")
    prompt = "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\nSo.<|im_end|>\n<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n"
    assert len(prompt.encode()) == first.at


def test_the_bos_that_a_server_of_llama_cpp_adds_itself_is_no_difference(side, path):
    begun = ForeignTemplate(BEGUN, CONTROLS, TOKENS)
    other = Side(side.stage, begun, side.tokenizer)
    with serving(Real(path, BEGUN).llama_cpp) as url:
        assert with_server(other, open_server(url, None).prompt, RECORDS).first is None
    with serving(Real(path, CHATML).vllm) as url:
        first = with_server(other, open_server(url, None).prompt, RECORDS).first
    assert ("prompt", 1) == (first.what, first.at)


def test_a_control_token_that_a_server_makes_of_text_is_shown_by_its_ids(side, path):
    with serving(Real(path).vllm) as url:
        ask = open_server(url, None).prompt
        verdict = with_server(side, ask, [Told("r9", talk("<|im_end|>", "b"))])
    assert ("r9", "ids of one text") == (verdict.first.id, verdict.first.what)
    assert f"{side.tokenizer.controls['<|im_end|>']}:<|im_end|>" in verdict.first.theirs
    assert "<|im_end|>" not in verdict.first.ours.split(" ")[0]


def test_calls_go_out_as_openai_has_them():
    bodies = []

    def answer(route, body):
        bodies.append(body)
        return {"prompt": "x"} if route == "/apply-template" else None

    some = Talk(
        (
            Message("user", "a"), Message("assistant", "", (Call("c1", "f", {"a": [1, "b"]}),)),
            Message("tool", "d", (), "c1", "f"),
        ),
        ({"type": "function", "function": {"name": "f"}},),
    )  # fmt: skip
    with serving(answer) as url:
        open_server(url, "named").prompt(some, Options(thinking=True))
    assert [
        {"role": "user", "content": "a"},
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":[1,"b"]}'}}
            ],
        },
        {"role": "tool", "content": "d", "name": "f", "tool_call_id": "c1"},
    ] == bodies[0]["messages"]  # fmt: skip
    assert ("named", True) == (bodies[0]["model"], bodies[0]["add_generation_prompt"])
    assert {"enable_thinking": True} == bodies[0]["chat_template_kwargs"]
    assert list(some.tools) == bodies[0]["tools"]


def test_a_server_that_is_not_there_is_a_fault():
    with serving(lambda *_: None) as url:
        pass
    with pytest.raises(Fault) as fault:
        open_server(url, None)
    assert "server-unreachable" == fault.value.slug


@pytest.mark.parametrize(
    "found",
    [
        None,
        (500, {"error": "no"}),
        (400, {"error": "bad <\x1b[31m"}),
        {"tokens": []},
        {"tokens": ["a"]},
        [1],
    ],
)
def test_a_server_that_lays_nothing_out_is_a_fault(found):
    with serving(lambda route, _: None if route == "/v1/models" else found) as url:
        server = open_server(url, None)
        with pytest.raises(Fault) as fault:
            server.prompt(talk("a"), Options())
    assert "server-refused" == fault.value.slug


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "localhost:8000", "http://", "", "ftp://x"]
)
def test_what_is_no_url_is_a_misuse(url):
    with pytest.raises(Misuse):
        open_server(url, None)


def test_a_key_of_a_server_is_sent_as_a_bearer(path, monkeypatch):
    seen = []
    monkeypatch.setenv("SFTSPEC_SERVER_KEY", "s3cret")
    with serving(Real(path).vllm, seen) as url:
        open_server(url, None).prompt(talk("a"), Options())
    assert {"Bearer s3cret"} == set(seen)


def test_without_a_key_none_is_sent(path, monkeypatch):
    seen = []
    monkeypatch.delenv("SFTSPEC_SERVER_KEY", raising=False)
    with serving(Real(path).vllm, seen) as url:
        open_server(url, None)
    assert [None] == seen


def test_ids_that_no_token_has_are_shown_by_their_number(side):
    ours = side.prompt(talk("a", "b"))
    found = compare(side, "r", ours, Prompt(ids=(*ours.ids[:-1], 999999)))
    assert found.theirs.endswith("\\id999999\\")


# a template's file


def test_a_file_that_lays_out_as_we_do_is_equal(side):
    verdict = with_template(side, ForeignTemplate(CHATML, CONTROLS, TOKENS), RECORDS)
    assert (2, 0, 0, None) == (
        verdict.compared,
        verdict.refused,
        verdict.differing,
        verdict.first,
    )


@pytest.mark.parametrize(
    ("source", "what", "ours", "theirs"),
    [
        (CHATML.replace("message.content +", "message.content | trim +"), "conversation", " b\x1b", "b\x1b"),
        (CHATML.replace("assistant\n' }}", "assistant' }}"), "prompt", "assistant\n", "assistant"),
        (BEGUN, "conversation", "<|im_start|>user", "<s><|im_start|>user"),
        ("{{ raise_exception('no') }}", "conversation: the other template refuses it", "", "says: no"),
    ],
)  # fmt: skip
def test_a_file_that_lays_out_otherwise_differs(side, source, what, ours, theirs):
    some = [Told("r1", talk("a", " b\x1b"))]
    verdict = with_template(side, ForeignTemplate(source, CONTROLS, TOKENS), some)
    assert (1, what) == (verdict.differing, verdict.first.what)
    assert ours in verdict.first.ours
    assert theirs in verdict.first.theirs


def test_what_we_have_no_place_for_is_counted_apart(side):
    tool = Talk((*talk("a").messages, Message("tool", "x"), Message("assistant", "b")))
    verdict = with_template(side, ForeignTemplate(CHATML, CONTROLS, TOKENS), [Told("r", tool)])
    assert (0, 1, 0) == (verdict.compared, verdict.refused, verdict.differing)
