"""region.toml: right values are taken, wrong ones are named with what would be right, secrets are masked."""

import json
from pathlib import Path

import pytest

from data_plane.__main__ import main
from data_plane.settings import RegionSettings, SettingsError, load

GOOD = """
[region]
id = "eu-de"
jurisdiction = "EU"
timezone = "Europe/Berlin"
home = "/srv/eu-de"
[[budgets.pot]]
id = "team/payments"
limit = 5
match = {team = "payments"}
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "region.toml"
    path.write_text(text)
    return path


def test_defaults_fill_what_is_not_said(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD))
    assert (settings.gateway.port, settings.reports.k, settings.reports.p_permille) == (8720, 10, 500)
    assert settings.tiles_dir == Path("/srv/eu-de/data/tiles")
    assert settings.budgets.pot[0].window == "month"
    assert settings.ledger_origin.endswith("eu-de")


def test_the_environment_stands_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAILIWICK_REGION__GATEWAY__PORT", "9999")
    monkeypatch.setenv("BAILIWICK_REGION__REGION__CURRENCY", "INR")
    settings = load(write(tmp_path, GOOD))
    assert (settings.gateway.port, settings.region.currency, settings.region.id) == (9999, "INR", "eu-de")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[gateway]\nport = 0", "gateway.port"),
        ("[gateway]\nprot = 1", "gateway.prot"),
        ("[reports]\nk = 1", "reports.k"),
        ("[engines]\n[[engines.engine]]\nmodel = 'm'\nkind = 'chat'\nurl = 'http://h'", "has no command"),
        ("[[budgets.pot]]\nid = 'team/payments'", "two pots are called 'team/payments'"),
        ("[[budgets.pot]]\nid = 'x'\nlimit = 1.5", "budgets.pot.1.limit"),
        ("[officers]\nkeys = ['ed25519:short']", "officers.keys.0"),
        ("[nonsense]", "nonsense"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        load(write(tmp_path, f"{GOOD}\n{line}\n"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Europe/Berlin", "Europe/Atlantis", "an IANA name such as Europe/Berlin"),
        ('"/srv/eu-de"', '"srv"', "an absolute path is right"),
        ('"EU"', '"Europe"', "region.jurisdiction"),
        ('id = "eu-de"', 'id = "EU DE"', "region.id"),
    ],
)
def test_a_wrong_region_is_explained(tmp_path: Path, old: str, new: str, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        load(write(tmp_path, GOOD.replace(old, new)))


def test_a_wrong_variable_is_named_as_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAILIWICK_REGION__GATEWAY__PORT", "many")
    with pytest.raises(SettingsError, match=r"gateway\.port \(from BAILIWICK_REGION__GATEWAY__PORT\)"):
        load(write(tmp_path, GOOD))


def test_check_config_prints_effective_settings_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAILIWICK_REGION__DATABASE__DSN", "postgresql://{role}:hunter22@db/bailiwick")
    monkeypatch.setenv("BAILIWICK_REGION__DATABASE__PASSWORDS", '{"bw_gateway": "hunter23"}')
    assert main(["--config", str(write(tmp_path, GOOD)), "--check-config"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["database"]["dsn"] == "postgresql://{role}:********@db/bailiwick"
    assert "hunter" not in printed


def test_a_missing_file_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "--config", str(tmp_path / "none.toml")]) == 2
    assert "give --config FILE or set BAILIWICK_CONFIG" in capsys.readouterr().err


def test_addresses_are_built_per_role(tmp_path: Path) -> None:
    text = GOOD.replace('"/srv/eu-de"', f'"{tmp_path}"')
    settings = load(write(tmp_path, text))
    with pytest.raises(SettingsError, match=r"db-bw_agent\.pw"):
        settings.dsn("bw_agent")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "db-bw_agent.pw").write_text("p@ss/word\n")
    assert settings.dsn("bw_agent") == "postgresql://bw_agent:p%40ss%2Fword@127.0.0.1:8722/bailiwick"


def test_settings_never_change(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD))
    with pytest.raises(ValueError, match="frozen"):
        settings.gateway.port = 1  # type: ignore[misc]  # that it cannot be is what is tested
    assert isinstance(settings, RegionSettings)
