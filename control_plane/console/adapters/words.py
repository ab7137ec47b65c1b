"""The centre's log entries as sentences. Facts of an entry are registered words, ids, digests and numbers only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from control_plane.console.web.facts.fleet import Activity
from control_plane.console.web.formats import count
from control_plane.domain.ledger import LogEntry

Facts = Mapping[str, object]
Sentence = Callable[[str, Facts], tuple[str, str, str]]


def _get(facts: Facts, name: str) -> str:
    value = facts.get(name, "")
    return count(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _release(verb: str) -> Sentence:
    def say(actor: str, facts: Facts) -> tuple[str, str, str]:
        version = str(facts.get("version", ""))
        return f"{actor} {verb} release {version}.", f"/releases/{version}", f"Release {version}"

    return say


def _rollout(verb: str) -> Sentence:
    def say(actor: str, facts: Facts) -> tuple[str, str, str]:
        number = str(facts.get("rollout", ""))
        return f"{actor} {verb} a rollout.", f"/rollouts/{number}", "Rollout"

    return say


def _plain(text: str) -> Sentence:
    return lambda actor, facts: (text.format(actor=actor, **{k: _get(facts, k) for k in facts}), "", "")


def _standing(_actor: str, facts: Facts) -> tuple[str, str, str]:
    phase = str(facts.get("phase", ""))
    reason = str(facts.get("reason", ""))
    words = {
        "offered": "Holds an offered release.",
        "awaiting-consent": "A release waits for its officers.",
        "consented": "Officers consented to a release.",
        "vetoed": "Officers refused a release",
        "applied": "Runs a new release.",
        "rolled-back": "Went back to the fallback.",
        "failed": "A release failed and was undone.",
    }.get(phase, f"Says of a release: {phase}.")
    return (f"{words}: {reason}." if phase == "vetoed" and reason else words.rstrip(".") + "."), "/releases", "Releases"


def _evidence(_actor: str, facts: Facts) -> tuple[str, str, str]:
    words = {
        "received": "Holds a request for evidence.",
        "granted": "An officer granted evidence.",
        "built": "Built and sealed an evidence bundle.",
        "downloaded": "A bundle was pulled from the region.",
        "refused": "An officer refused evidence.",
        "expired": "A request for evidence ran out.",
    }.get(str(facts.get("phase", "")), "A request for evidence moved on.")
    return words, "/evidence", "Evidence"


def _asked(actor: str, facts: Facts) -> tuple[str, str, str]:
    return f"{actor} asked {_get(facts, 'region')} for evidence.", "/evidence", "Evidence"


def _gate(_actor: str, facts: Facts) -> tuple[str, str, str]:
    return (
        f"Gate: {facts.get('verdict', 'answered')}, {facts.get('reason', '')}.".replace(", .", "."),
        "/rollouts",
        "Rollouts",
    )


def _report(actor: str, facts: Facts) -> tuple[str, str, str]:
    region = actor.partition(":")[2]
    return f"Report no. {_get(facts, 'sequence')} received and checked.", f"/left/{region}", "What left"


SENTENCES: Mapping[str, Sentence] = {
    "region.invite": _plain("{actor} invited region {region}."),
    "region.enrol": _plain("Enrolled; waits for approval."),
    "region.approve": _plain("{actor} approved region {region}."),
    "region.revoke": _plain("{actor} revoked region {region}."),
    "certificate.issue": _plain("Agent certificate issued."),
    "release.build": _release("built"),
    "release.sign": _release("signed"),
    "release.publish": _release("published"),
    "release.withdraw": _release("withdrew"),
    "release.state": _standing,
    "rollout.start": _rollout("started"),
    "rollout.approve": _rollout("approved a wave of"),
    "rollout.pause": _rollout("paused"),
    "rollout.resume": _rollout("resumed"),
    "rollout.abort": _rollout("aborted"),
    "rollout.rollback": _rollout("rolled back"),
    "gate.answer": _gate,
    "evidence.request": _asked,
    "evidence.state": _evidence,
    "report.accept": _report,
    "report.conflict": _plain("Report no. {sequence} contradicts what the centre holds. Paused."),
    "witness.cosign": _plain("Checkpoint at {size} entries, cosigned."),
    "user.sign-in": _plain("{actor} signed in."),
}


def activity(entry: LogEntry) -> Activity | None:
    """An entry of the centre's log as people read it; None for kinds that tell them nothing."""
    body = json.loads(entry.body)
    facts = body.get("facts")
    sentence = SENTENCES.get(str(body.get("kind")))
    if sentence is None or not isinstance(facts, dict):
        return None
    actor = str(body.get("actor", ""))
    text, href, link = sentence(actor, facts)
    place = actor.partition(":")[2] if actor.startswith("region:") else "centre"
    return Activity(_at(body, entry.at), place, text, href, link)


def _at(body: Mapping[str, object], fallback: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(body.get("at")))
    except ValueError:
        return fallback
