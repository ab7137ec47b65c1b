"""Runs set-up steps side by side, as far as they do not need each other, with visible progress."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

from bailiwick_local import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TAIL = 25
TICK = 0.5


class SetupError(Exception):
    """A step failed; `fix` says what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        """`message`: what is wrong."""
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True)
class Step:
    """One thing to bring. `done` answers in milliseconds; `bring` returns a word on what there is now."""

    name: str
    what: str
    done: Callable[[], bool]
    bring: Callable[[], str]
    needs: tuple[str, ...] = ()


def run(steps: Sequence[Step]) -> int:
    """Bring all that is not done; 0 when everything is there. Says nothing when there is nothing to do."""
    todo = [step for step in steps if not step.done()]
    if not todo:
        return 0
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold]set-up[/]  into {cache.cache_dir()}")
    began = time.monotonic()
    failures = _Runner(todo, console).run()
    for step, error in failures:
        console.print(f"[bold red]error[/] {step.name}: {str(error).replace('[', chr(92) + '[')}")
        if isinstance(error, SetupError) and error.fix:
            console.print(f"   [bold]do:[/] {error.fix}")
    if failures:
        return 1
    console.print(f"[bold]set-up[/]  done in {time.monotonic() - began:.0f} s")
    return 0


class _Runner:
    """The steps that run, and a picture of them."""

    def __init__(self, todo: Sequence[Step], console: Console) -> None:
        self._waiting = list(todo)
        self._console = console
        self._names = {step.name for step in todo}
        self._running: dict[Future[str], tuple[Step, float]] = {}
        self._finished: dict[str, str] = {}
        self._failures: list[tuple[Step, Exception]] = []
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None

    def run(self) -> list[tuple[Step, Exception]]:
        """Run until nothing can run any more; returns what failed."""
        with ThreadPoolExecutor(max_workers=8) as pool:
            if self._live:
                self._live.start()
            try:
                self._launch(pool)
                while self._running:
                    done, _ = wait(self._running, timeout=TICK, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._finish(future)
                    self._launch(pool)
                    self._show()
            finally:
                if self._live:
                    self._live.stop()
        unreached = [(step, SetupError(f"needs {', '.join(step.needs)}")) for step in self._waiting]
        return self._failures + unreached

    def _launch(self, pool: ThreadPoolExecutor) -> None:
        for step in [step for step in self._waiting if self._may_run(step)]:
            self._waiting.remove(step)
            self._running[pool.submit(step.bring)] = (step, time.monotonic())
            if not self._live:
                self._console.print(f"  {step.name}: {step.what}")

    def _may_run(self, step: Step) -> bool:
        return all(need not in self._names or need in self._finished for need in step.needs)

    def _finish(self, future: Future[str]) -> None:
        step, began = self._running.pop(future)
        error = future.exception()
        if error is None:
            text = f"[green]✓[/] {step.name}: {future.result()}, {time.monotonic() - began:.0f} s"
            self._finished[step.name] = text
            if not self._live:
                self._console.print(f"  {text}")
        elif isinstance(error, Exception):
            self._failures.append((step, error))
            if not self._live:
                self._console.print(f"  [red]✗[/] {step.name}: failed after {time.monotonic() - began:.0f} s")
        else:
            raise error

    def _show(self) -> None:
        if not self._live:
            return
        table = Table(box=None, show_header=False, pad_edge=False)
        for text in self._finished.values():
            table.add_row(f"  {text}")
        for step, began in self._running.values():
            table.add_row(f"  [yellow]◐[/] {step.name}: {step.what} [dim]{time.monotonic() - began:.0f} s[/]")
        for step in self._waiting:
            table.add_row(f"  [dim]· {step.name}: {step.what}, after {', '.join(step.needs)}[/]")
        self._live.update(table)


def command(words: Sequence[str], *, cwd: Path | None = None, **variables: str) -> str:
    """Run a command quietly and return what it printed.

    Raises:
        SetupError: it failed; the message is the end of what it said.
    """
    environment = {**os.environ, **variables}
    done = subprocess.run(
        list(words), cwd=cwd, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        end = "\n".join(done.stdout.splitlines()[-TAIL:])
        raise SetupError(f"`{' '.join(words[:5])} ...` ended with {done.returncode}:\n{end}", "run the same again")
    return done.stdout


def uv(*words: str) -> str:
    """Run the installer on our cache."""
    found = cache.uv()
    if found is None:
        raise SetupError("the installer is missing", "make setup")
    variables = {"UV_CACHE_DIR": str(cache.cache_dir() / "uv"), "UV_HTTP_TIMEOUT": "600"}
    if "PIP_INDEX_URL" in os.environ:
        variables["UV_DEFAULT_INDEX"] = os.environ["PIP_INDEX_URL"]
    return command([str(found), "-q", *words], cwd=None, **variables)


def apt(*packages: str, recommends: bool = False) -> str:
    """Install Debian packages, as root; without that, say the one command that does.

    Raises:
        SetupError: not root, no apt-get, or the packages cannot be had.
    """
    lean = () if recommends else ("--no-install-recommends",)
    words = ["apt-get", "install", "-y", "-qq", *lean, *packages]
    if os.geteuid() != 0:
        raise SetupError(f"Debian packages are missing: {', '.join(packages)}", f"sudo {' '.join(words)}")
    with _APT:
        try:
            return command(words, DEBIAN_FRONTEND="noninteractive")
        except SetupError:
            command(["apt-get", "update", "-qq"])
            return command(words, DEBIAN_FRONTEND="noninteractive")


def size(path: Path) -> str:
    """How much a file or folder takes, for people."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    total = sum(file.stat().st_size for file in files if not file.is_symlink())
    return f"{total / 2**30:.1f} GiB" if total >= 2**30 else f"{total / 2**20:.0f} MiB"


def link(name: str, target: str) -> None:
    """Point `<cache>/<name>` to its neighbour `target`, in one go."""
    place = cache.cache_dir() / name
    fresh = place.with_name(f".{name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(place)


# One package database on a machine, one installer at a time.
_APT = threading.Lock()
