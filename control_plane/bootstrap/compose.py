"""Composes the centre's services over a database and the key files. Each process takes those that it needs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.ext.asyncio import AsyncEngine

from bailiwick.contract.note import SignerKey
from control_plane.api.inbound import InboundCheck
from control_plane.api.report_wire import ReportDecoder
from control_plane.authority import keyfiles
from control_plane.authority.certificates import CertificateAuthority
from control_plane.authority.tuf import TufRepository
from control_plane.authority.witness import WitnessKey
from control_plane.domain.words import Vocabulary
from control_plane.registry.engine import PostgresRegistry
from control_plane.services.artifacts import Artifacts
from control_plane.services.enrolment import Enrolment
from control_plane.services.fleet import Fleet
from control_plane.services.invitations import Addresses, Invitations
from control_plane.services.journal import Journal
from control_plane.services.left import LeftReader
from control_plane.services.regions import Regions
from control_plane.services.releases import Releases
from control_plane.services.reports import Reports
from control_plane.services.spend import SpendReader
from control_plane.services.trust import Anchors, TrustReader
from control_plane.services.witness import Witness
from control_plane.settings import CentreSettings


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Centre:
    """The centre's services. `registry` is for what has no use case of its own yet."""

    registry: PostgresRegistry
    anchors: Anchors
    regions: Regions
    invitations: Invitations
    releases: Releases
    artifacts: Artifacts
    reports: Reports
    spend: SpendReader
    left: LeftReader
    trust: TrustReader
    journal: Journal
    fleet: Fleet


@dataclass(frozen=True)
class Gatekeepers:
    """What only the api process has: the keys of the CA and of the witness."""

    enrolment: Enrolment
    witness: Witness


def vocabulary(settings: CentreSettings) -> Vocabulary:
    """The registered words."""
    listed: Mapping[str, list[str]] = settings.vocabulary.model_dump(mode="json")
    return Vocabulary({dimension: frozenset(words) for dimension, words in listed.items()})


def anchors(settings: CentreSettings) -> Anchors:
    """The centre's trust anchors, from its key files."""
    name = settings.centre.name
    witness = WitnessKey(f"{name}/witness", keyfiles.ed25519(settings.keys / "witness.pem"))
    return Anchors(
        name=name,
        ca=keyfiles.certificate(settings.keys / "ca.crt").public_bytes(Encoding.DER),
        tuf_root=keyfiles.read(settings.data / "tuf" / "root.json"),
        witness=witness.vkey(),
        log=str(_log_key(settings).verifier),
    )


def compose(settings: CentreSettings, engine: AsyncEngine) -> Centre:
    """All services but the gatekeepers', over a pool of connections."""
    registry = PostgresRegistry(engine)
    trusted = anchors(settings)
    lives = (
        timedelta(seconds=settings.authority.snapshot_seconds),
        timedelta(seconds=settings.authority.timestamp_seconds),
    )
    repository = TufRepository(
        keyfiles.ed25519(settings.keys / "tuf-snapshot.pem"),
        keyfiles.ed25519(settings.keys / "tuf-timestamp.pem"),
        lives,
    )
    addresses = Addresses(settings.enrolment.dialled, settings.agents.dialled)
    life = timedelta(seconds=settings.authority.invitation_seconds)
    return Centre(
        registry=registry,
        anchors=trusted,
        regions=Regions(registry, now, timedelta(seconds=settings.fleet.away_seconds)),
        invitations=Invitations(registry, now, trusted, addresses, secrets.token_bytes, life),
        releases=Releases(registry, now, repository),
        artifacts=Artifacts(registry),
        reports=Reports(registry, now, ReportDecoder(InboundCheck(vocabulary(settings)))),
        spend=SpendReader(registry),
        left=LeftReader(registry, now),
        trust=TrustReader(registry, trusted),
        journal=Journal(registry, _log_key(settings)),
        fleet=Fleet(registry, now),
    )


def gatekeepers(settings: CentreSettings, centre: Centre) -> Gatekeepers:
    """Enrolment and witness, with their keys."""
    authority = CertificateAuthority(
        keyfiles.p256(settings.keys / "ca.pem"),
        keyfiles.certificate(settings.keys / "ca.crt"),
        timedelta(seconds=settings.authority.client_seconds),
    )
    witness = WitnessKey(f"{settings.centre.name}/witness", keyfiles.ed25519(settings.keys / "witness.pem"))
    return Gatekeepers(
        enrolment=Enrolment(centre.registry, now, authority, centre.anchors),
        witness=Witness(centre.registry, now, witness),
    )


def _log_key(settings: CentreSettings) -> SignerKey:
    return SignerKey(f"{settings.centre.name}/log", keyfiles.ed25519(settings.keys / "log.pem"))
