"""Keys of stage results: everything that their bytes depend on, and nothing else."""

from functools import cache
from importlib.metadata import version
import unicodedata

from sftspec.ground.canon import canonical, raw_digest
from sftspec.plan.graph import Stage

COMPILER = 1
LIBRARIES = {
    "rows": ("msgspec", "xxhash", "google-re2"),
    "lookup": ("msgspec", "xxhash", "google-re2"),
    "who": ("msgspec", "xxhash", "google-re2", "pyarrow"),
    "render": ("msgspec", "xxhash", "jinja2", "google-re2", "pyarrow"),
    "settle": (),
    "screen": (),
    "split": ("xxhash",),
    "mix": ("xxhash", "highspy"),
    "judge": (),
    "encode": ("jinja2", "msgspec", "pyarrow", "xxhash"),
    "pack": ("xxhash",),
    "emit": ("msgspec", "pyarrow"),
    "emit_tokens": ("pyarrow",),
}


@cache
def library(name: str) -> str:
    """The installed version of a library."""
    return f"{name} {version(name)}"


def stage_key(stage: Stage, inputs: tuple[str, ...]) -> str:
    """The store key of a stage over inputs given by their digests, in order."""
    return _key(base_of(stage), inputs)


def base_of(stage: Stage) -> bytes:
    """The part of a key that the stage itself gives."""
    name = str(stage.__struct_config__.tag)
    about = [COMPILER, name, stage.revision, unicodedata.unidata_version]
    libraries = [library(one) for one in LIBRARIES[name]]
    return raw_digest("stage", canonical([*about, libraries]), canonical(stage))


def _key(base: bytes, inputs: tuple[str, ...]) -> str:
    return raw_digest("key", base, canonical(list(inputs))).hex()


def key_on(base: bytes, inputs: tuple[str, ...]) -> str:
    """The key of a stage whose own part is known."""
    return _key(base, inputs)
