"""Evidence: asked for at the centre, granted and sealed in the region, verified offline, refused when touched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage

from bailiwick_local.demo.scene import AUDITOR
from bailiwick_local.demo.stage import DemoError

if TYPE_CHECKING:
    from bailiwick_local.demo.scene import Scene
    from bailiwick_local.federation import Region

REQUEST_SECONDS = 60.0


def auditor_identity(scene: Scene) -> tuple[Path, str]:
    """The auditor's age identity (kept by the auditor) and its recipient; made once."""
    path = scene.federation.home / "auditor" / "identity.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(str(pyrage.x25519.Identity.generate()) + "\n")
    identity = pyrage.x25519.Identity.from_str(path.read_text(encoding="ascii").strip())
    return path, str(identity.to_public())


def prove(scene: Scene, region: Region) -> Path:
    """Request, grant, pull and verify the evidence of one region; returns the bundle."""
    shell, stage = scene.shell, scene.stage
    identity, recipient = auditor_identity(scene)
    scene.evidence_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    first = ("--first", str(_after_last(scene, region)))
    asked = shell.run("evidence", "request", "--region", region.id, "--recipient", recipient, *first, "--as", AUDITOR)
    request = str(asked["id"])
    stage.wait(f"the request reaches {region.id}", lambda: _received(scene, region, request), REQUEST_SECONDS)
    granted = shell.run("evidence", "grant", "--region", region.id, request, "--recipient", recipient)
    stage.note(
        f"bundle {str(granted.get('bundle'))[:23]}..., entries {granted.get('first')} to {granted.get('next')}, sealed"
    )
    words = ("--token", str(granted["token"]), "--identity", str(identity), "--out", str(scene.evidence_dir))
    pulled = shell.run("evidence", "pull", str(granted["url"]), *words)
    bundle = Path(pulled["bundle"])
    verify(scene, bundle, trust(scene))
    scene.stage.record(
        region.id, bundle=str(bundle), page=pulled.get("page"), first=granted["first"], next=granted["next"]
    )
    return bundle


def trust(scene: Scene) -> Path:
    """The trust file, written from what this machine's holder knows: never taken from a bundle."""
    path = scene.evidence_dir / "trust.json"
    scene.shell.run("trust", "export", "--out", str(path))
    return path


def verify(scene: Scene, bundle: Path, trust_file: Path) -> None:
    """Verify offline; every step must pass."""
    result = scene.shell.run("verify", str(bundle), "--trust", str(trust_file))
    for step in result.get("steps", []):
        scene.stage.note(f"[green]✓[/] {step.get('number', '')} {step.get('title', step.get('name', ''))}")
    scene.stage.fact(f"{bundle.name} verifies, with no network, no database and no platform")


def flipped(scene: Scene, bundle: Path, trust_file: Path) -> None:
    """Flip one byte in a copy; the verifier must refuse it and say why."""
    data = bytearray(bundle.read_bytes())
    at = data.find(b'"cost":')
    data[at + len(b'"cost":')] ^= 0x01
    copy = scene.federation.home / "evidence" / ".flipped.tar"
    copy.write_bytes(data)
    code, result, said = scene.shell.refused("verify", str(copy), "--trust", str(trust_file))
    copy.unlink()
    if code == 0:
        raise DemoError("the verifier accepted a bundle with a flipped byte", "this is a fault: report it")
    scene.stage.facts["tampered"] = result.get("findings")
    codes = [str(finding.get("code")) for finding in result.get("findings", [])]
    scene.stage.fact(f"one byte flipped in a cost: refused, {', '.join(codes[:3]) or said.splitlines()[0]}")


def _after_last(scene: Scene, region: Region) -> int:
    """Where the last bundle of the region that is kept here ended: the next one goes on from there."""
    ends = [bundle.stem.rpartition("-")[2] for bundle in scene.evidence_dir.glob(f"{region.id}-*-*.tar")]
    return max((int(end) for end in ends if end.isdigit()), default=0)


def _received(scene: Scene, region: Region, request: str) -> bool | None:
    found = scene.shell.try_("evidence", "requests", "--region", region.id) or {}
    return True if any(item["id"] == request for item in found.get("requests", [])) else None
