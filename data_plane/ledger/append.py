"""Appending an entry: inside the caller's transaction, so that what happened and its record stand or fall together."""

from __future__ import annotations

import asyncpg

from bailiwick.contract.ledger_entry import (
    Budget,
    Change,
    Consent,
    Correction,
    Egress,
    Erasure,
    Grant,
    Key,
    Veto,
)

Governance = Budget | Change | Consent | Correction | Egress | Erasure | Grant | Key | Veto
"""What a service may append. Admissions, settlements and refusals are metering's; pads are the sequencer's."""


async def append(connection: asyncpg.Connection, entry: Governance) -> int:
    """Appends and gives the row's id, which is not its index: the sequencer numbers it after the commit.

    Raises:
        MalformedError: the entry has no canonical form.
        asyncpg.InsufficientPrivilegeError: the role may not append.
    """
    row: int = await connection.fetchval("SELECT bw_append($1, $2, $3)", entry.kind, entry.encode(), entry.at)
    return row
