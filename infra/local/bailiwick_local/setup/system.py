"""What only tests need from Debian: a browser, and containers."""

from __future__ import annotations

import shutil
from pathlib import Path

from bailiwick_local.setup import steps

SOCKETS = (Path("/var/run/docker.sock"), Path("/run/podman/podman.sock"))


def _containers() -> bool:
    return any(socket.exists() for socket in SOCKETS) or all(map(shutil.which, ("podman", "runc", "debootstrap")))


BROWSER = steps.Step(
    "browser",
    "installing Debian's Chromium",
    lambda: shutil.which("chromium") is not None,
    lambda: steps.apt("chromium") and "Debian package",
)
CONTAINERS = steps.Step(
    "containers",
    "installing Debian's Podman, runc and debootstrap",
    _containers,
    lambda: steps.apt("podman", "runc", "debootstrap", "netavark") and "Debian packages",
    needs=("browser",),
    optional=True,
)
