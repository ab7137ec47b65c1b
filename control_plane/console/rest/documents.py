"""Domain values as JSON documents: digests and keys as text, money as integer micro-units, times in RFC 3339."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from bailiwick.contract.release import Manifest
from bailiwick.contract.times import format_time
from control_plane.domain.fleet import EvidenceRequest
from control_plane.domain.ledger import LogEntry
from control_plane.domain.people import User
from control_plane.domain.releases import Release, Signing
from control_plane.domain.reports import KeptReport
from control_plane.domain.rollouts import LaneView, Rollout
from control_plane.domain.spend import MERGED_NOTE, WITHHELD_NOTE, Spend
from control_plane.domain.words import digest_text
from control_plane.services.left import Left
from control_plane.services.regions import RegionView
from control_plane.services.rollouts import newest_lanes
from control_plane.services.trust import Trust

Document = dict[str, object]


def moment(value: datetime | None) -> str | None:
    """A time, or null."""
    return format_time(value) if value is not None else None


def digest(raw: bytes) -> str | None:
    """A digest, or null."""
    return digest_text(raw) if raw else None


def region(view: RegionView) -> Document:
    """A region as the centre sees it."""
    known, seen, link, point = view.region, view.seen, view.link, view.checkpoint
    return {
        "id": known.id,
        "jurisdiction": known.jurisdiction,
        "state": view.state,
        "phase": known.phase.value,
        "invited_at": moment(known.invited_at),
        "enrolled_at": moment(known.enrolled_at),
        "approved_at": moment(known.approved_at),
        "approved_by": known.approved_by,
        "link": {"connected": link.connected, "since": moment(link.since), "seen_at": moment(link.seen_at)}
        if link
        else None,
        "release": {
            "version": seen.version,
            "manifest": digest(seen.manifest),
            "code": digest(seen.code),
            "config": digest(seen.config),
            "policy": digest(seen.policy),
            "healthy": seen.healthy,
            "generation": seen.generation,
            "seen_at": moment(seen.seen_at),
        }
        if seen
        else None,
        "desired": {
            "generation": view.desired.generation,
            "manifest": digest(view.desired.manifest),
            "rollback": view.desired.rollback,
            "rollout": view.desired.rollout,
        }
        if view.desired
        else None,
        "models": [{"id": engine.model, "state": engine.state} for engine in (seen.engines if seen else ())],
        "ledger": {
            "origin": known.ledger_origin,
            "size": point.size,
            "root": base64.b64encode(point.root).decode(),
            "cosigned_at": moment(point.at),
        }
        if point
        else None,
        "last_report": {
            "sequence": view.report.sequence,
            "period_end": moment(view.report.period_end),
            "received_at": moment(view.report.received_at),
        }
        if view.report
        else None,
        "offers": [
            {
                "manifest": digest(standing.manifest),
                "phase": standing.phase,
                "reason": standing.reason,
                "at": moment(standing.at),
            }
            for standing in view.standings
        ],
    }


def release(found: Release) -> Document:
    """A release with its manifest's contents."""
    manifest = Manifest.decode(found.manifest)
    return {
        "version": found.version,
        "manifest": digest_text(found.digest),
        "stage": found.stage.value,
        "regions": list(found.regions),
        "config": manifest.config,
        "policy": manifest.policy,
        "code": manifest.code,
        "models": manifest.models,
        "fallback": manifest.fallback,
        "notes": manifest.notes,
        "built_by": found.built_by,
        "built_at": moment(found.built_at),
        "published_by": found.published_by,
        "published_at": moment(found.published_at),
        "signatures": found.signatures,
    }


def signing(found: Signing) -> Document:
    """What the holders of offline keys sign; `payload` is base64 of the exact bytes."""
    return {
        "version": found.version,
        "base": found.base,
        "payload": base64.b64encode(found.payload).decode(),
        "threshold": found.threshold,
        "keys": [{"keyid": keyid, "key": key} for keyid, key in found.keys],
        "signed": list(found.signed),
    }


def lane(view: LaneView) -> Document:
    """One region in a rollout."""
    return asdict(view)


def rollout(found: Rollout) -> Document:
    """A rollout with its waves, lanes and happenings."""
    lanes = {view.region: view for view in newest_lanes(found.lanes)}
    waiting = found.plan.approvals
    return {
        "id": found.plan.rollout,
        "version": found.plan.version,
        "manifest": found.plan.manifest,
        "fallback": found.plan.fallback or None,
        "publisher": found.plan.publisher,
        "started_by": found.plan.started_by,
        "started_at": found.started_at,
        "state": found.progress.state.value,
        "pause_reason": found.progress.pause_reason,
        "summary": found.progress.summary,
        "ended_at": found.progress.ended_at or None,
        "gate": asdict(found.plan.gate),
        "waves": [
            {
                "number": number,
                "needs_approval": waiting and number > 1,
                "regions": [
                    lane(lanes[name]) if name in lanes else {"region": name, "phase": "waiting"} for name in names
                ],
            }
            for number, names in enumerate(found.plan.waves, 1)
        ],
        "events": [asdict(one) for one in found.happenings],
    }


def spend(found: Spend) -> Document:
    """Sums over what was released, with what that does and does not say."""
    keys = [dimension.value for dimension in found.query.group_by]
    rows = [
        {
            **dict(zip(keys, row.key, strict=True)),
            "currency": row.currency,
            "requests": row.requests,
            "refused": row.refused,
            "prompt_tokens": row.prompt_tokens,
            "cached_tokens": row.cached_tokens,
            "output_tokens": row.output_tokens,
            "reasoning_tokens": row.reasoning_tokens,
            "cost_micro": row.cost_micro,
            "merged": row.merged,
        }
        for row in found.rows
    ]
    coverage = [
        {
            "region": reach.region,
            "reports": reach.reports,
            "last_sequence": reach.last_sequence,
            "first_period": moment(reach.first_period),
            "last_period": moment(reach.last_period),
            "profile": reach.profile,
            "k": reach.k,
            "p_permille": reach.p_permille,
        }
        for reach in found.coverage
    ]
    return {
        "group_by": keys,
        "rows": rows,
        "totals": [{"currency": currency, "cost_micro": cost} for currency, cost in found.totals],
        "machines": [asdict(machine) for machine in found.machines],
        "coverage": coverage,
        "notes": [MERGED_NOTE, WITHHELD_NOTE],
    }


def evidence(found: EvidenceRequest) -> Document:
    """A request for evidence."""
    return {
        "id": found.id.hex(),
        "region": found.region,
        "first": found.first,
        "next": found.next,
        "recipient": found.recipient,
        "requested_by": found.requested_by,
        "requested_at": moment(found.requested_at),
        "expires_at": moment(found.expires_at),
        "phase": found.phase,
        "bundle": digest(found.bundle),
        "built_first": found.built_first,
        "built_next": found.built_next,
        "updated_at": moment(found.updated_at),
    }


def report(found: KeptReport) -> Document:
    """A report as received."""
    return {
        "sequence": found.sequence,
        "digest": digest_text(found.digest),
        "bytes": found.size,
        "period_start": moment(found.period_start),
        "period_end": moment(found.period_end),
        "first": found.first_index,
        "next": found.next_index,
        "ledger_size": found.ledger_size,
        "profile": found.profile,
        "received_at": moment(found.received_at),
    }


def left(found: Iterable[Left]) -> list[Document]:
    """What each region sent."""
    return [
        {
            "region": one.region,
            "reports": [report(kept) for kept in one.reports],
            "received": [
                {"kind": count.kind, "hour": moment(count.hour), "count": count.count, "bytes": count.size}
                for count in one.received
            ],
        }
        for one in found
    ]


def user(found: User) -> Document:
    """A user; nothing secret."""
    return {
        "id": found.id,
        "name": found.name,
        "roles": sorted(role.value for role in found.roles),
        "created_at": moment(found.created_at),
    }


def trust(found: Trust) -> Document:
    """The trust file that `bailiwick verify` reads, from what the centre knows."""
    return {
        "v": 1,
        "regions": {
            one.region: {
                "jurisdiction": one.jurisdiction,
                "ledger": one.ledger,
                "evidence": one.evidence,
                "report": one.report,
                "officers": {"keys": list(one.officers), "threshold": one.officer_threshold},
            }
            for one in found.regions
        },
        "witnesses": {"keys": [found.anchors.witness], "quorum": 1},
        "tuf_root": json.loads(found.anchors.tuf_root),
    }


def entry(found: LogEntry) -> Document:
    """An entry of the centre's own log."""
    return {"index": found.index, "at": moment(found.at), "entry": json.loads(found.body)}


def parsed(body: bytes) -> object:
    """Canonical bytes as the JSON that they are."""
    return json.loads(body)
