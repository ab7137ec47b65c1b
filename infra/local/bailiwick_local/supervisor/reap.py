"""Finds and ends processes that an earlier supervisor left, by recorded identity and by the mark they carry."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

import psutil

from bailiwick_local.supervisor.state import ProcessId

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "BAILIWICK_SUPERVISED"


def descendants(roots: Iterable[int]) -> dict[int, list[psutil.Process]]:
    """All that each root started, directly or not, found in one pass over the process table."""
    children: dict[int, list[psutil.Process]] = defaultdict(list)
    for process in psutil.process_iter(["ppid"]):
        children[process.info["ppid"]].append(process)
    found: dict[int, list[psutil.Process]] = {}
    for root in roots:
        below: list[psutil.Process] = []
        queue = [root]
        while queue:
            for child in children.get(queue.pop(), ()):
                below.append(child)
                queue.append(child.pid)
        found[root] = below
    return found


def identities(processes: Iterable[psutil.Process]) -> tuple[tuple[int, float], ...]:
    """The processes as (pid, start time), for the state file."""
    known = []
    for process in processes:
        try:
            known.append((process.pid, process.create_time()))
        except psutil.Error:
            continue
    return tuple(known)


def marked(mark: str, extra: str = "") -> list[psutil.Process]:
    """Processes whose environment carries our mark (and `extra`, as `NAME=value`), ourselves excepted."""
    wanted = f"{MARK}={mark}".encode()
    also = extra.encode()
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            with open(f"/proc/{process.pid}/environ", "rb") as file:  # noqa: PTH123 - a Path per process costs more
                entries = file.read().split(b"\0")
        except OSError:
            continue
        if wanted in entries and (not also or also in entries):
            found.append(process)
    return found


def leftovers(mark: str, known: Iterable[ProcessId]) -> list[psutil.Process]:
    """Living processes that are recorded, marked, or started by such a one."""
    first = [process for identity in known if (process := identity.alive())]
    first += marked(mark)
    every = {process.pid: process for process in first}
    for below in descendants(list(every)).values():
        every.update({process.pid: process for process in below})
    return [process for process in every.values() if process.pid != os.getpid()]


def end(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Ask all to end, then kill what is left after `seconds`; returns those that had to be killed."""
    for process in processes:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=5)
    return alive


def _quietly(action: object) -> None:
    try:
        if callable(action):
            action()
    except psutil.Error:
        return
