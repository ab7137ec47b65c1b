"""Reads from the database and the region's files what a bundle needs beside the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bailiwick.contract import bundle
from bailiwick.contract.bundle import Head
from bailiwick.contract.ledger_entry import TIERS
from data_plane.evidence.errors import RangeError
from data_plane.evidence.sources import Facts
from data_plane.policy import own
from data_plane.privacy import store_reports
from data_plane.releases.blobs import BlobStore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import asyncpg

    from data_plane.settings import RegionSettings

WITNESSED = "SELECT size, root, cosigned FROM checkpoint WHERE cosigned IS NOT NULL ORDER BY size DESC LIMIT 1"
BEFORE = """
SELECT c.size, c.root FROM evidence_grant g JOIN checkpoint c ON c.size = g.checkpoint_size
ORDER BY g.granted_at DESC LIMIT 1
"""
GOVERNANCE = "SELECT idx FROM ledger_entry WHERE idx < $1 AND kind IN ('change', 'consent', 'veto')"
ADMITTED_BEFORE = """
SELECT a.idx FROM ledger_entry s JOIN ledger_entry a ON a.number = s.number AND a.kind = 'admission'
WHERE s.kind = 'settlement' AND s.idx >= $1 AND s.idx < $2 AND a.idx < $1
"""
LAST_ADMISSION = "SELECT idx FROM ledger_entry WHERE idx < $1 AND kind = 'admission' ORDER BY idx DESC LIMIT 1"
COUNTED_BEFORE = """
SELECT idx FROM ledger_entry
WHERE idx >= $1 AND idx < $2 AND kind IN ('settlement', 'decision')
"""
FIRST_REPORT = """
SELECT sequence FROM report r JOIN ledger_entry e ON e.kind = 'egress' AND e.idx >= $1 AND e.idx < $2
    AND convert_from(e.body, 'UTF8')::jsonb ->> 'digest' = 'sha256:' || encode(r.digest, 'hex')
ORDER BY sequence LIMIT 1
"""
CONTENTS = """
SELECT o.digest, o.bytes FROM egress_object o JOIN ledger_entry e ON e.kind = 'egress' AND e.idx >= $1 AND e.idx < $2
    AND convert_from(e.body, 'UTF8')::jsonb ->> 'digest' = 'sha256:' || encode(o.digest, 'hex')
"""


async def facts(settings: RegionSettings, pool: asyncpg.Pool, first: int, following: int, now: datetime) -> Facts:
    """Facts for [first, following); 0 as `following` means up to the newest witnessed checkpoint.

    Raises:
        RangeError: the range is empty, or reaches past what a witness has seen.
    """
    checkpoint = await pool.fetchrow(WITNESSED)
    if checkpoint is None:
        raise RangeError("no checkpoint has been witnessed yet: wait for the next report")
    end = following or checkpoint["size"]
    if not first < end <= checkpoint["size"]:
        raise RangeError(f"entries {first} to {end} are not there: witnesses have seen {checkpoint['size']} entries")
    before = await pool.fetchrow(BEFORE)
    return Facts(
        region=settings.region.id,
        jurisdiction=settings.region.jurisdiction,
        origin=settings.ledger_origin,
        first=first,
        next=end,
        head=Head(checkpoint["size"], checkpoint["root"]),
        previous=None if before is None else Head(before["size"], before["root"]),
        created=now,
        note=checkpoint["cosigned"],
        earlier=await _earlier(pool, first, end),
        words=_words(settings),
        documents=await _documents(settings, pool),
        contents={f"sha256:{row['digest'].hex()}": row["bytes"] for row in await pool.fetch(CONTENTS, first, end)},
        tuf=_tuf(settings.data_dir / "tuf"),
        own=own.load(settings.home / "policy"),
    )


async def _earlier(pool: asyncpg.Pool, first: int, end: int) -> tuple[int, ...]:
    """Indices below the range that it refers to.

    Releases and statements; admissions that end in it, and the last one before it, after which its numbers go on; what
    its reports carried.
    """
    found = {row["idx"] for row in await pool.fetch(GOVERNANCE, first)}
    found |= {row["idx"] for row in await pool.fetch(ADMITTED_BEFORE, first, end)}
    found |= {row["idx"] for row in await pool.fetch(LAST_ADMISSION, first)}
    sequence = await pool.fetchval(FIRST_REPORT, first, end)
    if sequence is not None:
        report = await store_reports.get(pool, sequence)
        before = await store_reports.get(pool, sequence - 1)
        if report is not None:
            found |= {row["idx"] for row in await pool.fetch(COUNTED_BEFORE, report.first, first)}
        found |= set(before.carried) if before else set()
    return tuple(sorted(index for index in found if index < first))


async def _documents(settings: RegionSettings, pool: asyncpg.Pool) -> dict[str, bytes]:
    """Every manifest, configuration and policy set that the region holds, by digest."""
    blobs = BlobStore(settings.release_dir / "blobs")
    found: dict[str, bytes] = {}
    for path in (settings.release_dir / "blobs").glob("[0-9a-f]*"):
        name = f"sha256:{path.name}"
        body = blobs.read(name)
        if body is not None:
            found[name] = body
    rows = await pool.fetch("SELECT manifest, manifest_body FROM offer WHERE manifest_body IS NOT NULL")
    return found | {row["manifest"]: row["manifest_body"] for row in rows}


def _words(settings: RegionSettings) -> dict[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = settings.vocabulary.model_dump()
    return {**words, "model": tuple(engine.model for engine in settings.engines.engine), "tier": TIERS}


def _tuf(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in folder.rglob("*.json") if path.parent.name in {"tuf", "metadata"}}
    history = {path.name: path.read_bytes() for path in folder.rglob("root_history/*.root.json")}
    return {name: body for name, body in (found | history).items() if bundle.is_tuf_name(name)}
