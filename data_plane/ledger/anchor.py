"""The anchor: size and root of the last published tree, durable outside PostgreSQL.

It is what a restored database is held against. Its frontier lets a start check, without any tile, that the database's
tree continues the published one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bailiwick.contract import canonical
from bailiwick.contract.errors import ContractError
from bailiwick.contract.merkle import Frontier
from data_plane.ledger.durable import replace, sync
from data_plane.ledger.errors import TreeRefusedError

MAX_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Anchor:
    """A published tree: size, root, and the roots of its complete subtrees, largest first."""

    size: int
    root: bytes
    frontier: tuple[bytes, ...]

    @staticmethod
    def of(frontier: Frontier) -> Anchor:
        """The anchor of a tree."""
        return Anchor(frontier.size, frontier.root(), frontier.hashes)

    def tree(self) -> Frontier:
        """The tree's right edge."""
        return Frontier(self.size, self.frontier)


def read(path: Path) -> Anchor | None:
    """The anchor at `path`; None where nothing was ever published.

    Raises:
        TreeRefusedError: the file is there but is no anchor.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _parse(data)
    except (ContractError, KeyError, TypeError, ValueError) as error:
        raise TreeRefusedError(
            f"{path} is damaged ({error}). Restore it from the region's backup, or copy size and root from the newest "
            "checkpoint that a witness cosigned; never delete it to get past this check."
        ) from error


def write(path: Path, anchor: Anchor) -> None:
    """Replaces the anchor, durably."""
    document: dict[str, canonical.Json] = {
        "size": anchor.size,
        "root": anchor.root.hex(),
        "frontier": [value.hex() for value in anchor.frontier],
    }
    replace(path, canonical.dumps(document) + b"\n")
    sync(path.parent)


def _parse(data: bytes) -> Anchor:
    value = canonical.parse(data.rstrip(b"\n"), MAX_BYTES)
    if not isinstance(value, dict) or type(value["size"]) is not int:
        raise TypeError("not an object with a size")
    anchor = Anchor(
        value["size"], bytes.fromhex(value["root"]), tuple(bytes.fromhex(item) for item in value["frontier"])
    )
    if anchor.tree().root() != anchor.root:
        raise ValueError("its root does not follow from its frontier")
    return anchor
