"""The world page: which regions run what was intended, and who is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web import formats
from control_plane.console.web.facts.fleet import Activity, RegionFact
from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.facts.rollout import RolloutFact
from control_plane.console.web.facts.spend import SpendFact
from control_plane.console.web.views import figures
from control_plane.console.web.views.mini import MiniRollout, mini
from control_plane.console.web.views.parts import Stat
from control_plane.console.web.views.queue import Waiting, queue
from control_plane.console.web.views.region_row import AWAY, RegionRow, offered, on_intended, region_row


@dataclass(frozen=True, slots=True)
class WorldView:
    """Everything the world page prints."""

    lede: tuple[tuple[str, bool], ...]
    stats: tuple[Stat, ...]
    waiting: tuple[Waiting, ...]
    waiting_note: str
    regions: tuple[RegionRow, ...]
    activity: tuple[Activity, ...]
    rollouts: tuple[MiniRollout, ...]
    spend: tuple[tuple[str, str, str, str], ...]
    may_invite: bool


def build(
    regions: Sequence[RegionFact],
    rollouts: Sequence[RolloutFact],
    activity: Sequence[Activity],
    today: SpendFact,
    who: Person,
    now: datetime,
) -> WorldView:
    """`today` holds the cells of the last 24 hours, in buckets small enough for a spark."""
    open_rollouts = [r for r in rollouts if not r.over]
    waiting = queue(regions, open_rollouts, who)
    mine = sum(1 for w in waiting if w.action)
    return WorldView(
        lede=_lede(regions),
        stats=_stats(regions, today),
        waiting=waiting,
        waiting_note=f"Oldest first. You can act on {mine} of {len(waiting)}." if waiting else "",
        regions=tuple(region_row(r, today, now) for r in regions),
        activity=tuple(activity),
        rollouts=tuple(mini(r) for r in open_rollouts[:4]),
        spend=_by_region(today),
        may_invite=who.may(Role.OPERATIONS),
    )


def _lede(regions: Sequence[RegionFact]) -> tuple[tuple[str, bool], ...]:
    """The first sentence, as (text, bold) runs."""
    if not regions:
        return (("No region has joined yet.", False),)
    meant = [r for r in regions if r.intended]
    good = [r for r in meant if on_intended(r)]
    runs: list[tuple[str, bool]] = []
    if not meant:
        verb = "region is" if len(regions) == 1 else "regions are"
        runs.append((f"{formats.word(len(regions))} {verb} enrolled; no release has been rolled out yet.", False))
    elif len(good) == len(meant):
        several = "Both" if len(meant) == 2 else f"All {formats.word(len(meant)).lower()}"
        whole = "The only region runs" if len(meant) == 1 else f"{several} regions run"
        runs.append((f"{whole} the intended release.", False))
    else:
        verb = "runs" if len(good) == 1 else "run"
        runs.append(
            (
                f"{formats.word(len(good))} of {formats.word(len(meant)).lower()} regions {verb} the intended release.",
                False,
            )
        )
    for region in regions:
        runs.extend(_remark(region))
    return tuple(runs)


def _remark(region: RegionFact) -> list[tuple[str, bool]]:
    """What a reader must know about one region, if anything."""
    clock = formats.clock(region.since)
    text = {
        "vetoed": f" refused {offered(region, 'vetoed')}.",
        "awaiting-consent": f" waits for its officers' consent to {offered(region, 'awaiting-consent')}.",
        "awaiting-approval": " asks to be enrolled.",
        "disconnected": f" has been away since {clock} UTC; it was serving when last seen.",
        "expired": " is away and its certificate ran out; it renews by itself when it returns.",
        "stale": f" has sent nothing new since {clock} UTC.",
        "conflict-paused": " and the centre contradict each other; nothing changes there until a person decides.",
    }.get(region.state)
    return [(" ", False), (region.id, True), (text, False)] if text else []


def _stats(regions: Sequence[RegionFact], today: SpendFact) -> tuple[Stat, ...]:
    meant = [r for r in regions if r.intended]
    good = sum(on_intended(r) for r in meant)
    requests, refused = sum(c.requests for c in today.cells), sum(c.refused for c in today.cells)
    senders = len({c.region for c in today.cells})
    sealed = [(r.ledger.cosigned_at, r.id) for r in regions if r.ledger]
    oldest = min(sealed, default=None)
    return (
        Stat("On the intended release", str(good), f"of {formats.plural(len(meant), 'region')}", _behind(meant))
        if meant
        else Stat("On the intended release", "none", note="no release rolled out yet"),
        Stat(
            "Requests reported, 24 h",
            formats.count(requests),
            "",
            f"{senders} of {formats.plural(len(regions), 'region')} sent counts",
        ),
        Stat(
            "Refused, 24 h",
            formats.count(refused),
            formats.percent(refused, requests, 2) if requests else "",
            "by policy, budget, limit, tag or key",
        ),
        _spend_stat(today),
        Stat("Oldest cosigned checkpoint", at=oldest[0], note=oldest[1] if len(sealed) > 1 else "the only region")
        if oldest
        else Stat("Oldest cosigned checkpoint", "none", note="comes with the first report"),
    )


def _behind(meant: Sequence[RegionFact]) -> str:
    """Why some are not there: `1 refused, 1 away`."""
    off = [r for r in meant if not on_intended(r)]
    words = [
        (sum(r.state == "vetoed" for r in off), "refused"),
        (sum(r.state in AWAY for r in off), "away"),
        (sum(r.state == "awaiting-consent" for r in off), "awaiting consent"),
    ]
    said = sum(n for n, _ in words)
    parts = [f"{n} {w}" for n, w in words if n] + ([f"{len(off) - said} on the way"] if len(off) > said else [])
    return ", ".join(parts) or "none behind"


def totals(today: SpendFact) -> dict[str, int]:
    """Cost per currency, largest number of cells first; never added across currencies."""
    sums: dict[str, int] = {}
    for cell in today.cells:
        if cell.currency:
            sums[cell.currency] = sums.get(cell.currency, 0) + cell.cost
    return dict(sorted(sums.items()))


def _spend_stat(today: SpendFact) -> Stat:
    sums = totals(today)
    if not sums:
        return Stat("Spend reported, 24 h", "none", note="no report with spend yet")
    first, *rest = [formats.money(v, c) for c, v in sums.items()]
    note = "currencies are not added together" if rest else "as reported; small sums may follow"
    return Stat("Spend reported, 24 h", first, note=note, more=tuple(rest))


def _by_region(today: SpendFact) -> tuple[tuple[str, str, str, str], ...]:
    """(region, amount, its course as a spark, the same in words), once per currency."""
    sums: dict[tuple[str, str], dict[datetime, int]] = {}
    for cell in today.cells:
        if cell.currency:
            course = sums.setdefault((cell.region, cell.currency), {})
            course[cell.bucket] = course.get(cell.bucket, 0) + cell.cost
    buckets = sorted({c.bucket for c in today.cells})
    return tuple(
        (
            r,
            formats.money(sum(course.values()), c),
            figures.spark([course.get(b, 0) for b in buckets]),
            f"Spend of {r} over the last 24 hours; highest {formats.money(max(course.values()), c)} in half an hour",
        )
        for (r, c), course in sorted(sums.items())
    )
