"""What a process may have: the least of what hardware, control groups and limits leave it."""

import os
import resource

import pytest

from sftspec.engine import machine

MIB = 1 << 20


@pytest.fixture
def system(tmp_path):
    """A root with the files of control groups."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


GROUP = {"proc/self/cgroup": "0::/pods/one\n"}
TOP = "sys/fs/cgroup"


def test_without_control_groups_the_machine_is_the_limit(tmp_path):
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    assert (whole if limit == resource.RLIM_INFINITY else min(whole, limit)) == machine.memory(
        tmp_path
    )
    assert len(os.sched_getaffinity(0)) == machine.cores(tmp_path)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({**GROUP, f"{TOP}/pods/one/memory.max": f"{64 * MIB}\n"}, 64 * MIB),
        ({**GROUP, f"{TOP}/pods/one/memory.max": "max\n", f"{TOP}/pods/memory.max": f"{32 * MIB}\n"}, 32 * MIB),
        ({**GROUP, f"{TOP}/memory.max": f"{16 * MIB}\n"}, 16 * MIB),
        ({"proc/self/cgroup": "0::/\n", f"{TOP}/memory.max": f"{16 * MIB}\n"}, 16 * MIB),
        ({"sys/fs/cgroup/memory/memory.limit_in_bytes": f"{8 * MIB}\n"}, 8 * MIB),
    ],
)  # fmt: skip
def test_the_least_memory_of_a_group_and_those_above_it_counts(system, files, wanted):
    assert wanted == machine.memory(system(files))


def test_a_limit_above_what_the_machine_has_is_none(system):
    home = system({**GROUP, f"{TOP}/memory.max": "9223372036854771712\n"})
    assert machine.memory(home) < 1 << 50


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("max 100000", None),
        ("x", None),
        ("1 0", None),
    ],
)
def test_a_quota_of_time_is_a_number_of_cores(system, text, wanted):
    home = system({**GROUP, f"{TOP}/pods/one/cpu.max": text})
    assert (wanted or len(os.sched_getaffinity(0))) == machine.cores(home)


# a place to write


def test_a_trial_leaves_nothing_and_makes_no_folder_above_it(tmp_path):
    with machine.trial(tmp_path / "not" / "there") as folder:
        assert tmp_path == folder.parent
        machine.keeps_files(folder)
        assert machine.refuses_links(folder)
    assert [] == list(tmp_path.iterdir())


def test_a_place_below_a_file_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError), machine.trial(tmp_path / "file" / "store"):
        pass


def test_a_link_that_is_followed_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "O_NOFOLLOW", 0)
    assert not machine.refuses_links(tmp_path)
