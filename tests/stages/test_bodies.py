"""Bodies against Jinja itself: the same text, and spans that cut out exactly what is data."""

from functools import cache

from hypothesis import given, settings, strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment
import numpy as np
import pytest

from sftspec.expr import types
from sftspec.ground.report import Report
from sftspec.ground.text import Span, SpecText
from sftspec.ir import body as b
from sftspec.ir.filters import FILTERS, show
from sftspec.ir.jinja import compile_body
from sftspec.ir.nodes import Table
from sftspec.ir.schema import reach
from sftspec.ir.values import BodyScope, Place
from sftspec.stages.bodies import Drawn, Frame, render_body

steady = settings(deadline=None, derandomize=True, max_examples=120)
TEXT, INT = types.Text(), types.Int()
RISK = types.Facet("risk", ("low", "high"), ordered=True)
ITEM = types.Record((types.Field("t", TEXT), types.Field("n", INT)))
OPTIONAL = types.Union((TEXT, types.Null()))
ROW = types.Record(
    tuple(
        types.Field(name, kind)
        for name, kind in {
            "a": TEXT, "items": TEXT, "keys": TEXT, "get": TEXT, "n": INT, "x": types.Number(),
            "opt": OPTIONAL, "words": types.List(TEXT), "nums": types.List(INT),
            "rec": types.Record((types.Field("t", TEXT), types.Field("values", TEXT))),
            "recs": types.List(ITEM), "risk": RISK, "lists": types.List(types.List(TEXT)),
        }.items()
    )
)  # fmt: skip
TEXTS = {"low": "Keep it ü.", "high": "Mind {{ row.a }}."}
SCHEMA = '{"type":"object"}'
OPEN, CLOSE = "\ue000", "\ue001"


def table(texts):
    span = Span(SpecText("spec.sft", ""), 0, 0)
    return Table(name="focus", facet="risk", texts=tuple(texts.items()), span=span)


def compiled(source, drawn=(), bound=None):
    scope = BodyScope(
        "" if bound else "row", ROW, dict.fromkeys(drawn), {"focus": table(TEXTS)},
        {"Terms": SCHEMA}, bound=bound or {},
    )  # fmt: skip
    report = Report()
    text = SpecText("body.txt", source)
    body = compile_body(source, Place(None, Span(text, 0, len(source))), scope, report)
    assert body is not None, [(source, item.message) for item in report.items]
    return body


def frame_of(rows, drawn=None):
    def get(path):
        return [reach(row, path[1:]) for row in rows]

    return Frame(len(rows), get, drawn or {}, {"focus": TEXTS})


def rendered(source, rows, drawn=None, bound=None):
    return render_body(compiled(source, tuple(drawn or ()), bound), frame_of(rows, drawn))


def data_of(texts, index):
    """The data of a text, cut out by its spans."""
    data = texts.texts[index].encode()
    spans = [int(edge) for edge in texts.spans[index]]
    return [data[a:z].decode() for a, z in zip(spans[::2], spans[1::2], strict=True)]


# ------------------------------------------------------------------ the oracle


def oracle():
    found = ImmutableSandboxedEnvironment(
        finalize=show, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True,
        autoescape=False,
    )  # fmt: skip
    found.filters = {name: kind.function for name, kind in FILTERS.items()}
    found.filters["json_schema"] = lambda text: text
    return found


ORACLE = oracle()


@cache
def in_words(source):
    return ORACLE.from_string(source)


def in_jinja(source, row, **names):
    return in_words(source).render(row=row, focus=TEXTS, Terms=SCHEMA, **{"ask": "", **names})


def taken_apart(marked):
    """A text with marks: the text, and its data spans in bytes."""
    text, spans, at = [], [], 0
    for char in marked:
        if char in {OPEN, CLOSE}:
            spans.append(at)
        else:
            text.append(char)
            at += len(char.encode())
    return "".join(text), spans


# ------------------------------------------------------------------ bodies and rows

words = st.text('ab Z.!?\n\u00fc\u6f22\U0001f600"\\', max_size=8)
spoken = words | st.sampled_from(
    ["{{ row.a }}", "{% if x %}", "{#", "a. B! c", " x\r\ny\n\nz "]
)
author = st.text("ab \n\u00e9\U0001f600}%#\"'", max_size=6) | st.sampled_from(
    ["{ ", "\n  ", "}}"]
)
constants = st.sampled_from(["", "-", ", ", "\u00fc", "a", "{{"])


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


text_filters = st.sampled_from(
    ["upper", "lower", "trim", "first_sentence", "indent", "indent(2)", "json", 'default("d")']
) | st.tuples(constants, constants).map(
    lambda two: f"replace({quoted(two[0])}, {quoted(two[1])})"
)
list_ends = st.sampled_from(["join", "bullet", "json", "length"]) | constants.map(
    lambda mark: f"join({quoted(mark)})"
)
PLACES = ["row.a", 'row["items"]', "row.rec.t", "row['rec']['values']", "row.n", "row.x"]


@st.composite
def outputs(draw, names=()):
    """An expression that prints data."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        ends = draw(st.lists(text_filters, max_size=3))
        return " | ".join([draw(st.sampled_from(["row.a", "row.rec.t", *names])), *ends])
    if kind == 1:
        return f"row.opt | default({quoted(draw(constants))})"
    if kind == 2:
        return f"row.{draw(st.sampled_from(['words', 'nums']))} | {draw(list_ends)}"
    if kind == 3:
        cut = draw(st.sampled_from(["lines", "sentences"]))
        return f"row.a | {cut} | {draw(list_ends)}"
    if kind == 4:
        end = draw(st.sampled_from(["first", "last"]))
        return f"row.words | {end} | default({quoted(draw(constants))})"
    return draw(st.sampled_from([*PLACES, "row.rec | json", "row.opt | json", *names]))


conditions = st.recursive(
    st.sampled_from(
        ["row.opt", "row.opt is none", "row.opt is not none", "row.n > 3", 'row.a == "a"',
         "row.words", 'row.risk == "low"', "row.a != row.rec.t", "row.n <= row.x"]
    ),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
        lambda three: f"({three[0]} {three[1]} {three[2]})"
    ) | inner.map(lambda one: f"not {one}"),
    max_leaves=3,
)  # fmt: skip


@st.composite
def nodes(draw, depth=2, names=(), *, asks=False):
    """A source, and the same with marks around what prints data."""
    plain, marked = [], []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.integers(0, 9 if depth else 6))
        if kind <= 2:
            text = draw(author)
            plain.append(text)
            marked.append(text)
        elif kind <= 5:
            what = "{{ " + draw(outputs(names)) + " }}"
            plain.append(what)
            marked.append(f"{OPEN}{what}{CLOSE}")
        elif kind == 6:
            fixed = ['{{ "lit \u00fc" }}', "{{ Terms | json_schema }}", "{{ focus[row.risk] }}",
                     "{# note #}", "{{ focus[row.risk] | upper }}"]  # fmt: skip
            what = draw(st.sampled_from([*fixed, "{{ ask }}"] if asks else fixed))
            plain.append(what)
            marked.append(what)
        else:
            for out, text in zip((plain, marked), draw(block(depth, names)), strict=True):
                out.append(text)
    return "".join(plain), "".join(marked)


@st.composite
def block(draw, depth, names):
    gap = draw(st.sampled_from(["", "\n", "  "]))
    if draw(st.booleans()):
        test = draw(conditions)
        inner, other = draw(nodes(depth - 1, names)), draw(nodes(depth - 1, names))
        shape = draw(
            st.sampled_from(["{0}", "{0}{{% else %}}{1}", "{0}{{% elif row.n > 1 %}}{1}"])
        )
        return tuple(
            f"{gap}{{% if {test} %}}{gap}{shape.format(one, two)}{gap}{{% endif %}}{gap}"
            for one, two in zip(inner, other, strict=True)
        )
    name = f"item{depth}"
    over, known = draw(st.sampled_from([("words", [name]), ("recs", [f"{name}.t"]),
                                        ("nums", [])]))  # fmt: skip
    inner = draw(nodes(depth - 1, (*names, *known)))
    return tuple(
        f"{gap}{{% for {name} in row.{over} %}}{gap}{one}{{% else %}}none{{% endfor %}}{gap}"
        for one in inner
    )


rows = st.fixed_dictionaries(
    {
        "a": spoken, "items": spoken, "keys": words, "get": words,
        "n": st.integers(-5, 10**20), "x": st.floats(allow_nan=False, allow_infinity=False),
        "opt": st.none() | spoken, "words": st.lists(spoken, max_size=3),
        "nums": st.lists(st.integers(), max_size=3),
        "rec": st.fixed_dictionaries({"t": spoken, "values": words}),
        "recs": st.lists(st.fixed_dictionaries({"t": spoken, "n": st.integers()}), max_size=2),
        "risk": st.sampled_from(["low", "high"]), "lists": st.just([]),
    }
)  # fmt: skip


@steady
@given(nodes(), st.lists(rows, min_size=1, max_size=3))
def test_a_body_says_what_jinja_says_and_its_spans_are_its_data(body, rows):
    source, marked = body
    texts = rendered(source, rows)
    assert {} == texts.failures
    for index, row in enumerate(rows):
        text, spans = taken_apart(in_jinja(marked, row))
        assert in_jinja(source, row) == text == texts.texts[index]
        assert spans == [int(edge) for edge in texts.spans[index]]
    assert texts.constant in {None, *texts.texts}
    assert texts.constant is None or len(set(texts.texts)) == 1


@steady
@given(
    nodes(asks=True), st.lists(nodes(depth=1), min_size=1, max_size=3), st.data(),
    st.lists(rows, min_size=1, max_size=4),
)  # fmt: skip
def test_a_wording_stands_where_its_name_stands(body, options, data, rows):
    source, marked = body
    bodies = [compiled(plain) for plain, _ in options]
    choice = [data.draw(st.integers(0, len(options) - 1)) for _ in rows]
    texts = rendered(source, rows, {"ask": Drawn(bodies, choice)})
    runs = isinstance(compiled(source, ("ask",)), b.Program)
    for index, row in enumerate(rows):
        plain, with_marks = options[choice[index]]
        ask = in_jinja(with_marks, row)
        fixed = all(isinstance(p, b.Lit) for p in getattr(bodies[choice[index]], "pieces", [1]))
        if not fixed and (runs or isinstance(bodies[choice[index]], b.Program)):
            ask = OPEN + in_jinja(plain, row) + CLOSE
        text, spans = taken_apart(in_jinja(marked, row, ask=ask))
        assert text == texts.texts[index]
        assert spans == [int(edge) for edge in texts.spans[index]]


# ------------------------------------------------------------------ in words


def row_of(**given):
    return {
        "a": "A", "items": "I", "keys": "K", "get": "G", "n": 1, "x": 0.5, "opt": None,
        "words": ["w"], "nums": [1], "rec": {"t": "T", "values": "V"}, "recs": [],
        "risk": "low", "lists": [], **given,
    }  # fmt: skip


def test_text_alone_is_the_same_for_every_row():
    texts = rendered("Only the author's \u00fc.", [row_of(), row_of()])
    assert "Only the author's \u00fc." == texts.constant
    assert ["Only the author's \u00fc."] * 2 == texts.texts
    assert [[], []] == texts.spans.tolist()


@pytest.mark.parametrize("source", ["{{ row.a }}", "{% if row.a %}{{ row.a }}{% endif %}"])
@pytest.mark.parametrize("data", ["{{ row.n }}", "{% raw %}", "{{ 7 * 7 }}", "{#", "{{"])
def test_what_is_written_in_data_is_never_rendered(source, data):
    texts = rendered(f"\u00fc{source}.", [row_of(a=data)])
    assert [f"\u00fc{data}."] == texts.texts
    assert [data] == data_of(texts, 0)


@pytest.mark.parametrize("name", ["items", "keys", "get"])
@pytest.mark.parametrize(
    "source",
    ["{{ row.NAME }}", '{{ row["NAME"] }}', "{% if row.NAME %}{{ row.NAME }}{% endif %}"],
)
def test_a_field_named_like_a_method_is_the_field(name, source):
    texts = rendered(source.replace("NAME", name), [row_of(**{name: "the field"})])
    assert ["the field"] == texts.texts
    assert {} == texts.failures


@pytest.mark.parametrize("source", ["{{ row.rec.values }}", "{% if row.n %}{{ row.rec.values }}{% endif %}"])  # fmt: skip
def test_a_nested_field_named_like_a_method_is_the_field(source):
    assert ["V"] == rendered(source, [row_of()]).texts


def test_a_field_that_is_not_there_is_no_method():
    body = b.Program(
        "{% if row.pop %}x{% else %}y{% endif %}", (("row", "pop"),), (), (), "row"
    )
    assert ["y"] == render_body(body, frame_of([row_of()])).texts
    body = b.Program("{{ row.a.upper }}{{ row.a.__class__ }}", (("row", "a"),), (), (), "row")
    assert {0} == set(render_body(body, frame_of([row_of()])).failures)


@pytest.mark.parametrize(
    ("source", "row", "reason"),
    [
        ("{{ row.a }}", {"a": None}, "missing_field"),
        ("{{ row.a | upper }}", {"a": None}, "missing_field"),
        ("{{ row.a | upper }}", {"a": 3}, "type_error"),
        ("{{ row.words | join }}", {"words": [None]}, "type_error"),
        ("{{ row.n }}", {"n": True}, "type_error"),
        ("{{ row.a }}", {"a": ["x"]}, "type_error"),
        ("{{ focus[row.risk] }}", {"risk": None}, "missing_field"),
        ("{{ focus[row.risk] }}", {"risk": "medium"}, "missing_field"),
        ("{{ focus[row.risk] }}", {"risk": []}, "missing_field"),
        ("{% if row.n %}{{ row.a }}{% endif %}", {"a": None}, "missing_field"),
        ("{% if row.n %}{{ row.a }}{% endif %}", {"a": {}}, "type_error"),
        ("{% if row.n %}{{ focus[row.risk] }}{% endif %}", {"risk": None}, "missing_field"),
        ("{% for w in row.words %}{{ w }}{% endfor %}", {"words": [None]}, "missing_field"),
        ("{% for w in row.words %}{{ w }}{% endfor %}", {"words": 3}, "type_error"),
    ],
)
def test_a_value_without_a_plain_form_sets_its_own_row_aside(source, row, reason):
    texts = rendered(source, [row_of(), row_of(**row), row_of()])
    assert {1: reason} == {index: why for index, (why, _) in texts.failures.items()}
    assert texts.texts[0] == texts.texts[2] != ""
    assert texts.failures[1][1]


def test_a_table_gives_the_authors_text():
    texts = rendered("{{ focus[row.risk] }}", [row_of(), row_of(risk="high")])
    assert ["Keep it \u00fc.", "Mind {{ row.a }}."] == texts.texts
    assert [[], []] == texts.spans.tolist()


def test_a_name_is_filtered_after_its_wording_is_drawn():
    drawn = {"ask": Drawn([compiled("say {{ row.a }}"), compiled("x")], [0, 1])}
    texts = rendered("{{ ask | upper }}!", [row_of(), row_of()], drawn)
    assert ["SAY A!", "X!"] == texts.texts
    assert ["SAY A"] == data_of(texts, 0)


def test_the_authors_words_stay_the_authors_through_filters_where_jinja_runs():
    drawn = {"ask": Drawn([compiled("say")], [0])}
    source = (
        "{% if row.n %}{{ ask | upper }} {{ focus[row.risk] | lower }}{{ row.a }}{% endif %}"
    )
    texts = rendered(source, [row_of()], drawn)
    assert ["SAY keep it \u00fc.A"] == texts.texts
    assert ["A"] == data_of(texts, 0)


def test_a_wording_that_reads_the_row_is_data_where_jinja_runs():
    drawn = {"ask": Drawn([compiled("say {{ row.a }}"), compiled("say it")], [0, 1])}
    texts = rendered("{% if row.n %}{{ ask }}{% endif %}", [row_of(), row_of()], drawn)
    assert ["say A", "say it"] == texts.texts
    assert [["say A"], []] == [data_of(texts, 0), data_of(texts, 1)]


def test_a_wording_that_fails_sets_its_row_aside():
    drawn = {"ask": Drawn([compiled("say {{ row.a }}"), compiled("x")], [0, 1])}
    bad = [row_of(a=None), row_of(a=None)]
    for source in ("{{ ask }}", "{{ ask | upper }}", "{% if row.n %}{{ ask }}{% endif %}"):
        assert {0: "missing_field"} == {
            index: why for index, (why, _) in rendered(source, bad, drawn).failures.items()
        }


def test_a_file_is_chosen_by_the_rows_facet_and_names_only_what_is_bound():
    bound = {"text": (("row", "a"), TEXT)}
    bodies = (("low", compiled("Low: {{ text }}", bound=bound)),
              ("high", compiled("{% if text %}High: {{ text }}{% endif %}", bound=bound)))  # fmt: skip
    rows = [row_of(risk="high"), row_of(a="\u6f22"), row_of(risk=None), row_of(risk="odd")]
    texts = render_body(b.Choice(("row", "risk"), bodies), frame_of(rows))
    assert ["High: A", "Low: \u6f22", "", ""] == texts.texts
    assert [["A"], ["\u6f22"], [], []] == [data_of(texts, at) for at in range(4)]
    assert {2: "missing_field", 3: "missing_field"} == {
        index: why for index, (why, _) in texts.failures.items()
    }


def test_no_candidates_at_all_are_no_trouble():
    drawn = {"ask": Drawn([compiled("say {{ row.a }}")], [])}
    for source in ("x", "{{ row.a }}{{ ask }}", "{% if row.a %}x{% endif %}", "{{ ask }}"):
        texts = rendered(source, [], drawn)
        assert [] == texts.texts
        assert 0 == len(np.asarray(texts.spans))
