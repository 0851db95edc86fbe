"""Whatever the text: reading, parsing and loading it say what is wrong and raise nothing."""

from hypothesis import HealthCheck, given, settings, strategies as st

from sftspec.ground.render import FORMATS, render
from sftspec.ground.report import Report
from sftspec.ir.resolve import load
from sftspec.syntax.parse import parse
from sftspec.syntax.read import check_text
from tests.bad_input.kit import SPEC, with_body

QUICK = settings(
    max_examples=300, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
WORDS = st.sampled_from(
    [*sorted(set(SPEC.replace("\n", " \n ").split(" "))), *'{}[]()"=:,.|#\\\n \t<>!%', '"""', '\n"""\n', "not", "and",
     "or", "in", "has", "when", "-1", "9" * 30, "0.5", "10%", "v1.0.0", "{{", "}}", "{%", "%}", "{#", "row.", "import",
     '"m.sft"', "join", "leave", "out", "extend", "share", "\u202e", "\u0430", "\x00", "e\u0301", "\ud800"]
)  # fmt: skip
LINES = st.sampled_from([*SPEC.split("\n"), "}", "{", '"""', "gate g {", "  require rate(valid(response)) > 1%"])  # fmt: skip
BODY = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", " row", ".text", ".items", ".terms", ".note", " how", " focus[", "]", "[", "(", ")",
     "|", " lower", " replace", " join", " default", " json", "'a'", '"', "'", " if ", " for x in ", " endif ", " endfor ",
     " else ", " elif ", " set ", " not ", " and ", " is none ", " == ", " ~ ", " * ", "9", "x", ",", "=", "\\", "\n", "-"]
)  # fmt: skip


def judge(tmp_path, text):
    """Read and load a text; what is said can be shown in every format."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    report = Report()
    spec = check_text(data, "m.sft", report)
    if spec is not None:
        parse(spec, report)
    (tmp_path / "m.sft").write_bytes(data)
    whole = Report()
    loaded = load(tmp_path / "m.sft", tmp_path, whole)
    assert (loaded is None) == whole.failed
    assert not report.failed or whole.failed
    for form in FORMATS:
        said = render(whole.sorted(), form)
        if form == "text":
            assert all(char == "\n" or char.isprintable() for char in said)


def spliced(parts):
    """The spec with a part of it replaced."""
    start, length, text = parts
    return SPEC[:start] + text + SPEC[start + length :]


@QUICK
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_any_bytes(tmp_path_factory, text):
    judge(tmp_path_factory.getbasetemp(), text)


@QUICK
@given(st.lists(WORDS, max_size=60))
def test_any_words(tmp_path_factory, words):
    judge(tmp_path_factory.getbasetemp(), "edition 2026\n" + " ".join(words))


@QUICK
@given(st.lists(LINES, max_size=40))
def test_any_lines(tmp_path_factory, lines):
    judge(tmp_path_factory.getbasetemp(), "edition 2026\n" + "\n".join(lines))


@QUICK
@given(
    st.tuples(
        st.integers(0, len(SPEC)), st.integers(0, 40), st.lists(WORDS, max_size=4).map("".join)
    ).map(spliced)
)
def test_a_sound_spec_with_a_part_replaced(tmp_path_factory, text):
    judge(tmp_path_factory.getbasetemp(), text)


@QUICK
@given(st.lists(BODY, max_size=25).map("".join))
def test_any_body(tmp_path_factory, body):
    judge(tmp_path_factory.getbasetemp(), with_body(body))
