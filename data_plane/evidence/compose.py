"""From facts and the log to a bundle: one pass over the entries, then the manifest, its signature, the archive."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bailiwick.contract import bundle, canonical, dsse, ledger_entry, merkle, merkle_range
from bailiwick.contract.ledger_entry import Admission, Change, Decision, Egress, Settlement
from bailiwick.contract.release import Manifest, digest, hex_of
from data_plane.evidence import inventory, page, writer
from data_plane.evidence.errors import IncompleteError
from data_plane.evidence.tables import CsvRows, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from bailiwick.contract.canonical import Json
    from bailiwick.contract.ledger_entry import Entry
    from data_plane.evidence.sources import Facts, Log

NOT_ESTABLISHED = (
    "requests that were served outside the gateway",
    "the truth of tags, and that an application sent one identifier for one person",
    "what prompts and answers said; they are not recorded",
)


def compose(facts: Facts, log: Log, key: Ed25519PrivateKey, folder: Path, target: Path) -> None:
    """Gather the files of a bundle in `folder` and write the signed archive to `target`.

    Raises:
        IncompleteError: an entry refers to a document or message that `facts` lacks.
    """
    staging = writer.Staging(folder)
    pass_ = _Pass(facts)
    with CsvRows(staging.path("entries.csv")) as rows:
        staging.stream(bundle.ENTRIES, pass_.over(log.entries(facts.first, facts.next), rows))
    staging.adopt("entries.csv")
    staging.put(bundle.EARLIER, b"".join(_earlier(facts, log, pass_)))
    size = facts.head.size
    staging.put(bundle.CHECKPOINT, facts.note)
    staging.put(bundle.RANGE, bundle.encode_proof(merkle_range.range_proof(facts.first, facts.next, size, log.node)))
    old = facts.previous.size if facts.previous else 0
    staging.put(bundle.CONSISTENCY, bundle.encode_proof(merkle.consistency_proof(old, size, log.node)))
    staging.put(bundle.BOUNDARY, _boundary(facts))
    staging.put(bundle.COVERAGE, pass_.coverage())
    for name, data in facts.tuf.items():
        staging.put(f"tuf/{name}", data)
    _documents(staging, facts, pass_)
    staging.put("models.cdx.json", inventory.document(facts, pass_.configs, pass_.policies))
    staging.put("report.html", page.render(facts, pass_.summary).encode())
    manifest = bundle.BundleManifest(
        region=facts.region,
        jurisdiction=facts.jurisdiction,
        origin=facts.origin,
        first=facts.first,
        next=facts.next,
        head=facts.head,
        previous=facts.previous,
        created=facts.created,
        files=staging.files,
    ).encode()
    statement = dsse.sign(bundle.PAYLOAD_TYPE, bundle.statement(manifest, digest(manifest)), [key])
    writer.write(target, staging, manifest, statement)


class _Pass:
    """What one pass over the entries of the range finds out."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._kinds: Counter[str] = Counter()
        self._cost: dict[str, int] = {}
        self._open: set[int] = set()
        self.releases: dict[str, None] = {}
        self.policies: dict[str, None] = {}
        self.configs: dict[str, None] = {}
        self.contents: dict[str, None] = {}
        self.summary = Summary()

    def over(self, entries: Iterator[bytes], rows: CsvRows) -> Iterator[bytes]:
        """Each entry as a line, looked at on its way."""
        for place, body in enumerate(entries):
            index = self._facts.first + place
            entry = ledger_entry.decode(body)
            self._kinds[entry.kind] += 1
            self.note(entry)
            rows.add(index, entry)
            self.summary.add(entry)
            yield body + b"\n"

    def note(self, entry: Entry) -> None:
        """Remember what an entry refers to."""
        if isinstance(entry, Admission):
            self._open.add(entry.number)
            self.policies[entry.policy] = self.configs[entry.config] = None
        elif isinstance(entry, Settlement):
            self._open.discard(entry.number)
            self._cost[entry.currency] = self._cost.get(entry.currency, 0) + entry.cost
        elif isinstance(entry, Decision):
            if entry.policy and entry.config:
                self.policies[entry.policy] = self.configs[entry.config] = None
        elif isinstance(entry, Change):
            self.see(entry)
        elif isinstance(entry, Egress) and entry.egress_class == "content":
            self.contents[entry.digest] = None

    def see(self, entry: Change) -> None:
        """A release that was in force in the range, or just before it."""
        self.releases[entry.release] = None
        self.policies[entry.policy] = self.configs[entry.config] = None

    def coverage(self) -> bytes:
        """The coverage statement."""
        return canonical.dumps(
            {
                "v": 1,
                "first": self._facts.first,
                "next": self._facts.next,
                "entries": self._kinds.total(),
                "kinds": dict(self._kinds),
                "cost_micro": dict(self._cost),
                "open": tuple(sorted(self._open)),
                "not_established": NOT_ESTABLISHED,
            }
        )


def _earlier(facts: Facts, log: Log, pass_: _Pass) -> Iterator[bytes]:
    for index in sorted(facts.earlier):
        body = next(log.entries(index, index + 1))
        entry = ledger_entry.decode(body)
        if isinstance(entry, Change):
            pass_.see(entry)
        proof = tuple(merkle.inclusion_proof(index, facts.head.size, log.node))
        yield bundle.EarlierEntry(index, body, proof).encode() + b"\n"


def _documents(staging: writer.Staging, facts: Facts, pass_: _Pass) -> None:
    for name in pass_.releases:
        body = _known(facts.documents, name, "the manifest of a release in force")
        staging.put(f"releases/{hex_of(name)}", body)
        fallback = Manifest.decode(body).fallback
        if fallback is not None and fallback in facts.documents:
            staging.put(f"releases/{hex_of(fallback)}", facts.documents[fallback])
    for name in (*pass_.policies, *pass_.configs):
        staging.put(f"blobs/{hex_of(name)}", _known(facts.documents, name, "a policy set or configuration"))
    for name in pass_.contents:
        staging.put(f"egress/{hex_of(name)}", _known(facts.contents, name, "a message that left"))


def _known(found: Mapping[str, bytes], digest: str, what: str) -> bytes:
    if digest not in found:
        raise IncompleteError(f"{what} is missing from the region's files: {digest}")
    return found[digest]


def _boundary(facts: Facts) -> bytes:
    words: dict[str, Json] = {name: tuple(sorted(found)) for name, found in facts.words.items()}
    return canonical.dumps({"v": 1, "words": words, "own": [policy.document() for policy in facts.own]})
