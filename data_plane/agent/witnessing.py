"""The centre as a blind witness: it sees sizes, roots and proofs of report boundaries, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import asyncpg
import structlog

from bailiwick.contract.cosignature import attach, verify_cosignatures
from bailiwick.contract.errors import ContractError
from bailiwick.contract.note import VerifierKey
from data_plane.agent.errors import ProtocolBreachError
from data_plane.agent.peer import Peer, Refused
from data_plane.privacy import messages
from data_plane.privacy.rebuild import Rebuilder
from data_plane.releases import store_link

COSIGNED = "checkpoint_cosigned"
BEHIND = "ledger-behind-witness"
REWRITTEN = "ledger-differs-from-witness"
Prove: TypeAlias = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""The consistency proof between two sizes of the region's tree (RFC 6962)."""


class Witnessing:
    """Asks for the newest report boundary to be cosigned."""

    def __init__(
        self, pool: asyncpg.Pool, prove: Prove, rebuilder: Rebuilder, keys: Callable[[], Sequence[VerifierKey]]
    ) -> None:
        self._pool = pool
        self._prove = prove
        self._rebuilder = rebuilder
        self._keys = keys
        self._log = structlog.get_logger()

    async def step(self, peer: Peer) -> None:
        """One round: nothing to do where the newest boundary is cosigned.

        Raises:
            ProtocolBreachError: what came back is no cosignature by a pinned witness.
            CentreAwayError: not now.
        """
        row = await self._pool.fetchrow(
            "SELECT size, note FROM checkpoint WHERE cosigned IS NULL AND size > 0"
            " AND size = (SELECT max(checkpoint_size) FROM report)"
        )
        if row is None:
            return
        known = await peer.witness_size(messages.witness_state(self._rebuilder))
        if known > row["size"]:
            await store_link.conflict(self._pool, BEHIND, None)
            return
        proof = await self._prove(known, row["size"]) if 0 < known < row["size"] else ()
        try:
            line = await peer.add_checkpoint(messages.add_checkpoint(self._rebuilder, known, proof, row["note"]))
        except Refused as refused:
            self._log.warning(REWRITTEN, code=refused.code.name)
            await store_link.conflict(self._pool, REWRITTEN, None)
            return
        cosigned = self._verified(row["note"], line)
        await self._pool.execute("UPDATE checkpoint SET cosigned = $2 WHERE size = $1", row["size"], cosigned)
        self._log.info(COSIGNED, size=row["size"])

    def _verified(self, note: bytes, line: bytes) -> bytes:
        try:
            cosigned = attach(note, line.decode())
            verify_cosignatures(cosigned, self._keys(), 1)
        except (ContractError, UnicodeDecodeError) as error:
            raise ProtocolBreachError("the centre's cosignature does not verify") from error
        return cosigned
