"""One federation with real vLLM engines for the end-to-end tests, on its own home and ports, played by the demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fixtures.browser import browser, playwright

__all__ = ["browser", "playwright"]

PORT_BASE = 19700
DEMO_SECONDS = 1500


@dataclass(frozen=True)
class Played:
    """A federation in which the demo was played: commands act on it as a person would."""

    environment: dict[str, str]
    home: Path
    said: str

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`bailiwick WORDS ...`."""
        command = [sys.executable, "-m", "bailiwick.cli.host", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=600)

    def ask(self, *words: str) -> Any:
        """The JSON document that a command prints."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return json.loads(done.stdout)


def processes_of(home: Path) -> list[str]:
    """What still runs out of this federation's home: by its environment or its command line."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("BAILIWICK_HOME", "")]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and any(str(home) in word for word in words):
            found.append(f"{process.pid} {' '.join(words)[:160]}")
    return found


@pytest.fixture(scope="session")
def played() -> Iterator[Played]:
    """Plays `bailiwick demo` from nothing; stops everything at the end, and nothing may be left."""
    with tempfile.TemporaryDirectory(prefix="bw-e2e-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user
        home = Path(folder) / "home"
        environment = {**os.environ, "BAILIWICK_HOME": str(home), "BAILIWICK_PORT_BASE": str(PORT_BASE)}
        federation = Played(environment, home, "")
        try:
            command = [sys.executable, "-m", "bailiwick.cli.host", "demo"]
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=DEMO_SECONDS
            )
            assert done.returncode == 0, _log(done, home)
            yield Played(environment, home, done.stdout + done.stderr)
        finally:
            stopped = federation.run("down")
        assert stopped.returncode == 0, stopped.stderr
        assert processes_of(home) == []


def _log(done: subprocess.CompletedProcess[str], home: Path) -> str:
    """The end of what was said, and of each log, so that a failure on another machine can be understood."""
    parts = [done.stdout[-6000:], done.stderr[-3000:]]
    parts += [f"--- {path}\n{path.read_text(errors='replace')[-1500:]}" for path in sorted(home.rglob("logs/*.log"))]
    return "\n".join(parts)
