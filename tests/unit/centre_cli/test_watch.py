"""The lanes of `rollout watch`, drawn."""

import io

from rich.console import Console

from control_plane.cli.watch import picture

ROLLOUT = {
    "id": "42",
    "version": 3,
    "state": "paused",
    "pause_reason": "in-mh: GATE-INCONCLUSIVE",
    "summary": "",
    "gate": {"bake_seconds": 60},
    "waves": [
        {"number": 1, "needs_approval": False, "regions": [{"region": "in-mh", "phase": "gating", "paused": "GATE"}]},
        {
            "number": 2,
            "needs_approval": True,
            "regions": [
                {"region": "eu-de", "phase": "vetoed", "code": "LEGAL-BASIS-MISSING"},
                {"region": "br-sp", "phase": "offered", "away": True},
                {"region": "sa-ry", "phase": "waiting"},
            ],
        },
    ],
    "events": [
        {"at": "2026-11-22T16:00:01.000000Z", "place": "centre", "code": "started", "actor": "amara", "detail": ""}
    ],
}


def test_each_region_has_a_lane_and_the_first_line_is_a_sentence() -> None:
    out = io.StringIO()
    Console(file=out, width=180).print(picture(ROLLOUT))
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("Rollout 42 of release 3: paused (in-mh: GATE-INCONCLUSIVE)")
    text = out.getvalue()
    assert "✋ vetoed" in text
    assert "LEGAL-BASIS-MISSING" in text
    assert "away" in text
    assert "amara: started" in text
