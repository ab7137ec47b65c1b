"""All benchmarks, one after another: `python -m tests.bench [--out DIR]` rewrites the table in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
BENCHES = {"gateway": "--json", "ledger": "--out", "verifier": "--json"}


def measure(folder: Path) -> dict[str, Any]:
    """Runs each benchmark in a process of its own; gives its figures by name."""
    figures = {}
    for name, option in BENCHES.items():
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        path = folder / f"{name}.json"
        command = [sys.executable, "-m", f"tests.bench.{name}", option, str(path)]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        figures[name] = json.loads(path.read_text())
    return figures


def machine() -> str:
    """Where this was measured, in words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    load = os.getloadavg()[0]
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {model}, load {load:.1f} at the end"


def render(figures: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [f"Measured {machine()}.", "", *_gateway(figures["gateway"]), "", *_ledger(figures["ledger"]), ""]
    return "\n".join([*lines, *_verifier(figures["verifier"])])


def _gateway(result: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Gateway, one worker, {result['connections']} connections; {result['rss_mib']} MiB resident after the run.",
        "",
        "| request | gateway CPU ms | bare CPU ms | ratio | p50 ms | p99 ms | requests/s | PostgreSQL CPU ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, title in (("plain", "plain chat"), ("stream", f"stream of {result['chunks']} chunks")):
        ours, peer = result[name]["gateway"], result[name]["bare"]
        cells = (ours["cpu_ms"], peer["cpu_ms"], result[name]["ratio"], ours["p50_ms"], ours["p99_ms"])
        rest = (ours["per_second"], ours["database_cpu_ms"])
        lines.append(f"| {title} | " + " | ".join(str(cell) for cell in (*cells, *rest)) + " |")
    return lines


def _ledger(result: Mapping[str, Any]) -> list[str]:
    sealing, plain, bare = result["sealing"], result["not_sealing"], result["bare_insert_rows_per_s"]
    return [
        "Ledger: durable entries (an admission and a settlement per request), PostgreSQL with fsync.",
        "",
        "| what | entries/s | beside a bare INSERT of the same bytes |",
        "|---|---|---|",
        f"| sealing on | {sealing['entries_per_s']:.0f} | {result['ratio_to_bare']:.2f} |",
        f"| sealing off | {plain['entries_per_s']:.0f} | {plain['entries_per_s'] / bare:.2f} |",
    ]


def _verifier(result: Mapping[str, Any]) -> list[str]:
    return [
        f"Verifier, offline, over a bundle of {result['entries']} entries ({result['bundle_mib']} MiB).",
        "",
        "| CPU s | entries/s | hashing and parsing alone, CPU s | ratio |",
        "|---|---|---|---|",
        f"| {result['seconds']} | {result['per_second']} | {result['limit_seconds']} | {result['ratio']} |",
    ]


def main() -> None:
    """Measures, prints, and rewrites the page between its marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="a folder for the JSON files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        text = render(measure(folder))
    print(text)
    if PAGE.exists():
        head, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, tail = rest.partition(END)
        PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")


if __name__ == "__main__":
    main()
