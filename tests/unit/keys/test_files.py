"""Key files: made once, private, never replaced, refused when others could read them."""

from pathlib import Path

import pytest

from data_plane.keys.errors import KeyFileError
from data_plane.keys.files import load_secret, load_signing_key, make_secret, make_signing_key, write_secret
from data_plane.keys.region import make_missing


def test_keys_are_made_once(tmp_path: Path) -> None:
    first = make_missing(tmp_path, ("bw_gateway",))
    assert "ledger.pem" in first
    assert "db-bw_gateway.pw" in first
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert make_missing(tmp_path, ("bw_gateway",)) == []
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_what_is_made_can_be_loaded(tmp_path: Path) -> None:
    make_signing_key(tmp_path / "a.pem")
    make_secret(tmp_path / "a.key")
    assert load_signing_key(tmp_path / "a.pem").sign(b"x")
    assert len(load_secret(tmp_path / "a.key")) == 32


@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.pem"
    write_secret(path, content)
    for load in (load_signing_key, load_secret):
        with pytest.raises(KeyFileError, match=str(path)):
            load(path)


def test_a_key_open_to_others_is_refused_with_the_remedy(tmp_path: Path) -> None:
    make_signing_key(tmp_path / "ledger.pem")
    (tmp_path / "ledger.pem").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_signing_key(tmp_path / "ledger.pem")


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="python -m data_plane init"):
        load_signing_key(tmp_path / "ledger.pem")
