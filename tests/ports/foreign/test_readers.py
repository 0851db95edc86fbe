"""Configurations to entries: the facts that each trainer's own reader has."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from sftspec.ground.report import Report
from sftspec.ports.foreign import axolotl, llamafactory, openinstruct
from sftspec.ports.foreign.base import Amount, Asked, Desk, Talked
from sftspec.ports.foreign.mixture import Mixture, mixture_of


def read(reader, config):
    assert reader.fits(config)
    report = Report()
    count = len(reader.names(config))
    found = reader.read(config, range(count), Desk(report, "c"))
    return SimpleNamespace(
        all=found, entries=found.entries, slugs=[item.slug for item in report.items],
        first=found.entries[0] if found.entries else None,
    )  # fmt: skip


def llama(**about):
    return read(llamafactory, {"one": {"file_name": "x.json", **about}})


# LLaMA-Factory


def test_without_columns_they_have_their_default_names():
    assert Asked("instruction", "output", "input", joint="\n") == llama().first.shape
    shape = llama(formatting="sharegpt").first.shape
    assert ("conversations", ("from", "value")) == (shape.messages, shape.keys)
    assert {
        "human": "user", "gpt": "assistant", "observation": "tool", "function_call": "call",
        "system": "system",
    } == dict(shape.roles)  # fmt: skip


def test_as_soon_as_one_column_or_tag_is_named_the_others_are_none():
    found = llama(columns={"prompt": "q", "response": "a"})
    assert Asked("q", "a", joint="\n") == found.first.shape
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "u", "assistant_tag": "a"}
    shape = llama(formatting="sharegpt", tags=tags, columns={"messages": "m"}).first.shape
    assert (("role", "content"), (("u", "user"), ("a", "assistant"))) == (
        shape.keys,
        shape.roles,
    )


def test_calls_as_text_beside_role_and_content_are_told():
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "function_tag": "call"}  # fmt: skip
    found = llama(formatting="sharegpt", tags=tags)
    assert (["calls-as-text"], {"user": "user", "assistant": "assistant"}) == (
        found.slugs, dict(found.first.shape.roles),
    )  # fmt: skip
    found = llama(formatting="openai", tags=tags)
    assert ([], "assistant") == (found.slugs, dict(found.first.shape.roles)["call"])


@pytest.mark.parametrize(
    ("about", "slug", "why"),
    [
        ({"columns": {"prompt": "text"}}, "raw-text-dataset", "texts without turns"),
        ({"ranking": True}, "no-such-pair", "its pairs are in columns that the configuration does not name"),
        ({"ranking": True, "formatting": "sharegpt"}, "no-such-pair", "its pairs are in columns that the configuration does not name"),
        ({"columns": {"prompt": "a", "response": "b", "images": "c", "audios": "d"}}, "media-dataset", "its rows are about images and audios"),
    ],
)  # fmt: skip
def test_what_records_cannot_hold_is_excluded(about, slug, why):
    found = llama(**about)
    assert ([slug], why) == (found.slugs, found.first.excluded)


def test_the_place_that_the_trainer_would_take():
    both = read(
        llamafactory, {"one": {"hf_hub_url": "a/b", "ms_hub_url": "c/d", "file_name": "x"}}
    )
    assert ("hf", "a/b", "train") == (
        both.first.place.hub, both.first.place.dataset, both.first.place.split,
    )  # fmt: skip
    assert "openmind" == read(llamafactory, {"one": {"om_hub_url": "a/b"}}).first.place.hub
    script = read(llamafactory, {"one": {"script_url": "s", "file_name": "x"}})
    assert (["script-dataset"], "the script s") == (script.slugs, script.first.place.elsewhere)
    folder = read(
        llamafactory, {"one": {"hf_hub_url": "a/b", "folder": "python", "subset": "x"}}
    )
    assert "python" == folder.first.place.within


# axolotl


def axo(given, **whole):
    return read(axolotl, {"datasets": [{"path": "x.jsonl", **given}], **whole})


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("alpaca", Asked("instruction", "output", "input")),
        ("alpaca:chat", Asked("instruction", "output", "input")),
        ("alpaca_chat.load_qa", Asked("question", "answer")),
        ("alpaca_w_system.load_open_orca", Asked("question", "response", system="system_prompt")),
        ("gpteacher", Asked("instruction", "response", "input")),
        ("oasst", Asked("INSTRUCTION", "RESPONSE")),
        ("metharme", Asked("prompt", "generation")),
        ({"field_instruction": "q", "field_output": "a", "system_prompt": "S."}, Asked("q", "a", "input", "system", preamble="S.")),
    ],
    ids=str,
)  # fmt: skip
def test_types_of_questions(kind, shape):
    assert shape == axo({"type": kind}).first.shape


def test_a_conversation_has_the_names_that_the_configuration_says():
    shape = axo({"type": "chat_template"}).first.shape
    assert Talked(
        "messages", ("role", "content"), shape.roles, system="system", tools="tools"
    ) == shape  # fmt: skip
    assert {"human": "user", "gpt": "assistant"}.items() <= dict(shape.roles).items()
    older = {"message_field_role": "from", "message_field_content": "value"}
    newer = {"message_property_mappings": {"role": "from", "content": "value"}}
    for keys in (older, newer):
        shape = axo({"type": "chat_template", "field_messages": "c", **keys}).first.shape
        assert ("c", ("from", "value")) == (shape.messages, shape.keys)
    shape = axo({"type": "sharegpt", "roles": {"input": ["H"], "output": ["A"]}}).first.shape
    assert (("from", "value"), (("H", "user"), ("A", "assistant"))) == (shape.keys, shape.roles)


@pytest.mark.parametrize(
    ("trained", "slugs"),
    [(["assistant"], []), (["gpt"], []), ([], ["trained-turns"]), (None, ["trained-turns"]),
     (["user", "assistant"], ["trained-turns"])],
)  # fmt: skip
def test_whose_turns_are_trained_on(trained, slugs):
    assert slugs == axo({"type": "chat_template", "roles_to_train": trained}).slugs


@pytest.mark.parametrize(
    ("kind", "slug"),
    [("completion", "raw-text-dataset"), (None, "raw-text-dataset"), ("input_output", "raw-text-dataset"),
     ("jeopardy", "unknown-dataset-type"), (3, "unknown-dataset-type")],
)  # fmt: skip
def test_types_that_are_not_read_are_excluded(kind, slug):
    found = axo({"type": kind})
    assert ([slug], True) == (found.slugs, bool(found.first.excluded))


def test_what_stands_beside_the_datasets():
    found = axo({"type": "chat_template"}, seed=3, val_set_size=0.05, dataset_exact_deduplication=True,
                dataset_prepared_path="x", learning_rate=1, streaming=False, train_on_inputs=True)  # fmt: skip
    assert (3, 500, True) == (found.all.seed, found.all.dev, found.all.deduplicate)
    assert ["not-imported", "trained-turns"] == found.slugs
    rows = axo({"type": "chat_template"}, val_set_size=200)
    assert (0, ["not-imported"]) == (rows.all.dev, rows.slugs)
    assert ["kto-dataset"] == axo({"type": "chat_template"}, rl="kto").slugs
    assert "made for `rl: grpo`" == axo({"type": "chat_template"}, rl="grpo").first.excluded
    tests = axo(
        {"type": "chat_template"}, test_datasets=[{"path": "y", "type": "chat_template"}]
    )
    assert (["test-datasets"], "the configuration tests on it") == (
        tests.slugs, tests.entries[1].excluded,
    )  # fmt: skip


def test_a_setting_that_nobody_knows_is_told():
    assert ["unknown-setting"] == axo({"type": "chat_template", "feild_messages": "x"}).slugs
    assert ["unknown-setting"] == llama(
        columns={"prompt": "a", "response": "b", "odd": "c"}
    ).slugs


# open-instruct


def amounts(config):
    return [entry.amount for entry in read(openinstruct, config).entries]


def test_in_a_list_a_point_tells_parts_from_counts():
    mixer = ["a", "1.0", "b", "1", "c", 0.5, "d", 100, "e", "3.0", "f", 0]
    found = read(openinstruct, {"dataset_mixer_list": mixer})
    wanted = [Amount(part=Fraction(1)), Amount(rows=1), Amount(part=Fraction(1, 2)), Amount(rows=100),
              Amount(part=Fraction(3)), Amount(rows=0)]  # fmt: skip
    assert wanted == [entry.amount for entry in found.entries]
    assert ["small-count"] == found.slugs


def test_in_an_object_one_is_all_unless_others_are_counts():
    assert [Amount(part=Fraction(1)), Amount(part=Fraction(1, 4))] == amounts({"dataset_mixer": {"a": 1, "b": 0.25}})  # fmt: skip
    assert [Amount(rows=1), Amount(rows=500)] == amounts({"dataset_mixer": {"a": 1, "b": 500}})


def test_each_dataset_has_its_split():
    config = {"dataset_mixer_list": ["a", "1.0", "b", "1.0"]}
    for splits, wanted in (
        (["x"], ["x", "x"]),
        (["x", "y"], ["x", "y"]),
        (None, ["train"] * 2),
    ):
        found = read(openinstruct, {**config, "dataset_mixer_list_splits": splits})
        assert wanted == [entry.place.split for entry in found.entries]


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (None, "messages"), (["messages", "prompt"], "messages"),
        (["instruction", "output", "conversations"], "instruction"),
        (["conversations", "query", "answer"], "conversations"),
        (["question", "response", "query", "answer"], "question"), (["query", "response"], "query"),
        (["prompt"], None), ([], None),
    ],
)  # fmt: skip
def test_the_columns_say_what_the_rows_are(columns, kind):
    shape, _ = openinstruct.shape_by_columns(columns)
    first = getattr(shape, "messages", None) or getattr(shape, "instruction", None)
    assert kind == first


# how much


def source(name, amount, size=None, excluded=""):
    seen = None if size is None else SimpleNamespace(size=size)
    return SimpleNamespace(
        name=name, entry=SimpleNamespace(name=name, amount=amount), seen=seen, excluded=excluded
    )


def mixed(*sources):
    report = Report()
    mix = mixture_of(list(sources), Desk(report, "c"))
    return mix, [item.slug for item in report.items]


def part(number):
    return Amount(part=Fraction(number))


def test_all_of_everything_is_all():
    assert (Mixture(), []) == mixed(source("a", None), source("b", part(1), 9))


def test_counts_are_the_parts_of_a_total():
    mix, slugs = mixed(source("a", Amount(rows=30)), source("b", Amount(rows=10), 20))
    assert (40, (("a", 30), ("b", 10)), 1, []) == (mix.total, mix.parts, mix.repeat, slugs)
    assert (Mixture(7), []) == mixed(source("a", Amount(rows=7)))


def test_parts_of_known_sizes_are_counts():
    mix, slugs = mixed(source("a", part("0.5"), 9), source("b", None, 5))
    assert (9, (("a", 4), ("b", 5)), []) == (mix.total, mix.parts, slugs)


def test_more_than_there_is_repeats():
    mix, slugs = mixed(source("a", part("2.5"), 4), source("b", part(1), 4))
    assert (14, 3, ["rows-repeat"]) == (mix.total, mix.repeat, slugs)


def test_parts_of_unknown_sizes_stand_as_weights():
    mix, slugs = mixed(source("a", part("0.5")), source("b", part("0.75"), 100))
    assert (None, (("a", 2), ("b", 3)), ["sizes-unknown"]) == (mix.total, mix.parts, slugs)
    mix, slugs = mixed(source("a", part("0.12345678901234567")), source("b", part(1)))
    assert ([123457, 1_000_000], ["sizes-unknown"]) == ([n for _, n in mix.parts], slugs)


def test_what_cannot_be_a_share_is_kept_in_words():
    mix, slugs = mixed(source("a", Amount(rows=9)), source("b", part("0.5")), source("c", None))
    assert ("the configuration takes 9 rows of a, 0.5 times the rows of b; of the others all rows", ()) == (
        mix.todo, mix.parts,
    )  # fmt: skip
    assert ["sizes-unknown"] == slugs


def test_a_source_of_which_nothing_is_taken_is_excluded():
    none = source("a", Amount(rows=0))
    assert (Mixture(5), []) == mixed(none, source("b", Amount(rows=5)))
    assert "the configuration takes none of it" == none.excluded
