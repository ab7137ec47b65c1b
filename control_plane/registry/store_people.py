"""Users and their secrets in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.people import SecretKind, User, UserRole, UserSecret
from control_plane.domain.words import UserId
from control_plane.registry.tables_people import SecretRow, UserRow


def _user(row: UserRow) -> User:
    roles = frozenset(UserRole(role) for role in row.roles)
    return User(UserId(row.id), row.name, roles, row.created_at, row.disabled_at)


class SqlUsers:
    """Users and their secrets."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, user: UserId) -> User | None:
        """One user."""
        row = await self._session.get(UserRow, user, populate_existing=True)
        return None if row is None else _user(row)

    async def all(self) -> Sequence[User]:
        """In the order of their ids."""
        wanted = select(UserRow).order_by(col(UserRow.id)).execution_options(populate_existing=True)
        return [_user(row) for row in await self._session.scalars(wanted)]

    async def save(self, user: User) -> None:
        """Insert or replace."""
        values = {"name": user.name, "roles": sorted(user.roles), "disabled_at": user.disabled_at}
        new = insert(UserRow).values(id=user.id, created_at=user.created_at, **values)
        await self._session.execute(new.on_conflict_do_update(index_elements=["id"], set_=values))

    async def add_secret(self, secret: UserSecret) -> None:
        """Keep a link's, session's or token's hash."""
        await self._session.execute(
            insert(SecretRow).values(
                hash=secret.hash,
                account=secret.user,
                kind=secret.kind.value,
                created_at=secret.created_at,
                expires_at=secret.expires_at,
                used_at=secret.used_at,
                revoked_at=secret.revoked_at,
            )
        )

    async def lock_secret(self, digest: bytes, kind: SecretKind) -> UserSecret | None:
        """One secret, held until the transaction ends."""
        wanted = select(SecretRow).where(col(SecretRow.hash) == digest, col(SecretRow.kind) == kind.value)
        row = await self._session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
        if row is None:
            return None
        return UserSecret(
            hash=row.hash,
            user=UserId(row.account),
            kind=SecretKind(row.kind),
            created_at=row.created_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            revoked_at=row.revoked_at,
        )

    async def spend_secret(self, digest: bytes, used_at: datetime | None, revoked_at: datetime | None) -> None:
        """Mark it used, or revoked."""
        change = update(SecretRow).where(col(SecretRow.hash) == digest)
        await self._session.execute(change.values(used_at=used_at, revoked_at=revoked_at))
