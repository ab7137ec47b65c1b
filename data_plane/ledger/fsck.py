"""Checking everything: the tree from raw rows, the tiles, the checkpoints, the anchor, admissions, money.

Numbered checks, each with a code; a check never stops the ones after it. Reads one consistent snapshot and holds one
bundle of entries in memory at a time.

1. `INDEX-GAP`        indices run from 0 to the head's size without a gap
2. `ENTRY-MALFORMED`  every row is a canonical entry of its kind, and its number is the row's
3. `TILE-DIFFERS`     every hash tile is what the rows lead to      (checked up to the published size)
4. `BUNDLE-DIFFERS`   every entry bundle holds the rows' bytes
5. `HEAD-DIFFERS`     size, root and edge in the database are those of the rows
6. `CHECKPOINT-DIFFERS`, `CHECKPOINT-SIGNATURE`  every checkpoint is signed by the ledger's key and has the rows' root
7. `ANCHOR-DIFFERS`   the anchor is a prefix of the tree
8. `ADMISSION-GAP`    admission numbers run from 1 without a gap up to the counter
9. `SETTLEMENT-MISSING`, `SETTLEMENT-ORPHAN`  each admission has one settlement or is open, never both or neither
10. `POT-DIFFERS`     each pot's reserved and lifetime amounts are those of the entries
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bailiwick.contract.note import VerifierKey
from data_plane.ledger.fsck_money import Money
from data_plane.ledger.fsck_tree import Outside, TreeCheck
from data_plane.ledger.reader import StoredEntry
from data_plane.ledger.tile_files import TileFiles

MOST = 10
PATIENCE = 50
PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked and what was found; `findings` has at most ten of each code, `more` counts the rest."""

    entries: int
    waiting: int
    admissions: int
    settlements: int
    open: int
    checkpoints: int
    root: str
    findings: tuple[Finding, ...]
    more: int

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


class Findings:
    """Collects findings, the first ten of each code in full."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.more = 0
        self._counts: Counter[str] = Counter()

    def add(self, code: str, detail: str) -> None:
        """Notes a finding."""
        self._counts[code] += 1
        if self._counts[code] <= MOST:
            self.kept.append(Finding(code, detail))
        else:
            self.more += 1


async def check(connection: asyncpg.Connection, tiles: Path, anchor: Path, key: VerifierKey) -> Verdict:
    """Checks the whole ledger against itself. The connection's role must be able to read the ledger and the pots."""
    found = Findings()
    files = TileFiles(tiles)
    outside = await _outside(connection, files, anchor)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchrow("SELECT size, root, frontier FROM ledger_head WHERE id = 1")
        checkpoints = await connection.fetch("SELECT size, root, note FROM checkpoint ORDER BY size")
        tree = TreeCheck(files, outside, key, found.add, checkpoints)
        money = Money(found.add)
        query = 'SELECT idx, kind, number, body FROM ledger_entry ORDER BY idx NULLS LAST, "row"'
        waiting = 0
        async for row in connection.cursor(query, prefetch=1000):
            if row["idx"] is None:
                waiting += 1
            else:
                tree.add(StoredEntry(row["idx"], row["kind"], row["body"]))
            money.add(row["kind"], row["number"], row["body"])
        tree.finish(head)
        await money.finish(connection)
    return Verdict(
        entries=tree.size,
        waiting=waiting,
        admissions=money.admissions,
        settlements=money.settlements,
        open=money.open,
        checkpoints=len(checkpoints),
        root=tree.root.hex(),
        findings=tuple(found.kept),
        more=found.more,
    )


async def _outside(connection: asyncpg.Connection, files: TileFiles, anchor: Path) -> Outside:
    """What stands outside, read before the rows so that it cannot be newer than they are.

    The sequencer writes its anchor before it commits; in between, the anchor is ahead for a moment, which is no fault.
    """
    outside = Outside.read(files, anchor)
    for _ in range(PATIENCE):
        size = await connection.fetchval("SELECT size FROM ledger_head WHERE id = 1")
        if outside.anchor is None or outside.anchor.size <= size:
            break
        await asyncio.sleep(PAUSE)
    return outside
