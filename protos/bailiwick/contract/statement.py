"""Consent and veto: what a region's officers sign over a release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bailiwick.contract import canonical, dsse, fields
from bailiwick.contract.entry_document import choice
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.times import format_time

PAYLOAD_TYPE: Final = "application/vnd.bailiwick.consent.v1+json"
MAX_STATEMENT: Final = 4096

Kind: TypeAlias = Literal["consent", "veto"]
KINDS: Final[tuple[Kind, ...]] = ("consent", "veto")
VETO_REASONS: Final = ("POLICY-CONFLICT", "LEGAL-BASIS-MISSING", "RETENTION-MISSING", "RISK-UNACCEPTED", "OTHER")


@dataclass(frozen=True, slots=True)
class Statement:
    """A decision about one manifest in one region; of several about it the one with the highest sequence counts.

    `sequence` increases strictly over all statements of a region; `reason_code` is set for a veto and only then.
    """

    kind: Kind
    manifest: str
    region: str
    sequence: int
    at: datetime
    reason_code: str | None = None

    def __post_init__(self) -> None:
        if (self.kind == "veto") != (self.reason_code is not None):
            raise MalformedError("a veto gives a reason code, a consent gives none")

    def encode(self) -> bytes:
        """Canonical bytes: the payload that is signed."""
        return canonical.dumps(
            {
                "v": 1,
                "kind": self.kind,
                "manifest": self.manifest,
                "region": self.region,
                "sequence": self.sequence,
                "reason_code": self.reason_code,
                "at": format_time(self.at),
            }
        )

    @staticmethod
    def decode(data: bytes) -> "Statement":
        """From canonical bytes."""
        value = canonical.loads(data, MAX_STATEMENT)
        body = fields.members(value, ("v", "kind", "manifest", "region", "sequence", "reason_code", "at"))
        if fields.integer(body["v"]) != 1:
            raise MalformedError("not a statement of version 1")
        return Statement(
            kind=choice(body["kind"], KINDS),
            manifest=fields.digest(body["manifest"]),
            region=fields.identifier(body["region"]),
            sequence=fields.integer(body["sequence"], 1),
            reason_code=fields.optional(body["reason_code"], lambda code: choice(code, VETO_REASONS)),
            at=fields.moment(body["at"]),
        )


def sign_statement(statement: Statement, keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """The DSSE envelope by one or more officers."""
    return dsse.sign(PAYLOAD_TYPE, statement.encode(), keys)


def open_statement(envelope: bytes, officers: Mapping[str, Ed25519PublicKey], threshold: int) -> Statement:
    """The statement that `threshold` distinct officers signed; region and sequence are for the caller to check."""
    return Statement.decode(dsse.verify(envelope, PAYLOAD_TYPE, officers, threshold))
