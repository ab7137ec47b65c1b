"""Ledger entries about government: what is in force, who consented, what left, keys, budgets, grants, erasures."""

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Self

from bailiwick.contract import fields
from bailiwick.contract.canonical import Json
from bailiwick.contract.dsse import MAX_ENVELOPE
from bailiwick.contract.entry_document import (
    BUDGET_ACTIONS,
    CHANGES,
    EGRESS_CLASSES,
    KEY_ACTIONS,
    WINDOWS,
    Body,
    ChangeAction,
    EgressClass,
    KeyAction,
    choice,
    document,
)
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.keys import decode_base64
from bailiwick.contract.times import format_time


@dataclass(frozen=True, slots=True)
class Change:
    """What is in force changed, or failed to.

    `release` (a manifest's digest), `version`, `code`, `config`, `policy` and `models` are what is in force after the
    entry; `previous` is the manifest before it, None for the first.
    """

    kind: ClassVar[Literal["change"]] = "change"
    at: datetime
    release: str
    version: int
    generation: int
    action: ChangeAction
    previous: str | None
    code: str | None
    config: str
    policy: str
    models: str | None

    def encode(self) -> bytes:
        """Canonical bytes."""
        return document(
            self.kind,
            self.at,
            {
                "release": self.release,
                "version": self.version,
                "generation": self.generation,
                "action": self.action,
                "previous": self.previous,
                "code": self.code,
                "config": self.config,
                "policy": self.policy,
                "models": self.models,
            },
        )

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Change":
        """From a parsed document."""
        return cls(
            at=at,
            release=fields.digest(body["release"]),
            version=fields.integer(body["version"]),
            generation=fields.integer(body["generation"]),
            action=choice(body["action"], CHANGES),
            previous=fields.optional(body["previous"], fields.digest),
            code=fields.optional(body["code"], fields.digest),
            config=fields.digest(body["config"]),
            policy=fields.digest(body["policy"]),
            models=fields.optional(body["models"], fields.digest),
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """An officers' statement: the DSSE envelope in base64, and what it is about."""

    kind: ClassVar[str]
    at: datetime
    envelope: str
    manifest: str
    sequence: int

    def encode(self) -> bytes:
        """Canonical bytes."""
        return document(
            self.kind,
            self.at,
            {"envelope": self.envelope, "manifest": self.manifest, "sequence": self.sequence},
        )

    @classmethod
    def read(cls, at: datetime, body: Body) -> Self:
        """From a parsed document; the envelope's signatures are checked by `statement`."""
        envelope = body["envelope"]
        if type(envelope) is not str:
            raise MalformedError("an envelope is base64 text")
        decode_base64(envelope, MAX_ENVELOPE)
        return cls(
            at=at,
            envelope=envelope,
            manifest=fields.digest(body["manifest"]),
            sequence=fields.integer(body["sequence"], 1),
        )


@dataclass(frozen=True, slots=True)
class Consent(Statement):
    """The region's officers consented to a manifest."""

    kind: ClassVar[str] = "consent"


@dataclass(frozen=True, slots=True)
class Veto(Statement):
    """The region's officers refused a manifest."""

    kind: ClassVar[str] = "veto"


@dataclass(frozen=True, slots=True)
class Egress:
    """What left the region: one CONTENT message, or a period of CONTROL or ENROLMENT messages.

    `type` is the protobuf message's full name. `digest` is the SHA-256 of the exact bytes of a CONTENT message, else a
    rolling hash over the period's messages: h = SHA-256(h || SHA-256(message)), from 32 zero bytes. `sequence` is a
    report's, else None.
    """

    kind: ClassVar[Literal["egress"]] = "egress"
    at: datetime
    egress_class: EgressClass
    type: str
    count: int
    bytes: int
    digest: str
    period_start: datetime
    period_end: datetime
    sequence: int | None = None

    def encode(self) -> builtins.bytes:
        """Canonical bytes."""
        return document(
            self.kind,
            self.at,
            {
                "class": self.egress_class,
                "type": self.type,
                "count": self.count,
                "bytes": self.bytes,
                "digest": self.digest,
                "period_start": format_time(self.period_start),
                "period_end": format_time(self.period_end),
                "sequence": self.sequence,
            },
        )

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Egress":
        """From a parsed document."""
        return cls(
            at=at,
            egress_class=choice(body["class"], EGRESS_CLASSES),
            type=fields.text(body["type"], 128),
            count=fields.integer(body["count"]),
            bytes=fields.integer(body["bytes"]),
            digest=fields.digest(body["digest"]),
            period_start=fields.moment(body["period_start"]),
            period_end=fields.moment(body["period_end"]),
            sequence=fields.optional(body["sequence"], fields.integer),
        )


@dataclass(frozen=True, slots=True)
class Key:
    """An API key was created, rotated or revoked; `service` records the officer's word that it serves no person."""

    kind: ClassVar[Literal["key"]] = "key"
    at: datetime
    action: KeyAction
    key: str
    team: str
    service: bool = False

    def encode(self) -> bytes:
        """Canonical bytes."""
        body: dict[str, Json] = {"action": self.action, "key": self.key, "team": self.team, "service": self.service}
        return document(self.kind, self.at, body)

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Key":
        """From a parsed document."""
        return cls(
            at=at,
            action=choice(body["action"], KEY_ACTIONS),
            key=fields.hexadecimal(body["key"], 64),
            team=fields.identifier_or_empty(body["team"]),
            service=fields.boolean(body["service"]),
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """A pot was created, changed or removed; `limit` None means that it only counts."""

    kind: ClassVar[Literal["budget"]] = "budget"
    at: datetime
    pot: str
    limit: int | None
    window: str
    action: str

    def encode(self) -> bytes:
        """Canonical bytes."""
        body: dict[str, Json] = {"pot": self.pot, "limit": self.limit, "window": self.window, "action": self.action}
        return document(self.kind, self.at, body)

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Budget":
        """From a parsed document."""
        return cls(
            at=at,
            pot=fields.text(body["pot"]),
            limit=fields.optional(body["limit"], fields.integer),
            window=choice(body["window"], WINDOWS),
            action=choice(body["action"], BUDGET_ACTIONS),
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """An officer granted evidence over [first, next); `recipient` is the SHA-256 of the age recipient."""

    kind: ClassVar[Literal["grant"]] = "grant"
    at: datetime
    request: str
    recipient: str
    first: int
    next: int
    expires: datetime

    def encode(self) -> bytes:
        """Canonical bytes."""
        return document(
            self.kind,
            self.at,
            {
                "request": self.request,
                "recipient": self.recipient,
                "first": self.first,
                "next": self.next,
                "expires": format_time(self.expires),
            },
        )

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Grant":
        """From a parsed document."""
        return cls(
            at=at,
            request=fields.hexadecimal(body["request"], 32),
            recipient=fields.digest(body["recipient"]),
            first=fields.integer(body["first"]),
            next=fields.integer(body["next"]),
            expires=fields.moment(body["expires"]),
        )


@dataclass(frozen=True, slots=True)
class Erasure:
    """Salts and values of `commits` commitments were deleted."""

    kind: ClassVar[Literal["erasure"]] = "erasure"
    at: datetime
    commits: int

    def encode(self) -> bytes:
        """Canonical bytes."""
        return document(self.kind, self.at, {"commits": self.commits})

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Erasure":
        """From a parsed document."""
        return cls(at=at, commits=fields.integer(body["commits"]))


@dataclass(frozen=True, slots=True)
class Correction:
    """The entry at `index` is known to be wrong, for a reason out of a registered list; the entry itself stays."""

    kind: ClassVar[Literal["correction"]] = "correction"
    at: datetime
    index: int
    reason: str

    def encode(self) -> bytes:
        """Canonical bytes."""
        return document(self.kind, self.at, {"index": self.index, "reason": self.reason})

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Correction":
        """From a parsed document."""
        return cls(at=at, index=fields.integer(body["index"]), reason=fields.identifier(body["reason"]))


@dataclass(frozen=True, slots=True)
class Pad:
    """Nothing happened; brings the size to a multiple so that it tells less."""

    kind: ClassVar[Literal["pad"]] = "pad"
    at: datetime

    def encode(self) -> bytes:
        """Canonical bytes."""
        return document(self.kind, self.at, {})

    @classmethod
    def read(cls, at: datetime, _body: Body) -> "Pad":
        """From a parsed document."""
        return cls(at=at)
