"""What all tables of the centre share: their own metadata, and column types that SQLModel does not guess."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

MAPPING = registry()


class CentreTable(SQLModel, registry=MAPPING):
    """Base of the centre's tables. A row class does not validate: it is never a domain or a request type."""


def key(**options: Any) -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """A text column of the primary key."""
    return Field(primary_key=True, sa_type=Text, **options)


def number_key() -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """A 64-bit column of the primary key, given by the writer."""
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


def serial_key() -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """A 64-bit primary key, given by the database."""
    return Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": True})


def raw_key() -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """A primary key of bytes."""
    return Field(primary_key=True, sa_type=LargeBinary)


def text(**options: Any) -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """Text without a length."""
    return Field(sa_type=Text, **options)


def number(**options: Any) -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """A 64-bit integer."""
    return Field(sa_type=BigInteger, **options)


def raw(**options: Any) -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """Bytes."""
    return Field(sa_type=LargeBinary, **options)


def moment(**options: Any) -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """A point in time with its zone."""
    return Field(sa_type=DateTime(timezone=True), **options)


def document(**options: Any) -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """JSON."""
    return Field(sa_type=JSONB, **options)


def numbers() -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """An array of 64-bit integers."""
    return Field(sa_type=ARRAY(BigInteger))


def words() -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """An array of texts."""
    return Field(sa_type=ARRAY(Text))


def raws() -> Any:  # noqa: ANN401 - SQLModel's fields are untyped
    """An array of bytes."""
    return Field(sa_type=ARRAY(LargeBinary))


Moment = datetime
