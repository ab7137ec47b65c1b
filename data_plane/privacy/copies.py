"""Copies of reports outside PostgreSQL: `data/agent/reports/<sequence>.json`, each durable before it is sent.

A restored database knows less than has left. Without these copies the region would number and count anew what the
centre already has; with them nothing is reported twice.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

from bailiwick.contract import canonical, fields
from bailiwick.contract.canonical import Json
from bailiwick.contract.errors import ContractError
from bailiwick.contract.times import format_time
from data_plane.database.durable import write_durably
from data_plane.privacy.errors import ReportError
from data_plane.privacy.store_reports import StoredReport

LIMIT = 1 << 26
NAMED = re.compile(r"([0-9]{1,16})\.json")


class Copies:
    """The files, by sequence."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, report: StoredReport) -> None:
        """Writes a report; one that is there already is left as it is."""
        path = self._path(report.sequence)
        if not path.exists():
            write_durably(path, canonical.dumps(_encode(report)), 0o640)

    def newest(self) -> int:
        """The highest sequence that was kept; 0 where there is none."""
        if not self._directory.is_dir():
            return 0
        found = (NAMED.fullmatch(entry.name) for entry in self._directory.iterdir())
        return max((int(name[1]) for name in found if name), default=0)

    def after(self, sequence: int) -> list[StoredReport]:
        """Every report above `sequence`, in order.

        Raises:
            ReportError: one is missing or damaged.
        """
        return [self._read(number) for number in range(sequence + 1, self.newest() + 1)]

    def _path(self, sequence: int) -> Path:
        return self._directory / f"{sequence}.json"

    def _read(self, sequence: int) -> StoredReport:
        try:
            return _decode(canonical.loads(self._path(sequence).read_bytes(), LIMIT), sequence)
        except (OSError, ContractError, ValueError) as error:
            raise ReportError(f"the copy of report {sequence} is missing or damaged") from error


def _encode(report: StoredReport) -> Json:
    return {
        "v": 1,
        "sequence": report.sequence,
        "first": report.first,
        "next": report.next,
        "carried": report.carried,
        "checkpoint_size": report.checkpoint_size,
        "period_start": format_time(report.period_start),
        "period_end": format_time(report.period_end),
        "body": base64.b64encode(report.body).decode(),
        "digest": report.digest.hex(),
        "signature": report.signature.hex(),
        "made_at": format_time(report.made_at),
    }


def _decode(value: object, sequence: int) -> StoredReport:
    if not isinstance(value, dict) or value.get("v") != 1 or value.get("sequence") != sequence:
        raise ValueError("not the copy of this report")
    return StoredReport(
        sequence=sequence,
        first=fields.integer(value.get("first")),
        next=fields.integer(value.get("next")),
        carried=fields.items(value.get("carried"), 1 << 24, fields.integer),
        checkpoint_size=fields.integer(value.get("checkpoint_size")),
        period_start=fields.moment(value.get("period_start")),
        period_end=fields.moment(value.get("period_end")),
        body=base64.b64decode(str(value.get("body")), validate=True),
        digest=bytes.fromhex(fields.hexadecimal(value.get("digest"), 64)),
        signature=bytes.fromhex(fields.hexadecimal(value.get("signature"), 128)),
        made_at=fields.moment(value.get("made_at")),
        acked_at=None,
    )
