"""How every `bailiwick` command speaks: one JSON document or readable text, one way to fail.

Standard output carries the answer and nothing else; progress, notes and errors go to standard error, so that
`bailiwick ... --json | jq` works for every verb.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bailiwick.contract.fields import DECEPTIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Exit(IntEnum):
    """The exit codes that scripts rely on."""

    DONE = 0
    NOT_SO = 1  # the thing asked about is not so: a finding, an unhealthy federation, a refused check
    USAGE = 2
    UNREACHABLE = 3
    FORBIDDEN = 4


def fail(message: str, fix: str = "", exit_code: int = Exit.NOT_SO) -> NoReturn:
    """Say on standard error what was wrong and what to do, and leave with `exit_code`."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[bold red]error:[/] {_plain(message)}")
    if fix:
        console.print(f"[bold]   do:[/] {_plain(fix)}")
    raise SystemExit(int(exit_code))


class Output:
    """The answer of one command: `document` under `--json`, `table` and `say` for people."""

    def __init__(self, json: bool = False) -> None:
        """`json`: the command was called with `--json`."""
        self.json = json
        # Without a terminal Rich falls back to 80 columns and would fold digests; scripts and logs want whole lines.
        width = None if sys.stdout.isatty() else 200
        self.console = Console(soft_wrap=True, highlight=False, width=width)
        self.errors = Console(stderr=True, soft_wrap=True, highlight=False)

    def document(self, document: object) -> None:
        """Print the command's one JSON document (readable key and value lines without `--json`)."""
        if self.json:
            sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        elif isinstance(document, dict):
            self.fields(document)
        else:
            self.console.print_json(json.dumps(document, ensure_ascii=False))

    def fields(self, fields: Mapping[str, object]) -> None:
        """Print names and values under each other; nothing under `--json`."""
        if self.json:
            return
        width = max((len(name) for name in fields), default=0)
        for name, value in fields.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            self.console.print(f"[bold]{name.ljust(width)}[/]  {_plain(text, width + 2)}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
        """Print a table; nothing under `--json`. Columns whose name ends in `#` are numbers."""
        if self.json:
            return
        table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left", overflow="fold")
        for row in rows:
            table.add_row(*("" if cell is None else _plain(str(cell)) for cell in row))
        self.console.print(table)

    def say(self, text: str) -> None:
        """Print a line (Rich markup) for people on standard output; nothing under `--json`."""
        if not self.json:
            self.console.print(text)

    def note(self, text: str) -> None:
        """Print a line (Rich markup) on standard error, `--json` or not."""
        self.errors.print(text)

    @contextmanager
    def progress(self, label: str, total: float | None = None) -> Iterator[Progress]:
        """Show progress on standard error while the body runs; its first task, of id 0, is `label`."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.errors, transient=True) as progress:
            progress.add_task(label, total=total)
            yield progress


def _plain(text: str, indent: int = 0) -> str:
    """Text that cannot pass for anything else.

    Square brackets are not markup, control characters and marks of direction show as what they are, and no line after
    the first stands where a line of ours could: it may come from the other side of the border.
    """
    shown = DECEPTIVE.sub("\N{REPLACEMENT CHARACTER}", text)
    return shown.replace("[", "\\[").replace("\n", "\n" + " " * indent + "\N{BOX DRAWINGS LIGHT VERTICAL} ")
