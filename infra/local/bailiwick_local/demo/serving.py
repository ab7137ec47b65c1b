"""Applications use the regions; each request is admitted durably, settled once, and refused at the limit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import openai

from bailiwick_local import vocabulary
from bailiwick_local.demo import traffic
from bailiwick_local.demo.stage import DemoError
from bailiwick_local.demo.traffic import Application, Work

if TYPE_CHECKING:
    from bailiwick_local.demo.scene import Scene
    from bailiwick_local.federation import Region

LIMITED = Work("lab", 1, "complete", "pilot", "assistant", "support", "experiment")
MOST_TRIES = 200
CLASSIFY = traffic.WORK[1]


def applications(scene: Scene, region: Region) -> dict[str, Application]:
    """A key for each team, and the team's client on it."""
    made = {}
    for team in vocabulary.TEAMS:
        tags = ("--team", team, "--cost-centre", "cc-100", "--name", f"demo-{team}")
        key = scene.shell.run("key", "create", "--region", region.id, *tags)["key"]
        made[team] = Application(scene.gateway(region), key)
    return made


def serve(scene: Scene, region: Region, clients: dict[str, Application]) -> None:
    """All persons of all teams work; the ledger counts what they saw."""
    calls = traffic.serve(clients)
    kinds = Counter(call.work.call for call in calls)
    tokens = sum(call.prompt_tokens + call.output_tokens for call in calls)
    numbers = sorted(int(call.admission) for call in calls)
    teams = Counter(call.work.team for call in calls)
    scene.stage.record(
        region.id,
        answers=len(calls),
        answers_by_call=dict(kinds),
        answers_by_team=dict(teams),
        tokens=tokens,
        admissions=[numbers[0], numbers[-1]],
    )
    scene.stage.fact(
        f"[bold]{region.id}[/]: {len(calls)} answers ({', '.join(f'{count} {kind}' for kind, count in kinds.items())}),"
        f" {tokens:,} tokens, admissions {numbers[0]} to {numbers[-1]}"
    )


def budget(scene: Scene, region: Region, client: Application) -> None:
    """Send until the team's small budget refuses; the refusal names the pot and when it opens again."""
    for passed in range(MOST_TRIES):
        try:
            client.work(LIMITED, "lab-00")
        except openai.RateLimitError as refusal:
            body = refusal.body if isinstance(refusal.body, dict) else {}
            more = body.get("bailiwick", {})
            scene.stage.fact(
                f"[bold]{region.id}[/]: {passed} passed, then 429 [bold]{body.get('code')}[/]: {body.get('message')}"
            )
            scene.stage.note(f"opens again {more.get('resets_at')}")
            budget = {"passed": passed, "code": body.get("code"), "resets_at": more.get("resets_at")}
            scene.stage.record(region.id, budget=budget)
            return
    raise DemoError("the small budget of team lab never refused", f"bailiwick ledger tail --region {region.id}")


def last_settlement(scene: Scene, region: Region) -> None:
    """Show the newest settlement as the ledger holds it: no prompt, no name, exact money."""
    tail = scene.shell.run("ledger", "tail", "--region", region.id, "--count", "40")
    settled = [entry for entry in tail.get("entries", []) if entry["entry"]["kind"] == "settlement"]
    if not settled:
        return
    body = settled[-1]["entry"]
    usage = body["usage"]
    scene.stage.fact(
        f"entry {settled[-1]['index']}: admission {body['number']}, {body['how']},"
        f" {usage['prompt']} + {usage['output']} tokens, {body['cost']} micro-{body['currency']};"
        f" the person is the random tag {body['person'][:8]}..."
    )


def ledger(scene: Scene, region: Region) -> None:
    """Rebuild the region's whole tree, and prove one admission."""
    checked = scene.shell.run("ledger", "fsck", "--region", region.id)
    size = checked["entries"]
    scene.stage.record(region.id, ledger_entries=size)
    scene.stage.fact(f"{region.id}: the tree of {size} entries was rebuilt from raw rows")
    scene.shell.run("ledger", "prove", "--region", region.id, "--number", "1")
    cosigned = (scene.region_status(region).get("ledger") or {}).get("cosigned_size")
    scene.stage.note(f"the centre has cosigned up to size {cosigned} without having seen an entry")


def classify(scene: Scene, region: Region, client: Application) -> str | None:
    """One classification in production: None when it passes, else the refusal in words."""
    try:
        call = client.work(CLASSIFY, "payments-00")
    except openai.PermissionDeniedError as refusal:
        body = refusal.body if isinstance(refusal.body, dict) else {}
        more = body.get("bailiwick", {})
        scene.stage.fact(f"[bold]{region.id}[/]: 403 {body.get('code')}: {body.get('message')}")
        for policy in more.get("policies", []):
            scene.stage.note(
                f"rule {policy}" if isinstance(policy, str) else "rule " + ", ".join(map(str, policy.values()))
            )
        scene.stage.record(
            region.id, refusal={"code": body.get("code"), "policies": more.get("policies"), "fix": more.get("fix")}
        )
        if more.get("fix"):
            scene.stage.note(f"to pass: {more['fix']}")
        return str(body.get("code"))
    scene.stage.fact(f"[bold]{region.id}[/]: classification in production passes (admission {call.admission})")
    return None
