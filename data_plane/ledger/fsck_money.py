"""The part of `fsck` that is about admissions and money: gapless, settled once, nothing lost and nothing made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import asyncpg

from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Admission, Settlement, decode

Report = Callable[[str, str], None]


class Money:
    """Takes every entry, numbered or waiting, and compares the sums with counter, open admissions and pots.

    Holds the numbers and amounts of unsettled admissions only, however long the ledger is.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._unsettled: dict[int, Admission] = {}
        self._lifetime: Counter[str] = Counter()
        self.admissions = 0
        self.settlements = 0
        self.open = 0

    def add(self, kind: str, number: int | None, body: bytes) -> None:
        """Takes an entry."""
        try:
            entry = decode(body)
        except ContractError as error:
            self._report("ENTRY-MALFORMED", f"{kind} {number if number is not None else ''}: {error}")
            return
        if entry.kind != kind or getattr(entry, "number", None) != number:
            self._report("ENTRY-MALFORMED", f"the row says {kind} {number}, the entry {entry.kind}")
        if isinstance(entry, Admission):
            self._admission(entry)
        elif isinstance(entry, Settlement):
            self._settlement(entry)

    def _admission(self, entry: Admission) -> None:
        self.admissions += 1
        if entry.number != self.admissions:
            self._report("ADMISSION-GAP", f"admission {entry.number} is the {self.admissions}th")
        self._unsettled[entry.number] = entry

    def _settlement(self, entry: Settlement) -> None:
        self.settlements += 1
        admission = self._unsettled.pop(entry.number, None)
        if admission is None:
            self._report("SETTLEMENT-ORPHAN", f"settlement {entry.number} ends no open admission before it")
        elif [pot for pot, _ in admission.pots] != [pot for pot, _ in entry.pots]:
            self._report("POT-DIFFERS", f"settlement {entry.number} draws on other pots than its admission")
        for pot, amount in entry.pots:
            self._lifetime[pot] += amount

    async def finish(self, connection: asyncpg.Connection) -> None:
        """Compares the sums."""
        last = await connection.fetchval("SELECT last FROM admission_counter WHERE id = 1")
        if last != self.admissions:
            self._report("ADMISSION-GAP", f"the counter is at {last}, the ledger holds {self.admissions} admissions")
        rows = await connection.fetch("SELECT number, amount FROM open_admission")
        stored = {row["number"]: row["amount"] for row in rows}
        self.open = len(stored)
        for number in sorted(self._unsettled.keys() - stored.keys()):
            self._report("SETTLEMENT-MISSING", f"admission {number} is neither settled nor open")
        for number in sorted(stored.keys() - self._unsettled.keys()):
            self._report("SETTLEMENT-ORPHAN", f"admission {number} is open but settled, or was never made")
        await self._pots(connection)

    async def _pots(self, connection: asyncpg.Connection) -> None:
        reserved: Counter[str] = Counter()
        for admission in self._unsettled.values():
            for pot, amount in admission.pots:
                reserved[pot] += amount
        rows = await connection.fetch("SELECT id, reserved, settled, lifetime, stop_micro FROM pot ORDER BY id")
        for row in rows:
            pot = row["id"]
            if row["reserved"] != reserved[pot]:
                self._report("POT-DIFFERS", f"{pot}: reserved {row['reserved']}, open admissions {reserved[pot]}")
            if row["lifetime"] != self._lifetime[pot]:
                self._report("POT-DIFFERS", f"{pot}: spent {row['lifetime']}, settlements {self._lifetime[pot]}")
        for pot in sorted((reserved.keys() | self._lifetime.keys()) - {row["id"] for row in rows}):
            self._report("POT-DIFFERS", f"{pot}: entries draw on a pot that is not there")
