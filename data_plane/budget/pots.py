"""Pots: which requests draw on which, and how full they are. All amounts are integer micro-units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from data_plane.budget.windows import WindowKind

Action = Literal["notify", "economy", "stop"]
SEVERITY: tuple[Action, ...] = ("notify", "economy", "stop")


@dataclass(frozen=True, slots=True)
class Rung:
    """From `at_permille` thousandths of the limit on, `action` applies."""

    at_permille: int
    action: Action


@dataclass(frozen=True, slots=True)
class Pot:
    """A budget. Every request whose tags equal all of `match` draws on it; an empty `match` is the whole region."""

    id: str
    match: Mapping[str, str]
    window: WindowKind
    limit: int | None
    rungs: tuple[Rung, ...] = ()

    @property
    def stop_at(self) -> int | None:
        """The amount that is never exceeded: the limit, or the lowest rung that stops, if that is lower."""
        if self.limit is None:
            return None
        stops = [rung.at_permille for rung in self.rungs if rung.action == "stop"]
        return self.limit * min([1000, *stops]) // 1000


@dataclass(frozen=True, slots=True)
class Level:
    """How full a pot is in its present window."""

    pot: Pot
    settled: int
    reserved: int
    resets_at: datetime | None

    @property
    def action(self) -> Action | None:
        """The severest action that the ladder asks for at this level; none below the first rung."""
        limit = self.pot.limit
        if limit is None:
            return None
        used = (self.settled + self.reserved) * 1000
        reached = [rung.action for rung in self.pot.rungs if used >= limit * rung.at_permille]
        return max(reached, key=SEVERITY.index, default=None)


def matching(pots: Iterable[Pot], labels: Mapping[str, str]) -> tuple[Pot, ...]:
    """The pots that a request with these labels draws on, by id: the order in which they are locked."""
    chosen = [pot for pot in pots if all(labels.get(name) == value for name, value in pot.match.items())]
    return tuple(sorted(chosen, key=lambda pot: pot.id))


def severest(levels: Iterable[Level]) -> Level | None:
    """The level that asks for the most, the fullest pot first among equals; none where none asks for anything."""
    asking = [level for level in levels if level.action is not None]
    return max(asking, key=_weight, default=None)


def _weight(level: Level) -> tuple[int, int]:
    action, limit = level.action, level.pot.limit
    used = level.settled + level.reserved
    return (SEVERITY.index(action) if action else -1, used * 1000 // limit if limit else 0)
