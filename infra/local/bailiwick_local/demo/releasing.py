"""Releases: built and signed by one person, approved by another, consented to or refused by each region's officer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bailiwick_local.demo.scene import APPROVER, BUILDER
from bailiwick_local.demo.stage import DemoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bailiwick_local.demo.scene import Scene

OFFER_SECONDS = 60.0
ROLLOUT_SECONDS = 180.0
DONE = {"complete"}
OVER = {"aborted", "rolled-back", "paused"}


def publish(scene: Scene, policy: str, notes: str, fallback: str | None = None) -> str:
    """Build, check, sign and publish a release; returns its version."""
    shell, offline = scene.shell, scene.federation.home / "offline"
    regions = [word for region in scene.regions for word in ("--region", region.id)]
    files = [
        "--config",
        str(scene.examples / "config.json"),
        "--policy",
        str(scene.examples / "policy" / f"{policy}.json"),
    ]
    extra = ["--fallback", fallback] if fallback else []
    built = shell.run("release", "build", *regions, *files, *extra, "--notes", notes, "--as", BUILDER)
    version = str(built["version"])
    keys = [word for name in ("targets-1.pem", "targets-2.pem") for word in ("--key", str(offline / name))]
    shell.run("release", "sign", version, *keys, "--as", BUILDER)
    shell.run("release", "publish", version, "--as", BUILDER)
    scene.stage.fact(f"release [bold]{version}[/] is signed by two offline keys and published as TUF metadata")
    return version


def consent(scene: Scene, region: str, version: str) -> None:
    """The region's officer looks at what would change, and consents with the officer's key."""
    scene.stage.wait(f"release {version} reaches {region}", lambda: _offer(scene, region, version), OFFER_SECONDS)
    shown = scene.shell.run("consent", "show", "--region", region, version)
    flips = shown.get("flips", {})
    scene.stage.note(
        f"the officer reads: {flips.get('count', 0)} of {flips.get('combinations', 0)} decisions would flip"
    )
    for flip in flips.get("examples", [])[:2]:
        scene.stage.note(f"  {flip['before']} -> {flip['after']}: {flip['where']}  ({', '.join(flip['policies'])})")
    scene.shell.run("consent", "give", "--region", region, version)


def veto(scene: Scene, region: str, version: str, reason: str) -> None:
    """The region's officer refuses, with a reason from a closed list."""
    scene.stage.wait(f"release {version} reaches {region}", lambda: _offer(scene, region, version), OFFER_SECONDS)
    scene.shell.run("consent", "show", "--region", region, version)
    scene.shell.run("consent", "refuse", "--region", region, version, "--reason", reason)


def start(scene: Scene, version: str, waves: Sequence[str], bake: int) -> str:
    """Start a rollout; returns its id."""
    words = [word for wave in waves for word in ("--wave", wave)]
    started = scene.shell.run("rollout", "start", version, *words, "--bake", str(bake), "--as", BUILDER)
    scene.stage.facts.setdefault("rollouts", []).append(
        {"id": started["id"], "version": int(version), "waves": list(waves)}
    )
    return str(started["id"])


def follow(scene: Scene, rollout: str, until: set[str]) -> dict[str, Any]:
    """Follow a rollout to one of the states in `until`, approving what waits for a person on the way."""
    said: set[str] = set()

    def look() -> dict[str, Any] | None:
        now = scene.shell.ask("rollout", "status", rollout)
        for region in now.get("regions", []):
            line = f"{region.get('region')}: {region.get('state')}"
            if line not in said:
                said.add(line)
                scene.stage.note(line)
        if _awaits_approval(now) and "approved" not in said:
            said.add("approved")
            scene.shell.run("rollout", "approve", rollout, "--as", APPROVER)
        state = str(now.get("state"))
        if state in OVER - until:
            raise DemoError(f"rollout {rollout} ended as {state}", "bailiwick rollout status " + rollout)
        return now if state in until else None

    return scene.stage.wait(f"rollout {rollout}", look, ROLLOUT_SECONDS)


def _awaits_approval(status: dict[str, Any]) -> bool:
    return "approval" in str(status.get("state", "")) or bool(status.get("awaiting"))


def _offer(scene: Scene, region: str, version: str) -> bool | None:
    offers = scene.shell.try_("consent", "list", "--region", region) or {}
    return True if any(str(offer["version"]) == version for offer in offers.get("offers", [])) else None
