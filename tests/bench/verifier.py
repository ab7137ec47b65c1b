"""The offline verifier over 100,000 entries, beside the least any verifier in Python must do with them.

`python -m tests.bench.verifier [--json FILE]`. The limit of the same run hashes each entry into the tree and parses its
JSON, and checks nothing.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from bailiwick.contract import merkle
from bailiwick.verify import trust as trusts
from bailiwick.verify.verifier import verify
from tests.fakes.region_record import RegionRecord

PEOPLE = 500
REPORT_EVERY = 5000


def record_of(entries: int) -> RegionRecord:
    """A region's record of about so many entries: requests of many people, some refused, reports in between."""
    record = RegionRecord()
    record.consent()
    record.apply()
    turn = 0
    while len(record.entries) < entries - 1:
        turn += 1
        record.settle(record.admit(), turn % PEOPLE)
        if turn % 20 == 0:
            record.refuse(turn % PEOPLE)
        if turn % REPORT_EVERY == 0:
            record.report()
    record.report()
    return record


def limit(bodies: list[bytes]) -> float:
    """CPU seconds to hash every entry into the tree and to parse it."""
    started = time.process_time()
    frontier = merkle.Frontier()
    for body in bodies:
        frontier.append(merkle.leaf_hash(body))
        json.loads(body)
    frontier.root()
    return time.process_time() - started


def run(entries: int) -> dict[str, object]:
    """CPU seconds, entries per second, the ratio to the limit, and the archive's size."""
    record = record_of(entries)
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as folder:
        path = record.bundle(Path(folder))
        bare = limit([entry.encode() for entry in record.entries])
        started = time.process_time()
        result = verify(path, trusts.load(record.trust()))
        seconds = time.process_time() - started
        size = path.stat().st_size
    if not result.ok:
        raise RuntimeError(f"the record does not verify: {result.findings[:3]}")
    return {
        "entries": len(record.entries),
        "seconds": round(seconds, 2),
        "per_second": round(len(record.entries) / seconds),
        "limit_seconds": round(bare, 2),
        "ratio": round(seconds / bare, 1),
        "bundle_mib": round(size / 2**20, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def table(result: dict[str, object]) -> str:
    """The result as a table in Markdown."""
    names = ("entries", "seconds", "per_second", "limit_seconds", "ratio", "bundle_mib")
    heads = ("entries", "CPU s", "entries/s", "limit, CPU s", "ratio", "bundle, MiB")
    return "\n".join(
        [
            f"| {' | '.join(heads)} |",
            "|---" * len(heads) + "|",
            f"| {' | '.join(str(result[name]) for name in names)} |",
        ]
    )


def main() -> None:
    """Prints the table and, with --json, writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--entries", type=int, default=100_000)
    arguments = parser.parse_args()
    result = run(arguments.entries)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    print(table(result))


if __name__ == "__main__":
    main()
