"""One command for every figure: rows are made, both builds run by turns, a table is printed.

Nothing here passes or fails by a time: the machine decides those. A step that breaks is reported, the
rest goes on, and the exit code is 1. Tables land in `bench/results/`.

    python -m bench.run                       # 200,000 and 1,000,000 rows, about half an hour
    python -m bench.run --quick               # 20,000 and 50,000
    python -m bench.run --only check,build
"""

import argparse
from dataclasses import dataclass, field
from functools import partial
import hashlib
import json
import os
from pathlib import Path
import shutil
import sys
import tempfile

from bench import spec
from bench.measure import Cost, StepError, become_reaper, measure
from bench.report import Report

REPO = Path(__file__).resolve().parent.parent
LIBRARIES = (
    "lark",
    "attrs",
    "msgspec",
    "jinja2",
    "numpy",
    "pyarrow",
    "ray",
    "xxhash",
    "google-re2",
)
STACK = "import lark, attrs, msgspec, jinja2"
RESULT = Path("compiled", "bench", "0.1.0")
SEVERAL = "local build in several processes"
RATIOS = (
    ("Ray build", "local build"),
    (SEVERAL, "local build"),
    ("local build", "straight loop"),
)


@dataclass
class Bench(Report):
    """What was asked and where it happens; what comes out is the report's."""

    asked: argparse.Namespace = field(kw_only=True)
    work: Path = field(kw_only=True)
    made: dict[int, dict[str, int]] = field(default_factory=dict)

    # ------------------------------------------------------------------ commands

    def python(self, *words: str, cwd: Path | None = None, sample: bool = False) -> Cost:
        """Run this interpreter, with its byte code cached, on the repository's modules."""
        env = {
            name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(REPO), env.get("PYTHONPATH")]))
        command = [sys.executable, *words]
        return measure(
            command, cwd=cwd or self.work, env=env, sample=sample, timeout=self.asked.timeout
        )

    def rows(self, count: int) -> Path:
        """The corpus of `count` rows, made once."""
        path = self.work / f"rows-{count}.jsonl"
        if count not in self.made:
            cost = self.python("-m", "bench.rows", str(path), "--rows", str(count))
            self.made[count] = json.loads(cost.said.splitlines()[0])
            self.read(f"generator, {count:,} rows: rows/s", count / cost.wall)
        return path

    def project(
        self, name: str, count: int, *, two: bool = False, parquet: bool = False
    ) -> Path:
        """A fresh project folder over a corpus."""
        root = self.work / name
        shutil.rmtree(root, ignore_errors=True)
        spec.project(root, self.rows(count), count // 2, two=two, parquet=parquet)
        return root

    def straight(self, count: int, *more: str, sample: bool = False) -> Cost:
        """The straight loop."""
        words = [
            "-m",
            "bench.straight",
            str(self.rows(count)),
            "straight",
            "--total",
            str(count // 2),
            *more,
        ]
        return self.python(*words, sample=sample)

    def build(self, root: Path, *more: str, cold: bool = False, sample: bool = False) -> Cost:
        """The compiler, in one local process unless told otherwise; `cold` drops store and snapshot first."""
        if cold:
            shutil.rmtree(root / ".sftspec", ignore_errors=True)
            shutil.rmtree(root / "compiled", ignore_errors=True)
        engine = () if "--engine" in more else ("--engine", "local", "--workers", "1")
        words = ["-m", "sftspec", "build", "bench.sft", *engine, *more]
        return self.python(*words, cwd=root, sample=sample)

    # --------------------------------------------------------------------- steps

    def pairs(self) -> None:
        """Straight loop and cold local build by turns, the order turned each time."""
        count = self.asked.rows
        root, works = self.project("one", count), True
        for turn in range(self.asked.repeats):
            loop = self.straight(count) if turn % 2 == 0 else None
            cost = (
                self.attempt("cold local build", partial(self.build, root, cold=True))
                if works
                else None
            )
            works = cost is not None
            loop = loop or self.straight(count)
            self.built(f"straight loop, {count:,} rows", loop, count)
            if cost:
                self.built(f"local build, {count:,} rows", cost, count)
                self.read(
                    "cold local build over straight loop: CPU (target <= 1.5)",
                    cost.cpu / loop.cpu,
                )
                self.read("cold local build over straight loop: wall", cost.wall / loop.wall)
        if works:
            self.attempt("same job", partial(self.compare, root))
            self.attempt("no-op rebuild", partial(self.noop, root))

    def built(self, name: str, cost: Cost, count: int) -> None:
        """The readings every build has."""
        self.read(f"{name}: CPU s", cost.cpu)
        self.read(f"{name}: wall s", cost.wall)
        self.read(f"{name}: rows/s", count / cost.wall)
        self.read(f"{name}: CPU us a row", cost.cpu / count * 1e6)

    def compare(self, root: Path) -> None:
        """Whether both did the same amount of work: rows and bytes of each file."""
        for side, folder in (("straight", self.work / "straight"), ("sftspec", root / RESULT)):
            sizes = []
            for name in ("train.jsonl", "dev.jsonl", "rejected.jsonl"):
                count = lines_of(folder / name)
                sizes.append(
                    f"{name} {count:,} lines {(folder / name).stat().st_size / 1e6:,.1f} MB"
                )
            self.note(f"{side}: {', '.join(sizes)}")

    def noop(self, root: Path) -> None:
        """Build again with nothing changed."""
        before, name = manifest(root), f"local build, {self.asked.rows:,} rows"
        wall, cpu = (self.median(f"{name}: {what} s") for what in ("wall", "CPU"))
        for _ in range(self.asked.repeats):
            cost = self.build(root)
            self.read("no-op rebuild: CPU s", cost.cpu)
            self.read("no-op rebuild: wall s", cost.wall)
            self.read("no-op rebuild over cold build: CPU", cost.cpu / cpu)
            self.read("no-op rebuild over cold build: wall (target <= 0.02)", cost.wall / wall)
        if manifest(root) != before:
            raise StepError("a no-op rebuild changed MANIFEST.json")

    def full(self) -> None:
        """JSON Lines and Parquet: two local processes beside the straight loop, which has one."""
        count = self.asked.rows
        root = self.project("full", count, parquet=True)
        several = ("--engine", "local", "--workers", str(self.asked.workers))
        for _ in range(self.asked.repeats):
            loop = self.straight(count, "--parquet")
            cost = self.build(root, *several, cold=True)
            self.built(f"straight loop, jsonl + parquet, {count:,} rows", loop, count)
            self.built(
                f"build in {self.asked.workers} processes, jsonl + parquet, {count:,} rows",
                cost,
                count,
            )
            self.read(
                "full build over straight loop: rows/s (target >= 3)", loop.wall / cost.wall
            )

    def edit(self) -> None:
        """Two templates over one source; the text of the one for high-risk rows changes, then a rebuild."""
        self.edited(parquet=False)
        self.edited(parquet=True)

    def edited(self, *, parquet: bool) -> None:
        """The edit, with JSON Lines alone or with Parquet too."""
        count, kind = self.asked.rows, "jsonl + parquet" if parquet else "jsonl"
        root = self.project("two", count, two=True, parquet=parquet)
        tally = self.made[count]
        risks = {risk: tally[f"risk_{risk}"] for risk in ("low", "medium", "high")}
        share = risks["high"] / sum(risks.values())
        self.read("one-template edit: share p of the rows", share)
        for edit in range(1, self.asked.repeats + 1):
            text = spec.text(count // 2, two=True, edit=edit - 1, parquet=parquet)
            (root / "bench.sft").write_text(text, encoding="utf-8")
            cold = self.build(root, cold=True)
            text = spec.text(count // 2, two=True, edit=edit, parquet=parquet)
            (root / "bench.sft").write_text(text, encoding="utf-8")
            warm = self.build(root)
            name, room = f"one-template edit, {kind}", "0.30" if parquet else "0.15"
            self.read(f"{name}: cold build, CPU s", cold.cpu)
            self.read(f"{name}: rebuild, CPU s", warm.cpu)
            self.read(
                f"{name}: rebuild over cold, CPU (target <= p + {room})", warm.cpu / cold.cpu
            )
            self.read(f"{name}: rebuild over cold, wall", warm.wall / cold.wall)
        rebuilt = manifest(root)
        self.build(root, cold=True)
        if manifest(root) != rebuilt:
            raise StepError("an edit's rebuild and a clean build of it differ in MANIFEST.json")
        self.note("an edit's rebuild and a clean build of it have the same MANIFEST.json")

    def memory(self) -> None:
        """Peak memory at the smaller size."""
        count, root = self.asked.rows, self.project("one", self.asked.rows)
        self.peak(f"straight loop, {count:,} rows", self.straight(count, sample=True))
        self.peak(f"local build, {count:,} rows", self.build(root, cold=True, sample=True))
        several = ("--engine", "local", "--workers", str(self.asked.workers))
        self.peak(
            f"{SEVERAL}, {count:,} rows", self.build(root, *several, cold=True, sample=True)
        )

    def peak(self, name: str, cost: Cost) -> None:
        """The three readings of memory."""
        self.read(f"{name}: peak RSS of one process, MB", cost.rss)
        self.read(f"{name}: peak PSS of the tree, MB", cost.pss)
        self.read(f"{name}: of it anonymous, MB", cost.anon)

    def big(self) -> None:
        """The larger size: straight loop, local, Ray; memory is sampled throughout."""
        count = self.asked.big
        root, workers = self.project("big", count), ("--workers", str(self.asked.workers))
        ray, several = ("--engine", "ray", *workers), ("--engine", "local", *workers)
        runs = {
            "straight loop": partial(self.straight, count, sample=True),
            "local build": partial(self.build, root, cold=True, sample=True),
            SEVERAL: partial(self.build, root, *several, cold=True, sample=True),
            "Ray build": partial(self.build, root, *ray, cold=True, sample=True),
        }
        digests: dict[str, str] = {}
        for _ in range(self.asked.big_repeats):
            last: dict[str, Cost] = {}
            for name, run in runs.items():
                cost = self.attempt(f"{name}, {count:,} rows", run)
                if cost is None:
                    continue
                last[name] = cost
                self.built(f"{name}, {count:,} rows", cost, count)
                self.peak(f"{name}, {count:,} rows", cost)
                if name != "straight loop":
                    digests[name] = manifest(root)
            for over, under in RATIOS:
                if over in last and under in last:
                    wall, cpu = (
                        last[over].wall / last[under].wall,
                        last[over].cpu / last[under].cpu,
                    )
                    self.read(f"{over} over {under}, {count:,} rows: wall", wall)
                    self.read(f"{over} over {under}, {count:,} rows: CPU", cpu)
        self.scaling()
        if len(digests) == 3:
            if len(set(digests.values())) > 1:
                raise StepError("local and Ray builds differ in MANIFEST.json")
            self.note(
                f"local builds in one and several processes and Ray builds of {count:,} rows have the same MANIFEST.json"
            )

    def scaling(self) -> None:
        """The larger size over the smaller one."""
        small, large = f"{self.asked.rows:,} rows", f"{self.asked.big:,} rows"
        for what in ("peak PSS of the tree, MB", "of it anonymous, MB", "CPU us a row"):
            for name in ("straight loop", "local build", SEVERAL):
                over, under = f"{name}, {large}: {what}", f"{name}, {small}: {what}"
                if over in self.readings and under in self.readings:
                    self.read(
                        f"{name}, {large} over {small}: {what.split(',')[0]}",
                        self.median(over) / self.median(under),
                    )

    def check(self) -> None:
        """A cold `check` beside bare Python, Ray's import and the libraries it cannot do without."""
        commands = {
            "python -c pass": ("-c", "pass"),
            "import ray": ("-c", "import ray"),
            STACK: ("-c", STACK),
            "check": ("-m", "sftspec", "check", self.asked.spec),
        }
        working = [
            name
            for name in commands
            if self.attempt(name, partial(self.python, *commands[name], cwd=REPO))
        ]
        for _ in range(self.asked.checks):
            cpu = {name: self.python(*commands[name], cwd=REPO).cpu * 1000 for name in working}
            for name in working:
                self.read(f"start, {name}: CPU ms", cpu[name])
            if "check" in cpu:
                net = cpu["check"] - cpu["python -c pass"]
                self.read("check over python -c pass: CPU ms (target <= 120)", net)
                for base in ("import ray", STACK):
                    if base in cpu:
                        self.read(
                            f"check over `{base}`: CPU ratio, whole processes",
                            cpu["check"] / cpu[base],
                        )


def lines_of(path: Path) -> int:
    """How many lines a file has."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def manifest(root: Path) -> str:
    """The digest of a snapshot's manifest."""
    return hashlib.sha256((root / RESULT / "MANIFEST.json").read_bytes()).hexdigest()


STEPS = {
    "check": Bench.check,
    "build": Bench.pairs,
    "full": Bench.full,
    "edit": Bench.edit,
    "memory": Bench.memory,
    "big": Bench.big,
}


def arguments() -> argparse.Namespace:
    """The command line; `--quick` changes the sizes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--big", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5, help="pairs, no-ops and edits")
    parser.add_argument("--big-repeats", type=int, default=1)
    parser.add_argument("--checks", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2, help="of the Ray build")
    parser.add_argument(
        "--spec", default="specs/legal.sft", help="what `check` reads, from the repository"
    )
    parser.add_argument("--only", default=",".join(STEPS), help=f"of {', '.join(STEPS)}")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for one command")
    parser.add_argument(
        "--work", type=Path, help="a folder for corpora and projects; else a temporary one"
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder when done")
    parser.add_argument(
        "--quick", action="store_true", help="20,000 and 50,000 rows, 2 pairs, 5 checks"
    )
    asked = parser.parse_args()
    if asked.quick:
        asked.rows, asked.big, asked.repeats, asked.checks = 20_000, 50_000, 2, 5
    unknown = set(asked.only.split(",")) - set(STEPS)
    if unknown:
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    return asked


def main() -> int:
    """Run the steps asked for; 0 if each worked."""
    asked = arguments()
    become_reaper()
    work = (
        asked.work.resolve() if asked.work else Path(tempfile.mkdtemp(prefix="sftspec-bench-"))
    )
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(asked=asked, work=work)
    try:
        for name in asked.only.split(","):
            print(f"{name} ...", flush=True)
            bench.attempt(name, partial(STEPS[name], bench))
    except KeyboardInterrupt:
        bench.failures.append("interrupted")
    finally:
        if not asked.keep and asked.work is None:
            shutil.rmtree(work, ignore_errors=True)
    settings = {
        name: str(value) for name, value in vars(asked).items() if name not in ("work", "keep")
    }
    saved = bench.save({"asked": settings, "corpora": bench.made})
    print(f"\n{bench.table()}\n\nwritten to {saved.relative_to(REPO)} and .json")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
