"""The console's static files: npm packages of a lock file, built into files that the wheel carries."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from bailiwick_local import cache
from bailiwick_local.setup import steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRONTEND = "control_plane/console/web/frontend"
BUILT = "control_plane/console/web/static/dist"


def done() -> bool:
    """Whether the built files belong to the present sources and lock."""
    stamp = cache.repository() / BUILT / ".built-from"
    return stamp.exists() and stamp.read_text(encoding="ascii") == _digest()


def bring() -> str:
    """Install exactly what the lock names, and build. No package runs a script of its own."""
    source, built = cache.repository() / FRONTEND, cache.repository() / BUILT
    quiet = ("--no-fund", "--no-audit", "--no-progress", "--loglevel=error")
    npm_cache = str(cache.cache_dir() / "npm")
    steps.command(["npm", "ci", "--ignore-scripts", *quiet], cwd=source, npm_config_cache=npm_cache)
    steps.command(["npm", "run", "build", "--silent"], cwd=source, npm_config_cache=npm_cache)
    (built / ".built-from").write_text(_digest(), encoding="ascii")
    return steps.size(built)


def _digest() -> str:
    total = hashlib.sha256()
    for path in sorted(_sources(cache.repository() / FRONTEND)):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and "node_modules" not in path.parts:
            yield path


NODE = steps.Step(
    "node",
    "installing Debian's nodejs and npm",
    lambda: shutil.which("npm") is not None,
    lambda: steps.apt("nodejs", "npm") and "Debian packages",
)
STEP = steps.Step("console", "building the console's front end", done, bring, needs=("node",))
