"""`python -m control_plane <process> --config centre.toml`: starts one of the centre's processes.

Each process is composed in its own file of `control_plane.bootstrap`, imported only when asked for.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from pydantic import ValidationError

from control_plane.settings import CentreSettings, SettingsError, load

PROCESSES: Mapping[str, str] = MappingProxyType(
    {
        "init": "control_plane.bootstrap.init",
        "migrate": "control_plane.bootstrap.migrate",
        "api": "control_plane.bootstrap.api",
        "worker": "control_plane.bootstrap.worker",
        "console": "control_plane.bootstrap.console",
    }
)
USAGE_ERROR = 2


def main(argv: list[str] | None = None) -> int:
    """Parse the command line, check the settings and run; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load(Path(arguments.config))
    except (SettingsError, ValidationError) as error:
        print(f"control_plane: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return USAGE_ERROR
    if arguments.check_config:
        print(settings.printable())  # noqa: T201 - the command's answer
        return 0
    if arguments.process is None:
        print(f"control_plane: say which process: {', '.join(sorted(PROCESSES))}", file=sys.stderr)  # noqa: T201 - same
        return USAGE_ERROR
    module = importlib.import_module(PROCESSES[arguments.process])
    run = cast("Callable[[CentreSettings], int]", module.main)
    return run(settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m control_plane", description="One process of the centre.")
    parser.add_argument("process", nargs="?", choices=sorted(PROCESSES), help="not needed with --check-config")
    default = os.environ.get("BAILIWICK_CONFIG")
    parser.add_argument("--config", default=default, required=default is None, help="path of centre.toml")
    parser.add_argument("--check-config", action="store_true", help="check and print the effective settings, then end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
