"""The benchmark's specification, and a project folder to build it in.

    python -m bench.spec FOLDER --rows 200000          # one template
    python -m bench.spec FOLDER --rows 200000 --two    # two over the same source, split by risk

The bodies and shares stand here once; the straight loop renders and mixes the same ones.
"""

import argparse
import os
from pathlib import Path
import shutil

SEED = 20261101
DEV = 5  # per cent of the source rows
SYSTEM = """You are an enterprise contract assistant. Use only the given text; do not speculate.
Output valid JSON; a field the text does not settle is null."""
ASKS = (
    "Extract the payment terms from the contract excerpt.",
    "Read the excerpt and fill in its payment terms.",
    "Which payment terms does this clause set?",
    "State what the excerpt says about payment, field by field.",
)
INSTRUCTION = """[Task] {{ ask }}
[Schema]
{{ PaymentTerms | json_schema }}"""
CONTEXT = """[Contract excerpt, {{ row.contract }}]
{{ row.clause }}"""

# per cent; near to what there is (bench.rows) and not equal to it
SHARES = {
    "topic": {
        "payment": 22,
        "liability": 20,
        "jurisdiction": 16,
        "termination": 16,
        "evidence": 13,
        "disputes": 13,
    },
    "risk": {"low": 35, "medium": 36, "high": 29},
    "difficulty": {"easy": 38, "medium": 39, "hard": 23},
}

HEAD = """\
edition 2026

dataset bench v0.1.0 {
  seed        = SEED
  languages   = [en]
  license     = "CC0-1.0"
  owners      = ["bench"]
  sensitivity = public
  limitations = "Made-up words; for timing only."
}

facet topic { payment, liability, jurisdiction, termination, evidence, disputes }
facet risk ordered { low, medium, high }
facet difficulty ordered { easy, medium, hard }

schema PaymentTerms {
  currency:         "CNY" | "USD" | "EUR" | null
  payment_amount:   number(min = 0) | null
  payment_method:   string | null
  payment_due_days: integer(min = 0, max = 3650) | null
  penalty_rate:     string | null

  require currency != null when payment_amount != null
}

source clauses {
  path    = "data/rows.jsonl"
  key     = id
  origin  = synthetic
  license = "CC0-1.0"
  fields {
    id: string
    contract: string
    clause: string
    terms: PaymentTerms
    topic: facet topic
    risk: facet risk
    difficulty: facet difficulty
  }
}
"""


def indented(text: str, depth: int) -> str:
    """The text, each line moved right."""
    return "\n".join(" " * depth + line for line in text.splitlines())


def template(name: str, version: str, where: str, instruction: str) -> str:
    """One template block over the clauses."""
    return f"""
template {name} {version} {{
  layer = domain
  from clauses as row{where}
  vary ask = ask_terms
  tags {{
    topic      = row.topic
    risk       = row.risk
    difficulty = row.difficulty
  }}
  system contract_assistant
  user {{
    instruction \"\"\"
{indented(instruction, 6)}
      \"\"\"
    context \"\"\"
{indented(CONTEXT, 6)}
      \"\"\"
  }}
  assistant json PaymentTerms = row.terms
}}
"""


def text(total: int, *, two: bool = False, edit: int = 0, parquet: bool = False) -> str:
    """The whole specification; `edit` counts the changes made to the template of the high-risk rows."""
    asks = "\n".join(f'  "{ask}"' for ask in ASKS)
    parts = [HEAD.replace("SEED", str(SEED))]
    parts.append(
        f'\nprompt contract_assistant v1.0.0 {{\n  text """\n{indented(SYSTEM, 4)}\n    """\n}}\n'
    )
    parts.append(f"\nphrasing ask_terms {{\n{asks}\n}}\n")
    if two:
        changed = INSTRUCTION + (f"\nEdit {edit}: answer with the JSON alone." if edit else "")
        parts.append(template("terms_high", f"v1.0.{edit}", " where row.risk == high", changed))
        parts.append(template("terms_rest", "v1.0.0", " where row.risk != high", INSTRUCTION))
    else:
        parts.append(template("terms", "v1.0.0", "", INSTRUCTION))
    parts.append("\nscreen {\n  drop duplicate exact\n}\n")
    shares = (
        f"  share {facet} {{ {', '.join(f'{v} {n}%' for v, n in of.items())} }}"
        for facet, of in SHARES.items()
    )
    parts.append(
        f"\nmixture {{\n  total = {total}\n" + "\n".join(shares) + "\n  shortfall = shrink\n}\n"
    )
    parts.append(
        f"\nsplit {{\n  dev {DEV}%\n  keep together [source_row]\n}}\n\nemit {{ jsonl{', parquet' if parquet else ''} }}\n"
    )
    return "".join(parts)


def project(
    root: Path, rows: Path, total: int, *, two: bool = False, parquet: bool = False
) -> Path:
    """Make a project folder around a hard link (or copy) of `rows`; returns the specification's path."""
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text(
        '[project]\nname = "bench-data"\nversion = "0"\n', encoding="utf-8"
    )
    data = root / "data" / "rows.jsonl"
    data.unlink(missing_ok=True)
    try:
        os.link(rows, data)
    except OSError:
        shutil.copyfile(rows, data)
    spec = root / "bench.sft"
    spec.write_text(text(total, two=two, parquet=parquet), encoding="utf-8")
    return spec


def main() -> int:
    """Generate the rows (or take `--rows-file`) and write the project."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument(
        "--rows-file", type=Path, help="rows made before; their number is still --rows"
    )
    parser.add_argument("--two", action="store_true", help="two templates, split by risk")
    parser.add_argument("--parquet", action="store_true", help="emit Parquet too")
    asked = parser.parse_args()
    rows = asked.rows_file
    if rows is None:
        from bench.rows import write  # numpy, which the other callers of this module do without

        rows = asked.folder / "data" / "made.jsonl"
        write(rows, asked.rows)
    print(project(asked.folder, rows, asked.rows // 2, two=asked.two, parquet=asked.parquet))
    if asked.rows_file is None:
        rows.unlink()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
