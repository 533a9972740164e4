"""The roles of people, in rising order."""

from __future__ import annotations

from enum import Enum


class Role(str, Enum):
    """What a person may do; each role may do everything of the one before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for viewer, rising."""
        return list(Role).index(self)

    def covers(self, needed: "Role") -> bool:
        """Return whether somebody with this role may do what needs ``needed``."""
        return self.rank >= needed.rank
