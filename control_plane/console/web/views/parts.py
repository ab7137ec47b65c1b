"""Small values that several pages share: a state, a figure, a link, an action button."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

WORDS = {"conflict-paused": "conflict, paused", "rolled-back": "rolled back", "rolling-back": "rolling back"}


@dataclass(frozen=True, slots=True)
class State:
    """A state as shape and word. `code` picks glyph and colour; `word` is what is read."""

    code: str
    word: str = ""

    @property
    def text(self) -> str:
        """The word, by default the code without hyphens."""
        return self.word or WORDS.get(self.code, self.code.replace("-", " "))


@dataclass(frozen=True, slots=True)
class Link:
    """A link inside the console."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Stat:
    """A figure in the strip under a page's head. With `at`, the age of that moment is the figure."""

    label: str
    value: str = ""
    unit: str = ""
    note: str = ""
    at: datetime | None = None
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """An action. When off, `why` says why, and who may."""

    label: str
    href: str = ""
    kind: str = ""
    why: str = ""

    @property
    def off(self) -> bool:
        """Whether it cannot be pressed now."""
        return bool(self.why)


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the path at the top; the last has no href."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A cell of a lane: state, small print, and whether it is the current or a finished one."""

    state: State
    note: str = ""
    at: datetime | None = None
    now: bool = False
    done: bool = False
