"""Releases, blobs, signatures and TUF metadata in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.errors import StateError
from control_plane.domain.releases import Release, ReleaseStage
from control_plane.domain.words import RegionId
from control_plane.registry.tables_releases import (
    BlobRow,
    ReleaseRegionRow,
    ReleaseRow,
    SignatureRow,
    SigningRow,
    TufMetadataRow,
)


class SqlReleases:
    """Releases and the blobs that they name."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, release: Release, blobs: Sequence[tuple[bytes, bytes]]) -> None:
        """Record a draft with its (digest, body) blobs; a known blob is left as it is."""
        await self._session.execute(
            insert(ReleaseRow).values(
                version=release.version,
                digest=release.digest,
                manifest=release.manifest,
                stage=release.stage.value,
                built_by=release.built_by,
                built_at=release.built_at,
            )
        )
        for region in release.regions:
            await self._session.execute(insert(ReleaseRegionRow).values(version=release.version, region=region))
        for digest, body in blobs:
            new = insert(BlobRow).values(digest=digest, body=body, added_at=release.built_at)
            await self._session.execute(new.on_conflict_do_nothing())

    async def by_version(self, version: int) -> Release | None:
        """The release of this version."""
        row = await self._session.get(ReleaseRow, version, populate_existing=True)
        return None if row is None else (await self._releases([row]))[0]

    async def by_digest(self, digest: bytes) -> Release | None:
        """The release with this manifest."""
        wanted = select(ReleaseRow).where(col(ReleaseRow.digest) == digest)
        row = await self._session.scalar(wanted.execution_options(populate_existing=True))
        return None if row is None else (await self._releases([row]))[0]

    async def all(self, region: RegionId | None = None) -> Sequence[Release]:
        """Releases, newest version first; those that name `region` where it is given."""
        wanted = select(ReleaseRow).order_by(col(ReleaseRow.version).desc())
        if region is not None:
            named = select(ReleaseRegionRow.version).where(col(ReleaseRegionRow.region) == region)
            wanted = wanted.where(col(ReleaseRow.version).in_(named))
        rows = await self._session.scalars(wanted.execution_options(populate_existing=True))
        return await self._releases(list(rows))

    async def stage(self, version: int, stage: ReleaseStage, by: str, at: datetime) -> None:
        """Move a release on; by and at are kept when it is published."""
        values: dict[str, object] = {"stage": stage.value}
        if stage is ReleaseStage.PUBLISHED:
            values |= {"published_by": by, "published_at": at}
        await self._session.execute(update(ReleaseRow).where(col(ReleaseRow.version) == version).values(**values))

    async def blob(self, digest: bytes) -> bytes | None:
        """A blob, or a manifest, by its SHA-256."""
        body = await self._session.scalar(select(BlobRow.body).where(col(BlobRow.digest) == digest))
        if body is None:
            body = await self._session.scalar(select(ReleaseRow.manifest).where(col(ReleaseRow.digest) == digest))
        return body

    async def _releases(self, rows: Sequence[ReleaseRow]) -> list[Release]:
        versions = [row.version for row in rows]
        named = await self._session.scalars(
            select(ReleaseRegionRow)
            .where(col(ReleaseRegionRow.version).in_(versions))
            .order_by(col(ReleaseRegionRow.region))
        )
        regions: dict[int, list[RegionId]] = {}
        for row in named:
            regions.setdefault(row.version, []).append(RegionId(row.region))
        counted = await self._session.execute(
            select(SignatureRow.version, func.count())
            .where(col(SignatureRow.version).in_(versions))
            .group_by(col(SignatureRow.version))
        )
        signatures = {row[0]: row[1] for row in counted}
        return [_release(row, regions.get(row.version, []), signatures.get(row.version, 0)) for row in rows]


def _release(row: ReleaseRow, regions: Sequence[RegionId], signatures: int) -> Release:
    return Release(
        version=row.version,
        digest=row.digest,
        manifest=row.manifest,
        stage=ReleaseStage(row.stage),
        regions=tuple(regions),
        built_by=row.built_by,
        built_at=row.built_at,
        published_by=row.published_by,
        published_at=row.published_at,
        signatures=signatures,
    )


class SqlSigning:
    """What waits for offline signatures, and the TUF metadata that has them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def put_draft(self, version: int, base: int, payload: bytes) -> None:
        """Keep unsigned targets metadata for a release; signatures over an earlier one are dropped."""
        values = {"base": base, "payload": payload}
        draft = insert(SigningRow).values(version=version, **values)
        await self._session.execute(draft.on_conflict_do_update(index_elements=["version"], set_=values))
        await self._session.execute(delete(SignatureRow).where(col(SignatureRow.version) == version))

    async def draft(self, version: int) -> tuple[int, bytes, Sequence[tuple[str, bytes]]] | None:
        """(base targets version, unsigned metadata, (key id, signature) pairs)."""
        row = await self._session.get(SigningRow, version, populate_existing=True)
        if row is None:
            return None
        wanted = select(SignatureRow.keyid, SignatureRow.signature).where(col(SignatureRow.version) == version)
        signed = await self._session.execute(wanted.order_by(col(SignatureRow.keyid)))
        return row.base, row.payload, [(keyid, signature) for keyid, signature in signed]

    async def add_signature(self, version: int, keyid: str, signature: bytes) -> None:
        """Add one; a second by the same key replaces the first."""
        new = insert(SignatureRow).values(version=version, keyid=keyid, signature=signature)
        change = new.on_conflict_do_update(index_elements=["version", "keyid"], set_={"signature": signature})
        await self._session.execute(change)

    async def newest(self, role: str) -> tuple[int, bytes] | None:
        """Newest (version, metadata) of a TUF role."""
        wanted = select(TufMetadataRow.version, TufMetadataRow.body).where(col(TufMetadataRow.role) == role)
        row = (await self._session.execute(wanted.order_by(col(TufMetadataRow.version).desc()).limit(1))).first()
        return None if row is None else (row[0], row[1])

    async def metadata(self, role: str, version: int) -> bytes | None:
        """TUF metadata of a role at a version."""
        wanted = select(TufMetadataRow.body).where(
            col(TufMetadataRow.role) == role, col(TufMetadataRow.version) == version
        )
        return await self._session.scalar(wanted)

    async def put(self, role: str, version: int, body: bytes) -> None:
        """Add TUF metadata; another body under a known version is refused."""
        known = await self.metadata(role, version)
        if known is None:
            row = insert(TufMetadataRow).values(role=role, version=version, body=body, added_at=datetime.now(UTC))
            await self._session.execute(row)
        elif known != body:
            raise StateError("tuf-version", "This version of the metadata exists already, with other content.")
