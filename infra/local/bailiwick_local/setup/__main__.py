"""`python -m bailiwick_local.setup demo|test`: brings everything that `.venv` does not hold."""

from __future__ import annotations

import sys

from bailiwick_local.setup import engine, frontend, models, system, temporal
from bailiwick_local.setup.steps import Step, run

DEMO = "demo"
TEST = "test"


def main(purpose: str) -> int:
    """Run the steps that are not done yet; returns an exit code."""
    steps: list[Step] = [engine.STEP, temporal.STEP, models.CHAT, models.EMBEDDING, frontend.NODE, frontend.STEP]
    if purpose == TEST:
        steps += [system.BROWSER, system.CONTAINERS]
    return run(steps)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else DEMO))
