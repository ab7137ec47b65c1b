"""Engines that outlived a killed supervisor: known by their recorded session and by the mark in their environment."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Record:
    """The session that an engine was started in, and its mark."""

    session: int
    mark: str


def write_record(path: Path, record: Record) -> None:
    """Remembers a started engine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"session": record.session, "mark": record.mark}))


def forget(path: Path) -> None:
    """Forgets an engine that ended."""
    path.unlink(missing_ok=True)


def read_record(path: Path) -> Record | None:
    """The remembered engine, or None."""
    try:
        document = json.loads(path.read_text())
        return Record(int(document["session"]), str(document["mark"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reap(path: Path) -> list[int]:
    """Kills what is left of the engine remembered at `path`; gives the process ids.

    A process is killed only if it is in the recorded session and carries the mark: a number used again by somebody else
    is left alone.
    """
    record = read_record(path)
    if record is None:
        return []
    left = list(_members(record))
    for pid in left:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    forget(path)
    return left


def _members(record: Record) -> Iterator[int]:
    needle = f"BAILIWICK_ENGINE={record.mark}".encode()
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            pid = int(entry.name)
            if os.getsid(pid) == record.session and needle in (entry / "environ").read_bytes().split(b"\0"):
                yield pid
        except OSError:
            continue
