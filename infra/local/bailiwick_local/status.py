"""The federation as it stands: `bailiwick status`, put together from what each part says of itself."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bailiwick_local.federation import Federation, Region
    from bailiwick_local.supervisor.state import ItemStatus, State

Document = dict[str, Any]
HEALTHY_REGION = {"connected", "awaiting-consent", "vetoed"}
ASK_SECONDS = 5.0


def document(federation: Federation, state: State | None) -> Document:
    """The JSON of `bailiwick status --json`; its shape is an interface."""
    items = [item for item in state.items if item.kind == "program"] if state else []
    return {
        "version": version("bailiwick"),
        "home": str(federation.home),
        "centre": _centre(federation, [item for item in items if item.unit == "centre"]),
        "regions": [
            _region(federation, region, [item for item in items if item.unit == region.id])
            for region in federation.regions
        ],
    }


def healthy(status: Document) -> bool:
    """Whether the centre and each region run and speak to each other."""
    regions: list[Document] = status["regions"]
    fine = all(
        region["state"] in HEALTHY_REGION and all(process["state"] == "running" for process in region["processes"])
        for region in regions
    )
    return bool(status["centre"]["state"] == "running" and fine)


def _centre(federation: Federation, items: list[ItemStatus]) -> Document:
    ports = federation.centre_ports
    processes = [_process(item) for item in items]
    states = {process["state"] for process in processes}
    state = "stopped" if not states - {"stopped"} else "running" if states == {"running"} else "degraded"
    return {
        "state": state,
        "console": f"http://127.0.0.1:{ports.console}",
        "api": f"http://127.0.0.1:{ports.console}/api/v1",
        "agents": f"127.0.0.1:{ports.agents}",
        "temporal": f"127.0.0.1:{ports.temporal}",
        "temporal_ui": f"http://127.0.0.1:{ports.temporal_ui}",
        "processes": processes,
    }


def _region(federation: Federation, region: Region, items: list[ItemStatus]) -> Document:
    ports = federation.region_ports(region)
    own = ask(federation.region_dir(region) / "run" / "admin.sock", "/status")
    fallback: Document = {
        "id": region.id,
        "jurisdiction": region.jurisdiction,
        "state": "stopped",
        "gateway": f"http://127.0.0.1:{ports.gateway}/v1",
        "evidence": f"http://127.0.0.1:{ports.console}",
        "metrics": f"http://127.0.0.1:{ports.metrics}/metrics",
        "release": None,
        "models": [],
        "ledger": None,
        "last_report": None,
    }
    return {**fallback, **own, "processes": [_process(item) for item in items]}


def ask(socket: Path, path: str, headers: Mapping[str, str] | None = None) -> Document:
    """What a process answers on its admin socket; nothing when it does not answer."""
    if not socket.exists():
        return {}
    try:
        transport = httpx.HTTPTransport(uds=str(socket))
        with httpx.Client(transport=transport, base_url="http://local", timeout=ASK_SECONDS, headers=headers) as client:
            answer = client.get(path)
            answer.raise_for_status()
            found = answer.json()
    except (httpx.HTTPError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _process(item: ItemStatus) -> Document:
    alive = item.pid is not None and _exists(item.pid)
    state = item.state if alive or item.state in {"backoff", "failed", "waiting"} else "stopped"
    return {"name": item.name, "pid": item.pid if alive else None, "state": state, "restarts": item.restarts}


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
