"""`sftspec.load`: a snapshot opened for training. Its paper is checked now, its data as they are read."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from sftspec.ground.report import Fault, did_you_mean, there_are
from sftspec.snapshot.cursor import Last
from sftspec.snapshot.loader import (
    Check,
    Format,
    Identity,
    Layout,
    Loader,
    Settings,
)  # fmt: skip
from sftspec.snapshot.manifest import MANIFEST, Manifest, Unreadable, decode, snapshot_id
from sftspec.snapshot.names import find
from sftspec.snapshot.receipts import phases_of
from sftspec.snapshot.stored import Store, shards_of

STORE = "store"


class Part(Struct, frozen=True):
    """What the manifest says of a part of a store."""

    packs: int
    samples: int
    tokens: int
    phases: tuple[tuple[str, int], ...] = ()


class _Output(Struct, frozen=True):
    folder: str
    parts: dict[str, Part] = {}


class _Chat(Struct, frozen=True):
    outputs: dict[str, _Output] = {}


class Loaded:
    """A snapshot whose tokens can be read.

    `folder`: where it lies; `id`: what it is, by its manifest's bytes.
    """

    def __init__(self, folder: Path, identity: str, manifest: Manifest) -> None:
        self.folder, self.id, self.manifest = folder, identity, manifest
        self.chats: Mapping[str, _Output] = _stores(manifest)
        self._opened: dict[tuple[str, str, str], Store] = {}

    @property
    def label(self) -> str:
        """`legal 0.1.0`."""
        return f"{self.manifest.dataset} {self.manifest.version}"

    def __repr__(self) -> str:
        return f"<{self.label} {self.id[:19]}>"

    def parts(self, chat: str | None = None) -> dict[str, Part]:
        """The parts of a chat's store, and what is in each."""
        return dict(self.chats[self._chat(chat)].parts)

    def loader(  # noqa: PLR0913 - the door for trainers: each word is a setting
        self, rank: int = 0, world_size: int = 1, *,
        seed: int = 0, epoch: int = 0, chat: str | None = None, part: str = "train",
        batch_size: int = 1, last: Last = "drop", shuffle: bool = True,
        format: Format = "numpy", layout: Layout = "flat", check: Check = "lazy",  # noqa: A002
    ) -> Loader:  # fmt: skip
        """The batches of a data-parallel rank, `batch_size` packs each.

        `chat`: needed where the snapshot has stores of several. `last`: what becomes of packs that make no whole batch on all
        ranks: `drop` leaves them out, `pad` repeats some from the beginning of the epoch. `shuffle`: within each phase, anew each
        epoch. `layout`: `flat` is one dict of packs joined, `transformers` the arguments of its models, `packs` a list. `check`: when
        files are hashed: as they are first read, at once, or never. Raises Fault.
        """
        settings = Settings(
            rank, world_size, seed, epoch, batch_size, last, shuffle, format, layout, check
        )
        which = self._chat(chat)
        there = self._part(which, part)
        identity = Identity(
            self.id, self.manifest.dataset, self.manifest.version, which, part,
            phases_of(there.phases, there.packs),
        )  # fmt: skip
        store = self._store(which, part, check)
        return _kind(format)(store, identity, settings)

    def _chat(self, chat: str | None) -> str:
        known = sorted(self.chats)
        if chat is None and len(known) == 1:
            return known[0]
        if not known:
            raise Fault(
                "not-in-store", f"{self.label} has no store of tokens", path=str(self.folder),
                hint="write `emit { store CHAT }` in the spec, and build it",
            )  # fmt: skip
        if chat is None:
            raise _absent(self, "say which chat is meant", there_are(known))
        if chat not in self.chats:
            hint = did_you_mean(chat, known) or there_are(known)
            raise _absent(self, f"{self.label} has no store of chat `{chat}`", hint)
        return chat

    def _part(self, chat: str, part: str) -> Part:
        known = self.chats[chat].parts
        if part not in known or not known[part].packs:
            hint = there_are(sorted(name for name in known if known[name].packs))
            raise _absent(self, f"the store of `{chat}` has no packs of part `{part}`", hint)
        return known[part]

    def _store(self, chat: str, part: str, check: str) -> Store:
        key = (chat, part, check)
        if key not in self._opened:
            output, there = self.chats[chat], self.chats[chat].parts[part]

            def lacking(name: str) -> Fault:
                return _damaged(self, f"it lists no `{name}`")

            shards = shards_of(self.manifest.files, output.folder, part, lacking)
            store = Store(self.folder, shards, check, self.label)
            said = (there.packs, there.samples, there.tokens)
            if said != (store.packs, store.samples, store.tokens):
                raise _damaged(self, f"the indexes of `{part}` count otherwise than it does")
            if there.phases and sum(count for _, count in there.phases) != there.packs:
                raise _damaged(self, f"the phases of `{part}` do not add up")
            self._opened[key] = store
        return self._opened[key]


def load(
    name: str | Path, root: str | Path | None = None, *, expect: str | None = None
) -> Loaded:
    """A snapshot opened for training: `legal`, `legal@0.3.0`, `legal@frozen`, or a folder.

    `root`: the project's, else that of the working folder. `expect`: the id that it must have.
    Raises Fault where there is none, its manifest is damaged, or it is another.
    """
    folder = folder_of(name, root)
    try:
        data = (folder / MANIFEST).read_bytes()
        manifest = decode(data)
    except FileNotFoundError:
        raise Fault(
            "snapshot-not-found", f"`{name}` has no {MANIFEST}", path=str(folder),
            hint="build the spec, or fetch the committed papers",
        ) from None  # fmt: skip
    except (OSError, Unreadable) as error:
        raise Fault(
            "snapshot-damaged", f"{MANIFEST} of `{name}`: {error}", path=str(folder),
            hint="take the committed one back with git; `sftspec verify` says what else is wrong",
        ) from None  # fmt: skip
    identity = snapshot_id(data)
    if expect is not None and expect not in {identity, identity.removeprefix("sha256:")}:
        raise Fault(
            "other-snapshot", f"`{name}` is {identity}, and {expect[:80]} was expected",
            path=str(folder), hint="fetch or build the snapshot that is meant",
        )  # fmt: skip
    return Loaded(folder, identity, manifest)


def folder_of(name: str | Path, root: str | Path | None = None) -> Path:
    """The folder of a snapshot, by its name or as it is given. Raises Fault where there is none."""
    if isinstance(name, Path):
        return find(f"{name.absolute()}/")
    return find(name, Path(root) if root is not None else None).absolute()


def _stores(manifest: Manifest) -> dict[str, _Output]:
    if isinstance(manifest.chats, msgspec.UnsetType):
        return {}
    try:
        chats = msgspec.convert(manifest.chats, dict[str, _Chat])
    except msgspec.ValidationError as error:
        raise Fault(
            "other-compiler", f"the chats of the manifest are of another version: {error}",
            hint="read it with the version that wrote it, or build it again with this one",
        ) from None  # fmt: skip
    return {name: chat.outputs[STORE] for name, chat in chats.items() if STORE in chat.outputs}


def _kind(wanted: str) -> type[Loader]:
    if wanted == "torch":
        from sftspec.snapshot.tensors import TorchLoader

        return TorchLoader
    return Loader


def _absent(loaded: Loaded, why: str, hint: str | None) -> Fault:
    return Fault("not-in-store", why, path=str(loaded.folder), hint=hint or "")


def _damaged(loaded: Loaded, why: str) -> Fault:
    return Fault(
        "snapshot-damaged", f"{MANIFEST} of {loaded.label}: {why}", path=str(loaded.folder),
        hint="build the spec again; `sftspec verify` says what else is wrong",
    )  # fmt: skip
