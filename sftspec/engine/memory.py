"""Memory that is free and still held goes back to the system between pieces of work."""

import ctypes
import sys


def give_back() -> None:
    """Let go of what Arrow's pool and the C library keep for later."""
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = getattr(_libc(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except OSError:
        return None
