"""centre.toml, and what stands above it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from temporalio.service import TLSConfig

from control_plane.__main__ import main
from control_plane.bootstrap.conduct import api_key_of, tls_of
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
    assert main(["--config", str(path), "--check-config"]) == 0
    assert main(["--config", str(path)]) == 2
    assert "say which process: api, console" in capsys.readouterr().err
    assert main(["api", "--config", str(tmp_path / "missing.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    with pytest.raises(SettingsError):
        load(written(tmp_path, "not toml"))


@pytest.mark.parametrize(
    ("console", "needs_tls"),
    [
        ("", False),
        ("host = 'localhost'", False),
        ("host = '::1'", False),
        ("host = '0.0.0.0'", True),
        ("host = 'centre.example'", True),
        ("public_url = 'https://centre.example'", True),
        ("host = '0.0.0.0'\nsecure_cookie = false", False),
        ("secure_cookie = true", True),
    ],
)
def test_sessions_travel_by_tls_but_on_loopback(tmp_path: Path, console: str, *, needs_tls: bool) -> None:
    settings = load(written(tmp_path, f"{GOOD}[console]\nport = 8700\n{console}\n"))
    assert settings.console.cookie_needs_tls is needs_tls


def test_links_name_the_public_address(tmp_path: Path) -> None:
    assert load(written(tmp_path, GOOD)).console.url == "http://127.0.0.1:8700"
    named = load(written(tmp_path, GOOD + "[console]\nport = 80\npublic_url = 'https://centre.example'\n"))
    assert named.console.url == "https://centre.example"


def test_temporal_by_mtls(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key")}
    for name, path in files.items():
        path.write_text(name)
    lines = "".join(f"{name} = '{path}'\n" for name, path in files.items())
    place = load(written(tmp_path, f"{GOOD}[temporal]\n{lines}server_name = 'temporal.example'\n")).temporal
    made = tls_of(place)
    assert isinstance(made, TLSConfig)
    assert (made.server_root_ca_cert, made.client_cert, made.client_private_key) == (b"ca", b"certificate", b"key")
    assert made.domain == "temporal.example"
    assert tls_of(load(written(tmp_path, GOOD)).temporal) is False
    files["key"].unlink()
    with pytest.raises(SettingsError, match=r"key\.pem"):
        tls_of(place)


def test_temporal_by_api_key_is_by_tls_and_never_printed(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD + "[temporal]\napi_key = 'planted-secret'\n"))
    assert isinstance(tls_of(settings.temporal), TLSConfig)
    assert api_key_of(settings.temporal) == "planted-secret"
    assert "planted-secret" not in settings.printable()
    kept = tmp_path / "temporal.key"
    kept.write_text("from-a-file\n")
    assert api_key_of(load(written(tmp_path, f"{GOOD}[temporal]\napi_key_file = '{kept}'\n")).temporal) == "from-a-file"
    assert api_key_of(load(written(tmp_path, GOOD)).temporal) is None


@pytest.mark.parametrize(
    "lines", ["certificate = '/c.pem'", "key = '/k.pem'", "api_key = 'x'\napi_key_file = '/k'", "tls = 'perhaps'"]
)
def test_half_a_key_for_temporal_is_refused(tmp_path: Path, lines: str) -> None:
    with pytest.raises(ValidationError):
        load(written(tmp_path, f"{GOOD}[temporal]\n{lines}\n"))


def test_a_refusal_shows_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD + "[temporal]\napi_key = 'planted-secret'\nkey = '/k.pem'\n")
    assert main(["api", "--config", str(path)]) == 2
    told = capsys.readouterr().err
    assert "mTLS takes both" in told
    assert "planted-secret" not in told
