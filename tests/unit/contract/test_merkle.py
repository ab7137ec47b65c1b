"""Merkle trees against published roots, against pymerkle, and against every small change of a proof."""

from functools import partial
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from bailiwick.contract import merkle
from bailiwick.contract.errors import MalformedError, ProofError

# The tree of Certificate Transparency's own tests, and its roots by size.
LEAVES = tuple(
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

SIZES = st.integers(1, 300)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % number) for number in range(size)]


def _node(hashes: list[bytes], level: int, index: int) -> bytes:
    part = hashes[index << level : (index + 1) << level]
    assert len(part) == 1 << level, "a proof asked for a node that is not complete"
    return merkle.root(part)


def reader(hashes: list[bytes]) -> merkle.NodeReader:
    return partial(_node, hashes)


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    assert merkle.root([merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 31, 64, 100, 257])
def test_roots_equal_those_of_pymerkle(size):
    tree = InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(b"%d" % number)
    assert merkle.root(leaves(size)) == tree.get_root()
    assert merkle.range_root(0, size, reader(leaves(size))) == tree.get_root()


@given(SIZES, st.data())
def test_every_inclusion_proof_verifies_and_no_other_leaf_or_place_does(size, data):
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, reader(hashes))
    root = merkle.root(hashes)
    merkle.verify_inclusion(hashes[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(hashes[index], other, size, proof, root)
        with pytest.raises(ProofError):
            merkle.verify_inclusion(hashes[other], index, size, proof, root)


@given(SIZES, SIZES)
def test_every_consistency_proof_verifies(one, two):
    old, new = sorted((one, two))
    hashes = leaves(new)
    proof = merkle.consistency_proof(old, new, reader(hashes))
    merkle.verify_consistency(old, new, proof, merkle.root(hashes[:old]), merkle.root(hashes))


@given(SIZES, SIZES, st.data())
def test_a_rewritten_history_is_not_consistent(one, two, data):
    old, new = sorted((one, two))
    hashes = leaves(new)
    proof = merkle.consistency_proof(old, new, reader(hashes))
    changed = data.draw(st.integers(0, old - 1))
    before = [*hashes[:changed], sha256(b"other").digest(), *hashes[changed + 1 : old]]
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, new, proof, merkle.root(before), merkle.root(hashes))


@given(SIZES, SIZES, st.data())
def test_a_changed_proof_does_not_verify(one, two, data):
    old, new = sorted((one, two))
    hashes = leaves(new)
    root = merkle.root(hashes)
    index = data.draw(st.integers(0, new - 1))
    inclusion = merkle.inclusion_proof(index, new, reader(hashes))
    consistency = merkle.consistency_proof(old, new, reader(hashes))
    for changed in _changes(inclusion, data):
        with pytest.raises(ProofError):
            merkle.verify_inclusion(hashes[index], index, new, changed, root)
    for changed in _changes(consistency, data):
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, new, changed, merkle.root(hashes[:old]), root)


def _changes(proof, data):
    yield [*proof, sha256(b"more").digest()]
    if proof:
        yield proof[:-1]
        yield proof[1:]
        place = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[place], "big") ^ (1 << bit)).to_bytes(32, "big")
        yield [*proof[:place], flipped, *proof[place + 1 :]]


@given(
    st.integers(0, 2**54), st.integers(0, 2**54), st.lists(st.binary(max_size=33), max_size=70), st.binary(max_size=33)
)
def test_verifiers_are_total(one, two, proof, root):
    with pytest.raises(ProofError):
        merkle.verify_inclusion(root, one, two, proof, b"\x00" * 32)
    try:
        merkle.verify_consistency(one, two, proof, root, b"\x00" * 32)
    except ProofError:
        return
    assert (one, root, proof) == (0, merkle.EMPTY_ROOT, [])


@given(SIZES, st.integers(0, 300))
def test_a_frontier_goes_on_where_it_was_left(size, more):
    whole = leaves(size + more)
    first = merkle.Frontier()
    for leaf in whole[:size]:
        first.append(leaf)
    resumed = merkle.Frontier(first.size, first.hashes)
    for leaf in whole[size:]:
        resumed.append(leaf)
    assert (resumed.size, resumed.root()) == (size + more, merkle.root(whole))


@pytest.mark.parametrize(("size", "hashes"), [(1, []), (3, [b"\x00" * 32]), (1, [b"short"]), (-1, [])])
def test_a_frontier_of_another_shape_is_refused(size, hashes):
    with pytest.raises(MalformedError):
        merkle.Frontier(size, hashes)
