"""A store that was built, read by the loader: the packs that `packed` has, phase by phase."""

from pathlib import Path
import runpy
import shutil
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

import sftspec
from sftspec.ground.report import Fault

TESTS = Path(__file__).parents[1]
small = SimpleNamespace(**runpy.run_path(str(TESTS / "small.py")))
CHAT = """chat chatml {
  template  = builtin("chatml")
  tokenizer = "tokenizer.json"
  window    = 256
}
chat short {
  template  = builtin("chatml")
  tokenizer = "tokenizer.json"
  window    = 128
}
curriculum by topic {
  first  40% { law 60%, money 40% }
  second 60% { law 60%, money 40% }
}
emit {
  jsonl
  packed chatml { segments = 3 }
  store chatml { segments = 3 }
  store short { pack = none }
}
"""
COLUMNS = ("input_ids", "labels", "position_ids", "seq_lengths")


def tokenizer(texts):
    """A tokenizer trained on these texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    controls = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=controls, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    return made


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    home = small.make(tmp_path_factory.mktemp("built"))
    spec = small.SPEC.replace("facet topic {", "facet topic ordered {")
    (home / "small.sft").write_text(spec.replace("emit { jsonl }\n", CHAT), encoding="utf-8")
    texts = [path.read_text("utf-8") for path in sorted((home / "data").iterdir())]
    tokenizer(texts).save(str(home / "tokenizer.json"))
    return sftspec.load(sftspec.build(home / "small.sft", engine="local").folder)


def rows(loaded, part):
    files = sorted((loaded.folder / "packed").glob(f"{part}-*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.mark.parametrize("part", ["train", "dev"])
def test_the_store_has_the_packs_of_packed(loaded, part):
    wanted = rows(loaded, part)
    packs = loaded.loader(chat="chatml", part=part, shuffle=False, check="open").packs
    assert len(wanted) > 1
    assert len(wanted) == len(packs) == loaded.parts("chatml")[part].packs
    for row, pack in zip(wanted, packs, strict=True):
        assert {name: row[name] for name in COLUMNS} == {
            name: pack[name].tolist() for name in COLUMNS
        }
    assert any(len(row["seq_lengths"]) > 1 for row in wanted)


def test_a_sample_by_itself_is_a_pack(loaded):
    packs = loaded.loader(chat="short", shuffle=False).packs
    assert loaded.parts("short")["train"].samples == len(packs)
    assert all(1 == len(pack["seq_lengths"]) for pack in packs)


def test_phases_are_those_of_the_curriculum(loaded):
    loader = loaded.loader(chat="chatml")
    named = {phase.name: phase.packs for phase in loader.what.phases}
    assert ["first", "second"] == list(named)
    assert all(named.values())
    stored = [
        pack["input_ids"].tolist() for pack in loaded.loader(chat="chatml", shuffle=False).packs
    ]
    read = {name: [] for name in named}
    for _ in range(len(loader)):
        phase = loader.phase
        read[phase].append(stored.index(next(iter(loader))["input_ids"].tolist()))
    first = named["first"]
    assert list(range(first)) == sorted(read["first"])
    assert list(range(first, len(stored))) == sorted(read["second"])


def test_a_changed_shard_of_a_build_is_named(loaded, tmp_path):
    home = Path(shutil.copytree(loaded.folder, tmp_path / "copy"))
    path = home / "store" / "train-00000-of-00001.labels.bin"
    labels = np.fromfile(path, "<i4")
    labels[labels == -100] = 5  # a mask that trains what the user said
    labels.tofile(path)
    with pytest.raises(Fault, match=r"labels\.bin"):
        list(sftspec.load(home).loader(chat="chatml"))
