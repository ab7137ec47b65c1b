"""Releases for the console, from the centre's services; decisions are compared once per pair of policy sets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bailiwick.contract.release import Manifest, PolicySet
from control_plane.console.adapters.changes import Compared, decisions, values
from control_plane.console.adapters.fleet import reference
from control_plane.console.web.facts.fleet import OfferFact
from control_plane.console.web.facts.release import ChangeFact, ReleaseFact, RuleFact, SignatureFact
from control_plane.domain.releases import Release, ReleaseStage
from control_plane.domain.words import RegionId, digest_text
from control_plane.services.regions import Regions, RegionView
from control_plane.services.releases import Releases

PARTS = ("code", "config", "policy", "models")
KEPT = 64


class CentreReleases:
    """`ReleaseReader` of the console's ports."""

    def __init__(self, releases: Releases, regions: Regions) -> None:
        self._releases = releases
        self._regions = regions
        self._compared: dict[tuple[str, str, tuple[str, ...]], Compared] = {}

    async def releases(self) -> tuple[ReleaseFact, ...]:
        """Newest first, without changes and rules."""
        found = [r for r in await self._releases.list() if r.stage is not ReleaseStage.WITHDRAWN]
        views = await self._regions.list()
        versions = {digest_text(r.digest): r.version for r in found}
        return tuple([await self._fact(r, views, versions) for r in found])

    async def release(self, version: int) -> ReleaseFact | None:
        """One release with what it changes against the release before it that has regions in common."""
        found = await self._releases.list()
        mine = next((r for r in found if r.version == version), None)
        if mine is None:
            return None
        views = await self._regions.list()
        fact = await self._fact(mine, views, {digest_text(r.digest): r.version for r in found})
        manifest, config, policy = await self._releases.content(version)
        before = _before(found, mine)
        old = await self._releases.content(before.version) if before else None
        places = tuple((v.region.id, v.region.jurisdiction) for v in views if v.region.id in mine.regions)
        compared = Compared()
        if old is None or old[0].policy != manifest.policy:
            compared = await self._compare(old[2] if old else None, policy, places, manifest, old[0] if old else None)
        change = ChangeFact(
            before.version if before else None,
            compared.combinations,
            compared.flips,
            values(old[1] if old else None, config),
            tuple(p for p in PARTS if old is None or getattr(old[0], p) != getattr(manifest, p)),
            compared.refused,
        )
        return _with(fact, change, policy)

    async def _compare(
        self,
        old: PolicySet | None,
        new: PolicySet,
        places: tuple[tuple[str, str], ...],
        manifest: Manifest,
        before: Manifest | None,
    ) -> Compared:
        """Thousands of decisions, asked off the event loop and remembered by digest."""
        key = (before.policy if before else "", manifest.policy, tuple(region for region, _ in places))
        if key not in self._compared:
            if len(self._compared) >= KEPT:
                self._compared.clear()
            self._compared[key] = await asyncio.to_thread(decisions, old, new, places)
        return self._compared[key]

    async def _fact(self, release: Release, views: Sequence[RegionView], versions: dict[str, int]) -> ReleaseFact:
        manifest = Manifest.decode(release.manifest)
        draft = release.stage in {ReleaseStage.DRAFT, ReleaseStage.SIGNED}
        signed, threshold = await self._signatures(release)
        offers = tuple(
            (RegionId(view.region.id), OfferFact(release.version, s.phase, s.at, s.reason))
            for view in views
            for s in view.standings
            if s.manifest == release.digest
        )
        return ReleaseFact(
            ref=reference(release),
            state="draft" if draft else "published",
            built_by=release.built_by,
            built_at=release.built_at,
            regions=tuple(RegionId(r) for r in release.regions),
            fallback=versions.get(manifest.fallback) if manifest.fallback else None,
            published_by=release.published_by or "",
            published_at=release.published_at,
            threshold=threshold,
            signatures=signed,
            notes=manifest.notes,
            offers=offers,
        )

    async def _signatures(self, release: Release) -> tuple[tuple[SignatureFact, ...], int]:
        """Those that count so far. What is published had enough of them, or it could not be published."""
        signing = await self._releases.signing(release.version)
        return tuple(SignatureFact(keyid) for keyid in signing.signed), signing.threshold


def _before(found: Sequence[Release], mine: Release) -> Release | None:
    """The newest earlier published release that names one of the same regions."""
    earlier = [
        r
        for r in found
        if r.version < mine.version and r.stage is ReleaseStage.PUBLISHED and set(r.regions) & set(mine.regions)
    ]
    return max(earlier, key=lambda r: r.version, default=None)


def _with(fact: ReleaseFact, change: ChangeFact, policy: PolicySet) -> ReleaseFact:
    rules = tuple(
        RuleFact(p.id, p.owner, p.basis, {"permit": "permits", "forbid": "forbids"}.get(p.effect, p.effect))
        for p in policy.policies
    )
    return replace(fact, changes=change, rules=rules)
