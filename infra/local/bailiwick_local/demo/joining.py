"""People of the centre, and regions that join it: invitation, certificate request, approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bailiwick_local.demo.scene import APPROVER, BUILDER, PEOPLE

if TYPE_CHECKING:
    from bailiwick_local.demo.scene import Scene
    from bailiwick_local.federation import Region

ENROL_SECONDS = 60.0
JOINED = {"connected", "awaiting-consent", "vetoed", "conflict-paused"}


def people(scene: Scene) -> None:
    """Register the demo's named users, once."""
    known = {user.get("name") for user in scene.shell.ask("user", "list").get("users", [])}
    for name, role in PEOPLE:
        if name not in known:
            scene.shell.run("user", "add", name, "--role", role)
    scene.stage.fact(f"{', '.join(f'{name} ({role})' for name, role in PEOPLE)}: nobody approves what they built")


def regions(scene: Scene) -> None:
    """Let every region join that has not yet."""
    for region in scene.regions:
        if _enrolled(scene, region):
            _connected(scene, region)
            scene.stage.fact(f"[bold]{region.id}[/] had joined before; its link is up")
        else:
            _join(scene, region)
    scene.stage.remember("enrolment", "single-use invitations, keys that never left their region, approval by a person")


def _join(scene: Scene, region: Region) -> None:
    shell, stage = scene.shell, scene.stage
    invited = shell.run(
        "region", "invite", "--region", region.id, "--jurisdiction", region.jurisdiction, "--as", BUILDER
    )
    stage.note("[dim]single use, at most 24 h, carries the digests of the centre's CA and TUF root[/]")
    shell.run("enrol", "--region", region.id, invited["token"])
    stage.wait(f"{region.id} asks for its certificate", lambda: _asked(scene, region), ENROL_SECONDS)
    shell.run("region", "approve", "--region", region.id, "--as", APPROVER)
    _connected(scene, region)
    stage.fact(
        f"[bold]{region.id}[/] ({region.jurisdiction}) has its certificate and dials the centre; the key stayed home"
    )


def _enrolled(scene: Scene, region: Region) -> bool:
    return bool(scene.region_status(region).get("release")) or _centre_phase(scene, region) == "approved"


def _asked(scene: Scene, region: Region) -> bool | None:
    return True if _centre_phase(scene, region) in {"awaiting-approval", "approved"} else None


def _centre_phase(scene: Scene, region: Region) -> str:
    found = scene.centre(f"/regions/{region.id}")
    return str(found.get("phase", ""))


def _connected(scene: Scene, region: Region) -> None:
    def up() -> bool | None:
        return True if scene.region_status(region).get("state") in JOINED else None

    scene.stage.wait(f"{region.id} connects", up, ENROL_SECONDS)
