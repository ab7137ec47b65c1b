"""The officer's commands against the admin API on its socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bailiwick.contract.keys import public_text
from data_plane.cli import consent
from data_plane.console.app import admin_app
from data_plane.console.context import Context
from data_plane.settings import RegionSettings
from tests.fixtures.agent import until
from tests.integration.console_region.conftest import Console
from tests.integration.console_region.test_offers import staged

pytestmark = pytest.mark.integration


def _written(path: Path, key: Ed25519PrivateKey) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


async def test_two_officers_consent_with_one_command(console: Console, tmp_path: Path, capsys) -> None:
    region, second = console.region, Ed25519PrivateKey.generate()
    officers = {"threshold": 2, "keys": [public_text(key.public_key()) for key in (region.officer, second)]}
    settings = RegionSettings(**{**region.document(), "officers": officers})
    await staged(console, 3)

    home = tmp_path / "home"
    (home / "regions" / "eu-de" / "run").mkdir(parents=True)
    (home / "regions" / "eu-de" / "region.toml").touch()
    socket = home / "regions" / "eu-de" / "run" / "admin.sock"
    config = uvicorn.Config(admin_app(Context(settings, console.context.pool)), uds=str(socket), log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        one, two = _written(tmp_path / "one.pem", region.officer), _written(tmp_path / "two.pem", second)
        with pytest.raises(SystemExit):
            await asyncio.to_thread(consent.give, "eu-de", "3", [one], home, json_=True)
        assert await region.entries("consent") == []
        capsys.readouterr()
        await asyncio.to_thread(consent.give, "eu-de", "3", [one, two], home, json_=True)
    finally:
        server.should_exit = True
        await serving
    assert json.loads(capsys.readouterr().out)["kind"] == "consent"
    assert len(await region.entries("consent")) == 1
