"""What left the regions, and what the centre can say from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bailiwick_local.demo.scene import FINANCE

if TYPE_CHECKING:
    from bailiwick_local.demo.scene import Scene
    from bailiwick_local.federation import Region

REPORT_SECONDS = 120.0


def sequence(scene: Scene, region: Region) -> int:
    """The number of the region's newest report; 0 when there is none."""
    return int((scene.region_status(region).get("last_report") or {}).get("sequence", 0))


def wait(scene: Scene, region: Region, after: int) -> None:
    """Wait until a report later than `after` has been received by the centre."""

    def arrived() -> bool | None:
        last = scene.region_status(region).get("last_report") or {}
        return True if last.get("sequence", 0) > after and last.get("received") else None

    scene.stage.wait(f"the next report of {region.id} (every 15 s here, an hour by default)", arrived, REPORT_SECONDS)


def left(scene: Scene, region: Region) -> None:
    """List the newest messages that left a region, and check that released plus held back is the ledger."""
    found = scene.shell.run("egress", "list", "--region", region.id, "--count", "6")
    rows = [(item["class"], item["type"], item["count"], item["bytes"]) for item in found.get("egress", [])]
    scene.stage.table(("class", "message", "count#", "bytes#"), rows)
    result = scene.shell.run("egress", "reconcile", "--region", region.id)
    scene.stage.fact(f"{region.id}: released + held back = ledger, to the micro-unit: {result.get('equal')}")


def spend(scene: Scene) -> None:
    """Spend by region and team, as finance sees it."""
    found = scene.shell.run("spend", "--by", "region,team", "--as", FINANCE)
    scene.stage.facts["spend"] = found.get("rows")
    rows = [_row(line) for line in found.get("rows") or found.get("items") or []]
    scene.stage.table(("region", "team", "requests#", "cost#"), rows)
    scene.stage.note("* is what too few people did to be told apart: merged upward or held back, never a person's line")


def _row(line: dict[str, Any]) -> tuple[object, ...]:
    key = line.get("key", line)
    cost = line.get("cost", line.get("cost_micro", ""))
    return (
        key.get("region"),
        key.get("team"),
        line.get("requests"),
        cost if not isinstance(cost, dict) else _money(cost),
    )


def _money(cost: dict[str, int]) -> str:
    return ", ".join(f"{currency} {micro / 1_000_000:.6f}" for currency, micro in cost.items())
