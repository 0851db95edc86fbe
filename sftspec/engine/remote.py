"""Tasks and their results as bytes: what goes to another process and what comes back."""

import gc
from pathlib import Path

import msgspec

from sftspec.engine.memory import give_back
from sftspec.engine.store import Corrupt, Store
from sftspec.engine.work import Done, decode_task, perform
from sftspec.ground.report import Fault

_OK, _FAULT, _CORRUPT = b"o", b"f", b"c"
_stores: dict[str, Store] = {}


def run_remote(root: str, store: str, data: bytes) -> bytes:
    """A task in a worker: its result, or the fault it met, as bytes."""
    gc.disable()
    try:
        done = perform(decode_task(data), Path(root), _store(store))
    except Fault as fault:
        return _FAULT + msgspec.json.encode(
            [fault.slug, fault.message, fault.path, fault.stage, fault.hint]
        )
    except Corrupt as bad:
        return _CORRUPT + bad.key.encode()
    finally:
        gc.enable()
        give_back()
    return _OK + msgspec.json.encode(done)


def _store(path: str) -> Store:
    """This worker's view of the store; what it verified once it need not verify again."""
    if path not in _stores:
        _stores[path] = Store(Path(path))
    return _stores[path]


def result_of(data: bytes) -> Done:
    """What a worker sent. Raises Fault or Corrupt as the worker met it."""
    kind, body = data[:1], data[1:]
    if kind == _FAULT:
        slug, message, path, stage, hint = msgspec.json.decode(body)
        raise Fault(slug, message, path=path, stage=stage, hint=hint)
    if kind == _CORRUPT:
        raise Corrupt(body.decode())
    return msgspec.json.decode(body, type=Done)
