"""What the auditor relies on: keys, quorums and roots that came by another way than the bundle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from bailiwick.contract import canonical, fields
from bailiwick.contract.errors import ContractError
from bailiwick.contract.keys import key_ring, parse_public, raw_public
from bailiwick.contract.note import VerifierKey
from bailiwick.verify.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_TRUST = 4 << 20


@dataclass(frozen=True)
class RegionTrust:
    """A region's public keys, and its officers with how many must consent."""

    jurisdiction: str
    ledger: VerifierKey
    evidence: Ed25519PublicKey
    report: Ed25519PublicKey
    officers: Mapping[str, Ed25519PublicKey]
    threshold: int


@dataclass(frozen=True)
class Trust:
    """Regions by id, witnesses with their quorum, the root of the release metadata (None: not to be checked)."""

    regions: Mapping[str, RegionTrust]
    witnesses: tuple[VerifierKey, ...]
    quorum: int
    tuf_root: Metadata[Root] | None

    def region(self, name: str) -> RegionTrust:
        """What is trusted of a region.

        Raises:
            TrustError: nothing is.
        """
        if name not in self.regions:
            known = ", ".join(sorted(self.regions)) or "none"
            raise TrustError(f"the trust file knows nothing of region {name} (it knows: {known})")
        return self.regions[name]

    def fingerprints(self, name: str) -> dict[str, str]:
        """What to compare by another channel."""
        region = self.region(name)
        shown = {
            f"ledger {region.ledger.name}": _fingerprint(region.ledger.public),
            "evidence key": _fingerprint(raw_public(region.evidence)),
            "report key": _fingerprint(raw_public(region.report)),
        }
        shown |= {f"officer {name}": _fingerprint(raw_public(key)) for name, key in region.officers.items()}
        shown |= {f"witness {key.name}": _fingerprint(key.public) for key in self.witnesses}
        if self.tuf_root is not None:
            shown["release root"] = sha256(self.tuf_root.to_bytes()).hexdigest()[:32]
        return shown


def load(data: bytes) -> Trust:
    """Read a trust file as `bailiwick trust export` writes it.

    Raises:
        TrustError: it says what is wrong.
    """
    try:
        body = fields.members(canonical.parse(data, MAX_TRUST), ("v", "regions", "witnesses", "tuf_root"))
        if fields.integer(body["v"]) != 1:
            raise TrustError("the trust file is of another version; this verifier reads version 1")
        witnesses = fields.members(body["witnesses"], ("quorum", "keys"))
        regions = body["regions"]
        if not isinstance(regions, dict):
            raise TrustError("the trust file's regions are an object, by id")
        return Trust(
            {fields.identifier(name): _region(value) for name, value in regions.items()},
            fields.items(witnesses["keys"], 32, lambda text: VerifierKey.parse(fields.text(text, 512))),
            fields.integer(witnesses["quorum"], 0, 32),
            _root(body["tuf_root"]),
        )
    except (ContractError, RepositoryError) as error:
        raise TrustError(f"the trust file cannot be used: {error}") from error


def _region(value: object) -> RegionTrust:
    body = fields.members(value, ("jurisdiction", "ledger", "evidence", "report", "officers"))
    officers = fields.members(body["officers"], ("threshold", "keys"))
    return RegionTrust(
        fields.jurisdiction(body["jurisdiction"]),
        VerifierKey.parse(fields.text(body["ledger"], 512)),
        parse_public(fields.text(body["evidence"])),
        parse_public(fields.text(body["report"])),
        key_ring(fields.items(officers["keys"], 32, fields.text)),
        fields.integer(officers["threshold"], 1, 32),
    )


def _root(value: object) -> Metadata[Root] | None:
    if value is None:
        return None
    root: Metadata[Any] = Metadata.from_bytes(json.dumps(value).encode())
    if not isinstance(root.signed, Root):
        raise TrustError("tuf_root holds other metadata than root")
    return root


def _fingerprint(public: bytes) -> str:
    return sha256(public).hexdigest()[:32]
