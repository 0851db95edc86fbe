"""Speakers of a transcript whose declared names are no single words."""

import pytest

from sftspec.ports.dialects.transcript import ROLES, messages


@pytest.mark.parametrize(
    "name", ["Doctor 2", "Nurse-1", "Dr. Who", "\u533b\u751f", "A*", "x" * 40]
)
def test_a_declared_name_begins_a_turn_whatever_it_is(name):
    text = f"user: a\n{name}: b\n {name}:\nc\n{name} : d\n{name}s: e"
    roles = {**ROLES, name: "assistant", f"{name}s": "drop"}
    assert [
        ("user", "a"),
        ("assistant", "b"),
        ("assistant", f"c\n{name} : d"),
        ("drop", "e"),
    ] == [(said.role, said.text) for said in messages(text, roles)]


def test_names_that_begin_alike_are_kept_apart():
    roles = {**ROLES, "Doctor": "user", "Doctor 2": "assistant"}
    assert ["user", "assistant", "user"] == [
        said.role for said in messages("Doctor: a\nDoctor 2: b\nDoctor: c", roles)
    ]
