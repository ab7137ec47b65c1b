"""A grant carried out: facts read from the database, the bundle composed off the event loop, sealed, recorded."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage
import structlog

from bailiwick.contract.ledger_entry import Grant
from bailiwick.contract.release import digest as digest_text
from data_plane.evidence import gather, tokens, writer
from data_plane.evidence.compose import compose
from data_plane.evidence.errors import GrantedError
from data_plane.evidence.sources import TileLog
from data_plane.keys.files import load_signing_key
from data_plane.ledger.append import append
from data_plane.releases import store_evidence
from data_plane.releases.store_evidence import Phase

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from data_plane.evidence.sources import Facts
    from data_plane.releases.store_evidence import EvidenceRequest
    from data_plane.settings import RegionSettings

BUILT = "evidence_bundle_built"
OPEN = "SELECT phase FROM evidence_request WHERE id = $1 FOR UPDATE"
INSERT = """
INSERT INTO evidence_grant (id, request, recipient, first_idx, next_idx, checkpoint_size, state, path, digest,
    granted_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, 'built', $7, $8, $9, $10)
"""
EXPIRE = """
UPDATE evidence_grant SET state = 'expired' WHERE expires_at <= $1 AND state <> 'expired'
RETURNING request, path, downloaded_at
"""


@dataclass(frozen=True)
class Built:
    """A sealed bundle: its grant, the digest of the plain archive, the range that it covers, the download's token."""

    id: str
    digest: str
    first: int
    next: int
    token: str


async def build(
    settings: RegionSettings,
    pool: asyncpg.Pool,
    request: EvidenceRequest,
    recipient: str,
    expires: datetime,
    now: datetime,
) -> Built:
    """Build, seal and record; record, token and ledger entry stand or fall together.

    Raises:
        EvidenceError: the range is not there, the region lacks a part of it, or another grant came first.
    """
    facts = await gather.facts(settings, pool, request.first, request.next, now)
    grant = uuid.uuid4().hex
    folder = settings.data_dir / "bundles"
    folder.mkdir(parents=True, exist_ok=True)
    sealed = folder / f"{grant}.tar.age"
    raw = await asyncio.to_thread(_make, settings, facts, recipient, sealed)
    built = False
    try:
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(OPEN, request.id) != Phase.RECEIVED:
                raise GrantedError("another grant for this request came first")
            values = (facts.first, facts.next, facts.head.size, sealed.name, raw, now, expires)
            await connection.execute(INSERT, grant, request.id, recipient, *values)
            await append(connection, _entry(request, recipient, facts, expires, now))
            await store_evidence.built(connection, request.id, raw, (facts.first, facts.next), now)
            token = await tokens.issue(connection, tokens.bundle_scope(grant), expires)
        built = True
    finally:
        if not built:
            sealed.unlink()
    structlog.get_logger().info(BUILT, grant=grant, first=facts.first, next=facts.next)
    return Built(grant, f"sha256:{raw.hex()}", facts.first, facts.next, token)


def _entry(request: EvidenceRequest, recipient: str, facts: Facts, expires: datetime, now: datetime) -> Grant:
    return Grant(
        at=now,
        request=request.id,
        recipient=digest_text(recipient.encode()),
        first=facts.first,
        next=facts.next,
        expires=expires,
    )


async def downloaded(settings: RegionSettings, pool: asyncpg.Pool, grant: str, now: datetime) -> Path | None:
    """The sealed file of a grant that has not expired; the first download is noted, and told to the centre."""
    row = await pool.fetchrow("SELECT * FROM evidence_grant WHERE id = $1 AND expires_at > $2", grant, now)
    if row is None:
        return None
    path = settings.data_dir / "bundles" / str(row["path"])
    if not path.exists():
        return None
    if row["downloaded_at"] is None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "UPDATE evidence_grant SET state = 'downloaded', downloaded_at = $2 WHERE id = $1", grant, now
            )
            await store_evidence.move(connection, row["request"], Phase.DOWNLOADED, now)
    return path


async def expire(settings: RegionSettings, pool: asyncpg.Pool, now: datetime) -> int:
    """End grants whose time is over: the sealed file goes, and the tokens that opened it. Gives how many ended."""
    folder = settings.data_dir / "bundles"
    async with pool.acquire() as connection, connection.transaction():
        ended = await connection.fetch(EXPIRE, now)
        for row in ended:
            (folder / row["path"]).unlink(missing_ok=True)
            if row["downloaded_at"] is None:
                await store_evidence.move(connection, row["request"], Phase.EXPIRED, now)
    await tokens.forget_expired(pool, now)
    return len(ended)


async def clear(settings: RegionSettings, pool: asyncpg.Pool) -> None:
    """Remove what a killed build left behind, plain or sealed. Only before the first build of a process."""
    folder = settings.data_dir / "bundles"
    known = {row["path"] for row in await pool.fetch("SELECT path FROM evidence_grant")}
    for left in folder.glob("build-*"):
        shutil.rmtree(left)
    for left in folder.glob("*.tar.age"):
        if left.name not in known:
            left.unlink()


def _make(settings: RegionSettings, facts: Facts, recipient: str, sealed: Path) -> bytes:
    """Compose in a folder of its own and seal; nothing plain stays behind."""
    key = load_signing_key(settings.keys_dir / "evidence.pem")
    folder = Path(tempfile.mkdtemp(prefix="build-", dir=sealed.parent))
    try:
        plain = folder / "bundle.tar"
        log = TileLog(settings.tiles_dir, facts.head.size)
        compose(facts, log, key, folder / "files", plain)
        with plain.open("rb") as file:
            raw = writer.digest(file)
        draft = folder / "sealed"
        pyrage.encrypt_file(str(plain), str(draft), [pyrage.x25519.Recipient.from_str(recipient)])
        draft.replace(sealed)
    finally:
        shutil.rmtree(folder)
    return raw
