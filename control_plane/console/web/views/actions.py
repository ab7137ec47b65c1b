"""The actions on a rollout: which are open to whom, and what each will and will not do."""

from __future__ import annotations

from dataclasses import dataclass

from control_plane.console.web import formats
from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.facts.rollout import LaneFact, RolloutFact
from control_plane.console.web.views.parts import Button

VERBS = ("approve", "pause", "resume", "rollback", "abort")
ONLY = "Only central operations may do this; you are signed in as {roles}."


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person reads before a change: what will happen, what will not, and whether a reason is asked for."""

    title: str
    will: tuple[str, ...]
    will_not: tuple[str, ...]
    do: str
    bad: bool = False
    reason_label: str = "Reason, recorded with your name"
    reason_required: bool = False
    said: str = ""


def _lanes(rollout: RolloutFact) -> list[LaneFact]:
    return [lane for wave in rollout.waves for lane in wave.lanes]


def touched(rollout: RolloutFact) -> list[LaneFact]:
    """Regions that run, or may run, the rollout's release now."""
    return [
        lane for lane in _lanes(rollout) if lane.staged_at and lane.phase not in {"vetoed", "rolled-back", "failed"}
    ]


def refusal(rollout: RolloutFact, verb: str, who: Person) -> str:
    """Why this person cannot do this now; empty when they can."""
    if not who.may(Role.OPERATIONS):
        return ONLY.format(roles=formats.listing(sorted(who.roles)) or "nobody in particular")
    if verb == "rollback":
        return _no_rollback(rollout)
    if rollout.over:
        return f"Rollout {rollout.version} has ended."
    checks = {"approve": _no_approval(rollout, who), "pause": _no_pause(rollout), "resume": _no_resume(rollout)}
    return checks.get(verb, "")


def _no_rollback(rollout: RolloutFact) -> str:
    if rollout.state in {"rolling-back", "rolled-back"}:
        return f"Rollout {rollout.version} is rolled back already."
    if not touched(rollout):
        return "Nothing to roll back: no region runs this release."
    return "" if rollout.fallback else f"Release {rollout.version} names no fallback."


def _no_approval(rollout: RolloutFact, who: Person) -> str:
    if not rollout.waits_for_wave:
        return "Nothing waits for approval."
    own = who.name == rollout.publisher
    return f"{rollout.publisher} published release {rollout.version}; someone else must approve." if own else ""


def _no_pause(rollout: RolloutFact) -> str:
    return f"Rollout {rollout.version} is paused already." if rollout.state == "paused" else ""


def _no_resume(rollout: RolloutFact) -> str:
    return "" if rollout.state == "paused" else f"Nothing to resume: rollout {rollout.version} is not paused."


def buttons(rollout: RolloutFact, who: Person) -> tuple[Button, ...]:
    """All five, always: a button that is off says why."""
    wave = rollout.waits_for_wave
    labels = {
        "approve": f"Approve wave {wave.number}\u2026" if wave else "Approve",
        "pause": "Pause\u2026",
        "resume": "Resume\u2026",
        "rollback": "Roll back\u2026",
        "abort": "Abort\u2026",
    }
    kinds = {"approve": "pri", "rollback": "bad", "abort": "bad"}
    return tuple(
        Button(
            labels[v] if not why else labels[v].rstrip("\u2026"), f"/rollouts/{rollout.id}/{v}", kinds.get(v, ""), why
        )
        for v in VERBS
        for why in [refusal(rollout, v, who)]
    )


def confirmation(rollout: RolloutFact, verb: str) -> Confirmation:
    """The words of the dialog for a verb of `VERBS`."""
    return {"approve": _approve, "pause": _pause, "resume": _resume, "rollback": _rollback, "abort": _abort}[verb](
        rollout
    )


def _approve(rollout: RolloutFact) -> Confirmation:
    wave = rollout.waits_for_wave
    names = [lane.region for lane in wave.lanes] if wave else []
    away = [lane.region for lane in wave.lanes if not lane.online] if wave else []
    number = wave.number if wave else 0
    bake = formats.span_seconds(wave.bake_seconds) if wave else ""
    return Confirmation(
        f"Approve wave {number} of rollout {rollout.version}?",
        (
            (
                f"{formats.listing(names)} {'is' if len(names) == 1 else 'are'} told to move to release "
                f"{rollout.version}; each moves once its own officers consent."
            ),
            f"After that it stages, bakes {bake} and passes the same gate.",
            *((f"{formats.listing(away)} takes its turn when it returns.",) if away else ()),
        ),
        ("Regions of other waves are not touched.", "No officer's consent is replaced by yours."),
        f"Approve wave {number}",
        reason_label="Reason (optional, recorded with your name)",
        said=f"Wave {number} approved. Its regions start now.",
    )


def _pause(rollout: RolloutFact) -> Confirmation:
    baking = [lane.region for lane in _lanes(rollout) if lane.phase == "baking"]
    will = ["No region starts a new stage."]
    if baking:
        will.append(
            f"{formats.listing(baking)} keeps release {rollout.version}; its gate decides nothing until you resume."
        )
    return Confirmation(
        f"Pause rollout {rollout.version}?",
        tuple(will),
        ("Nothing is rolled back.", "No request is refused because of this."),
        f"Pause rollout {rollout.version}",
        reason_label="Reason (optional, recorded with your name)",
        said="Pause asked for. The state changes when the workflow confirms.",
    )


def _resume(rollout: RolloutFact) -> Confirmation:
    return Confirmation(
        f"Resume rollout {rollout.version}?",
        ("It goes on where it stood; a gate that was inconclusive is asked again.",),
        ("No approval or consent is skipped.",),
        f"Resume rollout {rollout.version}",
        reason_label="Reason (optional, recorded with your name)",
        said="Resume asked for. The state changes when the workflow confirms.",
    )


def _rollback(rollout: RolloutFact) -> Confirmation:
    names = [lane.region for lane in touched(rollout)]
    rest = [lane.region for lane in _lanes(rollout) if lane.region not in names]
    many = formats.plural(len(names), "region")
    return Confirmation(
        f"Roll back {many} to release {rollout.fallback}?",
        (
            (
                f"{formats.listing(names)} {'switches' if len(names) == 1 else 'switch'} to the fallback "
                f"named in release {rollout.version}: release {rollout.fallback}."
            ),
            "It was signed and consented to in advance, so no officer needs to act now. Running requests finish first.",
            f"Rollout {rollout.version} ends as rolled back.",
        ),
        (
            *(
                (
                    (
                        f"{formats.listing(rest)} {'stays' if len(rest) == 1 else 'stay'} as "
                        f"{'it is' if len(rest) == 1 else 'they are'}."
                    ),
                )
                if rest
                else ()
            ),
            "No history is removed.",
        ),
        f"Roll back {many}",
        bad=True,
        reason_label="Reason, recorded with your name",
        reason_required=True,
        said=f"Rolling back {many} to the fallback.",
    )


def _abort(rollout: RolloutFact) -> Confirmation:
    names = [lane.region for lane in touched(rollout)]
    keep = (
        (f"{formats.listing(names)} {'keeps' if len(names) == 1 else 'keep'} release {rollout.version}.",)
        if names
        else ()
    )
    return Confirmation(
        f"Abort rollout {rollout.version}?",
        (
            f"No further region is told to move to release {rollout.version}.",
            *keep,
            "This cannot be undone; a new rollout can be started.",
        ),
        ("Nothing is rolled back. For that, choose Roll back.",),
        f"Abort rollout {rollout.version}",
        bad=True,
        reason_required=True,
        said="Abort asked for. The state changes when the workflow confirms.",
    )
