"""Builds the wheel of this checkout, once per state of its sources."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

from bailiwick_local import cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES = ("protos/bailiwick", "control_plane", "data_plane", "infra/local/bailiwick_local")
FILES = ("pyproject.toml", "README.md")
SKIPPED = {"__pycache__", "node_modules", ".mypy_cache"}


def build() -> Path:
    """The wheel of the present sources; built if it is not in the cache. The same sources give the same bytes."""
    root = cache.repository()
    directory = cache.cache_dir() / "wheels" / sources_digest(root)
    found = sorted(directory.glob("*.whl"))
    if found:
        return found[0]
    directory.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    done = subprocess.run(words, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"the wheel could not be built:\n{done.stdout}{done.stderr}")
    return min(directory.glob("*.whl"))


def sources_digest(root: Path) -> str:
    """A digest over the names and contents of everything that goes into the wheel."""
    digest = hashlib.sha256()
    for path in sorted(_sources(root)):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources(root: Path) -> Iterator[Path]:
    for name in FILES:
        yield root / name
    for package in PACKAGES:
        for path in (root / package).rglob("*"):
            if path.is_file() and not SKIPPED.intersection(path.parts):
                yield path
