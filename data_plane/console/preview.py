"""What a release would change in this region: contents by class, and the decisions of policy that would flip."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bailiwick.contract import decision
from bailiwick.contract.errors import ContractError
from bailiwick.contract.release import GATED, Manifest, PolicySet
from data_plane.releases.blobs import BlobStore

if TYPE_CHECKING:
    import asyncpg

    from data_plane.releases.store_offers import Offer
    from data_plane.settings import RegionSettings

CLASSES = ("config", *GATED)
MOST_EXAMPLES = 20


async def preview(settings: RegionSettings, pool: asyncpg.Pool, offer: Offer) -> dict[str, Any]:
    """Changes by class, and the semantic difference between the policy in force and the one offered."""
    if offer.body is None:
        return {"notes": "", "fallback": None, "changes": [], "flips": _no_flips("the release is not staged yet")}
    offered = Manifest.decode(offer.body)
    active = await pool.fetchrow("SELECT config, policy, code, models FROM active_release WHERE id = 1")
    now: dict[str, str | None] = dict(active) if active else {}
    changes = [
        {
            "class": name,
            "now": now.get(name),
            "then": getattr(offered, name),
            "changes": now.get(name) != getattr(offered, name),
            "gated": name in GATED and now.get(name) != getattr(offered, name),
        }
        for name in CLASSES
    ]
    # Off the event loop: thousands of decisions take a second or more.
    flips = await asyncio.to_thread(_flips, settings, now.get("policy"), offered.policy)
    return {"notes": offered.notes, "fallback": offered.fallback, "changes": changes, "flips": flips}


def _flips(settings: RegionSettings, before: str | None, after: str) -> dict[str, Any]:
    blobs, region = BlobStore(settings.release_dir / "blobs"), settings.region
    offered = _policy(blobs, after)
    if offered is None:
        return _no_flips("the policy set is not staged yet")
    if before == after:
        return _no_flips("the policy set stays as it is")
    current = _policy(blobs, before) if before else None
    here = {"region": (region.id,), "jurisdiction": (region.jurisdiction,)}
    try:
        found = decision.semantic_diff(current, offered, here)
    except ContractError as error:
        return _no_flips(f"the decisions that would flip cannot be listed: {error}")
    return {
        "combinations": found.combinations,
        "count": len(found.flips),
        "tightens": sum(flip.tightens for flip in found.flips),
        "examples": [_example(flip) for flip in found.flips[:MOST_EXAMPLES]],
        "note": "",
    }


def _example(flip: decision.Flip) -> dict[str, Any]:
    refusal = flip.after if isinstance(flip.after, decision.Deny) else flip.before
    return {
        "before": "allowed" if isinstance(flip.before, decision.Allow) else "refused",
        "after": "allowed" if isinstance(flip.after, decision.Allow) else "refused",
        "where": ", ".join(f"{name}={value}" for name, value in flip.attributes.items() if name != "region"),
        "policies": list(refusal.policies),
    }


def _policy(blobs: BlobStore, digest: str) -> PolicySet | None:
    body = blobs.read(digest)
    return None if body is None else PolicySet.decode(body)


def _no_flips(note: str) -> dict[str, Any]:
    return {"combinations": 0, "count": 0, "tightens": 0, "examples": [], "note": note}
