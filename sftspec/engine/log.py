"""What a run says while it goes: events, shown as progress, plain lines or JSON."""

from collections.abc import Callable
import sys
import time
from typing import Any

from sftspec.ground.render import as_text, escape

Sink = Callable[[dict[str, Any]], None]


class Log:
    """Hands events to a sink; an event is a stage, a chunk or a warning."""

    def __init__(self, sink: Sink | None = None) -> None:
        self.sink = sink

    def say(self, event: str, **fields: Any) -> None:
        """One event."""
        if self.sink is not None:
            self.sink({"event": event, **fields})


def json_sink(stream: Any = None) -> Sink:
    """One JSON object a line."""
    out = stream or sys.stderr

    def sink(event: dict[str, Any]) -> None:
        out.write(as_text(event, indent=-1))
        out.flush()

    return sink


def plain_sink(stream: Any = None) -> Sink:
    """A line per stage when it ends: what CI shows."""
    out = stream or sys.stderr

    def sink(event: dict[str, Any]) -> None:
        if event["event"] == "stage":
            out.write(f"{escape(event['node'])}: {escape(event['text'])}\n")
        elif event["event"] == "warning":
            out.write(f"warning: {escape(event['text'])}\n")

    return sink


class Progress:
    """A line on a terminal that moves: rows done, rate and time left."""

    EVERY = 0.1

    def __init__(self, stream: Any = None) -> None:
        self.out = stream or sys.stderr
        self.started: dict[str, float] = {}
        self.shown = 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "chunk":
            self._chunk(event)
        elif kind == "stage":
            self.out.write(f"\r\x1b[K{escape(event['node'])}: {escape(event['text'])}\n")
        elif kind == "warning":
            self.out.write(f"\r\x1b[Kwarning: {escape(event['text'])}\n")
        self.out.flush()

    def _chunk(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        node = event["node"]
        start = self.started.setdefault(node, now)
        if now - self.shown < self.EVERY and event["done"] < event["total"]:
            return
        self.shown = now
        spent = max(now - start, 1e-9)
        share = event["bytes_done"] / max(event["bytes_total"], 1)
        left = spent / share - spent if share > 0 else 0
        rate = event["bytes_done"] / spent / 1e6
        self.out.write(
            f"\r\x1b[K{node}: {event['done']} of {event['total']} chunks, {rate:.1f} MB/s, {left:.0f} s left"
        )
