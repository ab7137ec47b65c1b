"""Finds who sits on a port that the federation needs."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping


def taken(wanted: Mapping[int, str]) -> list[str]:
    """A sentence for each wanted port that somebody listens on: which port, for what, and by whom."""
    return [f"port {port} ({use}) is taken by {owner(port)}" for port, use in wanted.items() if _busy(port)]


def owner(port: int) -> str:
    """The process that listens on `port`, as people recognise it."""
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid:
            return _describe(connection.pid)
    return "a process of another user"


def _describe(pid: int) -> str:
    try:
        words = " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return f"process {pid}"
    return f"process {pid}: {words[:100]}"


def _busy(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
