"""Enrolment and renewal: how a region gets its certificate. The key never leaves the region."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from control_plane.domain.errors import InvalidError, NotFoundError, StateError, UnauthenticatedError
from control_plane.domain.invitations import redeem_check
from control_plane.domain.regions import RegionKeys, RegionPhase, renewal_check
from control_plane.services.journal import record
from control_plane.services.ports import CertificateIssuer, Clock, Registry
from control_plane.services.trust import Anchors

PROOF_LABEL = b"bailiwick-renew-v1\n"
_LATEST = 253_402_300_799  # the last second that a datetime can name


class RenewalState(StrEnum):
    """What the centre decided on a request for a certificate."""

    AWAITING_APPROVAL = "awaiting-approval"
    ISSUED = "issued"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Renewal:
    """The decision, and the certificate in DER when one was issued."""

    state: RenewalState
    certificate: bytes = b""


@dataclass(frozen=True)
class Enrolled:
    """What a region gets at once: the CA in DER and TUF root metadata 1, whose digests its invitation has."""

    ca: bytes
    tuf_root: bytes


def proof_message(csr: bytes, unix_time: int) -> bytes:
    """What the enrolment key signs to renew."""
    return PROOF_LABEL + hashlib.sha256(csr).digest() + unix_time.to_bytes(8, "big")


class Enrolment:
    """The enrolment port's use cases.

    1. An invitation is redeemed once, for the region that it names, before it expires.
    2. The certificate request names that region, and nothing else.
    3. The region waits until central operations approve it; a region that enrols again waits again.
    4. Certificates are issued, then and later, to whoever holds the enrolment key.
    """

    def __init__(self, registry: Registry, clock: Clock, issuer: CertificateIssuer, anchors: Anchors) -> None:
        self._registry = registry
        self._clock = clock
        self._issuer = issuer
        self._anchors = anchors

    async def enrol(self, invitation: bytes, secret: bytes, csr: bytes, keys: RegionKeys) -> Enrolled:
        """Redeem an invitation; `StateError` where the certificate request names another region than it does."""
        now = self._clock()
        _check_keys(keys)
        async with self._registry.begin() as tx:
            kept = redeem_check(await tx.invitations.lock(invitation), secret, now)
            self._issuer.check(csr, kept.region)
            known = await tx.regions.lock(kept.region)
            if known is None:
                raise NotFoundError("region", "There is no such region.")
            other = await tx.regions.by_enrolment_key(keys.enrolment)
            if other is not None and other.id != kept.region:
                raise StateError("enrolment-key", "Another region holds this enrolment key.", "Make a new one.")
            await tx.invitations.use(invitation, now)
            revoked = await tx.certificates.revoke_all(kept.region, now)
            await tx.regions.replace_keys(kept.region, keys, now)
            pending = replace(known, phase=RegionPhase.PENDING, enrolled_at=now, approved_at=None, approved_by=None)
            if known.keys is not None and known.keys.ledger != keys.ledger:
                pending = replace(pending, ledger_origin=None)
            await tx.regions.save(replace(pending, revoked_at=None))
            name = f"region:{kept.region}"
            await record(tx, "region.enrol", name, now, invitation=invitation.hex(), revoked=len(revoked))
        return Enrolled(self._anchors.ca, self._anchors.tuf_root)

    async def renew(self, csr: bytes, enrolment_key: bytes, proof: bytes, unix_time: int) -> Renewal:
        """Issue a certificate to an approved region that proves possession of its enrolment key."""
        now = self._clock()
        _check_proof(csr, enrolment_key, proof, unix_time)
        async with self._registry.begin() as tx:
            known = await tx.regions.by_enrolment_key(enrolment_key)
            region = await tx.regions.lock(known.id) if known is not None else None
            if region is None or region.keys is None or region.keys.enrolment != enrolment_key:
                raise UnauthenticatedError("enrolment-key", "No region holds this enrolment key.", "Enrol the region.")
            newest = await tx.certificates.newest(region.id)
            lapsed = newest.not_after if newest is not None and newest.revoked_at is None else None
            renewal_check(lapsed, datetime.fromtimestamp(unix_time, UTC), now)
            self._issuer.check(csr, region.id)
            if region.phase is RegionPhase.REVOKED:
                return Renewal(RenewalState.REVOKED)
            if region.phase is not RegionPhase.APPROVED:
                return Renewal(RenewalState.AWAITING_APPROVAL)
            certificate, issued = self._issuer.issue(csr, region.id, now)
            await tx.certificates.add(issued)
            await record(tx, "certificate.issue", f"region:{region.id}", now, serial=issued.serial)
        return Renewal(RenewalState.ISSUED, certificate)


def _check_keys(keys: RegionKeys) -> None:
    """All keys are Ed25519 points, the officers' differ, and their threshold can be met."""
    for key in (keys.enrolment, keys.ledger, keys.report, keys.evidence, *keys.officers):
        _public(key)
    if len(set(keys.officers)) != len(keys.officers):
        raise InvalidError("officers", "An officer's key is given twice.")
    if not 1 <= keys.officer_threshold <= max(1, len(keys.officers)):
        raise InvalidError("officers", "The officers' threshold cannot be met.")


def _public(raw: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise InvalidError("key", "An Ed25519 key has 32 bytes.") from error


def _check_proof(csr: bytes, enrolment_key: bytes, proof: bytes, unix_time: int) -> None:
    if unix_time > _LATEST:
        raise InvalidError("proof-time", "That is no time.")
    try:
        _public(enrolment_key).verify(proof, proof_message(csr, unix_time))
    except InvalidSignature as error:
        raise UnauthenticatedError("proof", "The proof by the enrolment key does not hold.") from error
