"""Publishing: tiles, then the anchor, then the checkpoint; a crash between any two is made good at the next start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import asyncpg
import structlog

from bailiwick.contract.checkpoint import Checkpoint, sign_checkpoint
from bailiwick.contract.merkle import Frontier, leaf_hash
from bailiwick.contract.note import SignerKey
from bailiwick.contract.tiles import WIDTH, HashTiles
from data_plane.ledger import anchor as anchors
from data_plane.ledger import events
from data_plane.ledger.anchor import Anchor
from data_plane.ledger.errors import TileMissingError, TreeRefusedError
from data_plane.ledger.sequencer import HASHES, Numbered
from data_plane.ledger.tile_files import TileFiles, TileWriter

RECORD = "INSERT INTO checkpoint (size, root, note, at) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING"


class Publisher:
    """Grows the tiles and publishes checkpoints.

    Order of a seal: 1. partial tiles, all tiles durable; 2. the anchor, durable; 3. the checkpoint on disk; 4. its row.
    What is published is thus always anchored, and what is anchored always has its tiles.
    """

    def __init__(self, files: TileFiles, anchor: Path, signer: SignerKey, writer: TileWriter) -> None:
        self._files = files
        self._anchor = anchor
        self._signer = signer
        self._writer = writer
        self._sealed: int | None = None

    def extend(self, numbered: Numbered) -> None:
        """Adds entries that have just been numbered."""
        for leaf, body in zip(numbered.leaves, numbered.bodies, strict=True):
            self._writer.append(leaf, body)

    async def seal(
        self, connection: asyncpg.Connection, tree: Frontier, now: datetime, boundaries: Sequence[int] = ()
    ) -> bool:
        """Publishes the tree unless it is published, and answers the boundaries asked for; tells whether it grew."""
        grown = self._sealed != tree.size
        if not grown and not boundaries:
            return False
        checkpoint = Checkpoint(self._signer.name, tree.size, tree.root())
        note = sign_checkpoint(checkpoint, self._signer)
        if grown:
            self._writer.flush()
            anchors.write(self._anchor, Anchor.of(tree))
            self._files.publish(note)
        async with connection.transaction():
            await connection.execute(RECORD, tree.size, checkpoint.root, note, now)
            if boundaries:
                await connection.execute(
                    "UPDATE boundary SET size = $1 WHERE id = ANY ($2)", tree.size, list(boundaries)
                )
        self._sealed = tree.size
        return grown


async def resume_tiles(connection: asyncpg.Connection, files: TileFiles, anchor: Anchor, tree: Frontier) -> TileWriter:
    """Brings the tiles from the last anchored size to the database's tree, or rebuilds them where they are not whole.

    Nothing is written before the entries that would be written are shown to lead to the tree's root.

    Raises:
        TreeRefusedError: the database's entries do not lead to its own root; somebody changed one.
    """
    log = structlog.get_logger()
    start = anchor.size // WIDTH * WIDTH
    try:
        known = HashTiles(start, files.read).frontier()
        whole = files.holds(start) and await _leads_to(connection, known, tree)
    except TileMissingError:
        whole = False
    if not whole:
        start = 0
        log.warning(events.REBUILT, entries=tree.size)
        if not await _leads_to(connection, Frontier(), tree):
            raise TreeRefusedError(
                "the entries in the database do not lead to the published root: at least one was changed or removed. "
                "Nothing will be admitted. `bailiwick ledger fsck` names it; restore the newest copy of the database."
            )
    writer = TileWriter.resume(files, start)
    async with connection.transaction():
        async for row in connection.cursor(HASHES, start, tree.size, prefetch=1000):
            writer.append(leaf_hash(row["body"]), row["body"])
    log.info(events.CAUGHT_UP, first=start, size=tree.size)
    return writer


async def _leads_to(connection: asyncpg.Connection, edge: Frontier, tree: Frontier) -> bool:
    async with connection.transaction():
        async for row in connection.cursor(HASHES, edge.size, tree.size, prefetch=1000):
            edge.append(leaf_hash(row["body"]))
    return edge.size == tree.size and edge.root() == tree.root()
