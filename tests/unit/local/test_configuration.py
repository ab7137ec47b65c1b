"""The settings files that a local federation is given."""

from __future__ import annotations

import tomllib

from bailiwick_local import configuration
from bailiwick_local.federation import Federation
from control_plane import settings as centre_settings
from data_plane import settings as region_settings


def test_written_settings_are_valid_for_both_planes(tmp_path):
    federation = Federation(tmp_path / "home", 8900)
    assert len(configuration.write(federation)) == 3
    centre = centre_settings.load(federation.centre_dir / "centre.toml")
    assert centre.console.port == 8900
    for region in federation.regions:
        settings = region_settings.load(federation.region_dir(region) / "region.toml")
        assert settings.gateway.port == 8900 + 20 * region.number
        assert settings.region.jurisdiction == region.jurisdiction
        assert len(settings.officers.keys) == 1
        assert {engine.kind for engine in settings.engines.engine} == {"chat", "embedding"}


def test_a_region_keeps_its_own_settings(tmp_path):
    federation = Federation(tmp_path / "home", 8900)
    configuration.write(federation)
    file = federation.region_dir(federation.regions[0]) / "region.toml"
    file.write_text(file.read_text().replace("k = 10", "k = 25"))
    assert configuration.write(federation) == []
    assert tomllib.loads(file.read_text())["reports"]["k"] == 25


def test_directories_and_keys_are_private(tmp_path):
    federation = Federation(tmp_path / "home", 8900)
    configuration.write(federation)
    assert (federation.home.stat().st_mode & 0o777) == 0o700
    for region in federation.regions:
        assert (federation.officer_key(region).stat().st_mode & 0o777) == 0o600
        assert ((federation.region_dir(region) / "keys").stat().st_mode & 0o777) == 0o700


def test_no_two_parts_share_a_port(tmp_path):
    assert len(Federation(tmp_path, 8700).ports()) == 7 + 2 * 6
