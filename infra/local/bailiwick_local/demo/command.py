"""`bailiwick demo`: the whole main job on a federation of two regions, before your eyes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from bailiwick.cli.options import HomeOption, JsonOption
from bailiwick.cli.output import Output, fail
from bailiwick_local import commands
from bailiwick_local.demo import joining, proving, releasing, reporting, serving
from bailiwick_local.demo.scene import BUILDER, Scene
from bailiwick_local.demo.shell import Shell
from bailiwick_local.demo.stage import DemoError, Stage, console

if TYPE_CHECKING:
    from bailiwick_local.demo.traffic import Application

BAKE_SECONDS = 15
CANARY, OTHER = "in-mh", "eu-de"


def demo(*, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Start a centre and two regions, and run the main job: serve, meter, report, roll out, prove."""
    federation = commands.find(home)
    os.environ["BAILIWICK_HOME"] = str(federation.home)
    os.environ["BAILIWICK_PORT_BASE"] = str(federation.base)
    stage = Stage(console(as_json=json_))
    scene = Scene(federation, stage, Shell(stage))
    try:
        _play(scene)
    except DemoError as error:
        fail(
            str(error),
            error.fix or "what runs was left running; `bailiwick status`, `bailiwick logs`, `bailiwick down`",
        )

    if json_:
        Output(json_).document(stage.facts)


def _play(scene: Scene) -> None:
    stage = scene.stage
    with stage.step("Start", "A centre and two regions, each with its own database, keys and engines."):
        commands.start(scene.federation, Output())
    with stage.step("People", "Named users of the centre."):
        joining.people(scene)
    with stage.step("Enrol", "A single-use invitation, a certificate request from the region, a person's approval."):
        joining.regions(scene)
    with stage.step(
        "First rules", "Prices, models and policy, signed; no region runs them without its officer's consent."
    ):
        baseline = _baseline(scene)
    clients = _serve(scene)
    _account(scene)
    tightened = _tighten(scene, clients, baseline)
    vetoed = _veto(scene, tightened)
    stage.facts["releases"] = {"baseline": int(baseline), "tightened": int(tightened), "vetoed": int(vetoed)}
    _prove(scene)
    _summary(scene)


def _baseline(scene: Scene) -> str:
    version = releasing.publish(scene, "baseline", "Prices, two models and the first rules")
    for region in scene.regions:
        releasing.consent(scene, region.id, version)
    rollout = releasing.start(scene, version, [",".join(region.id for region in scene.regions)], 0)
    releasing.follow(scene, rollout, releasing.DONE)
    scene.stage.fact(
        f"both regions serve release {version}: what is observed on live workers, not what was acknowledged"
    )
    return version


def _serve(scene: Scene) -> dict[str, dict[str, Application]]:
    stage = scene.stage
    clients = {}
    with stage.step("Serve", "The unmodified openai client: chat, streams, completions, embeddings; three teams."):
        for region in scene.regions:
            clients[region.id] = serving.applications(scene, region)
            serving.serve(scene, region, clients[region.id])
        stage.remember("serving", "chat, streams, completions and embeddings by vLLM inside each region")
    with stage.step("Meter", "Reserved durably before dispatch, settled once after, refused at the limit."):
        for region in scene.regions:
            serving.last_settlement(scene, region)
            serving.budget(scene, region, clients[region.id]["lab"])
        stage.remember("metering", "one settlement per admission, integer micro-units, a budget with no overshoot")
    return clients


def _account(scene: Scene) -> None:
    stage = scene.stage
    before = {region.id: reporting.sequence(scene, region) for region in scene.regions}
    with stage.step("Ledger", "A Merkle tree in the C2SP formats, cosigned by the centre as a blind witness."):
        for region in scene.regions:
            serving.ledger(scene, region)
        stage.remember("ledger", "rebuilt from raw rows, one admission proved, cosigned by the centre")
    with stage.step(
        "Report", "Only aggregates leave, of ten people or more; what is held back is told later or merged."
    ):
        for region in scene.regions:
            reporting.wait(scene, region, before[region.id])
            reporting.left(scene, region)
        reporting.spend(scene)
        stage.remember("reports", "every message that left is listed and accounted for; spend without a personal field")


def _tighten(scene: Scene, clients: dict[str, dict[str, Application]], baseline: str) -> str:
    stage = scene.stage
    with stage.step(
        "Roll out",
        f"A stricter rule: {CANARY} first, a bake, a gate that the region evaluates, a person, then {OTHER}.",
    ):
        for region in scene.regions:
            serving.classify(scene, region, clients[region.id]["payments"])
        version = releasing.publish(scene, "tightened", "Human oversight for classification in production", baseline)
        for name in (CANARY, OTHER):
            releasing.consent(scene, name, version)
        rollout = releasing.start(scene, version, [CANARY, OTHER], BAKE_SECONDS)
        releasing.follow(scene, rollout, releasing.DONE)
        for region in scene.regions:
            if serving.classify(scene, region, clients[region.id]["payments"]) is None:
                raise DemoError(f"{region.id} still lets classification in production pass")
        stage.remember(
            "rollout", f"release {version}: canary, bake, gate, approval; now refused with rule, owner and legal basis"
        )
    return version


def _veto(scene: Scene, fallback: str) -> str:
    with scene.stage.step(
        "Veto", "The centre would lift the rule again; the officer of eu-de says no, with the region's key."
    ):
        version = releasing.publish(scene, "loosened", "Lift the oversight rule, limit premium to production", fallback)
        rollout = releasing.start(scene, version, [OTHER], 0)
        releasing.veto(scene, OTHER, version, "LEGAL-BASIS-MISSING")
        releasing.follow(scene, rollout, releasing.DONE | {"vetoed"})
        scene.stage.fact(f"{OTHER} goes on with the release before; a no is not an error")
        scene.stage.remember(
            "veto", f"release {version} does not run in {OTHER}, though the centre had signed and started it"
        )
    return version


def _prove(scene: Scene) -> None:
    stage = scene.stage
    with stage.step(
        "Prove", "Evidence is asked for at the centre, granted and sealed in the region, verified offline."
    ):
        bundles = [proving.prove(scene, region) for region in scene.regions]
        stage.remember("evidence", "verified offline: " + ", ".join(bundle.name for bundle in bundles))
    with stage.step("Tamper", "One byte of a copy is flipped."):
        proving.flipped(scene, bundles[0], scene.evidence_dir / "trust.json")
        stage.remember("tampering", "a flipped byte is refused with the finding's code")


def _summary(scene: Scene) -> None:
    stage, ports = scene.stage, scene.federation.centre_ports
    with stage.step("See", "The console, live."):
        link = scene.shell.run("user", "link", BUILDER)
        stage.facts["console"] = link.get("url")
    stage.console.print()
    stage.table(("shown", "how"), stage.shown)
    stage.console.print()
    stage.console.print(f"  console       [bold]{link.get('url')}[/]  (one use, signs in {BUILDER})")
    stage.console.print(f"  Temporal      http://127.0.0.1:{ports.temporal_ui}")
    for region in scene.regions:
        region_ports = scene.federation.region_ports(region)
        stage.console.print(
            f"  {region.id}         {scene.gateway(region)}, evidence http://127.0.0.1:{region_ports.console}"
        )
    stage.console.print(f"  evidence      {scene.evidence_dir}")
    took = time.monotonic() - stage.began
    stage.console.print(
        f"\n  All of it keeps running ({took:.0f} s). `bailiwick status` shows it, `make down` stops it."
    )
