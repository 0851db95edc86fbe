"""The lock against the spec: what drifts, how far it goes, and what a lock must be to be read."""

import re

from hypothesis import HealthCheck, example, given, settings, strategies as st
import msgspec
import pytest

from sftspec.build import read
from sftspec.plan.pins import (
    BEHIND,
    BUMPED,
    CHANGED,
    GONE,
    LOCK_FORMAT,
    MAX_BYTES,
    MOVED,
    NEW,
    OTHER_IDS,
    BadLock,
    FilePin,
    Lock,
    Pin,
    decode_lock,
    drifts,
    encode_lock,
    pinned,
    source_drifts,
)

SPEC = """edition 2026
dataset shop v1.2.3 { seed = 1, license = "CC0-1.0" }
facet topic { law, tax }
schema Answer {
  sum: number | null
  unit: "EUR" | null optional
  require unit != null when sum != null
}
schema Spare { note: string }
source rows {
  path = "data/rows.jsonl", key = id, license = "CC0-1.0"
  fields { id: string, text: string, worse: string | null, topic: facet topic, answer: Answer }
}
source more { like rows, path = "data/more.jsonl" }
prompt clerk v1.0.0 { text "You are a clerk." }
phrasing ask { "Say: {{ row.text }}", "Write: {{ row.text }}", "Sing: {{ row.text }}", "Tell: {{ row.text }}" }
phrasing ask_back { "Why?", "Where?", "How?" }
table focus by topic { law "Name the law.", tax "Name the tax." }
tool find { description = "Find.", parameters { query: string } }
template plain v1.1.0 {
  layer = domain
  from rows as row where row.text != ""
  vary say = ask
  samples = 2
  tags { topic = row.topic }
  tools = [find]
  system clerk
  user "{{ say }} {{ focus[row.topic] }}"
  assistant "{{ row.text }}"
  rejected "{{ row.worse }}" when row.worse != null
  expect chars(response) > 2
}
template typed v1.0.0 {
  layer = skill
  from more as row
  tags { topic = law }
  user "{{ row.text }}"
  assistant json Answer = row.answer
}
emit { jsonl }
"""
FILES = {
    "rows": {
        "data/rows.jsonl": FilePin(10, "sha256:aa"),
        "data/b.jsonl": FilePin(3, "sha256:bb"),
    },
    "more": {"data/more.jsonl": FilePin(7, "sha256:cc")},
}


@pytest.fixture(scope="session")
def graph_of(tmp_path_factory):
    """The graph of a spec's text."""
    root, known = tmp_path_factory.mktemp("spec"), {}

    def graph(spec=SPEC):
        if spec not in known:
            (root / "a.sft").write_text(spec, encoding="utf-8")
            known[spec], _, _ = read(root / "a.sft", root)
        return known[spec]

    return graph


@pytest.fixture(scope="session")
def lock(graph_of):
    return pinned(graph_of(), FILES, None)


def edited(*changes, spec=SPEC):
    for old, new in changes:
        assert 1 == spec.count(old), (old, spec.count(old))
        spec = spec.replace(old, new)
    return spec


def found(lock, graph):
    return [(one.kind, one.name, one.how) for one in drifts(lock, graph)]


def locked_again(lock, graph, files=FILES):
    return decode_lock(encode_lock(pinned(graph, files, lock)))


# what was locked has not changed


def test_a_spec_is_as_it_was_locked(lock, graph_of):
    assert [] == drifts(lock, graph_of())
    assert [] == source_drifts(lock, FILES, graph_of())
    assert lock == pinned(graph_of(), FILES, lock)


def test_a_lock_pins_every_definition_under_its_version_and_every_file(lock):
    versions = {
        kind: {name: list(pins) for name, pins in there.items()}
        for kind, there in lock.definitions.items()
    }
    assert {
        "prompt": {"clerk": ["1.0.0"]},
        "phrasing": {"ask": ["1.2.3"], "ask_back": ["1.2.3"]},
        "schema": {"Answer": ["1.2.3"], "Spare": ["1.2.3"]},
        "table": {"focus": ["1.2.3"]},
        "template": {"plain": ["1.1.0"], "typed": ["1.0.0"]},
        "tool": {"find": ["1.2.3"]},
    } == versions
    assert FILES == lock.sources


@pytest.mark.parametrize(
    "change",
    [
        ("edition 2026\n", "edition 2026\n# a comment\n"),
        ("seed = 1", "seed = 2"),
        ("emit { jsonl }", "mixture { total = 4, share topic even }\nemit { jsonl }"),
        ("emit { jsonl }", "gate freeze { require count() > 1 }\nemit { jsonl }"),
        ("  samples = 2\n  tags", "  samples = 2\n\n\n  tags"),
        ("  sum: ", "  sum:    "),
    ],
)
def test_what_is_no_definition_does_not_drift(change, lock, graph_of):
    assert [] == drifts(lock, graph_of(edited(change)))


# text that changed

PARTS = {
    "prompt": [(("You are a clerk.", "You are the clerk."), "clerk", ("text changed",), "1.1.0")],
    "phrasing": [
        (('"Say: {{', '"Do say: {{'), "ask", ("wording 1 changed",), "1.3.0"),
        (('"How?"', '"How?", "When?"'), "ask_back", ("wording 4 is new",), "1.3.0"),
        ((', "Tell: {{ row.text }}"', ""), "ask", ("wording 4 is gone",), "1.3.0"),
    ],
    "schema": [
        (("note: string", "note: string, more: any"), "Spare", ("field more is new",), "1.3.0"),
        (("note: string", "note: integer"), "Spare", ("field note changed",), "2.0.0"),
        (("note: string", "note: string optional"), "Spare", ("field note changed",), "2.0.0"),
        (("note: string", "text: string"), "Spare",
         ("field text is new", "field note is gone"), "2.0.0"),
        (("unit != null when sum != null", "unit != null"), "Answer", ("rule 1 changed",), "1.3.0"),
    ],
    "table": [
        (("Name the tax.", "Name a tax."), "focus", ("text of tax changed",), "1.3.0"),
    ],
    "tool": [
        (('"Find."', '"Find it."'), "find", ("schema changed",), "2.0.0"),
        (("query: string }", "query: string, most: integer optional }"), "find",
         ("schema changed",), "2.0.0"),
    ],
    "template": [
        (("layer = domain", "layer = generic"), "plain", ("layer changed",), "2.0.0"),
        (('row.text != ""', 'row.text != "-"'), "plain", ("rows changed",), "1.2.0"),
        (("from rows as row where row", "from more as row where row"), "plain",
         ("rows changed",), "1.2.0"),
        (("samples = 2", "samples = 3"), "plain", ("samples changed",), "1.2.0"),
        (("vary say = ask\n", "vary say = ask_back\n"), "plain", ("wordings changed",), "1.2.0"),
        (("{ topic = row.topic }", "{ topic = tax }"), "plain", ("tags changed",), "1.2.0"),
        (("  tools = [find]\n", ""), "plain", ("tools is gone",), "1.2.0"),
        (("system clerk", 'system "You are a clerk."'), "plain",
         ("turn 1 (system) changed",), "1.2.0"),
        (("{{ say }} {{", "{{ say }}, {{"), "plain", ("turn 2 (user) changed",), "1.2.0"),
        (('assistant "{{ row.text }}"\n', 'assistant "{{ row.text }}!"\n'), "plain",
         ("turn 3 (assistant) changed",), "1.2.0"),
        (("  system clerk\n", ""), "plain",
         ("turn 1 (user) is new", "turn 2 (assistant) is new", "turn 1 (system) is gone",
          "turn 2 (user) is gone", "turn 3 (assistant) is gone"), "1.2.0"),
        (("when row.worse != null", 'when row.worse != null and row.text != "-"'), "plain",
         ("rejected changed",), "1.2.0"),
        (("chars(response) > 2", "chars(response) > 3"), "plain",
         ("expectations changed",), "1.2.0"),
        (("json Answer = row.answer", "json Answer = row.answer\n  expect turns == 2"), "typed",
         ("expectations is new",), "1.1.0"),
    ],
}  # fmt: skip
EDITS = [(kind, *edit) for kind, edits in PARTS.items() for edit in edits]


@pytest.mark.parametrize(("kind", "change", "name", "what", "least"), EDITS)
def test_a_text_that_changed_is_named_by_its_parts_and_asks_for_a_version(
    kind, change, name, what, least, lock, graph_of
):
    changed = [one for one in drifts(lock, graph_of(edited(change))) if one.kind == kind]
    assert [(name, CHANGED, what, least)] == [
        (one.name, one.how, one.what, one.least) for one in changed
    ]


def test_every_part_of_every_kind_is_tried(graph_of):
    tried = {(kind, word.split(" ")[0]) for kind, _, _, what, _ in EDITS for word in what}
    there = {
        (kind, part.split(" ")[0])
        for kind, names in graph_of().definitions.items()
        for one in names.values()
        for part in one.parts
    }
    assert there == tried


@pytest.mark.parametrize(("kind", "change", "name"), [edit[:3] for edit in EDITS])
def test_a_change_of_a_definition_is_of_no_other_but_of_what_holds_it(
    kind, change, name, lock, graph_of
):
    others = {(one.kind, one.name) for one in drifts(lock, graph_of(edited(change)))}
    assert others == {(kind, name)}


def test_before_1_0_0_a_major_change_asks_for_a_minor_version(graph_of):
    young = SPEC.replace("v1.2.3", "v0.2.3").replace("v1.1.0", "v0.1.0")
    lock = pinned(graph_of(young), FILES, None)
    spec = edited(
        ("layer = domain", "layer = skill"), ("note: string", "note: any"), spec=young
    )
    assert {("Spare", "0.3.0"), ("plain", "0.2.0")} == {
        (one.name, one.least) for one in drifts(lock, graph_of(spec))
    }


# versions


@pytest.mark.parametrize(("kind", "change", "name"), [edit[:3] for edit in EDITS])
def test_a_change_under_another_version_only_makes_the_lock_late(
    kind, change, name, lock, graph_of
):
    raised = {"prompt": "clerk v1.0.0", "template": f"{name} v1."}.get(kind, "shop v1.2.3")
    spec = edited(change, (raised, raised.replace("v1.", "v1.7")))
    hows = {one.how for one in drifts(lock, graph_of(spec))}
    assert {BUMPED} == hows


def test_a_template_needs_a_version_of_its_own(lock, graph_of):
    spec = edited(("shop v1.2.3", "shop v2.0.0"), ("samples = 2", "samples = 3"))
    assert [("template", "plain", CHANGED), ("dataset", "shop", BUMPED)] == found(
        lock, graph_of(spec)
    )


@pytest.mark.parametrize("version", ["v1.2.2", "v0.9.0"])
def test_a_lower_version_of_the_dataset_accepts_no_other_wording(version, lock, graph_of):
    spec = edited(("shop v1.2.3", f"shop {version}"), ('"Why?"', '"Why so?"'))
    assert ("phrasing", "ask_back", CHANGED) in found(lock, graph_of(spec))


def test_an_older_version_comes_back_with_its_own_text_alone(lock, graph_of):
    raised = graph_of(edited(("clerk v1.0.0", "clerk v1.1.0"), ("a clerk", "the clerk")))
    later = locked_again(lock, raised)
    assert ["1.0.0", "1.1.0"] == sorted(later.definitions["prompt"]["clerk"])
    assert [("prompt", "clerk", BEHIND)] == found(later, graph_of())
    (drift,) = drifts(later, graph_of(edited(("a clerk", "no clerk"))))
    assert (CHANGED, "1.0.0", "1.2.0", ()) == (
        drift.how,
        drift.version,
        drift.least,
        drift.what,
    )


def test_what_was_gone_and_comes_back_is_new(lock, graph_of):
    without = edited(("schema Spare { note: string }\n", ""))
    assert [("schema", "Spare", GONE)] == found(lock, graph_of(without))
    later = locked_again(lock, graph_of(without))
    assert [] == found(later, graph_of(without))
    assert [("schema", "Spare", NEW)] == found(later, graph_of())


def test_a_dataset_that_goes_back_can_be_locked_and_read(lock, graph_of):
    back = graph_of(edited(("shop v1.2.3", "shop v1.0.0")))
    later = locked_again(lock, back)
    assert ["1.0.0"] == list(later.definitions["phrasing"]["ask"])
    assert [] == drifts(later, back)


# names


MOVED_SPEC = (
    SPEC.replace("template plain", "template simple").replace("source rows", "source asks")
    .replace("from rows as", "from asks as").replace("like rows", "like asks")
    .replace("phrasing ask {", "phrasing words {").replace("say = ask\n", "say = words\n")
)  # fmt: skip
LINES = "moved plain to simple\nmoved rows to asks\nmoved ask to words\n"
ASKS = {"asks": FILES["rows"], "more": FILES["more"]}


def test_what_moved_is_known_by_its_old_name(lock, graph_of):
    graph = graph_of(MOVED_SPEC + LINES)
    wanted = [
        ("phrasing", "words", "ask"),
        ("template", "simple", "plain"),
        ("source", "asks", "rows"),
    ]
    assert [(*one, MOVED) for one in wanted] == [
        (one.kind, one.name, one.before, one.how) for one in drifts(lock, graph)
    ]
    assert [] == source_drifts(lock, ASKS, graph)
    later = locked_again(lock, graph, ASKS)
    assert [] == drifts(later, graph)
    assert {"template": {"simple": "plain"}, "source": {"asks": "rows"}} == later.moved


def test_what_moved_and_changed_has_changed(lock, graph_of):
    graph = graph_of(edited(("samples = 2", "samples = 3"), spec=MOVED_SPEC + LINES))
    assert {("simple", CHANGED), ("simple", MOVED)} <= {
        (one.name, one.how) for one in drifts(lock, graph)
    }
    files = {**ASKS, "asks": {"data/rows.jsonl": FilePin(10, "sha256:aa")}}
    assert [("asks", CHANGED, ("data/b.jsonl is gone",))] == [
        (one.name, one.how, one.what) for one in source_drifts(lock, files, graph)
    ]


def test_a_chain_is_known_from_any_of_its_names(lock, graph_of):
    first = locked_again(lock, graph_of(MOVED_SPEC + LINES), ASKS)
    further = MOVED_SPEC.replace("template simple", "template easy") + LINES
    graph = graph_of(further + "moved simple to easy\n")
    for before in (lock, first):
        assert [("template", "easy", MOVED)] == [
            one for one in found(before, graph) if one[0] == "template"
        ]
    later = locked_again(first, graph, ASKS)
    assert "plain" == later.moved["template"]["easy"]
    assert [] == drifts(later, graph)


def test_the_line_that_says_so_cannot_be_dropped_in_silence(lock, graph_of):
    later = locked_again(lock, graph_of(MOVED_SPEC + LINES), ASKS)
    dropped = [one for one in drifts(later, graph_of(MOVED_SPEC)) if one.how == OTHER_IDS]
    assert [("template", "simple", "plain"), ("source", "asks", "rows")] == [
        (one.kind, one.name, one.before) for one in dropped
    ]


def test_a_line_that_was_not_there_gives_what_is_locked_other_ids(lock, graph_of):
    graph = graph_of(SPEC + "moved template simple to plain\n")
    (drift,) = drifts(lock, graph)
    assert ("template", "plain", OTHER_IDS, "plain") == (
        drift.kind,
        drift.name,
        drift.how,
        drift.before,
    )


def test_a_new_name_with_an_old_text_has_perhaps_moved(lock, graph_of):
    graph = graph_of(MOVED_SPEC)
    new = [one for one in drifts(lock, graph) if one.how == NEW]
    assert [("phrasing", "words", "ask")] == [
        (one.kind, one.name, one.before) for one in new if one.before
    ]
    (source,) = [one for one in source_drifts(lock, ASKS, graph) if one.how == NEW]
    assert ("asks", "rows") == (source.name, source.before)


def test_a_name_that_another_one_took_over_is_compared_with_what_moved(lock, graph_of):
    without = re.sub(r"(?s)template plain .*?\n}\n", "", SPEC)
    took = graph_of(
        without.replace("template typed", "template plain") + "moved typed to plain\n"
    )
    assert [("template", "plain", MOVED)] == [
        one for one in found(lock, took) if one[0] == "template"
    ]


# sources


def drifted(lock, graph, **files):
    left = {name: pins for name, pins in {**FILES, **files}.items() if pins is not None}
    return [(one.name, one.how, one.what) for one in source_drifts(lock, left, graph)]


def test_bytes_that_changed_are_named_by_their_file(lock, graph_of):
    b = FILES["rows"]["data/b.jsonl"]
    rows = {"data/rows.jsonl": FilePin(11, "sha256:ab"), "data/c.jsonl": b}
    said = (
        "data/rows.jsonl has 11 bytes, 10 are locked", "data/c.jsonl is new", "data/b.jsonl is gone"
    )  # fmt: skip
    assert [("rows", CHANGED, said)] == drifted(lock, graph_of(), rows=rows)
    rows = {"data/rows.jsonl": FilePin(10, "sha256:ab"), "data/b.jsonl": b}
    said = ("data/rows.jsonl has other bytes",)
    assert [("rows", CHANGED, said)] == drifted(lock, graph_of(), rows=rows)


def test_a_digest_that_is_not_known_yet_is_not_compared(lock, graph_of):
    rows = {path: FilePin(pin.bytes, "") for path, pin in FILES["rows"].items()}
    assert [] == drifted(lock, graph_of(), rows=rows)


def test_sources_that_came_and_went_make_the_lock_late(lock, graph_of):
    new = {"data/new.jsonl": FilePin(1, "sha256:dd")}
    assert [("new", NEW, ()), ("more", GONE, ())] == drifted(
        lock, graph_of(), new=new, more=None
    )


# the file

NAMES = st.text("abc_ \u00e9\"\\/'\n", min_size=1, max_size=6)
DIGESTS = st.text("0123456789abcdef", max_size=8)
VERSIONS = st.builds("{}.{}.{}".format, *[st.integers(0, 3)] * 3)
PINS = st.builds(Pin, digest=DIGESTS, parts=st.dictionaries(NAMES, DIGESTS, max_size=2))


def some(keys, values, least=1):
    return st.dictionaries(keys, values, min_size=least, max_size=2)


LOCKS = st.builds(
    Lock,
    format_version=st.just(LOCK_FORMAT),
    dataset=NAMES,
    version=st.just("4.0.0"),
    definitions=some(
        st.sampled_from(["prompt", "template", "tool"]), some(NAMES, some(VERSIONS, PINS)), 0
    ),
    sources=some(NAMES, some(NAMES, st.builds(FilePin, st.integers(0, 2**40), DIGESTS), 0), 0),
)


@given(LOCKS)
def test_what_is_written_is_read_again(lock):
    assert lock == decode_lock(encode_lock(lock))


def is_noticed(data, graph):
    """Whether a lock's bytes are refused, or say something else than the spec and its sources."""
    try:
        lock = decode_lock(data)
    except BadLock:
        return True
    if lock.dataset != graph.dataset:
        return True
    return bool(drifts(lock, graph) or source_drifts(lock, FILES, graph))


@settings(
    max_examples=800, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_byte_that_was_changed_is_noticed(lock, graph_of, data):
    whole = encode_lock(lock)
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    broken = whole[:at] + bytes([byte]) + whole[at + 1 :]
    noticed = is_noticed(broken, graph_of())
    # since when an unversioned text stands is told, and compared with nothing
    assert noticed or _without_since(decode_lock(broken)) == _without_since(lock)


def _without_since(lock):
    definitions = {
        kind: {name: list(pins.values()) for name, pins in there.items()}
        for kind, there in lock.definitions.items()
    }
    return lock.dataset, lock.version, definitions, lock.sources, lock.moved


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
@example(None)
def test_bytes_that_are_gone_or_doubled_are_noticed(lock, graph_of, data):
    whole = encode_lock(lock)
    if data is None:
        assert is_noticed(b"", graph_of())
        return
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, len(whole)))
    assert is_noticed(whole[:start] + whole[end:], graph_of())
    assert is_noticed(whole[:end] + whole[start:], graph_of())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from([edit[1] for edit in EDITS]), unique=True, max_size=3),
    st.booleans(),
)
def test_a_lock_is_up_to_date_where_nothing_drifts(lock, graph_of, changes, raised):
    spec = SPEC
    for old, new in [*changes, *[("shop v1.2.3", "shop v1.3.0")] * raised]:
        if 1 == spec.count(old):
            spec = spec.replace(old, new)
    graph = graph_of(spec)
    later = locked_again(lock, graph)
    assert (drifts(lock, graph) == []) == (lock == later)
    assert [] == drifts(later, graph)
    assert later == locked_again(later, graph)


PLAIN = {
    "format_version": LOCK_FORMAT, "dataset": "shop", "version": "1.0.0",
    "definitions": {"prompt": {"clerk": {"1.0.0": {"digest": "aa"}}}}, "sources": {},
}  # fmt: skip


def data_of(content):
    return (
        msgspec.json.format(msgspec.json.encode(content, order="deterministic"), indent=2)
        + b"\n"
    )


def test_a_plain_lock_is_read():
    assert "shop" == decode_lock(data_of(PLAIN)).dataset


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([], "its format is None"),
        (PLAIN | {"format_version": 2}, "its format is 2, this compiler knows 1"),
        (PLAIN | {"format_version": "1"}, "its format is '1'"),
        (PLAIN | {"more": 1}, "it cannot be read: .*unknown field `more`"),
        (PLAIN | {"version": "1.0"}, "`1.0` is no version"),
        (PLAIN | {"version": "1.0." + "9" * 5000}, "is no version"),
        (PLAIN | {"definitions": {"prompt": {"clerk": {}}}}, "it pins prompt `clerk` under no version"),
        (PLAIN | {"definitions": {"prompt": {"clerk": {"1.x.0": {"digest": ""}}}}}, "under no version"),
        (PLAIN | {"definitions": {"phrasing": {"ask": {"1.0.1": {"digest": ""}}}}}, "under no version"),
        (PLAIN | {"definitions": {"promt": {"clerk": {"1.0.0": {"digest": ""}}}}}, "it pins a promt"),
        (PLAIN | {"definitions": {"prompt": {}}}, "there is none to pin"),
        (PLAIN | {"moved": {"prompt": {"clerk": "old"}}}, "it says of a prompt that it moved"),
        (PLAIN | {"moved": {"template": {"plain": "old"}}}, "it says of a template that it moved"),
        (PLAIN | {"moved": {"source": {}}}, "it says of a source that it moved"),
    ],
)  # fmt: skip
def test_what_no_lock_says_is_refused(content, why):
    with pytest.raises(BadLock, match=why):
        decode_lock(data_of(content))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it cannot be read"),
        (b"[" * 100_000, "it cannot be read"),
        (b"\xff\xfe", "it cannot be read"),
        (b" " * (MAX_BYTES + 1), "it has more than 16 MiB"),
        (data_of(PLAIN) + b"\n", "its bytes are not those"),
        (msgspec.json.encode(PLAIN), "its bytes are not those"),
        (
            data_of(PLAIN).replace(b'"sources": {}', b'"sources": {}, "sources": {}'),
            "its bytes",
        ),
        (b"<<<<<<< ours\n" + data_of(PLAIN), "it cannot be read"),
    ],
)
def test_bytes_that_no_lock_has_are_refused(data, why):
    with pytest.raises(BadLock, match=why):
        decode_lock(data)
