"""Pots in the database: reading them, and bringing them to what the settings say."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg

from bailiwick.contract.ledger_entry import Budget
from data_plane.budget.pots import Level, Pot, Rung
from data_plane.budget.windows import window_at
from data_plane.ledger.append import append
from data_plane.metering.store import PotBook
from data_plane.settings import Budgets

UPSERT = (
    'INSERT INTO pot (id, match, "window", thresholds, limit_micro, stop_micro, window_start, resets_at) '
    "VALUES ($1, $2::text::jsonb, $3, $4::text::jsonb, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET "
    'match = excluded.match, "window" = excluded."window", thresholds = excluded.thresholds, '
    "limit_micro = excluded.limit_micro, stop_micro = excluded.stop_micro, active = true, "
    # A window that is kept rolls over by itself; one of another kind starts with what the earlier one had spent.
    'window_start = CASE WHEN pot."window" = excluded."window" THEN pot.window_start ELSE excluded.window_start END, '
    'resets_at = CASE WHEN pot."window" = excluded."window" THEN pot.resets_at ELSE excluded.resets_at END'
)


def from_settings(budgets: Budgets) -> tuple[Pot, ...]:
    """The pots that the region's settings ask for."""
    return tuple(
        Pot(
            id=pot.id,
            match={str(name): value for name, value in pot.match.items()},
            window=pot.window,
            limit=pot.limit,
            rungs=tuple(Rung(rung.at_permille, rung.action) for rung in pot.thresholds),
        )
        for pot in budgets.pot
    )


async def read_pots(connection: asyncpg.Connection) -> PotBook:
    """All active pots with their levels."""
    rows = await connection.fetch(
        'SELECT id, match::text, "window", thresholds::text, limit_micro, settled, reserved, resets_at, '
        "(SELECT pot_revision FROM admission_counter) AS revision FROM pot WHERE active ORDER BY id"
    )
    revision = rows[0]["revision"] if rows else await connection.fetchval("SELECT pot_revision FROM admission_counter")
    return PotBook(revision, tuple(_level(row) for row in rows))


async def sync(connection: asyncpg.Connection, pots: Iterable[Pot], zone: ZoneInfo, now: datetime) -> list[str]:
    """Makes the database's pots those of the settings; gives the ids that changed, each recorded in the ledger.

    Pots that are no longer wanted stop applying and keep their figures. Safe in every worker at the same time.
    """
    wanted = {pot.id: pot for pot in pots}
    async with connection.transaction():
        await connection.execute("SELECT last FROM admission_counter WHERE id = 1 FOR UPDATE")
        present = {level.pot.id: level.pot for level in (await read_pots(connection)).levels}
        changed = [pot for name, pot in sorted(wanted.items()) if present.get(name) != pot]
        removed = [pot for name, pot in sorted(present.items()) if name not in wanted]
        for pot in changed:
            await _put(connection, pot, zone, now)
            action = "changed" if pot.id in present else "created"
            await append(connection, Budget(at=now, pot=pot.id, limit=pot.limit, window=pot.window, action=action))
        for pot in removed:
            await connection.execute("UPDATE pot SET active = false WHERE id = $1", pot.id)
            await append(connection, Budget(at=now, pot=pot.id, limit=pot.limit, window=pot.window, action="removed"))
        if changed or removed:
            await connection.execute("UPDATE admission_counter SET pot_revision = pot_revision + 1 WHERE id = 1")
    return [pot.id for pot in (*changed, *removed)]


async def _put(connection: asyncpg.Connection, pot: Pot, zone: ZoneInfo, now: datetime) -> None:
    window = window_at(pot.window, now, zone)
    rungs = [{"at_permille": rung.at_permille, "action": rung.action} for rung in pot.rungs]
    match, thresholds = json.dumps(dict(pot.match)), json.dumps(rungs)
    await connection.execute(
        UPSERT, pot.id, match, pot.window, thresholds, pot.limit, pot.stop_at, window.start, window.resets_at
    )


def _level(row: asyncpg.Record) -> Level:
    rungs = tuple(Rung(rung["at_permille"], rung["action"]) for rung in json.loads(row["thresholds"]))
    pot = Pot(row["id"], json.loads(row["match"]), row["window"], row["limit_micro"], rungs)
    return Level(pot, row["settled"], row["reserved"], row["resets_at"])
