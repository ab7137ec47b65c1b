"""Proof that a whole range of entries lies in a tree: the hashes of all that lies outside it, as few as there can be.

For a range of r entries in a tree of n this takes about 2 log2(n) hashes, where proofs one by one take r log2(n).
The recursion is RFC 6962's; a subtree that lies wholly outside the range contributes one hash, in order from the left.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from bailiwick.contract.errors import ProofError
from bailiwick.contract.merkle import EMPTY_ROOT, MAX_SIZE, Frontier, NodeReader, node_hash, range_root

MAX_PROOF: Final = 128


def _check(first: int, following: int, size: int) -> None:
    if not 0 <= first <= following <= size <= MAX_SIZE:
        raise ProofError("the range does not lie in the tree")


def _middle(start: int, end: int) -> int:
    """Where RFC 6962 splits [start, end): after the largest power of two smaller than its length."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def range_proof(first: int, following: int, size: int, node: NodeReader) -> list[bytes]:
    """The hashes of the subtrees outside [first, following) in a tree of `size` entries, from the left."""
    _check(first, following, size)
    proof: list[bytes] = []

    def visit(start: int, end: int) -> None:
        if end <= first or start >= following:
            proof.append(range_root(start, end, node))
        elif start < first or end > following:
            middle = _middle(start, end)
            visit(start, middle)
            visit(middle, end)

    if size:
        visit(0, size)
    return proof


def verify_range(
    first: int, following: int, size: int, leaves: Iterator[bytes], proof: Sequence[bytes], root: bytes
) -> None:
    """Fold the leaf hashes of [first, following) and the proof to the tree's root.

    Takes exactly `following - first` leaves, one at a time. Raises ProofError when anything is missing, left over, or
    leads to another root.
    """
    _check(first, following, size)
    if len(proof) > MAX_PROOF or any(len(value) != 32 for value in proof):
        raise ProofError(f"a proof has at most {MAX_PROOF} hashes of 32 bytes")
    outside = iter(proof)

    def take(source: Iterator[bytes]) -> bytes:
        value = next(source, None)
        if value is None:
            raise ProofError("the proof of the range is too short")
        return value

    def fold(start: int, end: int) -> bytes:
        if end <= first or start >= following:
            return take(outside)
        if first <= start and end <= following:
            inside = Frontier()
            for _ in range(end - start):
                inside.append(take(leaves))
            return inside.root()
        middle = _middle(start, end)
        left = fold(start, middle)
        return node_hash(left, fold(middle, end))

    folded = fold(0, size) if size else EMPTY_ROOT
    if next(outside, None) is not None or next(leaves, None) is not None:
        raise ProofError("the proof of the range has parts left over")
    if folded != root:
        raise ProofError("the entries do not lead to the root")
