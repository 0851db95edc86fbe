"""Shelves: folders whose modules are found by listing, so that there is no list to edit."""

from importlib import import_module
import os
from types import ModuleType


def modules(package: str) -> list[str]:
    """The names of a package's modules, sorted."""
    folders = import_module(package).__path__
    names = {name for folder in folders for name in os.listdir(folder)}  # noqa: PTH208 - names alone
    return sorted(name[:-3] for name in names if name.endswith(".py") and name[0] != "_")


def load(package: str, name: str) -> ModuleType:
    """A module of a shelf."""
    return import_module(f"{package}.{name}")
