"""Runs the rules: what is refused of a spec whose names and types are right."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
import pkgutil
from typing import TYPE_CHECKING

from sftspec.ir import nodes

if TYPE_CHECKING:
    from sftspec.ir.world import World

Rule = Callable[[nodes.Spec, "World"], None]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of the shelf: the public functions named in each module's `RULES`."""
    package = import_module("sftspec.ir.rules")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = [import_module(f"sftspec.ir.rules.{name}") for name in names]
    return tuple(rule for module in modules for rule in module.RULES)


def run_rules(spec: nodes.Spec, world: "World") -> None:
    """Every rule over the spec; each says what it refuses."""
    for rule in rules():
        rule(spec, world)
