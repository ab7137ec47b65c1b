"""What the audience of the demo sees: numbered steps, the commands as typed, and what came of them."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.rule import Rule
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
TICK = 0.5
LINE = 140


class DemoError(Exception):
    """The demo cannot go on; `fix` says what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        """`message`: what did not happen."""
        super().__init__(message)
        self.fix = fix


def console(*, as_json: bool) -> Console:
    """Where the demo speaks: standard output, or standard error when that is kept for one JSON document.

    The stream is taken now: while a command runs, its standard output is caught, and a progress display must not be.
    """
    stream = sys.stderr if as_json else sys.stdout
    # Without a terminal Rich folds at 80 columns; logs and CI want whole lines.
    width = None if stream.isatty() else LINE
    return Console(file=stream, highlight=False, soft_wrap=True, width=width)


@dataclass
class Stage:
    """The place where the demo plays. `shown` has a line per step for the summary, `facts` what scripts may read."""

    console: Console
    shown: list[tuple[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, title: str, why: str) -> Iterator[None]:
        """One numbered step, with its time."""
        self.number += 1
        began = time.monotonic()
        self.console.print()
        self.console.print(Rule(f"[bold]{self.number}. {title}[/]", align="left", style="dim"))
        self.console.print(f"[dim]{why}[/]")
        yield
        took = time.monotonic() - began
        self.facts.setdefault("seconds", {})[title.lower()] = round(took, 1)
        self.console.print(f"[dim]{took:.0f} s[/]")

    def command(self, words: Sequence[str]) -> None:
        """A command as a person would type it."""
        self.console.print(f"  [bold cyan]$[/] {_plain(' '.join(words))}")

    def fact(self, text: str) -> None:
        """Something that is now the case (Rich markup)."""
        self.console.print(f"  [green]✓[/] {text}")

    def note(self, text: str) -> None:
        """Something worth knowing (Rich markup)."""
        self.console.print(f"    {text}")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A small table; columns whose name ends in `#` are numbers."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in columns:
            table.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left")
        for row in rows:
            table.add_row(*("" if cell is None else _plain(str(cell)) for cell in row))
        self.console.print(table)

    def record(self, region: str, **values: object) -> None:
        """Facts about a region, for `--json`."""
        self.facts.setdefault("regions", {}).setdefault(region, {}).update(values)

    def remember(self, what: str, evidence: str) -> None:
        """A line of the closing summary."""
        self.shown.append((what, evidence))

    def wait(self, what: str, ask: Callable[[], T | None], seconds: float) -> T:
        """Ask again and again until there is an answer.

        Raises:
            DemoError: there was none in time.
        """
        began = time.monotonic()
        with self.console.status(f"  waiting: {what}"):
            while time.monotonic() - began < seconds:
                answer = ask()
                if answer is not None:
                    return answer
                time.sleep(TICK)
        raise DemoError(f"waited {seconds:.0f} s in vain: {what}", "look with `bailiwick status` and `bailiwick logs`")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
