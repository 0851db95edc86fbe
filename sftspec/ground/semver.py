"""Version numbers of datasets, templates and prompts, and how far one is from another."""

from msgspec import Struct

LEVELS = ("none", "patch", "minor", "major")


class Version(Struct, frozen=True, order=True):
    """`major.minor.patch`, as in semver.org 2.0.0 without pre-releases."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        """As it is written, without `v`."""
        return f"{self.major}.{self.minor}.{self.patch}"

    def bumped(self, level: str) -> "Version":
        """The smallest version that tells of a change of a level.

        Before 1.0.0 nothing is promised yet, so a major change asks for what a minor one does.
        """
        if level == "major" and self.major:
            return Version(self.major + 1, 0, 0)
        if level in {"major", "minor"}:
            return Version(self.major, self.minor + 1, 0)
        if level == "patch":
            return Version(self.major, self.minor, self.patch + 1)
        return self


def version_of(text: str) -> Version:
    """The version that a text says; what is no number counts as 0, so that any two compare."""
    parts = [int(part) if part.isdecimal() else 0 for part in text.split(".")[:3]]
    return Version(*parts, *[0] * (3 - len(parts)))


def higher(one: str, other: str) -> str:
    """The level that says more."""
    return max(one, other, key=LEVELS.index)
