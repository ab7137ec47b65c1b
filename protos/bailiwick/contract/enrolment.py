"""Invitations: single-use tokens that carry everything a region needs to trust its centre from the first byte."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bailiwick.contract import canonical, fields
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.note import Algorithm, VerifierKey
from bailiwick.contract.times import format_time

PREFIX: Final = "bwi_"
MAX_TOKEN: Final = 4096
SECRET_DIGITS: Final = 64
_FIELDS: Final = (
    "v",
    "id",
    "secret",
    "region",
    "jurisdiction",
    "expires",
    "ca",
    "tuf_root",
    "witness",
    "enrolment",
    "agents",
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation says.

    `id` (32 hexadecimal digits) names it at the centre, `secret` (64) proves its possession; `ca` is the digest of the
    CA certificate's DER, `tuf_root` that of TUF root metadata 1; `witness` is the centre's cosignature verifier key;
    `enrolment` and `agents` are ``host:port``.
    """

    id: str
    secret: str
    region: str
    jurisdiction: str
    expires: datetime
    ca: str
    tuf_root: str
    witness: str
    enrolment: str
    agents: str

    def encode(self) -> str:
        """The token: ``bwi_`` and base64url of canonical JSON, without padding."""
        document = canonical.dumps(
            {
                "v": 1,
                "id": self.id,
                "secret": self.secret,
                "region": self.region,
                "jurisdiction": self.jurisdiction,
                "expires": format_time(self.expires),
                "ca": self.ca,
                "tuf_root": self.tuf_root,
                "witness": self.witness,
                "enrolment": self.enrolment,
                "agents": self.agents,
            }
        )
        return PREFIX + base64.urlsafe_b64encode(document).rstrip(b"=").decode()

    @staticmethod
    def decode(token: str) -> "Invitation":
        """Read exactly what `encode` writes; whether it has expired or was used is the centre's to say."""
        if len(token) > MAX_TOKEN or not token.startswith(PREFIX) or not token.isascii():
            raise MalformedError("not an invitation")
        text = token.removeprefix(PREFIX)
        try:
            document = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedError("not an invitation") from error
        body = fields.members(canonical.loads(document, MAX_TOKEN), _FIELDS)
        if fields.integer(body["v"]) != 1:
            raise MalformedError("not an invitation of version 1")
        invitation = Invitation(
            id=fields.hexadecimal(body["id"], 32),
            secret=fields.hexadecimal(body["secret"], SECRET_DIGITS),
            region=fields.identifier(body["region"]),
            jurisdiction=fields.jurisdiction(body["jurisdiction"]),
            expires=fields.moment(body["expires"]),
            ca=fields.digest(body["ca"]),
            tuf_root=fields.digest(body["tuf_root"]),
            witness=_witness(body["witness"]),
            enrolment=_address(body["enrolment"]),
            agents=_address(body["agents"]),
        )
        if invitation.encode() != token:
            raise MalformedError("not the canonical form of an invitation")
        return invitation


def _witness(value: object) -> str:
    text = fields.text(value, 512)
    if VerifierKey.parse(text).algorithm is not Algorithm.COSIGNATURE_V1:
        raise MalformedError("a witness's key is a cosignature key")
    return text


def _address(value: object) -> str:
    text = fields.text(value, 260)
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536 or " " in host:
        raise MalformedError("not an address of host and port")
    return text
