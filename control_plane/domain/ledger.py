"""The centre's own log: what was done, by whom, as entries of a Merkle tree; and what it witnessed of regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from control_plane.domain.words import RegionId

Fact = str | int | bool


@dataclass(frozen=True)
class Action:
    """Something that was done: a constant name, who did it, and facts about it (never free text of outsiders)."""

    name: str
    actor: str
    at: datetime
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class LogEntry:
    """An entry of the centre's log at its index; `body` is its canonical JSON."""

    index: int
    body: bytes
    at: datetime


@dataclass(frozen=True)
class LogHead:
    """The centre's log now: its size, and the hashes of its compact range."""

    size: int
    hashes: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Witnessed:
    """A region's checkpoint that this centre cosigned. `note` is the region's, `cosignature` the line added."""

    region: RegionId
    size: int
    root: bytes
    note: bytes
    cosignature: bytes
    at: datetime
