"""The centre as a blind witness of the regions' ledgers: sizes, roots and proofs, never an entry.

The rules of C2SP tlog-witness, in their order:

1. The checkpoint is signed by the region's ledger key, under the origin that the region has always used.
2. The caller builds on the newest size that this witness knows.
3. The consistency proof leads from that root to the new one.
4. What was cosigned is kept before the cosignature is handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bailiwick.contract import merkle
from bailiwick.contract.checkpoint import Checkpoint, open_checkpoint
from bailiwick.contract.errors import ContractError, ProofError, SignatureError
from bailiwick.contract.note import Algorithm, VerifierKey, parse_note
from control_plane.domain.errors import InvalidError, NotFoundError, RewrittenError, StateError, UnauthenticatedError
from control_plane.domain.ledger import Witnessed
from control_plane.domain.regions import Region
from control_plane.domain.words import RegionId
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Cosigner, Registry


@dataclass(frozen=True)
class Offered:
    """A checkpoint as it was handed in."""

    old_size: int
    proof: Sequence[bytes]
    note: bytes


class Witness:
    """Cosigns checkpoints of enrolled regions."""

    def __init__(self, registry: Registry, clock: Clock, cosigner: Cosigner) -> None:
        self._registry = registry
        self._clock = clock
        self._cosigner = cosigner

    async def newest_size(self, region: RegionId) -> int:
        """The newest size that was cosigned for a region; 0 where there is none."""
        async with self._registry.begin() as tx:
            newest = await tx.witness.newest(region)
        return newest.size if newest is not None else 0

    async def add(self, region: RegionId, offered: Offered) -> bytes:
        """Check consistency and return one cosignature line.

        Raises `StateError` where `old_size` is not the newest, and `RewrittenError` where history was rewritten.
        """
        now = self._clock()
        async with self._registry.begin() as tx:
            known = await tx.regions.lock(region)
            if known is None or known.keys is None:
                raise NotFoundError("region", "There is no such region.")
            checkpoint = _opened(offered.note, known, known.keys.ledger)
            newest = await tx.witness.newest(region)
            _check(offered, checkpoint, newest)
            line = self._cosigner.cosign(checkpoint.text(), now)
            kept = Witnessed(region, checkpoint.size, checkpoint.root, offered.note, line, now)
            await tx.witness.add(kept)
            if known.ledger_origin is None:
                await tx.regions.save(replace(known, ledger_origin=checkpoint.origin))
            if newest is None or newest.size != checkpoint.size:
                root = checkpoint.root.hex()
                await record(tx, "witness.cosign", f"region:{region}", now, size=checkpoint.size, root=root)
        return line


def _opened(note: bytes, region: Region, key: bytes) -> Checkpoint:
    """Rule 1."""
    try:
        origin = region.ledger_origin or parse_note(note).text.split("\n", 1)[0]
        checkpoint = open_checkpoint(note, VerifierKey(origin, Algorithm.ED25519, key))
        signatures = len(parse_note(note).signatures)
    except SignatureError as error:
        raise UnauthenticatedError(
            "checkpoint-key", "The checkpoint is not signed by the region's ledger key."
        ) from error
    except ContractError as error:
        raise InvalidError("checkpoint", "That is no checkpoint.") from error
    if signatures != 1 or origin.rpartition("/")[2] != region.id:
        raise InvalidError("checkpoint", "A checkpoint is of the region's own log, and has one signature.")
    return checkpoint


def _check(offered: Offered, checkpoint: Checkpoint, newest: Witnessed | None) -> None:
    """Rules 2 and 3."""
    size = newest.size if newest is not None else 0
    root = newest.root if newest is not None else merkle.EMPTY_ROOT
    if offered.old_size != size:
        raise StateError(
            "old-size", "That is not the newest size that this witness knows.", "Ask for it, and build on it."
        )
    rewritten = RewrittenError("rewritten", "The checkpoint does not extend the ledger that this witness knows.")
    if checkpoint.size < size or (checkpoint.size == size and checkpoint.root != root):
        raise rewritten
    try:
        merkle.verify_consistency(size, checkpoint.size, list(offered.proof), root, checkpoint.root)
    except ProofError as error:
        raise rewritten from error
