"""`python -m bailiwick_local.setup.wheelhouse DIRECTORY`: every wheel of a region, for places without a network."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bailiwick_local import cache, wheel
from bailiwick_local.setup import steps

LOCK = "requirements/region.txt"


def fill(directory: Path) -> int:
    """Download what the lock names, by hash, and add our wheel; returns how many wheels there are."""
    directory.mkdir(parents=True, exist_ok=True)
    pip = cache.cache_dir() / "bootstrap" / "bin" / "python"
    lock = str(cache.repository() / LOCK)
    words = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    steps.command([str(pip), *words, "-r", lock, "-d", str(directory)], PIP_CACHE_DIR=str(cache.cache_dir() / "pip"))
    ours = wheel.build()
    for stale in directory.glob("bailiwick-*.whl"):
        stale.unlink()
    shutil.copy(ours, directory)
    return len(list(directory.glob("*.whl")))


if __name__ == "__main__":
    sys.stdout.write(f"{fill(Path(sys.argv[1]))} wheels in {sys.argv[1]}\n")
