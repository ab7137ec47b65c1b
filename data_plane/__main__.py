"""`python -m data_plane PROCESS --config region.toml`: starts one process of the region.

A process is loaded by name only when asked for, so that each carries nothing of the others.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from data_plane.settings import SettingsError, load

PROCESSES = ("init", "migrate", "gateway", "ledger", "console", "agent", "engines")


def main(arguments: Sequence[str]) -> int:
    """Runs the named process and gives its exit code: 0 done, 1 failed, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m data_plane", description=__doc__)
    parser.add_argument("process", nargs="?", choices=PROCESSES)
    parser.add_argument("--config", type=Path, default=os.environ.get("BAILIWICK_CONFIG", "region.toml"))
    parser.add_argument("--check-config", action="store_true", help="validate, print the effective settings, stop")
    chosen = parser.parse_args(arguments)
    try:
        settings = load(Path(chosen.config))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if chosen.check_config:
        sys.stdout.write(json.dumps(settings.effective(), indent=2, sort_keys=True) + "\n")
        return 0
    if chosen.process is None:
        parser.print_usage(sys.stderr)
        return 2
    run = importlib.import_module(f"data_plane.bootstrap.{chosen.process}").main
    return int(run(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
