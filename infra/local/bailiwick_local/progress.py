"""Shows a starting or stopping federation: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from bailiwick_local.supervisor.state import ItemStatus, State

MARKS = {
    "waiting": "[dim]·[/]",
    "starting": "[yellow]◐[/]",
    "running": "[green]●[/]",
    "done": "[green]✓[/]",
    "backoff": "[yellow]↻[/]",
    "failed": "[red]✗[/]",
    "stopping": "[yellow]◑[/]",
    "stopped": "[dim]○[/]",
}
WORDS = {"done": "done", "running": "ready"}
STARTING = frozenset({"running", "done", "failed", "backoff"})
STOPPING = frozenset({"stopping", "stopped"})


class Progress:
    """Use as a context; call it with each state."""

    def __init__(self, console: Console, reported: frozenset[str] = STARTING) -> None:
        """`console`: where to show; standard error for commands that answer in JSON. `reported`: worth a line."""
        self._reported = reported
        self._console = console
        self._live: Live | None = None
        self._said: dict[tuple[str, str], str] = {}
        self._began = time.time()
        self._first: dict[tuple[str, str], float] = {}

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=5, transient=False)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End; the last picture stays."""
        if self._live:
            self._live.stop()

    def __call__(self, state: State) -> None:
        """Show this state."""
        for item in state.items:
            if item.state == "starting":
                self._first.setdefault((item.unit, item.name), item.since)
        if self._live:
            self._live.update(self._table(state))
            return
        for item in state.items:
            key = (item.unit, item.name)
            if item.state in self._reported and self._said.get(key) != item.state:
                self._said[key] = item.state
                self._console.print(f"  {item.unit:<8} {item.name:<10} {self._text(item)}", highlight=False)

    def _table(self, state: State) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        for unit in dict.fromkeys(item.unit for item in state.items):
            mine = [item for item in state.items if item.unit == unit]
            cells = [f"{MARKS[item.state]} {item.name}{self._clock(item)}" for item in mine]
            table.add_row(f"[bold]{unit}[/]", "  ".join(cells))
        return table

    def _clock(self, item: ItemStatus) -> str:
        return f" [dim]{time.time() - item.since:.0f} s[/]" if item.state == "starting" else ""

    def _text(self, item: ItemStatus) -> str:
        first = self._first.get((item.unit, item.name), self._began)
        took = f" in {item.since - first:.1f} s" if item.state in WORDS else ""
        return f"{WORDS.get(item.state, item.state)}{took}{': ' + item.detail if item.detail else ''}"
