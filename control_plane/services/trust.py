"""What others need to check the centre by: its CA, TUF root, witness key and log key, and what it knows of regions."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from bailiwick.contract.note import Algorithm, VerifierKey
from bailiwick.contract.release import digest
from control_plane.domain.regions import Region
from control_plane.services.ports import Registry


@dataclass(frozen=True)
class Anchors:
    """The centre's own trust anchors. `ca` is DER, `tuf_root` the bytes of root metadata 1."""

    name: str
    ca: bytes
    tuf_root: bytes
    witness: str
    log: str

    @property
    def ca_digest(self) -> str:
        """`sha256:<hex>` of the CA's DER."""
        return digest(self.ca)

    @property
    def tuf_root_digest(self) -> str:
        """`sha256:<hex>` of root metadata 1."""
        return digest(self.tuf_root)


@dataclass(frozen=True)
class RegionTrust:
    """A region's public keys as it enrolled them. Keys read `ed25519:<base64>`, the ledger's is a C2SP verifier key."""

    region: str
    jurisdiction: str
    ledger: str
    evidence: str
    report: str
    officers: tuple[str, ...]
    officer_threshold: int


@dataclass(frozen=True)
class Trust:
    """Everything at once."""

    anchors: Anchors
    regions: tuple[RegionTrust, ...]


def _text(raw: bytes) -> str:
    return f"ed25519:{base64.b64encode(raw).decode()}"


def _trust(region: Region) -> RegionTrust | None:
    keys = region.keys
    if keys is None:
        return None
    origin = region.ledger_origin or f"bailiwick/{region.id}"
    return RegionTrust(
        region=region.id,
        jurisdiction=region.jurisdiction,
        ledger=str(VerifierKey(origin, Algorithm.ED25519, keys.ledger)),
        evidence=_text(keys.evidence),
        report=_text(keys.report),
        officers=tuple(_text(officer) for officer in keys.officers),
        officer_threshold=keys.officer_threshold,
    )


class TrustReader:
    """Says what the centre trusts, and by what it is to be trusted."""

    def __init__(self, registry: Registry, anchors: Anchors) -> None:
        self._registry = registry
        self._anchors = anchors

    async def read(self) -> Trust:
        """The centre's anchors and the keys of all enrolled regions."""
        async with self._registry.begin() as tx:
            regions = await tx.regions.all()
        known = (_trust(region) for region in regions)
        return Trust(self._anchors, tuple(trust for trust in known if trust is not None))
