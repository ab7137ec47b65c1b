"""centre.toml, and what stands above it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from control_plane.__main__ import main
from control_plane.settings import SettingsError, load

GOOD = '[centre]\nname = "northbridge"\nhome = "/srv/centre"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "centre.toml"
    path.write_text(text)
    return path


def test_defaults_and_places(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD))
    assert settings.agents.dialled == "127.0.0.1:8701"
    assert settings.keys == Path("/srv/centre/keys")
    assert settings.offline == Path("/srv/offline")
    assert settings.dsn("bw_api", "pw") == "postgresql://bw_api:pw@127.0.0.1:8706/bailiwick"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAILIWICK_CENTRE__AGENTS__PORT", "9401")
    monkeypatch.setenv("BAILIWICK_CENTRE__DATABASE__DSN", "postgresql://{role}:{password}@db/x?sslmode=require")
    monkeypatch.setenv("BAILIWICK_TEMPORAL_ADDRESS", "temporal.example:7233")
    settings = load(written(tmp_path, GOOD + "[agents]\nport = 9000\nadvertised = 'centre.example:443'\n"))
    assert (settings.agents.port, settings.agents.dialled) == (9401, "centre.example:443")
    assert settings.dsn("bw_api", "pw") == "postgresql://bw_api:pw@db/x?sslmode=require"
    assert "sslmode" not in settings.printable()
    assert settings.temporal.address == "temporal.example:7233"


@pytest.mark.parametrize(
    "text", ["[centre]\nname='A B'\nhome='/x'\n", "[centre]\nhome='/x'\nextra=1\n", GOOD + "[x]\n"]
)
def test_wrong_values_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValidationError):
        load(written(tmp_path, text))


def test_the_command_line_checks_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD)
    assert main(["api", "--config", str(path), "--check-config"]) == 0
    assert '"northbridge"' in capsys.readouterr().out
    assert main(["api", "--config", str(tmp_path / "missing.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    with pytest.raises(SettingsError):
        load(written(tmp_path, "not toml"))
