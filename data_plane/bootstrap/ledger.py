"""`python -m data_plane ledger`: composes the sequencer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bailiwick.contract.note import SignerKey
from data_plane.bootstrap.lifecycle import ProcessRefusedError, run
from data_plane.keys.errors import KeyFileError
from data_plane.keys.files import load_signing_key
from data_plane.ledger.errors import LedgerError
from data_plane.ledger.leader import Leader, LedgerPlace
from data_plane.settings import RegionSettings

ROLE = "bw_ledger"


def main(settings: RegionSettings) -> int:
    """Runs until told to stop; ends with 1 where going on would rewrite published history."""
    return run("ledger", ROLE, settings, _serve)


def place(settings: RegionSettings, role: str = ROLE) -> LedgerPlace:
    """Where this region's ledger is, for the sequencer and for its checks.

    Raises:
        KeyFileError: the ledger's key cannot be read.
    """
    signer = SignerKey(settings.ledger_origin, load_signing_key(settings.keys_dir / "ledger.pem"))
    return LedgerPlace(settings.dsn(role), settings.tiles_dir, settings.anchor_path, signer)


async def _serve(settings: RegionSettings, stop: asyncio.Event) -> None:
    try:
        await Leader(place(settings), settings.ledger.seal_seconds, lambda: datetime.now(UTC)).run(stop)
    except (LedgerError, KeyFileError) as error:
        raise ProcessRefusedError(str(error)) from error
