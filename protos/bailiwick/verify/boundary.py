"""`boundary.json`: the region's own settings that a verification depends on."""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.contract import canonical, fields
from bailiwick.contract.ledger_entry import TAGS
from bailiwick.contract.privacy import Grid
from bailiwick.contract.release import Policy

MAX_BOUNDARY = 4 << 20


@dataclass(frozen=True)
class Boundary:
    """The registered words that reports are made over, and the region's own policies."""

    grid: Grid
    own: tuple[Policy, ...]

    @staticmethod
    def decode(data: bytes) -> Boundary:
        """From canonical bytes."""
        body = fields.members(canonical.loads(data, MAX_BOUNDARY), ("v", "words", "own"))
        words = fields.members(body["words"], (*TAGS, "model", "tier"))
        grid = Grid({name: frozenset(fields.distinct(found, 4096, fields.identifier)) for name, found in words.items()})
        return Boundary(grid, fields.items(body["own"], 256, Policy.read))
