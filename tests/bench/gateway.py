"""Gateway CPU per request beside a bare pass-through of the same run: `python -m tests.bench.gateway [--json FILE]`.

The fake engine, PostgreSQL (fsync on), the sequencer if asked for, the gateway and the pass-through are processes of
their own; what is measured is each one's CPU time from the operating system.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil

from data_plane.database.migrate import upgrade
from tests.bench import load
from tests.fixtures.gateway import GatewayRegion
from tests.fixtures.postgres import OWNER, PostgresServer, free_port

MESSAGES = [
    {"role": "system", "content": "You answer briefly and politely, in the language of the question."},
    {"role": "user", "content": "What changed in the payment terms between the two drafts? " * 4},
]
CHUNKS = 64
POTS = (
    {"id": "region", "limit": 10**15, "window": "month", "match": {}},
    {"id": "team/payments", "limit": 10**15, "window": "month", "match": {"team": "payments"}},
)


@contextlib.contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own, stopped at the end."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process and its children, ended ones left out."""
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


async def measure(port: int, pid: int, requests: list[bytes], count: int, connections: int) -> dict[str, float]:
    """CPU milliseconds per request, requests per second, latency."""
    await load.run(port, requests, max(200, count // 10), connections)
    before, started = tree_cpu(pid), asyncio.get_running_loop().time()
    timings = await load.run(port, requests, count, connections)
    seconds = asyncio.get_running_loop().time() - started
    cpu = tree_cpu(pid) - before
    if timings.failed:
        raise RuntimeError(f"{timings.failed} requests failed")
    return {
        "cpu_ms": round(cpu / count * 1000, 3),
        "per_second": round(count / seconds, 1),
        "p50_ms": timings.percentile(0.5),
        "p99_ms": timings.percentile(0.99),
    }


def bodies(token: str, *, stream: bool, people: int = 50) -> list[bytes]:
    """The same question of several people."""
    return [
        load.request(
            "/v1/chat/completions",
            json.dumps(
                {
                    "model": "tiny-chat",
                    "messages": MESSAGES,
                    "max_tokens": CHUNKS,
                    "user": f"person-{number}",
                    **({"stream": True, "stream_options": {"include_usage": True}} if stream else {}),
                }
            ).encode(),
            token,
        )
        for number in range(people)
    ]


async def run(count: int, connections: int, *, sequencer: bool) -> dict[str, object]:
    """All measurements."""
    root = Path(tempfile.mkdtemp(prefix="bw-bench-"))
    os.chmod(root, 0o755)  # noqa: PTH101, S103  # PostgreSQL runs as another user
    postgres = PostgresServer(root / "db", {})
    engine_port, bare_port = free_port(), free_port()
    try:
        postgres.create()
        database = postgres.create_database(f"b_{uuid.uuid4().hex[:8]}")
        upgrade(database.dsn(OWNER))
        engine = f"http://127.0.0.1:{engine_port}"
        region = GatewayRegion(root / "region", database, {"tiny-chat": engine}, pots=POTS).prepare()
        await region.activate()
        _, token = await region.key()
        with (
            child("tests.fakes.vllm.server", "--port", str(engine_port), "--pace", "0.001"),
            child("tests.bench.bare", "--port", str(bare_port), "--upstream", engine) as bare,
            contextlib.ExitStack() as stack,
        ):
            async with region.process() as gateway:
                await region.ready()
                result: dict[str, object] = {"connections": connections, "requests": count, "chunks": CHUNKS}
                database_cpu = postgres._process
                assert database_cpu is not None
                if sequencer:
                    stack.enter_context(child("data_plane", "ledger", "--config", str(region.home / "region.toml")))
                for name, stream in (("plain", False), ("stream", True)):
                    amount = count if not stream else count // 4
                    requests = bodies(token, stream=stream)
                    peer = await measure(bare_port, bare.pid, requests, amount, connections)
                    before = tree_cpu(database_cpu.pid)
                    ours = await measure(region.port, gateway.pid, requests, amount, connections)
                    done = amount + max(200, amount // 10)
                    ours["database_cpu_ms"] = round((tree_cpu(database_cpu.pid) - before) / done * 1000, 3)
                    result[name] = {"gateway": ours, "bare": peer, "ratio": round(ours["cpu_ms"] / peer["cpu_ms"], 2)}
                result["rss_mib"] = round(psutil.Process(gateway.pid).memory_info().rss / 2**20, 1)
                return result
    finally:
        postgres.stop()
        shutil.rmtree(root, ignore_errors=True)


def table(result: dict[str, object]) -> str:
    """The result as a table in Markdown."""
    lines = [
        "| what | gateway CPU ms | bare CPU ms | ratio | p50 ms | p99 ms | requests/s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("plain", "stream"):
        part = result[name]
        assert isinstance(part, dict)
        ours, peer = part["gateway"], part["bare"]
        lines.append(
            f"| {name} | {ours['cpu_ms']} | {peer['cpu_ms']} | {part['ratio']} | {ours['p50_ms']} | {ours['p99_ms']} |"
            f" {ours['per_second']} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Prints the table and, with --json, writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--sequencer", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(run(arguments.requests, arguments.connections, sequencer=arguments.sequencer))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    print(table(result))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
