"""The anchor is whole, or refused; never guessed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract.merkle import Frontier, leaf_hash
from data_plane.ledger import anchor
from data_plane.ledger.anchor import Anchor
from data_plane.ledger.errors import TreeRefusedError


def tree(size: int) -> Frontier:
    grown = Frontier()
    for index in range(size):
        grown.append(leaf_hash(b"%d" % index))
    return grown


@given(size=st.integers(0, 300))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    path = tmp_path_factory.getbasetemp() / "anchor.json"
    anchor.write(path, Anchor.of(tree(size)))
    found = anchor.read(path)
    assert found == Anchor.of(tree(size))
    assert found is not None
    assert found.tree().root() == found.root


def test_where_nothing_was_published_there_is_none(tmp_path: Path) -> None:
    assert anchor.read(tmp_path / "anchor.json") is None


@pytest.mark.parametrize(
    "damage",
    [b"", b"{}", b"[]", b"not json", b'{"frontier":[],"root":"00","size":1}', b'{"frontier":[],"root":7,"size":"x"}'],
)
def test_a_damaged_anchor_is_refused_and_says_what_to_do(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "anchor.json"
    path.write_bytes(damage)
    with pytest.raises(TreeRefusedError, match="Restore it from the region's backup"):
        anchor.read(path)


def test_a_changed_root_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    anchor.write(path, Anchor.of(tree(5)))
    path.write_bytes(path.read_bytes().replace(tree(5).root().hex().encode(), b"00" * 32))
    with pytest.raises(TreeRefusedError, match="does not follow"):
        anchor.read(path)
