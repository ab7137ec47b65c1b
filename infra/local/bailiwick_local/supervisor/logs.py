"""Log files of the supervised processes: appended by the process itself, cut by the supervisor."""

from __future__ import annotations

import os
import shutil
from collections import deque
from pathlib import Path

LIMIT = 16 * 2**20
KEEP = 3


def open_log(path: Path) -> int:
    """A file descriptor to append to. The process writes itself, so that it outlives a killed supervisor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def rotate(path: Path, limit: int = LIMIT) -> bool:
    """Copy a log that has grown beyond `limit` bytes to `.1` (and that to `.2`...) and empty it in place."""
    try:
        if path.stat().st_size <= limit:
            return False
    except OSError:
        return False
    for number in range(KEEP - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)
    return True


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log; empty if there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except OSError:
        return []
