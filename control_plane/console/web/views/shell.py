"""The frame of every page: navigation, who is signed in, where one is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from control_plane.console.web.facts.people import Person


@dataclass(frozen=True, slots=True)
class NavItem:
    """A page in the navigation; `key` opens it after `g`."""

    title: str
    page: str
    href: str
    key: str


@dataclass(frozen=True, slots=True)
class NavGroup:
    """Pages for one kind of work."""

    title: str
    items: tuple[NavItem, ...]


NAV = (
    NavGroup(
        "Operate",
        (
            NavItem("World", "world", "/", "w"),
            NavItem("Rollouts", "rollouts", "/rollouts", "r"),
            NavItem("Releases", "releases", "/releases", "v"),
        ),
    ),
    NavGroup("Account", (NavItem("Spend", "spend", "/spend", "s"),)),
    NavGroup("Prove", (NavItem("Evidence", "evidence", "/evidence", "e"), NavItem("What left", "left", "/left", "l"))),
)


@dataclass(frozen=True, slots=True)
class Shell:
    """What `base.html` prints around a page."""

    page: str
    path: str
    now: datetime
    centre: str
    person: Person | None
    csrf: str
    counts: dict[str, int] = field(default_factory=dict)
    nav: tuple[NavGroup, ...] = NAV
