from __future__ import annotations

from pathlib import Path

import pytest

from bailiwick.contract.decision import Evaluator
from bailiwick.contract.errors import PolicyError
from bailiwick.contract.release import digest, hex_of
from data_plane.activation.active import Digests
from data_plane.activation.errors import DamagedBlobError, MissingBlobError
from data_plane.activation.loader import ReleaseLoader
from data_plane.policy import own
from tests.fixtures.gateway import NO_LAB, PERMITS, config, policy_set


def stage(root: Path, *blobs: bytes) -> list[str]:
    (root / "blobs").mkdir(parents=True, exist_ok=True)
    for blob in blobs:
        (root / "blobs" / hex_of(digest(blob))).write_bytes(blob)
    return [digest(blob) for blob in blobs]


def loader(root: Path, currency: str = "EUR") -> ReleaseLoader[Evaluator]:
    return ReleaseLoader(root, currency, Evaluator)


def test_a_release_is_loaded_whole(tmp_path: Path) -> None:
    names = stage(tmp_path, config().encode(), policy_set().encode())
    release = loader(tmp_path).load(Digests("sha256:" + "0" * 64, 1, *names))
    assert [model.id for model in release.models] == ["tiny-chat", "big-chat", "minilm"]
    assert release.prices.currency == "EUR"


def test_a_missing_damaged_or_unpriced_release_is_not_loaded(tmp_path: Path) -> None:
    names = stage(tmp_path, config().encode(), policy_set().encode())
    digests = Digests("sha256:" + "0" * 64, 1, *names)
    with pytest.raises(DamagedBlobError, match="no price book in INR"):
        loader(tmp_path, "INR").load(digests)
    path = tmp_path / "blobs" / hex_of(names[1])
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DamagedBlobError, match="does not match"):
        loader(tmp_path).load(digests)
    path.unlink()
    with pytest.raises(MissingBlobError):
        loader(tmp_path).load(digests)


def test_a_config_that_is_none_is_damaged(tmp_path: Path) -> None:
    names = stage(tmp_path, b"{}", policy_set().encode())
    with pytest.raises(DamagedBlobError):
        loader(tmp_path).load(Digests("sha256:" + "0" * 64, 1, *names))


def test_a_region_may_tighten_and_never_permit(tmp_path: Path) -> None:
    assert own.load(tmp_path / "policy") == ()
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy/lab.cedar").write_text(NO_LAB)
    assert [policy.id for policy in own.load(tmp_path / "policy")] == ["no-lab"]
    (tmp_path / "policy/wide.cedar").write_text(PERMITS)
    with pytest.raises(PolicyError, match="permit"):
        own.load(tmp_path / "policy")
