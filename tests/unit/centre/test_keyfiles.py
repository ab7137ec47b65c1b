"""The centre's key files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from control_plane.authority import keyfiles


def test_a_file_is_there_while_it_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "server.pem"
    assert keyfiles.write_once(path, b"first")
    assert not keyfiles.write_once(path, b"other")

    def interrupted(self: Path, target: Path) -> Path:
        raise InterruptedError(f"{self} for {target}")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)  # the process dies before the last step
        with pytest.raises(InterruptedError):
            keyfiles.replace(path, b"second")
    assert path.read_bytes() == b"first"
    keyfiles.replace(path, b"second")
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
