"""The centre's own log: every change is an entry, so that those who operate the centre can be audited too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bailiwick.contract import canonical, merkle
from bailiwick.contract.checkpoint import Checkpoint, sign_checkpoint
from bailiwick.contract.note import SignerKey
from bailiwick.contract.times import format_time
from control_plane.domain.ledger import Action, Fact, LogEntry, LogHead
from control_plane.services.ports import Registry, Transaction


async def record(tx: Transaction, name: str, actor: str, at: datetime, **facts: Fact) -> int:
    """Append an entry to the centre's log within the transaction of the change itself; returns its index.

    Call it last: it holds the head of the log until the transaction ends.
    """
    body = encode(Action(name, actor, at, facts))
    head = await tx.log.lock_head()
    frontier = merkle.Frontier(head.size, head.hashes)
    leaf = merkle.leaf_hash(body)
    frontier.append(leaf)
    await tx.log.append(body, leaf, LogHead(frontier.size, frontier.hashes), at)
    return head.size


def encode(action: Action) -> bytes:
    """An entry's canonical JSON (RFC 8785)."""
    facts: Mapping[str, Fact] = action.facts
    return canonical.dumps(
        {"v": 1, "kind": action.name, "actor": action.actor, "at": format_time(action.at), "facts": dict(facts)}
    )


class Journal:
    """Reads the centre's log, and signs its checkpoint."""

    def __init__(self, registry: Registry, signer: SignerKey) -> None:
        self._registry = registry
        self._signer = signer

    def vkey(self) -> str:
        """The log's verifier key in C2SP's text form; its name is the log's origin."""
        return str(self._signer.verifier)

    async def checkpoint(self) -> bytes:
        """The signed checkpoint of the log as it is now."""
        async with self._registry.begin() as tx:
            head = await tx.log.head()
        root = merkle.Frontier(head.size, head.hashes).root()
        return sign_checkpoint(Checkpoint(self._signer.name, head.size, root), self._signer)

    async def entries(self, first: int, limit: int) -> Sequence[LogEntry]:
        """Entries from an index on."""
        async with self._registry.begin() as tx:
            return await tx.log.entries(first, limit)

    async def newest(self, limit: int) -> Sequence[LogEntry]:
        """The last entries, newest first."""
        async with self._registry.begin() as tx:
            return await tx.log.newest(limit)

    async def check(self) -> int:
        """Recompute the whole log from its entries; returns its size, or raises `ValueError` if they differ."""
        async with self._registry.begin() as tx:
            head = await tx.log.head()
            frontier = merkle.Frontier()
            while frontier.size < head.size:
                for entry in await tx.log.entries(frontier.size, 1000):
                    frontier.append(merkle.leaf_hash(entry.body))
            if frontier.hashes != head.hashes:
                raise ValueError("the entries of the centre's log do not add up to its head")
            return head.size
