"""Runs one verb: a function annotated for Typer, with the arguments that follow its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INTERRUPTED = 130


def run(function: Callable[..., object], words: str, arguments: Sequence[str]) -> int:
    """Call `function` with the parsed `arguments`; `words` name it in usage lines. Returns the exit code."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    app.command()(function)
    try:
        app(args=list(arguments), prog_name=words)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
