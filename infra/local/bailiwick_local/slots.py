"""A region's code: two slots, each a virtual environment with our wheel, and `current`, the link to the one in use.

`python -m bailiwick_local.slots REGION_DIRECTORY WHEEL` is a step of `bailiwick up`. It installs from the installer's
cache alone, without the network, and does nothing when the slot already holds that wheel and that lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bailiwick_local import cache

LOCK = "requirements/region.txt"


def install(region: Path, wheel: Path) -> bool:
    """Bring the slot in use to `wheel`; true if anything was done."""
    code = region / "code"
    code.mkdir(parents=True, exist_ok=True)
    current = code / "current"
    slot = code / (current.readlink() if current.is_symlink() else "slot-a")
    lock = cache.repository() / LOCK
    wanted = f"{_digest(wheel)} {_digest(lock)}\n"
    stamp = slot / ".installed"
    held = stamp.read_text(encoding="ascii") if stamp.exists() else ""
    if held == wanted and current.is_symlink():
        return False
    if held.split()[1:] != wanted.split()[1:]:
        _make(slot, lock)
    stamp.unlink(missing_ok=True)
    _uv(["pip", "install", "--reinstall-package", "bailiwick", "--no-deps", "--python", str(slot), str(wheel)])
    stamp.write_text(wanted, encoding="ascii")
    _switch(current, slot.name)
    return True


def _make(slot: Path, lock: Path) -> None:
    if slot.exists():
        shutil.rmtree(slot)
    _uv(["venv", "--python", sys.executable, str(slot)])
    _uv(["pip", "install", "--no-deps", "--require-hashes", "-r", str(lock), "--python", str(slot)])


def _switch(link: Path, target: str) -> None:
    fresh = link.with_name("current.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _uv(words: list[str]) -> None:
    uv = cache.uv()
    if uv is None:
        raise SystemExit("the installer is missing: run `make setup`")
    environment = {**os.environ, "UV_CACHE_DIR": str(cache.cache_dir() / "uv"), "UV_OFFLINE": "1"}
    done = subprocess.run([str(uv), "-q", *words], env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}{done.stderr}\nIf packages are missing from the cache: run `make setup`.")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(0 if install(Path(sys.argv[1]), Path(sys.argv[2])) in {True, False} else 1)
