"""What is true of the legal tables, found with the csv module and `str` alone: nothing of sftspec.

Run it on a data folder to read the facts: `python tests/real/facts.py ../shared/data`.
"""

from collections import Counter, defaultdict
import csv
from pathlib import Path
import sys
from typing import NamedTuple

MAX_CHARS = 5_000  # `drop chars(user) > 5_000`
CUAD = "cuad"
NDA = "contract_nli"
READER = (
    "You read legal texts. Rest the answer on the given text alone.\n"
    "Answer with the label and nothing else."
)
INSTRUCTIONS = {
    "hearsay": "Hearsay is an out-of-court statement introduced to prove the truth of the matter asserted. "
    "Is there hearsay? Answer Yes or No.",
    "personal_jurisdiction": "Is there personal jurisdiction over the defendant? Answer Yes or No.",
    "proa": "Does the clause specify a private right of action? Answer Yes or No.",
    "insurance_policy_interpretation": "Is the claim covered under the policy? "
    "A: Yes; B: No; C: It's ambiguous",
    "function_of_decision_section": "Name the function of this paragraph: Facts, Procedural History, "
    "Issue, Rule, Analysis, Conclusion or Decree.",
}
NEEDLE = {  # the column whose text must not be in the prompt already
    "insurance_policy_interpretation": "claim",
    "international_citizenship_questions": "question",
    "function_of_decision_section": "Paragraph",
}
NEAR_LEAK = (
    "personal_jurisdiction.tsv",
    4,
)  # its prompt holds it but for two blanks: left out by `where`


class Row(NamedTuple):
    """One row of a table: where it begins (the header is line 1), and its cells."""

    file: str
    line: int
    cells: dict[str, str]

    @property
    def stem(self) -> str:
        return self.file.removesuffix(".tsv")

    @property
    def place(self) -> tuple[str, int]:
        return self.file, self.line


class Sample(NamedTuple):
    """A conversation that the spec asks for, before any rejection."""

    row: Row
    shots: str
    turns: tuple[tuple[str, str], ...]

    @property
    def key(self) -> tuple[str, int, str]:
        return (*self.row.place, self.shots)

    @property
    def user(self) -> str:
        return next(text for role, text in self.turns if role == "user")

    @property
    def answer(self) -> str:
        return self.turns[-1][1]


class Facts(NamedTuple):
    """Everything the test compares with."""

    rows: list[Row]
    duplicates: list[Row]  # all but the first of equal rows of one table
    samples: list[Sample]  # candidates
    leaks: list[Sample]  # the prompt holds the row itself
    too_long: list[Sample]
    kept: list[Sample]  # what the mixture may choose from
    recurring: dict[str, set[str]]  # clause -> the CUAD tables that hold it, where several


def read_table(path: Path) -> list[Row]:
    """Rows of a TSV file with the physical line each begins on."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines, delimiter="\t", strict=True)
        names = next(reader)
        rows, line = [], reader.line_num + 1
        for cells in reader:
            assert len(cells) == len(names), (path.name, line)
            rows.append(Row(path.name, line, dict(zip(names, cells, strict=True))))
            line = reader.line_num + 1
        return rows


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, cells untouched."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def read_text(path: Path) -> str:
    """A text file, newlines untouched."""
    return path.read_bytes().decode("utf-8")


def answer_of(row: Row) -> str:
    return row.cells.get("label", row.cells.get("answer", ""))


def needle_of(row: Row) -> str:
    return row.cells[NEEDLE.get(row.stem, "text")]


def with_file(prompts: Path, row: Row, name: str) -> Sample:
    """The prompt file with each `{{name}}` replaced, once and left to right."""
    rest, user = read_text(prompts / f"{name}.txt"), ""
    while "{{" in rest:
        before, _, after = rest.partition("{{")
        slot, _, rest = after.partition("}}")
        user += before + row.cells[slot.strip()]
    return Sample(row, "few", (("user", user + rest), ("assistant", answer_of(row))))


def without_examples(prompts: Path, row: Row) -> Sample:
    """The zero-shot form: system prompt, instruction, an empty line, the row's own text."""
    context = needle_of(row)
    if row.file.startswith(NDA):  # the first line of the prompt file is the task
        task = read_text(prompts / f"{row.stem}.txt").split("\n", 1)[0].rstrip()
        instruction = (
            task.replace("that ome obligations", "that some obligations") + " Answer Yes or No."
        )
    else:
        instruction = INSTRUCTIONS[row.stem]
    if row.stem.startswith("insurance"):
        context = f"Policy: {row.cells['policy']}\nClaim: {context}"
    user = f"{instruction}\n\n{context}"
    return Sample(
        row, "zero", (("system", READER), ("user", user), ("assistant", answer_of(row)))
    )


def first_of_equals(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that live, and the later ones equal to one of them."""
    seen, living, repeated = set(), [], []
    for row in rows:
        cells = tuple(row.cells.items())
        (repeated if cells in seen else living).append(row)
        seen.add(cells)
    return living, repeated


def gather(data: Path) -> Facts:
    """All facts of `data/legal`."""
    prompts = data / "legal" / "prompts"
    rows, duplicates, samples = [], [], []
    homes = defaultdict(set)
    for path in sorted((data / "legal" / CUAD).glob("*.tsv")):
        table = read_table(path)
        living, repeated = first_of_equals(table)
        rows += table
        duplicates += repeated
        samples += [with_file(prompts, row, f"{CUAD}_{row.stem}") for row in living]
        for row in living:
            homes[row.cells["text"]].add(row.file)
    for path in sorted((data / "legal" / "legalbench").glob("*.tsv")):
        table = read_table(path)
        rows += table
        samples += [
            with_file(prompts, row, row.stem) for row in table if row.place != NEAR_LEAK
        ]
        if path.name.startswith(NDA) or path.stem in INSTRUCTIONS:
            samples += [without_examples(prompts, row) for row in table]
    leaks = [s for s in samples if s.shots == "few" and s.user.count(needle_of(s.row)) != 1]
    leaked = {s.key for s in leaks}
    sound = [s for s in samples if s.key not in leaked]
    too_long = [s for s in sound if len(s.user) > MAX_CHARS]
    kept = [s for s in sound if len(s.user) <= MAX_CHARS]
    recurring = {text: files for text, files in homes.items() if len(files) > 1}
    return Facts(rows, duplicates, samples, leaks, too_long, kept, recurring)


def print_facts(data: Path) -> None:
    facts = gather(data)
    out = sys.stdout.write
    out(f"rows read            {len(facts.rows)}\n")
    for name, count in sorted(Counter(r.file for r in facts.rows).items()):
        again = sum(r.file == name for r in facts.duplicates)
        out(f"  {name:<72}{count:>6}{again:>6} repeated\n")
    out(f"duplicate rows       {len(facts.duplicates)}\n")
    out(f"recurring clauses    {len(facts.recurring)}\n")
    out(
        f"candidates           {len(facts.samples)} {dict(Counter(s.shots for s in facts.samples))}\n"
    )
    out(f"few-shot leaks       {len(facts.leaks)}\n")
    for sample in facts.leaks:
        if not sample.row.file.startswith(NDA):
            out(f"  {sample.row.file}:{sample.row.line}\n")
    out(
        f"over {MAX_CHARS} characters {[(*s.row.place, len(s.user)) for s in facts.too_long]}\n"
    )
    kept = Counter(s.answer for s in facts.kept if "label" in s.row.cells)
    out(f"left for the mixture {len(facts.kept)}; CUAD {dict(kept)}\n")


if __name__ == "__main__":
    print_facts(Path(sys.argv[1]))
