"""Runs the rules: what is refused of a spec whose names and types are right."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from sftspec.ground.shelf import load, modules
from sftspec.ir import nodes

if TYPE_CHECKING:
    from sftspec.ir.world import World

Rule = Callable[[nodes.Spec, "World"], None]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of the shelf: the public functions named in each module's `RULES`."""
    package = "sftspec.ir.rules"
    found = [load(package, name) for name in modules(package)]
    return tuple(rule for module in found for rule in module.RULES)


def run_rules(spec: nodes.Spec, world: "World") -> None:
    """Every rule over the spec; each says what it refuses."""
    for rule in rules():
        rule(spec, world)
