"""A region's record made up in memory: keys, a release with consent, requests, one report, and the bundle over them.

Every entry is a real one in its canonical form; only the history is invented, so that a test can bend any part of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Key, Metadata, Role, Root, Snapshot, TargetFile, Targets, Timestamp

from bailiwick.contract import cosignature, privacy
from bailiwick.contract.bundle import Head
from bailiwick.contract.checkpoint import Checkpoint, sign_checkpoint
from bailiwick.contract.decision import Attributes, Evaluator
from bailiwick.contract.keys import public_text
from bailiwick.contract.ledger_entry import Admission, Change, Consent, Decision, Egress, Entry, Settlement
from bailiwick.contract.note import Algorithm, SignerKey
from bailiwick.contract.pricing import Bound, Usage, cost, worst_case
from bailiwick.contract.release import Config, Manifest, PolicySet
from bailiwick.contract.statement import Statement, sign_statement
from bailiwick.metrics.v1 import metrics_pb2
from data_plane.evidence.compose import compose
from data_plane.evidence.sources import Facts, MemoryLog

REGION = "eu-de"
ORIGIN = "bailiwick/eu-de"
EXAMPLES = Path(__file__).parents[2] / "infra" / "examples"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TAGS = {
    "cost_centre": "cc-100",
    "team": "payments",
    "project": "core",
    "product": "assistant",
    "use_case": "support",
    "environment": "production",
}
WORDS = {
    "cost_centre": ("cc-100",),
    "team": ("payments", "care", "lab"),
    "project": ("core", "pilot"),
    "product": ("assistant", "search"),
    "use_case": ("support", "summaries", "classification"),
    "environment": ("experiment", "production"),
    "model": ("minilm", "tiny-chat"),
    "tier": ("economy", "premium"),
}
OUTCOMES = dict(metrics_pb2.Outcome.items())


@dataclass
class Keys:
    """All private keys that the record needs."""

    ledger: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    evidence: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    report: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    officer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    witness: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    root: CryptoSigner = field(default_factory=CryptoSigner.generate_ed25519)
    targets: CryptoSigner = field(default_factory=CryptoSigner.generate_ed25519)

    def log_signer(self) -> SignerKey:
        return SignerKey(ORIGIN, self.ledger)

    def witness_signer(self) -> SignerKey:
        return SignerKey("bailiwick/witness", self.witness, Algorithm.COSIGNATURE_V1)


class RegionRecord:
    """Entries in order; methods append what a region would."""

    def __init__(self, keys: Keys | None = None) -> None:
        self.keys = keys or Keys()
        self.entries: list[Entry] = []
        self.contents: dict[str, bytes] = {}
        self.documents: dict[str, bytes] = {}
        self.config = Config.read(json.loads((EXAMPLES / "config.json").read_bytes()))
        self.policy = PolicySet.read(json.loads((EXAMPLES / "policy" / "tightened.json").read_bytes()))
        self.manifest = self._release(1)
        self._evaluator = Evaluator(self.policy)
        self._random = random.Random(7)
        self._number = 0
        self._at = START
        self._reported = 0
        self._sequence = 0
        self._carried: list[int] = []
        self._reports: list[tuple[int, int, tuple[int, ...]]] = []

    def _release(self, version: int) -> Manifest:
        config, policy = self.config.encode(), self.policy.encode()
        manifest = Manifest(version, (REGION,), START, _digest(config), _digest(policy))
        self.documents |= {_digest(body): body for body in (config, policy, manifest.encode())}
        return manifest

    def now(self) -> datetime:
        self._at += timedelta(milliseconds=10)
        return self._at

    def add(self, entry: Entry) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    def consent(self, kind: str = "consent", sequence: int = 1) -> int:
        reason = "OTHER" if kind == "veto" else None
        said = Statement(kind, self.manifest.digest, REGION, sequence, self.now(), reason)  # type: ignore[arg-type]
        envelope = base64.b64encode(sign_statement(said, [self.keys.officer])).decode()
        return self.add(Consent(self.now(), envelope, self.manifest.digest, sequence))

    def apply(self) -> int:
        m = self.manifest
        return self.add(
            Change(self.now(), m.digest, m.version, 1, "applied", None, m.code, m.config, m.policy, m.models)
        )

    def admit(self) -> Admission:
        book = self.config.book("EUR")
        assert book is not None
        self._number += 1
        price, bound = book.prices["tiny-chat"], Bound(100, 64)
        attributes = self.attributes()
        verdict = self._evaluator.decide(attributes)
        admission = Admission(
            at=self.now(),
            number=self._number,
            request=f"{self._number:032x}",
            key="ab" * 32,
            policy=self.manifest.policy,
            config=self.manifest.config,
            attributes=attributes.mapping(),
            policies=verdict.policies,
            model="tiny-chat",
            price=price,
            currency="EUR",
            bound=bound,
            amount=worst_case(price, bound),
            pots=(("region", worst_case(price, bound)), ("team/payments", worst_case(price, bound))),
        )
        self.add(admission)
        return admission

    def settle(self, admission: Admission, person: int) -> Settlement:
        usage = Usage(self._random.randint(20, 100), 0, self._random.randint(1, 64), 0)
        amount = cost(admission.price, usage)
        settlement = Settlement(
            at=self.now(),
            number=admission.number,
            person=f"{person:032x}",
            service=False,
            day="2026-11-23",
            tags=TAGS,
            tier="economy",
            model="tiny-chat",
            usage=usage,
            cost=amount,
            currency="EUR",
            how="reported",
            finish="stop",
            first_ms=20,
            total_ms=90,
            pots=tuple((pot, amount) for pot, _ in admission.pots),
        )
        self.add(settlement)
        return settlement

    def refuse(self, person: int) -> None:
        attributes = self.attributes(use_case="classification")
        verdict = self._evaluator.decide(attributes)
        self.add(
            Decision(
                at=self.now(),
                request=f"{len(self.entries):032x}",
                key="ab" * 32,
                reason="policy",
                person=f"{person:032x}",
                service=False,
                day="2026-11-23",
                tags=TAGS | {"use_case": "classification"},
                tier="economy",
                model="tiny-chat",
                currency="EUR",
                attributes=attributes.mapping(),
                policies=verdict.policies,
                policy=self.manifest.policy,
                config=self.manifest.config,
            )
        )

    def attributes(self, use_case: str = "support") -> Attributes:
        return Attributes(
            action="chat",
            region=REGION,
            jurisdiction="EU",
            cost_centre="cc-100",
            team="payments",
            project="core",
            product="assistant",
            use_case=use_case,
            environment="production",
            tier="economy",
            model="tiny-chat",
            time_band="business",
            prompt_band="small",
            budget_exhausted="false",
        )

    def report(self) -> None:
        """What the region would send about all entries so far."""
        end = len(self.entries)
        counted = [(i, e) for i, e in enumerate(self.entries) if isinstance(e, Settlement | Decision)]
        new = [(i, e) for i, e in counted if self._reported <= i < end]
        carried = [(i, e) for i, e in counted if i in self._carried]
        grid = privacy.Grid({name: frozenset(words) for name, words in WORDS.items()})
        built = privacy.build(new, carried, grid)
        self._sequence += 1
        report = metrics_pb2.Report(
            region=REGION,
            sequence=self._sequence,
            first_index=self._reported,
            next_index=end,
            ledger_size=end,
            ledger_root=bytes(32),
            k=10,
            p_permille=500,
            profile=metrics_pb2.EXPORT_PROFILE_FLOOR,
            cells=[_cell(cell) for cell in built.cells],
        )
        body = report.SerializeToString(deterministic=True)
        self._reported, self._carried = end, list(built.carried)
        self._reports.append((end, end, built.carried))
        self.contents[_digest(body)] = body
        at = self.now()
        self.add(
            Egress(at, "content", "bailiwick.metrics.v1.Report", 1, len(body), _digest(body), at, at, self._sequence)
        )

    def bundle(self, folder: Path, first: int = 0, following: int | None = None, previous: Head | None = None) -> Path:
        """The signed bundle over entries [first, following)."""
        folder.mkdir(parents=True, exist_ok=True)
        bodies = [entry.encode() for entry in self.entries]
        log = MemoryLog(bodies)
        head = Head(len(bodies), log.root())
        note = sign_checkpoint(Checkpoint(ORIGIN, head.size, head.root), self.keys.log_signer())
        text = Checkpoint(ORIGIN, head.size, head.root).text()
        note = cosignature.attach(note, cosignature.cosign(text, self.keys.witness_signer(), 1_800_000_000))
        facts = Facts(
            region=REGION,
            jurisdiction="EU",
            origin=ORIGIN,
            first=first,
            next=len(bodies) if following is None else following,
            head=head,
            previous=previous,
            created=self._at,
            note=note,
            earlier=self._earlier(first),
            words=WORDS,
            documents=self.documents,
            contents=self.contents,
            tuf={"targets.json": self.targets()},
        )
        target = folder / "bundle.tar"
        compose(facts, log, self.keys.evidence, folder / "files", target)
        return target

    def _earlier(self, first: int) -> tuple[int, ...]:
        """What the range from `first` on refers to."""
        ended = {entry.number for entry in self.entries[first:] if isinstance(entry, Settlement)}
        done = [report for report in self._reports if report[0] < first]
        reported, carried = done[-1][1:] if done else (0, ())
        found: list[int] = []
        admitted = [index for index, entry in enumerate(self.entries[:first]) if isinstance(entry, Admission)]
        for index, entry in enumerate(self.entries[:first]):
            governs = isinstance(entry, Change | Consent)
            admits = isinstance(entry, Admission) and entry.number in ended
            counts = isinstance(entry, Settlement | Decision) and (index >= reported or index in carried)
            if governs or admits or counts or index in admitted[-1:]:
                found.append(index)
        return tuple(found)

    def targets(self) -> bytes:
        metadata = Metadata(Targets(version=2, expires=START + timedelta(days=90)))
        body = self.manifest.encode()
        hexadecimal = hashlib.sha256(body).hexdigest()
        path = f"manifests/{hexadecimal}"
        metadata.signed.targets[path] = TargetFile(len(body), {"sha256": hexadecimal}, path)
        metadata.sign(self.keys.targets)
        return metadata.to_bytes()

    def root(self) -> bytes:
        roles = {name: Role([], 1) for name in (Root.type, Snapshot.type, Targets.type, Timestamp.type)}
        root = Root(version=1, expires=START + timedelta(days=365), keys={}, roles=roles)
        for role in roles:
            key: Key = self.keys.targets.public_key if role == Targets.type else self.keys.root.public_key
            root.add_key(key, role)
        metadata = Metadata(root)
        metadata.sign(self.keys.root)
        return metadata.to_bytes()

    def trust(self) -> bytes:
        """The trust file that goes with this record."""
        keys = self.keys
        return json.dumps(
            {
                "v": 1,
                "regions": {
                    REGION: {
                        "jurisdiction": "EU",
                        "ledger": str(keys.log_signer().verifier),
                        "evidence": public_text(keys.evidence.public_key()),
                        "report": public_text(keys.report.public_key()),
                        "officers": {"threshold": 1, "keys": [public_text(keys.officer.public_key())]},
                    }
                },
                "witnesses": {"quorum": 1, "keys": [str(keys.witness_signer().verifier)]},
                "tuf_root": json.loads(self.root()),
            }
        ).encode()


def usual(requests: int = 60, people: int = 15) -> RegionRecord:
    """A record as most are: a release with consent, requests by enough people, refusals, two reports."""
    record = RegionRecord()
    record.consent()
    record.apply()
    for turn in range(requests):
        record.settle(record.admit(), turn % people)
        if turn == requests // 2:
            record.report()
    for person in range(people):
        record.refuse(person)
    record.report()
    return record


def bent(record: RegionRecord, index: int, **changes: object) -> None:
    """Replace fields of an entry, before the bundle is made: what a lying region would have recorded."""
    record.entries[index] = replace(record.entries[index], **changes)  # type: ignore[arg-type]


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _cell(cell: privacy.Cell) -> metrics_pb2.Cell:
    def counts(pairs: tuple[tuple[str, int], ...], kind: str) -> list[metrics_pb2.Count]:
        return [
            metrics_pb2.Count(outcome=OUTCOMES[f"OUTCOME_{kind}{name.upper()}"], count=count) for name, count in pairs
        ]

    return metrics_pb2.Cell(
        **cell.key._asdict(),
        service=cell.service,
        requests=cell.requests,
        outcomes=counts(cell.outcomes, ""),
        refusals=counts(cell.refusals, "REFUSED_"),
        prompt_tokens=cell.prompt_tokens,
        cached_tokens=cell.cached_tokens,
        output_tokens=cell.output_tokens,
        reasoning_tokens=cell.reasoning_tokens,
        cost_micro=cell.cost_micro,
        first_token_ms=cell.first_token_ms,
        total_ms=cell.total_ms,
    )
