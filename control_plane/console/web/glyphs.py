"""Which shape stands for which state: readable without colour."""

from __future__ import annotations

SHAPES = frozenset(
    [
        "connected",
        "disconnected",
        "stale",
        "person",
        "veto",
        "conflict",
        "pause",
        "check",
        "done",
        "cross",
        "query",
        "ring",
        "clock",
        "down",
        "moon",
        "sand",
        "dash",
    ],
)
MEANINGS = {
    "converged": "done",
    "complete": "done",
    "verified": "done",
    "allowed": "done",
    "ready": "connected",
    "running": "connected",
    "pass": "check",
    "offline": "disconnected",
    "revoked": "disconnected",
    "expired": "sand",
    "vetoed": "veto",
    "refused": "veto",
    "conflict-paused": "conflict",
    "paused": "pause",
    "fail": "cross",
    "failed": "cross",
    "denied": "cross",
    "inconclusive": "query",
    "warn": "stale",
    "pending": "ring",
    "skipped": "dash",
    "baking": "clock",
    "building": "clock",
    "granted": "clock",
    "loading": "clock",
    "staging": "down",
    "asleep": "moon",
    "requested": "person",
}


def shape(code: str) -> str:
    """The symbol of a state; what waits for a person is one shape whoever the person is."""
    if code.startswith("awaiting"):
        return "person"
    named = MEANINGS.get(code, code)
    return named if named in SHAPES else "ring"
