"""`python -m data_plane agent`: composes the region's only channel to the centre."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import asyncpg

from bailiwick.contract.errors import ContractError
from bailiwick.contract.keys import parse_public, raw_public
from bailiwick.contract.note import Algorithm, VerifierKey
from bailiwick.contract.privacy import Floor
from bailiwick.rpc.backoff import Backoff
from data_plane.agent.agent import WOKEN, Agent, Paces, Parts, alarms
from data_plane.agent.announce import Announcer
from data_plane.agent.enrol import Enrolment, Identity
from data_plane.agent.files import AgentFiles
from data_plane.agent.gate import Gates
from data_plane.agent.link import Link, Rhythm
from data_plane.agent.machines import RegionMachines
from data_plane.agent.observe import Moment, Observer
from data_plane.agent.region_ledger import RegionLedger
from data_plane.agent.releases import Parts as ReleaseParts
from data_plane.agent.releases import Releases
from data_plane.agent.renewal import Renewal
from data_plane.agent.reporting import Parts as ReportParts
from data_plane.agent.reporting import Reporting
from data_plane.agent.repository import Repository
from data_plane.agent.staging import Staging
from data_plane.agent.switch import Fault, Switch, Watching, no_fault
from data_plane.agent.witnessing import Witnessing
from data_plane.bootstrap.lifecycle import ProcessRefusedError, run
from data_plane.database.pool import connect, open_pool
from data_plane.keys.errors import KeyFileError
from data_plane.keys.files import load_signing_key
from data_plane.ledger.append import append
from data_plane.ledger.reader import PublishedLedger
from data_plane.ledger.tile_files import TileFiles
from data_plane.policy import own
from data_plane.privacy.accounts import Accounts
from data_plane.privacy.copies import Copies
from data_plane.privacy.documents import parsers
from data_plane.privacy.errors import UnannotatedError
from data_plane.privacy.messages import PublicKeys
from data_plane.privacy.outbox import Outbox, Schedule
from data_plane.privacy.outbox import Parts as OutboxParts
from data_plane.privacy.ports import Clock
from data_plane.privacy.rebuild import Rebuilder
from data_plane.privacy.vocabulary import Vocabularies, registered
from data_plane.privacy.walk import border_files, walk
from data_plane.releases.blobs import BlobStore
from data_plane.releases.content import Boundary
from data_plane.releases.errors import RecordError
from data_plane.releases.record import RecordFile
from data_plane.releases.statements import Officers
from data_plane.settings import RegionSettings

ROLE = "bw_agent"
CHANNELS = tuple(WOKEN)
CONNECTIONS = 6


@dataclass(frozen=True)
class Tempo:
    """How fast the agent's parts go; tests make them faster."""

    paces: Paces = field(default_factory=Paces)
    rhythm: Rhythm = field(default_factory=Rhythm)
    watching: Watching = field(default_factory=Watching)


def main(settings: RegionSettings) -> int:
    """Runs until told to stop."""
    return run("agent", ROLE, settings, serve)


async def serve(settings: RegionSettings, stop: asyncio.Event) -> None:
    """Composes and runs the agent."""
    await serve_with(settings, stop, Tempo(), no_fault, utc)


def utc() -> datetime:
    """The present time."""
    return datetime.now(UTC)


async def serve_with(settings: RegionSettings, stop: asyncio.Event, tempo: Tempo, fault: Fault, clock: Clock) -> None:
    """The same with another tempo, fault points and clock.

    Raises:
        ProcessRefusedError: the protocol, a key or the durable record does not allow a start.
    """
    pool = await open_pool(settings.dsn(ROLE), size=CONNECTIONS, name="bailiwick-agent")
    try:
        agent, observer, switch = _compose(settings, pool, tempo, fault, clock)
        await switch.recover()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(agent.run(observer))
            listening = group.create_task(_listen(settings, agent))
            await stop.wait()
            running.cancel()
            listening.cancel()
    except (UnannotatedError, KeyFileError, RecordError, ContractError) as error:
        raise ProcessRefusedError(str(error)) from error
    finally:
        await pool.close()


@dataclass(frozen=True)
class _Base:
    """What most parts share."""

    settings: RegionSettings
    pool: asyncpg.Pool
    clock: Clock
    files: AgentFiles
    rebuilder: Rebuilder
    vocabularies: Vocabularies
    accounts: Accounts


def _compose(
    settings: RegionSettings, pool: asyncpg.Pool, tempo: Tempo, fault: Fault, clock: Clock
) -> tuple[Agent, Observer, Switch]:
    region = settings.region
    vocabularies = registered(
        region.id,
        region.currency,
        [engine.model for engine in settings.engines.engine],
        settings.vocabulary.model_dump(),
    )
    rebuilder = Rebuilder(walk(border_files()), vocabularies, parsers(region.id, settings.ledger_origin))
    accounts = Accounts(pool, append, clock, settings.reports.every_seconds)
    files = AgentFiles(settings.keys_dir, settings.data_dir)
    base = _Base(settings, pool, clock, files, rebuilder, vocabularies, accounts)
    link = Link(settings.centre.agents, files, rebuilder, accounts, clock, Backoff(random.random), tempo.rhythm)
    switch = Switch(
        pool,
        append,
        RecordFile(settings.release_dir / "state.json"),
        BlobStore(settings.release_dir / "blobs"),
        clock,
        tempo.watching,
        fault,
    )
    renewal = Renewal(pool, files, _enrolment(base), clock, _spread, link.renewed)
    releases = Releases(pool, clock, _release_parts(base, switch, fault), lambda: link.peer)
    announcer = Announcer(pool, link, rebuilder, accounts, clock)
    wakes = alarms()
    reporting = _reporting(base, wakes["send"].set)
    parts = Parts(link, renewal, releases, reporting, announcer, Gates(pool, clock, settings.reports.k), rebuilder)
    agent = Agent(pool, clock, parts, tempo.paces, wakes)
    models = tuple(sorted({engine.model for engine in settings.engines.engine}))
    return agent, Observer(pool, files, models, clock, partial(_moment, agent)), switch


def _moment(agent: Agent) -> Moment:
    return agent.moment()


def _spread() -> float:
    return random.uniform(-1.0, 1.0)  # noqa: S311 -- jitter, not a secret


def _enrolment(base: _Base) -> Enrolment:
    settings, keys = base.settings, base.settings.keys_dir
    signing = {name: load_signing_key(keys / f"{name}.pem") for name in ("enrolment", "ledger", "report", "evidence")}
    public = {name: raw_public(key.public_key()) for name, key in signing.items()}
    officers = tuple(raw_public(parse_public(text)) for text in settings.officers.keys)
    identity = Identity(
        region=settings.region.id,
        jurisdiction=settings.region.jurisdiction,
        enrolment=settings.centre.enrolment,
        keys=PublicKeys(**public, officers=officers, threshold=settings.officers.threshold),
    )
    return Enrolment(identity, base.files, signing["enrolment"], base.rebuilder, base.accounts, base.clock)


def _release_parts(base: _Base, switch: Switch, fault: Fault) -> ReleaseParts:
    settings = base.settings
    boundary = Boundary(
        region=settings.region.id,
        jurisdiction=settings.region.jurisdiction,
        currency=settings.region.currency,
        engines={engine.model: engine.kind for engine in settings.engines.engine},
        own=own.load(settings.home / "policy"),
    )
    repository = Repository(settings.data_dir / "tuf", base.files.root)
    blobs = BlobStore(settings.release_dir / "blobs")
    staging = Staging(repository, blobs, base.rebuilder, boundary, fault)
    officers = Officers.of(settings.region.id, settings.officers.keys, settings.officers.threshold)
    return ReleaseParts(staging, switch, officers)


def _reporting(base: _Base, made: Callable[[], None]) -> Reporting:
    settings, reports = base.settings, base.settings.reports
    schedule = Schedule(
        settings.region.id, reports.every_seconds, Floor(reports.k, reports.p_permille), reports.profile
    )
    ledger_key = load_signing_key(settings.keys_dir / "ledger.pem").public_key()
    verifier = VerifierKey(settings.ledger_origin, Algorithm.ED25519, raw_public(ledger_key))
    published = PublishedLedger(TileFiles(settings.tiles_dir), verifier)

    async def prove(old: int, new: int) -> Sequence[bytes]:
        return await asyncio.to_thread(published.consistency, old, new)

    engines = [engine.model for engine in settings.engines.engine]
    machines = RegionMachines(base.pool, engines, (settings.tiles_dir, settings.release_dir))
    parts = OutboxParts(
        ledger=RegionLedger(base.pool, settings.ledger.pad, base.clock),
        machines=machines,
        accounts=base.accounts,
        rebuilder=base.rebuilder,
        vocabularies=base.vocabularies,
        copies=Copies(base.files.reports),
    )
    outbox = Outbox(base.pool, schedule, load_signing_key(settings.keys_dir / "report.pem"), base.clock, parts)
    witnessing = Witnessing(base.pool, prove, base.rebuilder, partial(_witness_keys, settings, base.files))
    parts_of_it = ReportParts(outbox, base.accounts, witnessing, base.rebuilder, append)
    return Reporting(base.pool, base.clock, parts_of_it, made)


def _witness_keys(settings: RegionSettings, files: AgentFiles) -> Sequence[VerifierKey]:
    """The settings' witnesses; where there are none, the one that the invitation vouched for."""
    texts = settings.witness.keys or tuple(files.witness.read_text(encoding="utf-8").split())
    return [VerifierKey.parse(text) for text in texts]


async def _listen(settings: RegionSettings, agent: Agent) -> None:
    """Hears the database's notices on a connection of its own; without it, the rounds still come each second."""
    while True:
        try:
            connection = await connect(settings.dsn(ROLE), name="bailiwick-agent-notices")
        except (OSError, TimeoutError, asyncpg.PostgresError):
            await asyncio.sleep(1.0)
            continue
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _, lost=lost: lost.set())
        try:
            for channel in CHANNELS:
                await connection.add_listener(channel, lambda _c, _p, name, _text: agent.woken(name))
            await lost.wait()
        finally:
            await connection.close(timeout=2)
