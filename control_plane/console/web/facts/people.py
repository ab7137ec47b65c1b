"""Who is signed in, and what a role permits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Roles of the centre. Officers sign in at their region."""

    VIEWER = "viewer"
    FINANCE = "finance"
    OPERATIONS = "operations"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user: stable name, the words to show, and roles."""

    name: str
    display: str
    roles: frozenset[Role]

    def may(self, *roles: Role) -> bool:
        """Whether any of `roles` is held."""
        return bool(self.roles.intersection(roles))
