"""Running servers, asked what they make of a conversation: nothing is generated.

A server is asked in the ways of llama.cpp, vLLM, SGLang and TGI in turn, until one of them answers.
Each makes its prompt for the next turn of the assistant, as text or as ids.
"""

from collections.abc import Callable
import os
from typing import Any
from urllib import error, request
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault, Misuse
from sftspec.ports.segments import Message, Options, Talk

SECONDS = 60.0
MOST_BYTES = 1 << 26
KEY = "SFTSPEC_SERVER_KEY"
"""The environment's variable with the key of a server that wants one."""

_NOT_THERE = {404, 405, 501}
_encode = msgspec.json.encode


class Prompt(Struct, frozen=True):
    """A prompt as a server made it: its text, its ids, or both. `bare`: BOS may be missing in front."""

    text: str | None = None
    ids: tuple[int, ...] | None = None
    bare: bool = False


class _Refused(Exception):  # noqa: N818 - the next way is tried
    """A server does not answer in this way."""


Post = Callable[[str, dict[str, Any]], dict[str, Any]]


def open_server(url: str, model: str | None) -> "Server":
    """A server by its URL, with or without `/v1`. Raises Misuse, or Fault where it cannot be reached."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Misuse(
            "bad-arguments",
            f"`{url[:200]}` is no URL of a server",
            hint="as in http://localhost:8000",
        )
    return Server(url.rstrip("/").removesuffix("/v1"), model)


class Server:
    """A server, and the way in which it answers once that is known."""

    def __init__(self, url: str, model: str | None) -> None:
        self.url = url
        self.model = model if model is not None else self._served()
        self.way: str | None = None

    def prompt(self, talk: Talk, options: Options) -> Prompt:
        """What the server makes of a conversation that the assistant is to go on with. Raises Fault."""
        body = {
            "messages": [_message(one) for one in talk.messages],
            "add_generation_prompt": True,
            "chat_template_kwargs": {"enable_thinking": options.thinking},
            **({"model": self.model} if self.model else {}),
            **({"tools": list(talk.tools)} if talk.tools else {}),
        }
        refusals = []
        for way, ask in _WAYS.items():
            if self.way not in {None, way}:
                continue
            try:
                found = ask(self.post, body)
            except _Refused as why:
                refusals.append(str(why))
                continue
            self.way = way
            return found
        raise Fault(
            "server-refused", f"{self.url} lays no conversation out: {'; '.join(filter(None, refusals))[:600]}",
            hint="it must be a server of llama.cpp, vLLM, SGLang or TGI; name its model with `--model`",
        )  # fmt: skip

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of an endpoint. Raises Fault where the server cannot be reached, _Refused where it refuses."""
        status, data = self._ask(path, _encode(body))
        if status in _NOT_THERE:
            raise _Refused
        if status >= 400:
            raise _Refused(f"{path} answers {status}: {data[:200].decode('utf-8', 'replace')}")
        try:
            found = msgspec.json.decode(data)
        except msgspec.MsgspecError:
            raise _Refused(f"{path} answers no JSON") from None
        if not isinstance(found, dict):
            raise _Refused(f"{path} answers no object")
        return found

    def _ask(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        if os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {os.environ[KEY]}"
        asked = request.Request(f"{self.url}{path}", body, headers)  # noqa: S310 - http and https alone
        try:
            with request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
                return answer.status, answer.read(MOST_BYTES)
        except error.HTTPError as why:
            with why:
                return why.code, why.read(MOST_BYTES)
        except OSError as why:
            raise Fault(
                "server-unreachable",
                f"{self.url} does not answer: {why}",
                hint="is it running?",
            ) from None

    def _served(self) -> str | None:
        """The model that the server names first; None where it names none."""
        _, data = self._ask("/v1/models", None)
        try:
            return msgspec.json.decode(data, type=_Models).data[0].id
        except (msgspec.MsgspecError, IndexError):
            return None


class _Model(Struct):
    id: str


class _Models(Struct):
    data: list[_Model]


def _message(one: Message) -> dict[str, Any]:
    """A message as OpenAI's API has it: arguments are a text."""
    found: dict[str, Any] = {"role": one.role}
    if one.text or not one.calls:
        found["content"] = one.text
    if one.calls:
        found["tool_calls"] = [
            {"id": call.id, "type": "function",
             "function": {"name": call.name, "arguments": _encode(call.arguments).decode()}}
            for call in one.calls
        ]  # fmt: skip
    if one.name is not None:
        found["name"] = one.name
    if one.call_id is not None:
        found["tool_call_id"] = one.call_id
    return found


def _llama_cpp(post: Post, body: dict[str, Any]) -> Prompt:
    """`/apply-template` answers a text, without the BOS that the server adds by itself."""
    text = post("/apply-template", body).get("prompt")
    if not isinstance(text, str):
        raise _Refused("/apply-template answers no `prompt`")
    return Prompt(text=text, bare=True)


def _vllm(post: Post, body: dict[str, Any]) -> Prompt:
    """`/tokenize` takes messages and answers ids."""
    return _ids(post("/tokenize", {**body, "add_special_tokens": False}), "/tokenize")


def _sglang(post: Post, body: dict[str, Any]) -> Prompt:
    """`/v1/tokenize` does the same, and always asks for the next turn."""
    return _ids(post("/v1/tokenize", {**body, "add_special_tokens": False}), "/v1/tokenize")


def _tgi(post: Post, body: dict[str, Any]) -> Prompt:
    """`/chat_tokenize` answers the text, and its tokens one by one."""
    found = post("/chat_tokenize", {"model": "tgi", **body})
    text, tokens = found.get("templated_text"), found.get("tokenize_response")
    if not isinstance(text, str) or not isinstance(tokens, list):
        raise _Refused("/chat_tokenize answers no `templated_text`")
    return Prompt(text, tuple(int(one["id"]) for one in tokens))


def _ids(found: dict[str, Any], path: str) -> Prompt:
    ids = found.get("tokens")
    if not isinstance(ids, list) or not ids or not all(type(one) is int for one in ids):
        raise _Refused(f"{path} answers no `tokens` of a conversation")
    return Prompt(ids=tuple(ids))


_WAYS: dict[str, Callable[[Post, dict[str, Any]], Prompt]] = {
    "llama.cpp": _llama_cpp, "vLLM": _vllm, "SGLang": _sglang, "TGI": _tgi,
}  # fmt: skip
