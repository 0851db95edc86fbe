"""Whatever is done to a file of a frozen, signed snapshot is found, and called by its name.

A seeded sweep: some thousands of mutations here, `SFTSPEC_MUTATIONS=100000` of them every night.
"""

from collections import Counter
import hashlib
import os
from pathlib import Path
import random
import runpy
import shutil
from types import SimpleNamespace

import pytest

from sftspec.snapshot.freezing import Asked, entries_of, freeze
from sftspec.snapshot.manifest import FREEZE, MANIFEST, RECEIPT, SIGNATURE
from sftspec.snapshot.opened import open_folder
from sftspec.snapshot.signing import check, sign
from sftspec.snapshot.verify import verify

small = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "small.py")))
MUTATIONS = int(os.environ.get("SFTSPEC_MUTATIONS", "2000"))
SEED = int(os.environ.get("SFTSPEC_SEED", "1"))
SUBJECT = "small@0.1.0"
EMIT = "emit { jsonl, parquet }"


@pytest.fixture(scope="module")
def keys():
    """A private key and its public half, as PEM."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    public = key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory, keys):
    spec = small.SPEC.replace("emit { jsonl }", EMIT)
    root = small.make(tmp_path_factory.mktemp("mutated"), spec=spec)
    done = small.sftspec(root, "build", "small.sft", "--log", "none")
    assert 0 == done.returncode, done.stderr
    folder = root / "compiled" / "small" / "0.1.0"
    freeze(
        folder, Asked("Ada", "it is good"), sign=lambda files, name: sign(files, name, keys[0])
    )
    return folder


class Mutant:
    """A snapshot to be harmed and put right again."""

    def __init__(self, folder, public, draw):
        self.folder, self.public, self.draw = folder, public, draw
        self.files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != RECEIPT
        }
        self.digests = Counter(hashlib.sha256(data).hexdigest() for data in self.files.values())
        self.listed = [n for n in self.files if n not in {MANIFEST, FREEZE, SIGNATURE}]

    def found(self):
        """What verify and the key find, as kind and name."""
        verdict = verify(self.folder)
        wrong = [(one.kind, one.name) for one in verdict.wrong]
        if not wrong:
            data = (self.folder / SIGNATURE).read_bytes()
            entries = entries_of(open_folder(self.folder), (self.folder / FREEZE).read_bytes())
            if check(data, entries, SUBJECT, self.public) is not None:
                wrong.append(("signature", SIGNATURE))
        return wrong

    def heal(self):
        for name, data in self.files.items():
            path = self.folder / name
            if path.is_symlink() or path.is_dir():
                path.unlink() if path.is_symlink() else shutil.rmtree(path)
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)
        known = {*self.files, RECEIPT}
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = path.relative_to(self.folder).as_posix()
            if (path.is_file() or path.is_symlink()) and name not in known:
                path.unlink()
            elif path.is_dir() and not any(one.startswith(f"{name}/") for one in known):
                shutil.rmtree(path)

    def word(self, name, listed):
        """What harm to the bytes of a file is called."""
        return {MANIFEST: "unreadable", FREEZE: "freeze", SIGNATURE: "signature"}.get(
            name, listed
        )

    # what can be done to a snapshot: each gives what must be found

    def flip(self, name):
        data = bytearray(self.files[name])
        for _ in range(self.draw.choice((1, 1, 1, 2, 9))):
            data[self.draw.randrange(len(data))] ^= 1 << self.draw.randrange(8)
        if bytes(data) == self.files[name]:
            data[0] ^= 1
        (self.folder / name).write_bytes(data)
        return [(self.word(name, "corrupt"), name)]

    def truncate(self, name):
        data = self.files[name]
        (self.folder / name).write_bytes(data[: self.draw.randrange(len(data))])
        return [(self.word(name, "truncated"), name)]

    def extend(self, name):
        more = self.draw.choice((b"\0", b"\n", b" ", b"{}\n", self.files[name][:40] or b"x"))
        (self.folder / name).write_bytes(self.files[name] + more)
        return [(self.word(name, "extended"), name)]

    def shuffle(self, name):
        """Two runs of equal length change places: nothing is lost, and nothing is as it was."""
        data = self.files[name]
        length = self.draw.randrange(1, max(2, len(data) // 3))
        one = self.draw.randrange(0, len(data) - 2 * length + 1)
        other = self.draw.randrange(one + length, len(data) - length + 1)
        mixed = bytearray(data)
        mixed[one : one + length], mixed[other : other + length] = (
            data[other : other + length], data[one : one + length],
        )  # fmt: skip
        if bytes(mixed) == data:
            return self.flip(name)
        (self.folder / name).write_bytes(mixed)
        return [(self.word(name, "corrupt"), name)]

    def swap(self, name):
        other = self.draw.choice(
            [one for one in self.listed if self.files[one] != self.files[name]]
        )
        if name not in self.listed or not self.files[name] or not self.files[other]:
            return self.flip(name)
        (self.folder / name).write_bytes(self.files[other])
        (self.folder / other).write_bytes(self.files[name])
        return [("swapped", name), ("swapped", other)]

    def delete(self, name):
        if name == SIGNATURE:  # then it is not signed, which `verify --key` says
            return self.flip(name)
        (self.folder / name).unlink()
        return [("missing", name)]

    def rename(self, name):
        if name == SIGNATURE:
            return self.flip(name)
        (self.folder / name).rename(self.folder / f"{name}.bak")
        found = [("missing", name)]
        if name == MANIFEST:
            return found
        extra = f"{name}.bak"
        return [*found, ("extra", extra)]

    def add(self, name):
        extra = self.draw.choice(
            (f"{name}.orig", ".hidden", "train-2.jsonl", "parquet/more.parquet")
        )
        (self.folder / extra).write_bytes(self.draw.randbytes(self.draw.randrange(9)))
        return [("extra", extra)]

    def link(self, name):
        """A link to an equal copy: the bytes are right, and somebody else holds them."""
        copy = self.folder.parent / "copy"
        copy.write_bytes(self.files[name])
        (self.folder / name).unlink()
        (self.folder / name).symlink_to(copy)
        return [("not-a-file", name)]

    def folder_for(self, name):
        (self.folder / name).unlink()
        (self.folder / name).mkdir()
        return [("not-a-file", name)]


MENU = (
    ("flip", 40), ("truncate", 12), ("extend", 10), ("shuffle", 10), ("swap", 8), ("delete", 5),
    ("rename", 5), ("add", 5), ("link", 3), ("folder_for", 2),
)  # fmt: skip


def test_every_mutation_is_found_and_called_by_its_name(snapshot, keys):
    draw = random.Random(SEED)
    mutant = Mutant(snapshot, keys[1], draw)
    assert [] == mutant.found()
    assert {"plan.json", "README.md", "index.parquet", "rejected.jsonl"} < set(mutant.listed)
    assert any(name.startswith("parquet/") for name in mutant.listed)
    done = Counter()
    for number in range(MUTATIONS):
        how = draw.choices([word for word, _ in MENU], [weight for _, weight in MENU])[0]
        name = draw.choice(sorted(mutant.files))
        expected = getattr(mutant, how)(name)
        found = mutant.found()
        assert sorted(expected) == sorted(found), (SEED, number, how, name)
        done[how] += 1
        mutant.heal()
    assert len(MENU) == len(done)
    assert [] == mutant.found()
