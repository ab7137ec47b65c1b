"""`python -m data_plane init`: makes the region's directories and keys. Silent when nothing is missing."""

from __future__ import annotations

import sys
from pathlib import Path

from data_plane.keys.region import make_missing
from data_plane.settings import DATABASE_OWNER, DATABASE_ROLES, RegionSettings

SUPERUSER = "bw_super"


def main(settings: RegionSettings) -> int:
    """Makes what is missing and names it, one line each."""
    made = [str(path) for path in directories(settings) if _make(path)]
    made += [
        str(settings.keys_dir / name)
        for name in make_missing(settings.keys_dir, (SUPERUSER, DATABASE_OWNER, *DATABASE_ROLES))
    ]
    for name in made:
        sys.stdout.write(f"made {name}\n")
    return 0


def directories(settings: RegionSettings) -> tuple[Path, ...]:
    """Every directory that a process of the region expects, outermost first."""
    data = settings.data_dir
    return (
        settings.home,
        settings.keys_dir,
        data,
        settings.tiles_dir,
        settings.anchor_path.parent,
        settings.release_dir,
        settings.release_dir / "blobs",
        data / "tuf",
        data / "bundles",
        settings.home / "logs",
        settings.run_dir,
    )


def _make(path: Path) -> bool:
    if path.is_dir():
        return False
    path.mkdir(parents=True, mode=0o700)
    return True
