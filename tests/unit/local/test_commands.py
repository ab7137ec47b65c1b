"""`bailiwick up`, `down`, `status`, `logs` where nothing runs: they say so, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bailiwick.cli import host
from bailiwick.cli.output import Exit
from bailiwick_local import commands, configuration
from bailiwick_local.federation import Federation


@pytest.fixture
def federation(tmp_path):
    made = Federation(tmp_path / "h", 18900)
    configuration.write(made)
    return made


def test_status_of_a_stopped_federation_has_the_shape_and_exit_code_1(federation, capsys):
    assert host.main(["status", "--home", str(federation.home), "--json"]) == Exit.NOT_SO
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"version", "home", "centre", "regions"}
    assert document["centre"]["state"] == "stopped"
    assert document["centre"]["console"] == "http://127.0.0.1:18900"
    assert [region["state"] for region in document["regions"]] == ["stopped", "stopped"]
    wanted = {"id", "jurisdiction", "state", "gateway", "evidence", "metrics", "release", "models", "ledger"}
    for region in document["regions"]:
        assert wanted <= set(region)
        assert region["gateway"].endswith("/v1")


def test_down_with_nothing_running_is_done(federation, capsys):
    assert host.main(["down", "--home", str(federation.home), "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"stopped": False, "reaped": 0}


def test_logs_of_an_unknown_process_names_the_known(federation, capsys):
    assert host.main(["logs", "eu-de/nonsense", "--home", str(federation.home)]) == Exit.USAGE
    assert "supervisor" in capsys.readouterr().err


def test_up_before_set_up_says_so(federation, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert host.main(["up", "--home", str(federation.home)]) == Exit.NOT_SO
    assert "make setup" in capsys.readouterr().err


def test_ports_come_from_the_federations_own_settings(federation, monkeypatch):
    monkeypatch.setenv("BAILIWICK_PORT_BASE", "9999")
    assert commands.find(federation.home).base == 18900


def test_a_home_too_deep_for_sockets_is_refused_before_anything_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(_complete(tmp_path / "cache")))
    deep = tmp_path / ("d" * 80)
    assert host.main(["up", "--home", str(deep)]) == Exit.USAGE
    assert "BAILIWICK_HOME" in capsys.readouterr().err
    assert not deep.exists()


@pytest.mark.parametrize("base", ["80", "abc", "70000"])
def test_a_port_base_out_of_range_is_refused(base, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BAILIWICK_PORT_BASE", base)
    assert host.main(["status", "--home", str(tmp_path)]) == Exit.USAGE
    assert "1024" in capsys.readouterr().err


def _complete(place: Path) -> Path:
    folder = place / "bailiwick"
    for name in ("engine/bin/python", "temporal/temporal", "bootstrap/bin/uv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for model in ("tiny-chat", "minilm"):
        (folder / "models" / model).mkdir(parents=True, exist_ok=True)
        (folder / "models" / model / "config.json").touch()
    return place
