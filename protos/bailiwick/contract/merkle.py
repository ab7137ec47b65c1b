"""RFC 6962 Merkle trees over SHA-256: roots, proofs, and their verification by the algorithms of RFC 9162.

A tree is addressed by complete subtrees: node (level, index) is the hash over the 2**level leaves from
index * 2**level. Proofs are made from such nodes through a function, so that tiles, lists or a database can serve.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from bailiwick.contract.errors import MalformedError, ProofError

NodeReader: TypeAlias = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree (level, index)."""

EMPTY_ROOT: Final = sha256(b"").digest()
MAX_SIZE: Final = 2**53


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962, section 2.1: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, section 2.1: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree (a compact range from 0): enough to append and to state the root.

    `hashes` holds the roots of the complete subtrees that make up the tree, largest (leftmost) first: one for each set
    bit of `size`.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= MAX_SIZE or len(hashes) != size.bit_count() or any(len(value) != 32 for value in hashes):
            raise MalformedError("a frontier has one hash of 32 bytes for each set bit of its size")
        self.size = size
        self._hashes = list(hashes)

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, leftmost first."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf by its hash."""
        node = leaf
        size = self.size
        while size & 1:
            node = node_hash(self._hashes.pop(), node)
            size >>= 1
        self._hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The tree's root; SHA-256 of nothing for the empty tree."""
        if not self._hashes:
            return EMPTY_ROOT
        node = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            node = node_hash(left, node)
        return node


def root(hashes: Iterable[bytes]) -> bytes:
    """Root over leaf hashes in order."""
    frontier = Frontier()
    for value in hashes:
        frontier.append(value)
    return frontier.root()


def _split(count: int) -> int:
    """The largest power of two smaller than `count`, for counts of 2 and more."""
    return 1 << ((count - 1).bit_length() - 1)


def range_root(start: int, end: int, node: NodeReader) -> bytes:
    """MTH(D[start:end]) for a range that RFC 6962's recursion visits (start is a multiple of the split size)."""
    count = end - start
    level = count.bit_length() - 1
    if count == 1 << level:
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(range_root(start, middle, node), range_root(middle, end, node))


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, section 2.1.1, leaf side first."""
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofError("the index lies outside the tree")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962, section 2.1.2; empty when old is 0 or equals new."""
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofError("the old size exceeds the new one")
    if old in {0, new}:
        return []
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
            whole = False
    if not whole:
        proof.append(range_root(start, end, node))
    proof.reverse()
    return proof


def _check_hashes(proof: Sequence[bytes], *others: bytes) -> None:
    if len(proof) > 64 or any(len(value) != 32 for value in (*proof, *others)):
        raise ProofError("a proof has at most 64 hashes of 32 bytes")


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes) -> None:
    """RFC 9162, section 2.1.3.2, for the leaf hash `leaf`; raises ProofError when the proof does not hold."""
    _check_hashes(proof, leaf, tree_root)
    # 1. The index lies in the tree.
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofError("the index lies outside the tree")
    # 2. and 3. Start at the leaf.
    fn, sn, value = index, size - 1, leaf
    # 4. Fold the proof.
    for sibling in proof:
        if sn == 0:
            raise ProofError("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            value = node_hash(sibling, value)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            value = node_hash(value, sibling)
        fn >>= 1
        sn >>= 1
    # 5. The whole path was walked, and leads to the root.
    if sn != 0 or value != tree_root:
        raise ProofError("the inclusion proof does not lead to the root")


def _fold_both(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Steps 3 to 6 of RFC 9162, section 2.1.4.2: the old and the new root that `path` leads to."""
    # 3. and 4. Strip the levels that both trees share.
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    # 5. and 6. Fold towards both roots at once.
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError("the consistency proof is too long")
        if fn & 1 or fn == sn:
            old_value = node_hash(sibling, old_value)
            new_value = node_hash(sibling, new_value)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new_value = node_hash(new_value, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofError("the consistency proof is too short")
    return old_value, new_value


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """RFC 9162, section 2.1.4.2; raises ProofError when the new tree does not extend the old one.

    From the empty tree, and between trees of one size, the proof is empty.
    """
    _check_hashes(proof, old_root, new_root)
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofError("the new tree is smaller than the old one")
    if old in {0, new}:
        if proof:
            raise ProofError("this consistency proof must be empty")
        if old == 0 and old_root != EMPTY_ROOT:
            raise ProofError("the empty tree has another root")
        if old == new and old_root != new_root:
            raise ProofError("trees of one size have one root")
        return
    # 1. and 2. An old tree that is one complete subtree stands for its own first hash.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofError("the consistency proof is empty")
    # 7. Both roots are reached and the path is used up.
    if _fold_both(old, new, path) != (old_root, new_root):
        raise ProofError("the consistency proof does not lead to both roots")
