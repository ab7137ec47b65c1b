"""The sequencer: gives entries their indices and advances the tree, one leader at a time.

Rules:

1. Only the holder of the advisory lock numbers, and it does so on the lock's own connection: when the connection
   goes, so does the lock, and no statement of a former leader can follow.
2. Rows are found by `idx IS NULL`, never by following their ids: ids commit out of order.
3. Indices, size and root move in one transaction; memory follows only after the commit.
4. Before numbering it is proven that the database's tree continues the anchored one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from bailiwick.contract.ledger_entry import Pad
from bailiwick.contract.merkle import Frontier, leaf_hash
from data_plane.ledger.anchor import Anchor
from data_plane.ledger.errors import TreeRefusedError

LEADER = 0x6277_0002
AT_ONCE = 4000

PENDING = 'SELECT "row", body FROM ledger_entry WHERE idx IS NULL ORDER BY "row" LIMIT $1'
NUMBER = (
    'UPDATE ledger_entry e SET idx = n.idx FROM unnest($1::bigint[], $2::bigint[]) AS n ("row", idx) '
    'WHERE e."row" = n."row" AND e.idx IS NULL'
)
PAD = (
    "INSERT INTO ledger_entry (idx, kind, body, at) "
    "SELECT $1 + n - 1, 'pad', $2, $3 FROM generate_series(1::bigint, $4::bigint) AS n"
)
HASHES = "SELECT idx, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"

RESTORED = (
    "the database holds {found} ledger entries, but {published} were published: this is an older copy. Nothing will be "
    "admitted. Stop the region and restore the newest copy with its write-ahead log. Where the newest entries are lost "
    "for good, keep data/tiles as evidence of them and begin a new ledger: another ledger.origin in region.toml, an "
    "empty database, an empty data/tiles. Do not delete {anchor} to get past this check."
)
DIFFERENT = (
    "the database's ledger is not a continuation of the one published ({published} entries): {how}. Nothing will be "
    "admitted. Restore the region's own newest copy of the database. Do not delete {anchor}."
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """Entries that have just been numbered, in order, from `first` on."""

    first: int
    leaves: Sequence[bytes]
    bodies: Sequence[bytes]


async def take_leadership(connection: asyncpg.Connection) -> bool:
    """Takes the leader's lock for as long as the connection lives; false while another holds it."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER))


async def halt(connection: asyncpg.Connection, reason: str | None) -> None:
    """Makes every admission fail with `reason`, until it is called with None."""
    await connection.execute("UPDATE ledger_head SET halted = $1 WHERE halted IS DISTINCT FROM $1", reason)


class Sequencer:
    """Numbers on one connection that holds the leader's lock. Make it with `lead`."""

    def __init__(self, connection: asyncpg.Connection, tree: Frontier) -> None:
        self._connection = connection
        self._tree = tree

    @classmethod
    async def lead(cls, connection: asyncpg.Connection, anchor: Anchor | None, anchor_name: str) -> Sequencer:
        """Checks the database against the anchor and starts from there; the connection holds the lock.

        Raises:
            TreeRefusedError: the database holds a smaller or different tree.
        """
        return cls(connection, await _checked_tree(connection, anchor, anchor_name))

    @property
    def tree(self) -> Frontier:
        """A copy of the tree as numbered."""
        return Frontier(self._tree.size, self._tree.hashes)

    async def number(self, now: datetime, multiple: int = 1) -> Numbered:
        """Numbers what waits, at most a few thousand entries.

        With `multiple` above 1, pads follow in the same transaction, up to a multiple, if nothing waits any more.
        """
        tree = self.tree
        async with self._connection.transaction():
            await self._lock_head(tree)
            rows = await self._connection.fetch(PENDING, AT_ONCE)
            bodies = [row["body"] for row in rows]
            first = tree.size
            if rows:
                indices = list(range(first, first + len(rows)))
                await self._connection.execute(NUMBER, [row["row"] for row in rows], indices)
            pads = -(first + len(rows)) % multiple if len(rows) < AT_ONCE else 0
            if pads:
                pad = Pad(at=now).encode()
                await self._connection.execute(PAD, first + len(rows), pad, now, pads)
                bodies += [pad] * pads
            leaves = [leaf_hash(body) for body in bodies]
            for leaf in leaves:
                tree.append(leaf)
            if bodies:
                await self._connection.execute(
                    "UPDATE ledger_head SET size = $1, root = $2, frontier = $3 WHERE id = 1",
                    tree.size,
                    tree.root(),
                    b"".join(tree.hashes),
                )
        self._tree = tree
        return Numbered(first, leaves, bodies)

    async def _lock_head(self, tree: Frontier) -> None:
        head = await self._connection.fetchrow("SELECT size, root FROM ledger_head WHERE id = 1 FOR UPDATE")
        if head["size"] != tree.size or head["root"] != tree.root():
            raise TreeRefusedError(
                f"the ledger's head changed beneath the sequencer (size {head['size']}, expected {tree.size}): "
                "somebody wrote to ledger_head; restart the ledger process to have it checked against the anchor"
            )


async def _checked_tree(connection: asyncpg.Connection, anchor: Anchor | None, anchor_name: str) -> Frontier:
    head = await connection.fetchrow("SELECT size, root, frontier FROM ledger_head WHERE id = 1")
    size, root, packed = head["size"], head["root"], head["frontier"]
    if anchor is None:
        if size:
            how = "the anchor is missing"
            raise TreeRefusedError(DIFFERENT.format(published="some", how=how, anchor=anchor_name))
        return Frontier()
    if size < anchor.size:
        raise TreeRefusedError(RESTORED.format(found=size, published=anchor.size, anchor=anchor_name))
    tree = anchor.tree()
    async with connection.transaction():
        async for row in connection.cursor(HASHES, anchor.size, size, prefetch=2000):
            if row["idx"] != tree.size:
                how = f"entry {tree.size} is missing"
                raise TreeRefusedError(DIFFERENT.format(published=anchor.size, how=how, anchor=anchor_name))
            tree.append(leaf_hash(row["body"]))
    if tree.size != size or tree.root() != root or b"".join(tree.hashes) != packed:
        how = f"the root over its {size} entries does not follow from the published one"
        raise TreeRefusedError(DIFFERENT.format(published=anchor.size, how=how, anchor=anchor_name))
    return tree
