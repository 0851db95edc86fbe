"""`ci` in real repositories: what changed, what stops a change, and how it is told.

The project has two datasets, `small` and `other`, on the same rows; both are locked, built and
committed on `main`, and each test has a copy of it on a branch of its own.
"""

import json
import os
from pathlib import Path
import re
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace
import zipfile

import pytest
import yaml

from sftspec import cli
from sftspec.build import Settings, build as built
from sftspec.engine.locking import locking
from sftspec.engine.log import Log

REPO = Path(__file__).resolve().parents[2]
small = SimpleNamespace(**runpy.run_path(str(REPO / "tests" / "small.py")))
PAPERS = "compiled/small/0.1.0"
ALIEN = "x`id`$(touch${IFS}pwned)|<img>#&;%0A'"


def git(home, *words, env=()):
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = (
        "-c",
        "user.name=A. N.",
        "-c",
        "user.email=a@n.example",
        "-c",
        "init.defaultBranch=main",
    )
    done = subprocess.run(
        ["git", *who, *words], cwd=home, env=os.environ | alone | dict(env), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()


def commit(home, *paths):
    git(home, "add", "--", *(paths or (".",)))
    git(home, "commit", "--quiet", "--allow-empty", "--message", "a change")


def lock(spec, *upgrade):
    locking(spec, None, upgrade)


def build(spec):
    return built(spec, Settings(engine="local"), Log())


@pytest.fixture(scope="module")
def main(tmp_path_factory):
    """The project as it stands on `main`."""
    home = small.make(tmp_path_factory.mktemp("main") / "home", rows=40)
    (home / "other.sft").write_text(
        small.SPEC.replace("dataset small", "dataset other"), "utf-8"
    )
    (home / "compiled").mkdir()
    shutil.copy(REPO / "compiled" / ".gitignore", home / "compiled")
    (home / ".gitignore").write_text(".sftspec/\n", "utf-8")
    for name in ("small", "other"):
        lock(home / f"{name}.sft")
        build(home / f"{name}.sft")
    git(home, "init", "--quiet")
    commit(home)
    return home


@pytest.fixture
def home(main, tmp_path, monkeypatch):
    """A copy of it on the branch `feature`, in which we are."""
    monkeypatch.delenv("SFTSPEC_STORE", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    copy = Path(shutil.copytree(main, tmp_path / "home", symlinks=True))
    git(copy, "checkout", "--quiet", "-b", "feature")
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def ci(home, capsys):  # noqa: ARG001 - in a copy of the project
    """Run `ci` against `main`: its code, and its answer."""

    def judge(*words, base=("--base", "main")):
        code = cli.main(["ci", "--log", "none", "--format", "json", *base, *map(str, words)])
        out, _ = capsys.readouterr()
        answer = json.loads(out)
        assert 1 == answer["format_version"]
        return SimpleNamespace(
            code=code, verdict=answer["verdict"], answer=answer,
            slugs=[one["slug"] for one in answer.get("diagnostics", ())],
            states={one["dataset"]: one["state"] for one in answer.get("datasets", ())},
            why={one["dataset"]: one["why"] for one in answer.get("datasets", ())},
        )  # fmt: skip

    return judge


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def reword(home, version="0.2.0"):
    """Other words in a template, versions raised, and the lock brought up to date."""
    edit(home / "small.sft", '"{{ ask }}"', '"Please: {{ ask }}"')
    edit(home / "small.sft", "template reply v1.0.0", "template reply v1.1.0")
    edit(home / "small.sft", "dataset small v0.1.0", f"dataset small v{version}")
    lock(home / "small.sft")


def forget(home):
    """The rows of snapshots and the store away, as in a fresh clone."""
    shutil.rmtree(home / ".sftspec")
    for path in [*home.glob("compiled/*/*/*.jsonl"), *home.glob("compiled/*/*/*.parquet")]:
        path.unlink()


# what changed


def test_what_did_not_change_is_named_and_not_built(home, ci):
    forget(home)
    done = ci()
    assert (0, "ok", []) == (done.code, done.verdict, done.slugs)
    assert {"small": "unchanged", "other": "unchanged"} == done.states
    assert [] == list(home.glob("compiled/*/*/*.jsonl"))


def test_a_comment_changes_nothing(home, ci):
    edit(home / "small.sft", "edition 2026\n", "edition 2026\n# to whom it may concern\n")
    commit(home)
    assert {"small": "unchanged", "other": "unchanged"} == ci().states


def test_all_builds_what_did_not_change_too(ci):
    done = ci("--all")
    assert (0, {"small": "built", "other": "built"}) == (done.code, done.states)
    assert {"small": ["asked"], "other": ["asked"]} == done.why


def test_without_a_base_the_papers_in_head_are_what_counts(home, ci):
    reword(home)
    assert "unchanged" != ci(base=()).states["small"]
    build(home / "small.sft")
    commit(home)
    assert {"small": "unchanged", "other": "unchanged"} == ci(base=()).states
    assert {"small": "built", "other": "unchanged"} == ci().states


def test_other_words_in_one_dataset_build_that_one_alone(home, ci):
    reword(home)
    build(home / "small.sft")
    commit(home)
    forget(home)
    done = ci()
    assert (0, {"small": "built", "other": "unchanged"}) == (done.code, done.states)
    assert (home / "compiled" / "small" / "0.2.0" / "train.jsonl").is_file()
    assert not (home / "compiled" / "other" / "0.1.0" / "train.jsonl").exists()


def test_other_rows_change_a_dataset_though_its_lock_says_nothing_of_it(home, ci):
    (home / "data" / "terms.csv").write_text("term,sense,shelf\na,b,high\n", "utf-8")
    commit(home)
    done = ci("small.sft")
    assert (1, "errors", {"small": "refused"}) == (done.code, done.verdict, done.states)
    assert ["locked-source-changed"] == done.slugs


def test_other_rows_that_are_locked_are_a_change_of_sources(home, ci):
    (home / "data" / "terms.csv").write_text("term,sense,shelf\na,b,high\n", "utf-8")
    lock(home / "small.sft", "terms")
    done = ci("small.sft")
    assert (["sources"], {"small": "built"}) == (done.why["small"], done.states)
    assert {"papers-behind", "bump-too-small"} <= set(done.slugs)


def test_rows_that_git_does_not_have_may_lie_elsewhere(home, ci):
    git(home, "rm", "--quiet", "-r", "--cached", "data")
    (home / ".gitignore").write_text(".sftspec/\ndata/\n", "utf-8")
    commit(home, ".gitignore")
    git(home, "branch", "--force", "main")
    shutil.rmtree(home / "data")
    done = ci("small.sft")
    assert (0, {"small": "unchanged"}) == (done.code, done.states)
    (note,) = done.answer["datasets"][0]["notes"]
    assert "its sources were not compared" in note


def test_rows_that_git_had_are_missed(home, ci):
    (home / "data" / "terms.csv").unlink()
    commit(home)
    done = ci()
    assert (3, "fault") == (done.code, done.verdict)
    assert {"small": "fault", "other": "fault"} == done.states
    assert "file-not-found" == done.answer["fault"]["slug"]


# what stops a change


def test_other_words_under_a_locked_version_are_an_error(home, ci):
    edit(home / "small.sft", '"{{ ask }}"', '"Please: {{ ask }}"')
    commit(home)
    done = ci()
    assert (1, "errors", ["locked-text-changed"]) == (done.code, done.verdict, done.slugs)
    assert {"small": "refused", "other": "unchanged"} == done.states


def test_a_spec_without_a_lock_is_an_error_unless_it_may_have_none(home, ci):
    (home / "small.lock").unlink()
    done = ci()
    assert (1, ["unlocked"]) == (done.code, done.slugs)
    done = ci("--no-lock")
    assert (0, "unchanged") == (done.code, done.states["small"])


def test_a_lock_that_is_there_is_held_though_it_need_not_be(home, ci):
    edit(home / "small.sft", '"{{ ask }}"', '"Please: {{ ask }}"')
    assert ["locked-text-changed"] == ci("--no-lock").slugs


def test_the_errors_of_all_specs_are_told_at_once(home, ci):
    for name in ("small", "other"):
        edit(home / f"{name}.sft", "key     = code", "key     = cod")
    done = ci()
    paths = {one["path"] for one in done.answer["diagnostics"]}
    assert (1, {"small.sft", "other.sft"}) == (done.code, paths)


def test_papers_that_are_not_committed_stop_it(home, ci):
    reword(home)
    commit(home, "small.sft", "small.lock")
    done = ci()
    assert (1, "failed", ["papers-behind"]) == (done.code, done.verdict, done.slugs)
    names = ("MANIFEST.json", "plan.json", "README.md")
    (small,) = [one for one in done.answer["datasets"] if one["dataset"] == "small"]
    assert [f"compiled/small/0.2.0/{name}" for name in names] == small["behind"]


def test_papers_that_somebody_touched_stop_it(home, ci):
    (home / PAPERS / "README.md").write_text("# better than ever\n", "utf-8")
    commit(home, f"{PAPERS}/README.md")
    done = ci()
    assert (1, ["papers-behind"]) == (done.code, done.slugs)
    assert ["papers"] == done.why["small"]
    assert done.answer["diagnostics"][0]["message"].startswith(f"{PAPERS}/README.md: ")


def test_papers_of_another_compiler_say_which(home, ci):
    from msgspec.structs import replace

    from sftspec.snapshot.manifest import checked, decode, encode

    path = home / PAPERS / "MANIFEST.json"
    manifest = decode(path.read_bytes())
    libraries = ["jinja2 9.9.9", *manifest.compiler["libraries"][1:]]
    other = replace(manifest, compiler=manifest.compiler | {"libraries": libraries})
    path.write_bytes(encode(checked(other)))
    commit(home, f"{PAPERS}/MANIFEST.json")
    git(home, "branch", "--force", "main")
    done = ci()
    assert ["compiler"] == done.why["small"]
    (said,) = [one for one in done.answer["diagnostics"] if one["slug"] == "papers-behind"]
    assert "they differ in compiler" in said["message"]
    assert "jinja2 9.9.9 there" in said["hint"]


def test_a_version_that_says_too_little_stops_it(home, ci):
    reword(home, "0.1.1")
    build(home / "small.sft")
    commit(home)
    done = ci()
    assert (1, "failed", ["bump-too-small"]) == (done.code, done.verdict, done.slugs)
    assert "declare v0.2.0" in done.answer["diagnostics"][0]["hint"]


def test_a_gate_that_is_not_met_stops_it_at_its_line(home, ci, tmp_path):
    reword(home)
    edit(home / "small.sft", "coverage(topics) >= 50%", "count(topic == law) >= 900")
    lock(home / "small.sft")
    build(home / "small.sft")
    commit(home)
    done = ci("--report", tmp_path / "report.md")
    assert (1, ["gate-not-met"]) == (done.code, done.slugs)
    said = done.answer["diagnostics"][0]
    text = (home / "small.sft").read_text("utf-8").split("\n")
    assert "count(topic == law) >= 900" in text[said["line"] - 1]
    assert "wanted" in (tmp_path / "report.md").read_text("utf-8")


def test_only_the_gates_that_are_named_are_held(home, ci):
    reword(home)
    edit(home / "small.sft", "coverage(topics) >= 50%", "count(topic == law) >= 900")
    edit(home / "small.sft", "emit {", "gate easy { require tests() == 100% }\nemit {")
    lock(home / "small.sft")
    build(home / "small.sft")
    commit(home)
    assert (0, []) == (ci("--gate", "easy").code, ci("--gate", "easy").slugs)


def test_a_mixture_that_cannot_be_met_is_a_finding(home, ci):
    edit(home / "small.sft", "total = 24", "total = 2_400")
    edit(home / "small.sft", "dataset small v0.1.0", "dataset small v0.2.0")
    lock(home / "small.sft")
    done = ci("small.sft")
    assert (1, "failed", ["shortfall"]) == (done.code, done.verdict, done.slugs)
    assert {"small": "unbuilt"} == done.states
    assert "wanted" in "".join(done.answer["datasets"][0]["lines"])


def test_two_specs_of_one_dataset_stop_it(home, ci):
    (home / "attic").mkdir()
    shutil.copy(home / "small.lock", home / "attic" / "small.lock")
    text = (home / "small.sft").read_text("utf-8").replace('"data/', '"../data/')
    (home / "attic" / "small.sft").write_text(text, "utf-8")
    done = ci()
    assert (1, {"same-dataset"}) == (done.code, set(done.slugs))


@pytest.fixture
def frozen(home):
    """Version 0.1.0 is frozen on `main`."""
    mark = home / PAPERS / "FREEZE.json"
    mark.write_bytes(small.freeze_of((home / PAPERS / "MANIFEST.json").read_bytes()))
    commit(home, f"{PAPERS}/FREEZE.json")
    git(home, "branch", "--force", "main")
    return mark


@pytest.mark.usefixtures("frozen")
def test_a_frozen_version_is_not_changed(home, ci):
    edit(home / "small.sft", "total = 24", "total = 20")
    commit(home)
    done = ci()
    assert (1, "failed", ["frozen-version"]) == (done.code, done.verdict, done.slugs)


def test_a_frozen_versions_papers_are_not_taken_away(home, ci, frozen):
    frozen.unlink()
    commit(home)
    done = ci()
    assert (1, "failed", ["frozen-papers-changed"]) == (done.code, done.verdict, done.slugs)
    assert f"{PAPERS}/FREEZE.json" == done.answer["diagnostics"][0]["path"]


@pytest.mark.usefixtures("frozen")
def test_to_freeze_is_a_change_that_passes(home, ci):
    git(home, "branch", "--force", "main", "HEAD~1")
    done = ci()
    assert (0, ["papers"], []) == (done.code, done.why["small"], done.slugs)


@pytest.mark.usefixtures("frozen")
def test_the_last_frozen_version_decides_what_is_asked_for(home, ci):
    reword(home)
    build(home / "small.sft")
    commit(home)
    done = ci()
    (last,) = [v for one in done.answer["datasets"] for v in one["versions"]][-1:]
    assert (0, "small@0.1.0 (frozen)", "0.2.0") == (done.code, last["against"], last["least"])


def test_papers_that_this_sftspec_cannot_read_are_no_reason_to_stop(home, ci):
    plan = home / PAPERS / "plan.json"
    plan.write_text("{}", "utf-8")
    commit(home, f"{PAPERS}/plan.json")
    git(home, "branch", "--force", "main")
    reword(home)
    build(home / "small.sft")
    commit(home)
    done = ci("small.sft")
    assert (0, ["not-compared"]) == (done.code, done.slugs)


def test_results_that_a_commit_brings_along_stop_it(home, ci):
    git(home, "add", "--force", ".sftspec")
    commit(home)
    done = ci()
    assert (1, "failed", ["store-in-git"]) == (done.code, done.verdict, done.slugs)


# the base


def test_a_branch_that_is_not_there_is_a_fault(ci):
    done = ci(base=("--base", "origin/main"))
    assert (3, "unknown-revision") == (done.code, done.answer["fault"]["slug"])


@pytest.mark.parametrize(
    "base", ["-h", "--all", "HEAD:small.sft", "main..feature", "a b", ";id"]
)
def test_what_is_no_commit_is_a_fault(ci, base):
    done = ci(base=(f"--base={base}",))
    assert (3, "unknown-revision") == (done.code, done.answer["fault"]["slug"])


@pytest.mark.parametrize(
    ("base", "slug"),
    [("origin/main~1", "unknown-revision"), ("origin/main", "unrelated-revision")],
)
def test_a_clone_that_was_cut_short_says_so(home, ci, tmp_path, monkeypatch, base, slug):
    commit(home)
    words = ("clone", "--quiet", "--depth", "1", "--no-single-branch", "--branch", "feature")
    git(tmp_path, *words, home.as_uri(), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    done = ci(base=("--base", base))
    assert (3, slug) == (done.code, done.answer["fault"]["slug"])
    assert "shallow" in done.answer["fault"]["hint"]


def test_a_folder_that_is_no_repository_is_a_fault(home, ci):
    shutil.rmtree(home / ".git")
    done = ci()
    assert (3, "git-failed") == (done.code, done.answer["fault"]["slug"])


def test_a_repository_without_a_commit_is_a_fault(home, ci):
    shutil.rmtree(home / ".git")
    git(home, "init", "--quiet")
    done = ci(base=())
    assert (3, "unknown-revision") == (done.code, done.answer["fault"]["slug"])


# which specs


def test_specs_are_found_where_they_declare_a_dataset(home, ci):
    shutil.copy(home / "small.sft", home / "compiled" / "small" / "old.sft")
    (home / ".attic").mkdir()
    shutil.copy(home / "small.sft", home / ".attic" / "small.sft")
    (home / "common.sft").write_text("edition 2026\n# no dataset\nfacet a { b, c }\n", "utf-8")
    assert ["other.sft", "small.sft"] == [one["spec"] for one in ci().answer["datasets"]]


def test_a_broken_spec_is_found_too(home, ci):
    (home / "new.sft").write_text("edition 2026\ndataset new v0.1 {\n", "utf-8")
    done = ci()
    assert (1, "errors") == (done.code, done.verdict)
    assert "new.sft" in {one["path"] for one in done.answer["diagnostics"]}


def test_a_folder_stands_for_its_specs(home, ci):
    (home / "specs").mkdir()
    git(home, "mv", "small.sft", "small.lock", "specs")
    edit(home / "specs" / "small.sft", '"data/', '"../data/')
    assert {"small": "unchanged"} == ci("specs").states


def test_nothing_to_judge_is_a_misuse(ci):
    done = ci("data")
    assert (2, "no-spec") == (done.code, done.answer["usage"]["slug"])


def test_a_gate_that_no_spec_has_is_a_misuse(ci):
    done = ci("--gate", "freze")
    assert (2, "unknown-gate") == (done.code, done.answer["usage"]["slug"])
    assert "freeze" in done.answer["usage"]["hint"]


def test_a_project_in_a_folder_has_its_places_from_the_repositorys_root(
    home, ci, tmp_path, monkeypatch
):
    top = tmp_path / "top"
    top.mkdir()
    shutil.rmtree(home / ".git")
    shutil.move(home, top / "data team")
    git(top, "init", "--quiet")
    commit(top)
    monkeypatch.chdir(top / "data team")
    assert {"small": "unchanged", "other": "unchanged"} == ci(base=()).states
    edit(top / "data team" / "small.sft", "key     = code", "key     = cod")
    done = ci(base=())
    assert "data team/small.sft" == done.answer["diagnostics"][0]["path"]


# how it is told


def test_the_report_says_what_changed(home, ci, tmp_path):
    reword(home)
    build(home / "small.sft")
    commit(home)
    done = ci("--report", tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text("utf-8")
    assert str(tmp_path / "report.md") == done.answer["report"]
    assert text.startswith("## sftspec: ✅ nothing is in the way\n")
    assert "### `small` `0.1.0` → `0.2.0`" in text
    assert "Unchanged, so not built: `other 0.1.0`." in text
    assert "+ Please: " in text, "the rows of the base are here, so records are compared"


def test_a_fresh_clone_is_told_what_the_papers_say(home, ci, tmp_path):
    reword(home)
    build(home / "small.sft")
    commit(home)
    forget(home)
    done = ci("--report", tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text("utf-8")
    assert (0, "papers alone") == (done.code, re.findall("papers alone", text)[0])


def round_of(count, *, changes=0):
    """A round of so many datasets that changed in so many ways."""
    from sftspec.snapshot.ci.base import BUILT, Outcome, Round
    from sftspec.snapshot.compare.base import Change, Diff, Side, Versions

    about = {"frozen": False, "chosen": 5, "records": True, "texts": True}
    side = Side(name="`a|b", dataset="<a>", version="0.1.0", id="sha256:1", **about)
    other = Side(name="b", dataset="<a>", version="0.2.0", id="sha256:2", **about)
    change = Change(
        "r", "minor", "prompt", "::p", "@all\n```\n# <b>", "old ``` words", "new `` words"
    )
    versions = Versions("b", "0.1.0", "0.2.0", "minor", "0.2.0", enough=True)
    diff = Diff(
        before=side, after=other, changes=(change,) * changes, totals={}, groups=(), facets=(),
        lengths=(), funnel=(), gates=(), versions=(versions,),
    )  # fmt: skip
    one = Outcome(
        spec="::a|`b`.sft", dataset="<a>", version="0.2.0", state=BUILT, why=("new",), diff=diff,
        lines=("```", "::error::"), notes=("##[group]\u202e\r\n::warning::",),
    )  # fmt: skip
    return Round("`main`", (one,) * count)


@pytest.mark.parametrize(("count", "changes"), [(1, 1), (1, 900), (3, 200), (40, 40), (300, 3)])
def test_a_report_has_room_for_all_and_nothing_in_it_is_live(count, changes):
    from sftspec.snapshot.ci.report import report

    text = report(round_of(count, changes=changes))
    assert 500 < len(text) <= 60_000
    fence = None
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert line.isprintable()
        mark = re.match(r" *(`{3,})", line)
        if mark and (fence is None or line.strip() == fence):
            fence = mark[1] if fence is None else None
        elif fence is None:
            bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)|<code>.*?</code>", "", line)
            assert not re.search(r"@all|<b>|<a>", bare), line
    assert fence is None


def test_the_diffs_share_the_room():
    from sftspec.snapshot.ci.report import report

    text = report(round_of(5, changes=60))
    assert 5 == text.count("### `<a>`")


def told(capsys, form, *words):
    """What `ci` says: its code, stdout and stderr; no line is a command but an annotation."""
    code = cli.main(["ci", "--log", "plain", "--format", form, *words])
    out, err = capsys.readouterr()
    for line in (out + err).split("\n"):
        commands = line.lstrip().startswith("::") or "##[" in line
        assert not commands or (form == "github" and re.match("::(error|warning) ", line)), line
    return code, out, err


@pytest.mark.parametrize("form", ["text", "github", "json"])
def test_hostile_names_of_branches_and_specs_are_only_shown(home, capsys, form, tmp_path):
    (home / "sub").mkdir()
    for name in ("::error file=a::b", "##[group]c", "d\n::warning::e", f"{ALIEN}"):
        text = small.SPEC.replace("dataset small", "dataset sub").replace(
            "key     = code", "key = x"
        )
        (home / "sub" / f"{name}.sft").write_text(text, "utf-8")
    git(home, "branch", ALIEN)
    code, out, err = told(capsys, form, "--base", ALIEN, "--report", str(tmp_path / "r.md"))
    assert 1 == code
    assert "pwned" in out + err
    assert not (home / "pwned").exists()
    shown = (tmp_path / "r.md").read_text("utf-8")
    assert not [line for line in shown.split("\n") if line.startswith("::") or "##[" in line]


def test_annotations_are_ten_of_each_and_errors_first(home, capsys):
    facets = "".join(f"facet f{n} optional {{ a, b }}\n" for n in range(14))
    bad = "".join(f'prompt p{n} v1.0.0 {{ text "{{{{ a }}}}" }}\n' for n in range(13))
    edit(home / "small.sft", "emit {", f"{facets}{bad}emit {{")
    code, out, err = told(capsys, "github", "--base", "main")
    words = [line.split()[0] for line in out.split("\n") if line.startswith("::")]
    assert 1 == code
    assert words == sorted(words, key=lambda word: word != "::error")
    assert 10 == words.count("::error")
    assert words.count("::warning") <= 10
    assert re.search(r"(?m)^error\[", err), "what has no annotation is in the log"
    assert "file=small.sft,line=" in out


def test_a_fault_is_annotated_and_reported(home, capsys, tmp_path):
    (home / "data" / "terms.csv").unlink()
    report = tmp_path / "report.md"
    code, out, err = told(capsys, "github", "--base", "main", "--report", str(report))
    assert 3 == code
    assert "::error file=small.sft,title=file-not-found::" in out
    assert "fault[file-not-found]: small.sft: " in err
    assert "2 of 2 specs could not be judged" in report.read_text("utf-8")


def test_text_says_what_became_of_each_spec(home, capsys):
    reword(home)
    commit(home)
    code, out, err = told(capsys, "text", "--base", "main")
    assert 1 == code
    assert "  other 0.1.0  other.sft  unchanged\n" in out
    assert "  small 0.2.0  small.sft  built: its version is new; " in out
    assert "error[papers-behind]: compiled/small/0.2.0/MANIFEST.json, " in err


# the script


@pytest.fixture
def here(home, tmp_path):
    """Words run in the project by a shell that finds this sftspec; what the run came to."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sftspec").write_text(
        f'#!/bin/sh\nPYTHONPATH="{REPO}" exec "{sys.executable}" -m sftspec "$@"\n', "utf-8"
    )
    (tools / "sftspec").chmod(0o755)
    bare = {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull}

    def go(*words, **env):
        return subprocess.run(
            words, cwd=home, env=bare | {"PATH": f"{tools}:{os.environ['PATH']}", **env},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return go


def judge(here, **env):
    return here("sh", str(REPO / ".ci" / "specs"), **env)


def test_the_script_is_one_that_can_be_run():
    assert os.access(REPO / ".ci" / "specs", os.X_OK)


def test_the_script_judges_all_specs(here):
    done = judge(here)
    assert 0 == done.returncode, done.stderr
    assert done.stdout.startswith("against HEAD (")
    assert 2 == done.stdout.count("unchanged")


@pytest.mark.parametrize(
    "env",
    [
        {"SFTSPEC_BASE": "origin/main"},
        {"GITHUB_BASE_REF": "main"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
        {"BITBUCKET_PR_DESTINATION_BRANCH": "main"},
        {"SFTSPEC_BASE": "origin/main", "GITHUB_BASE_REF": "nowhere"},
    ],
)
def test_the_script_finds_what_the_change_goes_into(home, here, env):
    git(home, "update-ref", "refs/remotes/origin/main", "main")
    done = judge(here, **env)
    assert 0 == done.returncode, done.stderr
    assert done.stdout.startswith("against origin/main (")


def test_the_script_fetches_nothing(here):
    done = judge(here, GITHUB_BASE_REF="main")
    assert 3 == done.returncode
    assert "there is no commit `origin/main` here" in done.stderr


def test_the_script_passes_words_on_as_they_are(home, here, tmp_path):
    for name in ("a b", "*", "$(touch pwned)", "--all"):
        shutil.copy(home / "small.sft", home / f"{name}.sft")
        shutil.copy(home / "small.lock", home / f"{name}.lock")
    report = tmp_path / "my report.md"
    done = judge(
        here, SFTSPEC_SPECS="a b.sft\n*.sft\n$(touch pwned).sft\n--all.sft",
        SFTSPEC_REPORT=str(report), SFTSPEC_ARGS="--log\nnone", SFTSPEC_FORMAT="json",
    )  # fmt: skip
    answer = json.loads(done.stdout)
    specs = ["a b.sft", "*.sft", "$(touch pwned).sft", "--all.sft"]
    assert specs == [one["spec"] for one in answer["datasets"]]
    assert {"same-dataset"} == {one["slug"] for one in answer["diagnostics"]}
    assert report.is_file()
    assert not (home / "pwned").exists()


# the action


def document(path):
    return yaml.safe_load((REPO / path).read_text("utf-8"))


ACTION = document("action.yml")
FLOWS = {name: document(f"docs/ci/{name}.yml") for name in ("workflow", "comment")}


def steps(flow):
    return [step for job in flow["jobs"].values() for step in job["steps"]]


EVERY_STEP = [*ACTION["runs"]["steps"], *steps(FLOWS["workflow"]), *steps(FLOWS["comment"])]


def step_of(flow_steps, name):
    (found,) = [one for one in flow_steps if one.get("name") == name]
    return found


def act(here, tmp_path, **inputs):
    """Run the action's own step as a runner would; what it came to, its outputs and the summary."""
    files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    step = step_of(ACTION["runs"]["steps"], "Judge the change")
    given = {name: one["default"] for name, one in ACTION["inputs"].items()} | inputs
    env = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: given[m[1]], value)
        for name, value in step["env"].items()
    }
    runner = {"RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(REPO), "CI": "true"}
    script = tmp_path / "step.sh"
    script.write_text(step["run"], "utf-8")
    for path in files.values():
        path.touch()
    words = ("bash", "--noprofile", "--norc", "-eo", "pipefail", str(script))
    done = here(*words, **env, **runner, **{name: str(path) for name, path in files.items()})
    outputs = dict(
        line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text("utf-8").splitlines()
    )
    return done, outputs, files["GITHUB_STEP_SUMMARY"].read_text("utf-8")


def test_the_action_reports_and_sums_up(here, tmp_path):
    done, outputs, summary = act(here, tmp_path, base="main")
    assert 0 == done.returncode, done.stderr
    assert {"verdict": "ok", "report": str(tmp_path / "sftspec-report.md")} == outputs
    assert summary == (tmp_path / "sftspec-report.md").read_text("utf-8")
    assert set(outputs) == set(ACTION["outputs"])


def test_the_action_ends_as_the_command_does(home, here, tmp_path):
    edit(home / "small.sft", '"{{ ask }}"', '"Please: {{ ask }}"')
    done, outputs, _ = act(here, tmp_path, specs="small.sft", summary="false")
    assert (1, "findings") == (done.returncode, outputs["verdict"])
    assert "::error file=small.sft," in done.stdout
    assert (3, "fault") == (act(here, tmp_path, base="none")[0].returncode, "fault")
    assert "usage" == act(here, tmp_path, args="--gate=none")[1]["verdict"]


def test_the_action_takes_hostile_words_for_words(home, here, tmp_path):
    git(home, "branch", ALIEN)
    done, outputs, _ = act(here, tmp_path, base=ALIEN, specs='";id;"\n`id`.sft')
    assert (1, "findings") == (done.returncode, outputs["verdict"])
    assert not [path for path in (home, tmp_path) if (path / "pwned").exists()]
    assert "uid=" not in done.stdout + done.stderr


def test_what_is_installed_is_pinned_and_names_no_place():
    install = step_of(ACTION["runs"]["steps"], "Install sftspec")["run"]
    assert 3 == install.count(" -I -m ")
    assert "--require-hashes --requirement" in install
    assert "--no-deps --no-build-isolation" in install
    assert not re.search(r"https?:|index-url|find-links", install)


@pytest.mark.parametrize("step", EVERY_STEP, ids=lambda step: step.get("name") or step["uses"])
def test_no_expression_is_part_of_a_script(step):
    assert "${{" not in step.get("run", "")
    assert "run" in step or "uses" in step


def test_the_workflow_gives_a_fork_nothing():
    flow = FLOWS["workflow"]
    assert {"contents": "read"} == flow["permissions"]
    assert not [job for job in flow["jobs"].values() if "permissions" in job]
    assert {"pull_request": None, "push": {"branches": ["main"]}} == flow[True]  # YAML's `on`
    text = (REPO / "docs" / "ci" / "workflow.yml").read_text("utf-8")
    assert "secrets." not in text
    assert "github.token" not in text
    checkout = next(step for step in steps(flow) if "checkout" in step["uses"])
    assert {"fetch-depth": 0, "persist-credentials": False} == checkout["with"]


def test_the_workflows_cache_is_written_by_the_default_branch_alone():
    caches = [step for step in steps(FLOWS["workflow"]) if "cache" in step["uses"]]
    assert ["actions/cache/restore@v4", "actions/cache/save@v4"] == [c["uses"] for c in caches]
    assert "github.event_name == 'push'" == caches[1]["if"]
    assert caches[0]["with"]["path"] == caches[1]["with"]["path"]
    assert not re.search(
        r"MANIFEST|plan\.json|compiled$", caches[0]["with"]["path"], re.MULTILINE
    )


def test_the_workflow_gives_the_action_what_it_knows():
    (ours,) = [step for step in steps(FLOWS["workflow"]) if "/sftspec@" in step["uses"]]
    assert set(ours["with"]) <= set(ACTION["inputs"])


def test_the_comment_runs_nothing_of_the_change():
    flow = FLOWS["comment"]
    assert {"workflow_run": {"workflows": ["specs"], "types": ["completed"]}} == flow[True]
    assert {} == flow["permissions"]
    (job,) = flow["jobs"].values()
    assert {"actions": "read", "pull-requests": "write"} == job["permissions"]
    assert not [step for step in job["steps"] if "uses" in step]
    assert FLOWS["workflow"]["name"] in flow[True]["workflow_run"]["workflows"]


GH = """#!/bin/sh
# Answers as the API would, and keeps what is posted.
for word; do
  case $word in
    */pulls) printf '6 beef\\n7 cafe\\n8 cafe\\n' ;;
    */artifacts\\?*) echo 99 ;;
    */artifacts/99/zip) cat "$ARTIFACT" ;;
    */comments) [ "$2" = --paginate ] || { echo "$word" > posted; cp body.md posted.md; } ;;
  esac
done
"""


def comment(here, tmp_path, report):
    with zipfile.ZipFile(tmp_path / "artifact.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("sftspec-report.md", report)
        packed.writestr("../../pwned", "here I am")
    (tmp_path / "bin" / "gh").write_text(GH, "utf-8")
    (tmp_path / "bin" / "gh").chmod(0o755)
    script = tmp_path / "comment.sh"
    script.write_text(step_of(steps(FLOWS["comment"]), "Comment")["run"], "utf-8")
    done = here(
        "bash", "--noprofile", "--norc", "-eo", "pipefail", str(script), REPO="a/b", RUN="1",
        URL="https://github.example/a/b/runs/1", CONCLUSION="success", HEAD="eve:x", HEAD_SHA="cafe",
        RUNNER_TEMP=str(tmp_path), ARTIFACT=str(tmp_path / "artifact.zip"),
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return (tmp_path / "posted").read_text("utf-8"), (tmp_path / "posted.md").read_text("utf-8")


@pytest.mark.parametrize(
    "report",
    [
        b"## all is well\n",
        b"`" * 70 + b"\n</details>\n@all [free](https://evil.example) <img src=x>\n",
        b"\xff\x00\x1b[31m\r\n~~~~\n" + b"``````````text\n" * 3,
        b"x" * 30_000_000,
    ],
    ids=["sound", "fence", "bytes", "bomb"],
)
def test_a_comment_shows_the_artifact_as_text(here, tmp_path, report):
    where, text = comment(here, tmp_path, report)
    assert "repos/a/b/issues/7/comments\n" == where
    assert len(text) < 60_000
    head, block, tail = text.split("`" * 10)
    assert "**specs: success** for cafe, [the run](https://github.example/a/b/runs/1)" in head
    assert block.startswith("text\n")
    assert "\n\n</details>\n" == tail
    assert all(char.isprintable() or char == "\n" for char in text)
    assert not list(tmp_path.parent.rglob("pwned"))


# hooks


HOOKS = {hook["id"]: hook for hook in document(".pre-commit-hooks.yaml")}


def hook(here, name, *files):
    """The hook's entry with the files, as pre-commit runs it."""
    one = HOOKS[name]
    assert all(re.search(one["files"], file) for file in files)
    return here(*one["entry"].split(), *one["args"], *files)


@pytest.fixture
def shared(home):
    """Two specs that import one file, which has no dataset."""
    text = (home / "small.sft").read_text("utf-8")
    start, end = text.index("facet topic"), text.index("source books")
    (home / "common").mkdir()
    (home / "common" / "facets.sft").write_text(f"edition 2026\n{text[start:end]}", "utf-8")
    (home / "common" / "all.sft").write_text('edition 2026\nimport "facets.sft"\n', "utf-8")
    rest = (text[:start] + text[end:]).replace(
        "edition 2026\n", 'edition 2026\nimport "common/all.sft"\n'
    )
    for name in ("one", "two"):
        (home / f"{name}.sft").write_text(
            rest.replace("dataset small", f"dataset {name}"), "utf-8"
        )
    return home


def test_a_file_that_is_imported_is_checked_in_its_specs(here, shared):
    done = hook(here, "sftspec-check", "common/facets.sft")
    assert (0, "2 specs: no problems\n") == (done.returncode, done.stderr)
    edit(shared / "common" / "facets.sft", '  law   "about the law"\n', "")
    done = hook(here, "sftspec-check", "common/facets.sft")
    assert 1 == done.returncode
    assert {"one.sft", "two.sft"} <= set(re.findall(r"  (\w+\.sft):", done.stderr))


def test_a_spec_is_checked_itself(here, shared):
    edit(shared / "one.sft", "key     = code", "key     = cod")
    done = hook(here, "sftspec-check", "one.sft", "common/facets.sft")
    assert 1 == done.returncode
    assert "two.sft" not in done.stderr
    done = hook(here, "sftspec-check", "two.sft")
    assert (0, "two.sft: no problems\n") == (done.returncode, done.stderr)


def test_a_file_of_no_spec_is_looked_over(home, here):
    (home / "loose.sft").write_text("edition 2026\nfacet a { b, c }\n", "utf-8")
    assert 0 == hook(here, "sftspec-check", "loose.sft").returncode
    (home / "loose.sft").write_text("edition 2026\nfacet a b, c }\n", "utf-8")
    done = hook(here, "sftspec-check", "loose.sft")
    assert (1, True) == (done.returncode, "loose.sft:2:" in done.stderr)


def test_other_words_under_a_locked_version_fail_the_hook(home, here):
    edit(home / "small.sft", '"{{ ask }}"', '"Please: {{ ask }}"')
    done = hook(here, "sftspec-check", "small.sft")
    assert (1, True) == (done.returncode, "locked-text-changed" in done.stderr)


def test_the_layout_is_mended(home, here):
    edit(home / "small.sft", "  seed    = 7", " seed =   7")
    shutil.copy(home / "small.sft", home / "--diff.sft")
    assert 0 == hook(here, "sftspec-fmt", "small.sft", "--diff.sft").returncode
    for name in ("small", "--diff"):
        assert "  seed    = 7\n" in (home / f"{name}.sft").read_text("utf-8")
