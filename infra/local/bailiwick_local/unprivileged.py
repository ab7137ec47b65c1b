"""Runs a program as an unprivileged user when we are root; PostgreSQL refuses to run as root.

Where a directory above the program's files is closed to that user (a private home, a temporary folder), it also gets
the one capability to look through closed directories; that capability reads, and never writes.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

NOBODY = 65534
PR_CAPBSET_READ = 23
CAPABILITIES = ((2, "dac_read_search"), (1, "dac_override"))


class NotReachableError(Exception):
    """The unprivileged user cannot reach the files, and nothing at hand would let it."""


def command(argv: list[str], needs: tuple[Path, ...]) -> list[str]:
    """`argv` as the unprivileged user must be started to reach the paths in `needs`; unchanged without root.

    Raises:
        NotReachableError: a path is behind a closed directory, and the capability to pass is not there to be given.
    """
    if os.geteuid() != 0:
        return argv
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    words = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    closed = [path for path in needs if not open_to_all(path)]
    if closed:
        capability = _capability()
        if capability is None:
            text = f"{closed[0]} lies in a directory that user {NOBODY} may not enter; PostgreSQL does not run as root"
            raise NotReachableError(text)
        words += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
    return [*words, *argv]


def give(path: Path) -> None:
    """Hand a directory and all in it to the unprivileged user, when we are root."""
    if os.geteuid() != 0:
        return
    os.chown(path, NOBODY, NOBODY)
    for child in path.rglob("*"):
        os.chown(child, NOBODY, NOBODY, follow_symlinks=False)


def open_to_all(path: Path) -> bool:
    """Whether every directory above `path` may be entered by everyone."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _capability() -> str | None:
    libc = ctypes.CDLL(None)
    for number, name in CAPABILITIES:
        if libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1:
            return name
    return None
