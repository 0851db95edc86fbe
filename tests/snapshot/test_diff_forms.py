"""A diff as text, Markdown, a page and JSON: what each says, what it leaves out, and that no data are live in it.

`golden/diff` holds what `FULL`, a diff with everything in it, comes to in each form; this file, run
by itself, writes it anew.
"""

from html.parser import HTMLParser
import json
from pathlib import Path
import re
import unicodedata

from hypothesis import Phase, given, settings, strategies as st
import msgspec
from msgspec.structs import replace
import pytest

from sftspec.ground.render import answer
from sftspec.snapshot.compare.base import (
    Change,
    Diff,
    FacetShift,
    Group,
    LengthShift,
    Movement,
    Sample,
    Shift,
    Side,
    TurnDiff,
    Versions,
    Word,
)
from sftspec.snapshot.compare.forms import base, figures, html, markdown, text
from sftspec.snapshot.compare.forms.base import Look

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "diff"
WORDED = (Word("=", "…no guess"), Word("+", ", no estimate"), Word("=", ". A field that "),
          Word("-", "does not settle"), Word("+", "leaves open"), Word("=", " is\nnull; a list…"))  # fmt: skip
GATE = Change(
    "gate-weaker", "major", "gate", "freeze", "`require a >= 90%` is `require a >= 80%` now",
    "require a >= 90%", "require a >= 80%",
)  # fmt: skip
PROMPT = Change(
    "prompt-text", "minor", "prompt", "reader", "text changed, v1.0.0 → v1.1.0",
    "Read the excerpt.\nNo guess.", "Read the clause.\nNo guess, no estimate.",
)  # fmt: skip
CHANGES = (
    GATE,
    PROMPT,
    Change("facet-value-added", "minor", "facet", "topic", "value privacy is new", possible=True),
    Change("table-text", "minor", "table", "focus", "text of privacy is new", "", "Name ```it```."),
    Change("screen", "minor", "screen", "", "`drop a < 24` changed", "drop a < 20", "drop a < 24"),
    Change("share", "patch", "share", "risk", "high 31% → 31.5%, low rest → 68.5%"),
    Change("moved", "none", "template", "terms", "was called pay"),
)  # fmt: skip
SEED = ("seed: 1 → 2",)
TEXT = ("prompt reader: text changed, v1.0.0 → v1.1.0", "screen: `drop a < 24` changed")
GROUPS = (
    Group("added", "terms", "clauses", "not_chosen", "train build", 12_345, SEED,
          (Sample("ab" * 16, "k-1", "data/a.jsonl", 3), Sample("cd" * 16))),
    Group("added", "forum", "clauses", "absent", "dev", 2, SEED),
    Group("removed", "terms", "clauses", "train push", "rejected:screened", 7, TEXT[1:]),
    Group("modified", "terms", "clauses", "train", "train", 31, TEXT, (
        Sample("01" * 16, "k-2", "data/a.jsonl", 4, (("risk", "low", "high"), ("topic", "", "law")),
               (TurnDiff("system", WORDED), TurnDiff("user", (Word("-", " "), Word("+", "\n"))))),
        Sample("02" * 16, "k-3", "data/a.jsonl", 5, (), (TurnDiff("system", WORDED),)),
        Sample("03" * 16, "k-4", "data/a.jsonl", 6, (), (TurnDiff("user", (Word("+", "All new."),)),)),
    )),
    Group("modified", "forum", "clauses", "dev", "dev", 1, TEXT, (
        Sample("04" * 16, "k-5", "data/b.jsonl", 1, (), (
            TurnDiff("system", WORDED),
            TurnDiff("assistant", (Word("=", "| a |\n"), Word("-", "| b |"), Word("+", "| c |"))))),
    )),
    Group("moved", "terms", "clauses", "dev", "train build", 4, ("split dev: 10% → 5%", *SEED)),
)  # fmt: skip
FULL = Diff(
    before=Side("legal@frozen", "legal", "1.2.0", "sha256:" + "a1" * 32, frozen=True,
                chosen=20_000, records=True, texts=True),
    after=Side("legal", "legal", "1.2.1", "sha256:" + "b2" * 32, frozen=False,
               chosen=32_338, records=True, texts=False),
    changes=CHANGES,
    totals={"added": 12_347, "removed": 7, "modified": 32, "retagged": 0, "moved": 4, "same": 19_950},
    groups=GROUPS,
    facets=(
        FacetShift("train", "risk", (200, 300), 733, (
            Shift("high", 62, 115, 3_100, 3_600), Shift("low", 138, 185, 6_900, None))),
        FacetShift("dev", "topic", (20, 20), 500, (
            Shift("law", 10, 9), Shift("money", 10, 10), Shift("privacy", 0, 1))),
        FacetShift("train", "origin", (200, 300), 0, (Shift("human", 200, 300),)),
    ),
    lengths=(
        LengthShift("train", "prompt", {"p5": 49, "p50": 719, "p95": 2_516, "max": 2_534, "total": 331_140},
                    {"p5": 49, "p50": 732, "p95": 2_525, "max": 2_543, "total": 3_441_560}),
        LengthShift("new", "response", {}, {"p5": 1, "p50": 2, "p95": 3, "max": 4, "total": 5}),
    ),
    funnel=(
        Movement("rows read", "1000", "1200"), Movement("rejected screened", None, "7"),
        Movement("rows of faq invalid_csv", "1", None),
    ),
    gates=(
        Movement("freeze: require a >= 90%", "91%", None, held=True),
        Movement("freeze: require a >= 80%", None, "82%", holds=True),
        Movement("freeze: warn p95(chars(response)) <= 900", "382", "901", held=True, holds=False),
    ),
    versions=(
        Versions("git:0123456789ab:legal (candidate)", "1.2.1", "1.2.1", "minor", "1.3.0", enough=False,
                 breaks=(PROMPT,)),
        Versions("legal@1.2.0 (frozen)", "1.2.0", "1.2.1", "major", "2.0.0", enough=False,
                 breaks=(GATE, PROMPT), known=3),
    ),
    notes=("the texts of changed records are not shown, their data are not here on both sides",),
)  # fmt: skip
BARE = replace(FULL, changes=(), totals={}, groups=(), facets=(), lengths=(), funnel=(), gates=(), notes=())  # fmt: skip
FORMS = {"text": text.render, "markdown": markdown.render, "html": html.render}


def page_of(diff, look=None):
    """A page without its head, which is the same in all."""
    return html.render(diff, look).partition("<main>")[2]


GOLDENS = {
    "full.txt": lambda: text.render(FULL),
    "full.colour.txt": lambda: text.render(FULL, colour=True).replace("\x1b", "ESC"),
    "full.md": lambda: markdown.render(FULL),
    "full.html": lambda: page_of(FULL),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_a_diff_with_everything_in_it(name):
    assert (GOLDEN / name).read_text("utf-8") == GOLDENS[name]()


@pytest.mark.parametrize("form", FORMS)
def test_the_same_diff_gives_the_same_bytes(form):
    again = msgspec.convert(msgspec.to_builtins(FULL), Diff)
    assert FORMS[form](FULL) == FORMS[form](again)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_there_is_not_spoken_of(form):
    told = FORMS[form](BARE).partition("</head>")[2] or FORMS[form](BARE)
    for word in ("Distribution", "Lengths", "Funnel", "Gates", "Notes", "group", "sample"):
        assert word not in told
    assert "says too little" in told


@pytest.mark.parametrize("form", FORMS)
def test_one_snapshot_twice_is_said_to_be_one(form):
    one = replace(BARE, after=BARE.before, versions=())
    assert ("same", True) == (
        base.verdict(one),
        "one and the same snapshot" in FORMS[form](one),
    )
    assert "one and the same" not in FORMS[form](FULL)


@pytest.mark.parametrize("form", [text, markdown, html])
def test_nothing_to_compare_with_is_said(form):
    told = form.nothing("legal 1.0.0", ("nothing to compare with: no base",))
    assert "legal 1.0.0" in told
    assert "nothing to compare with: no base" in told


# the verdict


def test_the_last_of_two_judgements_decides():
    small, enough = FULL.versions[0], replace(FULL.versions[0], enough=True, breaks=())
    assert "bump-too-small" == base.verdict(replace(FULL, versions=(enough, small)))
    assert "ok" == base.verdict(replace(FULL, versions=(small, enough)))
    told = text.render(replace(FULL, versions=(small, enough)))
    assert "error[bump-too-small]" not in told
    assert "Version, for information\n  1.2.1 says too little: " in told


ASKS = "the changes since A ask for a minor version, so 1.3.0 at least"
EARLY = "the changes since A ask for a major version, which before 1.0.0 is a minor one, so 1.3.0 at least"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"asked": "none", "enough": True}, "is enough: nothing since A asks for another version"),
        ({"enough": True}, f"is enough: {ASKS}"),
        ({"enough": True, "known": 1}, f"is enough for what is new: {ASKS}, but the base has them already"),
        ({}, f"says too little: {ASKS}"),
        ({"known": 2}, f"says too little: {ASKS}; the base already has 2 more of them"),
        ({"asked": "major", "before": "0.2.0"}, f"says too little: {EARLY}"),
    ],
)  # fmt: skip
def test_a_judgement_in_a_sentence(changed, said):
    one = Versions("A", "1.2.0", "2.0.0", "minor", "1.3.0", enough=False)
    assert f"2.0.0 {said}" == base.judgement(replace(one, **changed))


# what is shown of a text


def test_texts_that_a_line_says_already_are_not_repeated():
    assert () == base.passage(GATE)
    assert () == base.passage(CHANGES[2])
    assert {"-", "+", "="} == {word.op for word in base.passage(PROMPT)}


def test_blanks_that_changed_are_seen():
    seen = base.visible((Word("-", " "), Word("+", "\n"), Word("=", " "), Word("+", "a b")))
    assert ["·", "↵\n", " ", "a b"] == [word.text for word in seen]


def test_old_and_new_lines_break_where_both_have_the_same():
    run = (
        Word("=", "one two "),
        Word("-", "three"),
        Word("+", "3 and"),
        Word("=", " four\nfive"),
    )
    assert [("one two three four", "one two 3 and four"), ("five", "five")] == list(
        base.old_and_new(run, 96)
    )
    assert [("one two", "one two"), ("three four", "3 and four"), ("five", "five")] == list(
        base.old_and_new(run, 6)
    )


def test_words_that_changed_in_many_records_are_shown_once():
    for form in FORMS.values():
        assert 1 == form(FULL, Look(samples=3)).count("leaves open")
    assert "The same words as in k-2 changed in k-3." in text.render(FULL)


def test_as_many_samples_are_shown_as_are_asked_for():
    for form in FORMS.values():
        assert "All new." not in form(FULL)
        assert "All new." in form(FULL, Look(samples=3))
        assert "k-2" not in form(FULL, Look(samples=0))


# what is left out


MANY = replace(
    FULL,
    changes=tuple(replace(PROMPT, name=f"p{n}") for n in range(700)),
    groups=tuple(replace(GROUPS[0], template=f"t{n}", causes=(f"c{n // 50}",)) for n in range(700)),
    facets=tuple(
        replace(FULL.facets[1], facet=f"f{n}", values=tuple(Shift(f"v{m}", m, m + 1) for m in range(40)))
        for n in range(70)
    ),
    gates=tuple(replace(FULL.gates[2], name=f"g{n}") for n in range(300)),
)  # fmt: skip


def test_long_lists_are_cut_on_a_terminal_and_said_to_be():
    told = text.render(MANY)
    for more in ("685 more changes", "44 more groups", "64 more facets",
                 "32 more values", "280 more lines"):  # fmt: skip
        assert f"    and {more}\n" in told
    assert "\n  and 6,172,500 more added for 10 other causes\n" in told
    assert told.endswith("\n`--all` shows what is left out.\n")
    whole = text.render(MANY, Look(whole=True))
    assert not re.search(r"and [\d,]+ more|left out", whole)
    for name in ("p699", "t699", "f69", "v39", "g299"):
        assert name in whole
        assert name not in told


def test_long_lists_are_cut_on_a_page():
    for more in ("500 more changes", "10 more groups", "10 more facets", "10 more values",
                 "100 more lines"):  # fmt: skip
        assert f"and {more}; <code>--all</code> shows all" in page_of(MANY)
    assert "shows all" not in page_of(MANY, Look(whole=True))


def test_a_comment_is_never_too_long_and_says_what_it_left_out():
    for look in (Look(), Look(whole=True, samples=3)):
        told = markdown.render(MANY, look)
        assert 50_000 < len(told) <= markdown.MOST
        assert re.search(r"\n[\d,]+ of [\d,]+ entries are left out, because a comment", told)
        for head in ("Changes of the spec", "Records", "Distribution", "Gates", "Notes"):
            assert 1 == told.count(f"<summary>{head}")
        assert told.count("<details>") == told.count("</details>")
        assert "p0" in told
        assert "f0" in told
        assert "`g29`" in told  # each part has its share of the room
    assert "left out" not in markdown.render(FULL)


def test_the_longest_words_leave_room_for_a_comment():
    def stretched(value, most):
        if isinstance(value, str):
            return ("`" * most) if value not in {"=", "-", "+"} else value
        if isinstance(value, dict):
            return {key: stretched(inner, most) for key, inner in value.items()}
        return (
            [stretched(one, most) for one in value]
            if isinstance(value, list | tuple)
            else value
        )

    plain = msgspec.to_builtins(replace(FULL, versions=FULL.versions * 9, gates=FULL.gates * 9))
    told = markdown.render(msgspec.convert(stretched(plain, 2_000), Diff))
    assert len(told) <= markdown.MOST
    assert "entries are left out" in told


def test_long_texts_are_cut_and_said_to_be():
    old, new = ("\n".join(f"{word} {n}" for n in range(60)) for word in ("line", "verse"))
    one = replace(BARE, changes=(replace(PROMPT, before=old, after=new),))
    assert re.search(r"\n {6}… \d+ more lines\n", text.render(one))
    assert "verse 58" in text.render(one, Look(whole=True))
    assert "verse 58" not in text.render(one)
    assert "  …" in markdown.render(one)
    assert 3 <= len(re.findall(r"(?m)^  [-+ ] .*", markdown.render(one))) <= 42


def test_a_word_wider_than_the_terminal_is_broken():
    long = "\u6f22" * 120
    one = replace(
        BARE, changes=(replace(PROMPT, before="", after=long, what="is\u6f22new " + long),)
    )
    told = text.render(replace(one, before=replace(BARE.before, name=long), notes=(long,)))
    assert 100 >= max(map(width, told.split("\n")))
    assert 2 * 120 + 1 <= told.count("\u6f22") - told.count("…")


def test_as_many_breaks_are_told_as_there_is_room_for():
    one = replace(BARE, versions=(replace(FULL.versions[0], breaks=(PROMPT,) * 40),))
    assert "    and 32 more changes\n" in text.render(one)
    assert "- and 32 more\n" in markdown.render(one)
    assert "and 10 more changes" in html.render(one)


def test_the_values_that_moved_most_are_kept_in_their_order():
    one = FacetShift("train", "a", (100, 100), 900, (
        Shift("a", 10, 10), Shift("b", 30, 20), Shift("c", 20, 21), Shift("d", 40, 49)))  # fmt: skip
    kept, more = figures.most_moved(one, 2)
    assert (["b", "d"], 2) == ([value.value for value in kept], more)


# nothing of the data is live


FRAGMENTS = (
    "<script>alert(1)</script>", "<img src=x onerror=y>", "<!--", "-->", "</details>", "</summary>",
    "<details open>", "</code>", "</p>", "&lt;b&gt;", "&#64;x", "![a](http://a.b/c.png)", "[a](javascript:b)",
    "[a]: http://a.b", "@octocat", "org/team#12", "#123", "GH-1", "https://example.com/x", "www.a.org",
    "a@b.cd", "0123456789abcdef0123456789abcdef01234567", "1234567", "```", "````", "`", "``", "~~~",
    "|", "\\|", "\\", "\n\n", "\r\n", "\n# x", "\n- x", "\n    x", "\u202e", "\u2028", "\u200b", "\x1b[31m",
    "\x00", "\ud800", "::error::x", "\n::set-output::", "##[group]x", "##vso[a]", ":smile:", "$x$", "$$",
    "*a*", "__a__", "~~a~~", "'\" onclick=x", "{{ 1 }}", "{% raw %}", "\u6f22\u5b57", "\U0001f600", "e\u0301",
    " ", "\t", "x" * 150, "word ", "a", "→", "is new",
)  # fmt: skip
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # so many texts are slow to make smaller
hostile = st.lists(st.sampled_from(FRAGMENTS) | st.characters(), max_size=5).map("".join)


def refilled(value, draw):
    """The same shape, every text of it another one; what a word of a text is stays."""
    if isinstance(value, str):
        return value if value in {"=", "-", "+"} else draw(hostile)
    if isinstance(value, dict):
        return {key: refilled(inner, draw) for key, inner in value.items()}
    return [refilled(one, draw) for one in value] if isinstance(value, list | tuple) else value


def renamed(counts, draw):
    """The same numbers under other names."""
    return {draw(hostile): count for count in counts.values()}


@st.composite
def poisoned_diffs(draw):
    raw = refilled(msgspec.to_builtins(FULL), draw)
    raw["totals"] = renamed(raw["totals"], draw)
    for one in raw["lengths"]:
        one |= {side: renamed(one[side], draw) for side in ("before", "after")}
    return msgspec.convert(raw, Diff)


LOOKS = st.builds(Look, samples=st.integers(0, 3), whole=st.booleans())


def unseen(told):
    """Characters that a terminal or a page obeys or hides."""
    return {char for char in told if char != "\n" and not char.isprintable()}


def width(line):
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(poisoned_diffs(), LOOKS)
def test_a_terminal_is_told_nothing_but_words(diff, look):
    told = text.render(diff, look)
    painted = re.sub(r"\x1b\[[0-9;]*m", "", text.render(diff, look, colour=True))
    for one in (told, painted):
        assert set() == unseen(one)
        assert not re.search(r"(?m)^ *::|##\w*\[", one)
    assert [] == [line for line in told.split("\n") if width(line) > 100]


def outside_code(told):
    """What a reader of Markdown may take for more than words: all that is not in code.

    Spans and fences are found as CommonMark 0.31 says (4.5, 6.1); a fold's head is HTML (4.6).
    """
    fence, out, folds = None, [], 0
    for line in told.split("\n"):
        mark = re.fullmatch(r" {0,5}(`{3,})(diff)?", line)
        if fence is not None:
            if mark and not mark[2] and len(mark[1]) >= len(fence):
                fence = None
            continue
        if mark:
            fence = mark[1]
            continue
        head = re.fullmatch(r"<details><summary>(.*)</summary>", line)
        folds += bool(head) - (line == "</details>")
        assert folds in {0, 1}
        if head:
            out.append(re.sub(r"<code>([A-Za-z0-9 .]|&#[0-9]+;)*</code>", "", head[1]))
            continue
        assert not (line.startswith("    ") and line.strip()), (
            line
        )  # that would be a block of code
        out.append(re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", line))
    assert (None, 0) == (fence, folds)
    return [line for line in out if line != "</details>"]


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(poisoned_diffs(), LOOKS)
def test_a_comment_has_nothing_live_in_it(diff, look):
    told = markdown.render(diff, look)
    assert len(told) <= markdown.MOST
    assert set() == unseen(told)
    assert not re.search(r"(?m)^ *::|##\w*\[", told)
    for line in outside_code(told):
        # our own words: no tag, link, mention, reference, commit, address, reference of a character
        assert re.fullmatch(r"(### )?[A-Za-z0-9 .,:;()%+|*→✅❌—-]*", line), line
        assert not re.search(r"[0-9a-f]{7}|www\.|GH-|:\w+:", line), line


@settings(max_examples=200, deadline=None, phases=PHASES)
@given(hostile, hostile)
def test_a_span_of_code_ends_where_it_should(one, other):
    for make in (markdown.code, markdown._cell):
        line = f"x {make(one)} y {make(other)} z"
        spans = re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", line)
        assert "x  y  z" == spans
        assert make is markdown.code or "|" not in line


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(hostile, hostile, hostile)
def test_a_block_of_code_ends_where_it_should(one, other, third):
    run = (Word("=", one), Word("-", other), Word("+", third))
    for indent in ("", "  "):
        block = markdown._block(run, indent)
        if block:
            assert {""} == set(outside_code(block))
            lines = block.strip("\n").split("\n")
            assert re.fullmatch(rf"{indent}`{{3,}}diff", lines[0])
            for line in lines[1:-1]:
                assert line.startswith((f"{indent}- ", f"{indent}+ ", f"{indent}  "))


class Page(HTMLParser):
    """The elements of a page, each with its attributes and its parents, and the words in it."""

    VOID = frozenset({"meta"})

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.words, self.odd = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.odd.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def handle_comment(self, data):
        self.odd.append(data)

    def handle_pi(self, data):
        self.odd.append(data)

    def unknown_decl(self, data):
        self.odd.append(data)


def read(page):
    found = Page()
    found.feed(page)
    found.close()
    assert [] == found.open
    assert [] == found.odd
    return found


TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "p", "h1", "h2", "h3", "div", "b", "span",
    "ul", "li", "table", "tr", "th", "td", "i", "details", "summary", "del", "ins", "code",
}  # fmt: skip


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(poisoned_diffs(), LOOKS)
def test_a_page_has_the_elements_of_its_form_and_no_others(diff, look):
    told = html.render(diff, look)
    assert set() == unseen(told)
    assert not re.search(r"(?m)^ *::|##\w*\[", told.partition("</style>")[2])
    found = read(told)
    assert TAGS >= {tag for tag, _ in found.elements}
    for tag, attrs in found.elements:
        for name, value in attrs.items():
            assert name in {"class", "style", "title", "open", "colspan"} or tag in {
                "meta",
                "html",
            }
            if name == "class":
                assert re.fullmatch(r"[a-z ]*", value)
            if name == "style":
                assert re.fullmatch(
                    r"(width|left): \d{1,3}\.\d%|background: var\(--\w+\)", value
                )
    said = "".join(found.words)
    for change in diff.changes:
        for piece, _ in base.ticks(base.plain(change.what)):
            assert piece in said


def test_a_page_loads_nothing_and_runs_nothing():
    found = read(html.render(FULL))
    policy = [a["content"] for tag, a in found.elements if a.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    assert ["default-src 'none'; style-src 'unsafe-inline'"] == policy
    assert not {"script", "link", "a", "img", "iframe", "form"} & {
        tag for tag, _ in found.elements
    }
    assert not re.search(r"url\(|@import|https?:|//", html.render(FULL))


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(poisoned_diffs())
def test_the_answer_in_json_holds_the_diff(diff):
    told = answer(base.verdict(diff), diff=diff)
    assert set() == unseen(told)
    found = json.loads(told)
    assert ({"format_version", "verdict", "diff"}, "bump-too-small") == (
        set(found),
        found["verdict"],
    )
    assert as_read(msgspec.to_builtins(diff)) == found["diff"]


def as_read(value):
    """What a reader gets: half of a pair of surrogates is no text, so it is written out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {as_read(key): as_read(inner) for key, inner in value.items()}
    return [as_read(one) for one in value] if isinstance(value, list | tuple) else value


def regold():
    """Write what each form comes to."""
    GOLDEN.mkdir(exist_ok=True)
    for name, made in GOLDENS.items():
        (GOLDEN / name).write_text(made(), "utf-8")


if __name__ == "__main__":
    regold()
