"""What only tests need from Debian: a browser, and containers."""

from __future__ import annotations

import shutil

from bailiwick_local.setup import steps

BROWSER = steps.Step(
    "browser",
    "installing Debian's Chromium",
    lambda: shutil.which("chromium") is not None,
    lambda: steps.apt("chromium", recommends=True) and "Debian package",
)
CONTAINERS = steps.Step(
    "containers",
    "installing Debian's Podman, runc and debootstrap",
    lambda: all(map(shutil.which, ("podman", "runc", "debootstrap"))),
    lambda: steps.apt("podman", "runc", "debootstrap", recommends=True) and "Debian packages",
    needs=("browser",),
)
