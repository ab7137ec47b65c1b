"""The row `link_state`: how the region stands to the centre, for its own status page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"
ACCEPTABLE = ("centre", "region")


class LinkState(StrEnum):
    """The states that people see."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    STALE = "stale"
    EXPIRED = "expired"
    AWAITING_CONSENT = "awaiting-consent"
    VETOED = "vetoed"
    CONFLICT_PAUSED = "conflict-paused"


class Enrolment(StrEnum):
    """How far the enrolment has come."""

    NONE = "none"
    ENROLLING = "enrolling"
    AWAITING_APPROVAL = "awaiting-approval"
    ENROLLED = "enrolled"
    REFUSED = "refused"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Link:
    """The whole row.

    `code` is a fixed word that says more about `state` or a refused enrolment; `conflict` names the conflict in force;
    `resume` is the officer's word on it until the agent has acted on it.
    """

    state: str
    code: str | None
    since: datetime
    connected: bool
    enrolment: str
    last_contact: datetime | None
    certificate_expires: datetime | None
    generation: int
    desired: str | None
    rollback: bool
    conflict: str | None
    centre_sequence: int | None
    resume: str | None


async def read(connection: Database) -> Link:
    """The link as the agent last wrote it."""
    row = await connection.fetchrow(
        "SELECT state, code, since, connected, enrolment, last_contact, certificate_expires, generation, desired,"
        " rollback, conflict, centre_sequence, resume FROM link_state WHERE id = 1"
    )
    return Link(**dict(row))


async def show(connection: Database, state: LinkState, code: str | None, now: datetime) -> None:
    """Writes the state; `since` moves only when it changes. While an enrolment is under way, `code` is about that."""
    await connection.execute(
        "UPDATE link_state SET since = CASE WHEN state = $1 THEN since ELSE $3 END, state = $1,"
        " code = CASE WHEN enrolment IN ('none', 'enrolled') THEN $2 ELSE code END WHERE id = 1",
        state.value,
        code,
        now,
    )


async def connected(connection: Database, *, up: bool, now: datetime) -> None:
    """Writes whether a session is open; an open one is a contact."""
    await connection.execute(
        "UPDATE link_state SET connected = $1, last_contact = CASE WHEN $1 THEN $2 ELSE last_contact END WHERE id = 1",
        up,
        now,
    )


async def enrolment(connection: Database, state: Enrolment, code: str | None, expires: datetime | None = None) -> None:
    """Writes how far the enrolment has come, and until when the certificate holds."""
    await connection.execute(
        "UPDATE link_state SET enrolment = $1, code = $2, certificate_expires = coalesce($3, certificate_expires)"
        " WHERE id = 1",
        state.value,
        code,
        expires,
    )


async def desire(connection: Database, generation: int, manifest: str | None, *, rollback: bool) -> bool:
    """Keeps the centre's newest wish; an older generation changes nothing. True when it is news."""
    done = await connection.execute(
        "UPDATE link_state SET generation = $1, desired = $2, rollback = $3 WHERE id = 1 AND generation <= $1"
        " AND (generation, desired, rollback) IS DISTINCT FROM ($1, $2, $3)",
        generation,
        manifest,
        rollback,
    )
    return str(done) == "UPDATE 1"


async def conflict(connection: Database, code: str, centre_sequence: int | None) -> None:
    """Records a conflict with the centre: no report leaves until the officer decides."""
    await connection.execute(
        "UPDATE link_state SET conflict = coalesce(conflict, $1), centre_sequence = $2, resume = NULL WHERE id = 1",
        code,
        centre_sequence,
    )


async def request_resume(connection: Database, accept: str) -> bool:
    """The officer's word (`centre` or `region`) on a conflict; false when there is none to resume from."""
    if accept not in ACCEPTABLE:
        raise ValueError("accept is centre or region")
    done = await connection.execute("UPDATE link_state SET resume = $1 WHERE id = 1 AND conflict IS NOT NULL", accept)
    return str(done) == "UPDATE 1"


async def resumed(connection: Database, *, keep_sequence: bool) -> None:
    """The conflict is over; the centre's sequence stays as the least for the next report where it was accepted."""
    await connection.execute(
        "UPDATE link_state SET conflict = NULL, resume = NULL,"
        " centre_sequence = CASE WHEN $1 THEN centre_sequence END WHERE id = 1",
        keep_sequence,
    )
