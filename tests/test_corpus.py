"""The corpus: spec texts with `#! slug "words of the message"` on each line that must be marked.

A file under `corpus/<room>/` is chunks between lines `---`, each a spec of its own. In a chunk
`-- name --` begins another file of the same project. A first line `# with NAME` imports
`corpus/with/NAME.sft` into every chunk. A marker on a line of its own says the place itself,
`#!@LINE slug`, `#!@LINE:COLUMN slug` or `#!@FILE:LINE:COLUMN slug`, and `#!@- slug` has none;
lines count from the first of the chunk or of the named file. Words are looked for in the message, the
hint and the labels (`LINE: text`). What is reported and not marked fails, and so does a marker
that nothing meets.
"""

import json
from pathlib import Path
import re
import runpy
import shutil
from types import SimpleNamespace

import pytest

from sftspec.ground.report import Report
from sftspec.ir.resolve import load

CORPUS = Path(__file__).parent / "corpus"
MARKER = re.compile(r'#!(@\S+)? ([a-z0-9-]+)((?: "(?:[^"\\]|\\.)*")*)')
MAIN = "spec.sft"
LEAST = 150
ROOMS = ("syntax", "expr", "ir")
ELSEWHERE = {  # what a corpus file cannot hold or say in a few lines: `syntax/test_refused_text.py`
    *("bidi-character", "byte-order-mark", "invisible-character", "line-break", "not-utf8"),
    *("file-too-large", "too-deep", "too-large", "too-many-cells", "too-many-errors"),
    "unexpected-end",
}
slugs = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("slugs.py"))))


def chunks_of(path):
    """(id, header, text) of every chunk."""
    text = path.read_text("utf-8")
    first, _, rest = text.partition("\n")
    shared = re.fullmatch(r"# with (\w+)", first)
    header = f'edition 2026\nimport "with/{shared[1]}.sft"\n' if shared else ""
    line, found = 1 + bool(shared), []
    for chunk in re.split(r"(?m)^---\n", rest if shared else text):
        found.append((f"{path.parent.name}/{path.stem}:{line}", header, chunk))
        line += chunk.count("\n") + 1
    return found


CHUNKS = [
    chunk
    for room in ROOMS
    for path in sorted((CORPUS / room).glob("*.sft"))
    for chunk in chunks_of(path)
]


def files_of(chunk):
    """File name to text; the first text is the spec itself."""
    parts = re.split(r"(?m)^-- (\S+) --\n", chunk)
    return {MAIN: parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def markers_of(files):
    """(file, line, column, slug, words); line 0 has no place, column 0 is any."""
    for name, text in files.items():
        for number, line in enumerate(text.split("\n"), 1):
            for place, slug, words in MARKER.findall(line):
                at = (name, number, 0)
                if place == "@-":
                    at = ("", 0, 0)
                elif place:
                    *file, row, column = (
                        place[1:] if place.count(":") else place[1:] + ":0"
                    ).split(":")
                    at = (file[0] if file else name, int(row), int(column))
                said = re.findall(r'"(?:[^"\\]|\\.)*"', words)
                yield (*at, slug, tuple(json.loads(word) for word in said))


def check(folder, header, files):
    """(file, line, column, slug, all that is said) of every diagnostic."""
    shutil.copytree(CORPUS / "with", folder / "with")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(((header if name == MAIN else "") + text).encode())
    report = Report()
    load(folder / MAIN, folder, report)
    shift = header.count("\n")
    for item in report.sorted():
        name, line, column = "", 0, 0
        if item.span is not None:
            name = item.span.text.path
            line, column = item.span.text.position(item.span.start)
            line -= shift * (name == MAIN)
        labels = [
            f"{label.span.line - shift * (label.span.text.path == MAIN)}: {label.text}"
            for label in item.labels
        ]
        yield name, line, column, item.slug, "\n".join([item.message, item.hint or "", *labels])


def compare(found, wanted):
    """What was said and not marked, and what was marked and not said."""
    left = list(wanted)
    for name, line, column, slug, said in found:
        for marker in left:
            there = marker[:2] == (name, line) and marker[2] in {0, column}
            if there and marker[3] == slug and all(word in said for word in marker[4]):
                left.remove(marker)
                break
        else:
            yield f"unmarked: {name}:{line}:{column} {slug}: {said}"
    yield from (f"unmet: {marker}" for marker in left)


@pytest.mark.parametrize("chunk", CHUNKS, ids=lambda chunk: chunk[0])
def test_a_chunk_is_marked_as_it_says(chunk, tmp_path):
    _, header, text = chunk
    files = files_of(text)
    assert [] == list(compare(check(tmp_path, header, files), markers_of(files)))


def test_every_marker_says_words_of_the_message():
    mute = [(c[0], m) for c in CHUNKS for m in markers_of(files_of(c[2])) if not m[4]]
    assert [] == mute


def test_the_corpus_is_large():
    assert sum(1 for c in CHUNKS for _ in markers_of(files_of(c[2]))) >= LEAST


def test_every_slug_of_the_front_end_is_in_the_corpus_or_tested_elsewhere():
    front = {
        one.slug
        for one in slugs.said(slugs.sources())
        if one.kind == "diagnostic" and one.room in ROOMS
    }
    marked = {marker[3] for c in CHUNKS for marker in markers_of(files_of(c[2]))}
    assert sorted(front - marked) == sorted(ELSEWHERE)
    other = (Path(__file__).parent / "syntax" / "test_refused_text.py").read_text("utf-8")
    assert [] == [slug for slug in ELSEWHERE if f'"{slug}"' not in other]


SOUND = 'edition 2026\nfacets { a }  #! unknown-block "no block is called `facets`"\n'


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("#! unknown-block", "#? unknown-block"), "unmarked: spec.sft:2:1 unknown-block"),
        (("unknown-block", "unknown-name"), "unmarked: spec.sft:2:1 unknown-block"),
        (("called", "named"), "unmarked: spec.sft:2:1 unknown-block"),
        (("#!", "#!@2:7"), "unmarked: spec.sft:2:1 unknown-block"),
        (("facets {", "facet a {"), "unmet: ('spec.sft', 2, 0, 'unknown-block'"),
    ],
)
def test_the_runner_can_fail(change, complaint, tmp_path):
    files = {MAIN: SOUND.replace(*change)}
    found = list(compare(check(tmp_path, "", files), markers_of(files)))
    assert complaint in "\n".join(found)
    files = {MAIN: SOUND}
    assert [] == list(compare(check(tmp_path / "sound", "", files), markers_of(files)))
