"""Evidence bundles: which files one holds, and the manifest that names each by digest.

A bundle is a deterministic tar of regular files. `manifest.json` comes first and names every other file; the region's
evidence key signs it in an in-toto Statement (DSSE) in `statement.json`. Only these names may occur:

- ``checkpoint``: the signed note, with its cosignatures
- ``consistency.json``: proof from the checkpoint of the bundle before
- ``range.json``: proof that the entries are the tree's entries of the range
- ``entries.jsonl``: the entries in order, one canonical document a line
- ``earlier.jsonl``: entries before the range that it refers to, each with its inclusion proof
- ``boundary.json``: the region's registered words, over which reports are made
- ``releases/<hex>``, ``blobs/<hex>``: manifests and what they name, by SHA-256
- ``tuf/<name>.json``: the metadata that says these were released
- ``egress/<hex>``: every message of class CONTENT that left, as sent
- ``coverage.json``: what was asked, what is here, what is not
- ``report.html``, ``entries.csv``, ``models.cdx.json``: the same content for people and tools
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bailiwick.contract import canonical, fields
from bailiwick.contract.canonical import Json
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.keys import decode_base64
from bailiwick.contract.times import format_time

MANIFEST: Final = "manifest.json"
STATEMENT: Final = "statement.json"
CHECKPOINT: Final = "checkpoint"
CONSISTENCY: Final = "consistency.json"
RANGE: Final = "range.json"
ENTRIES: Final = "entries.jsonl"
EARLIER: Final = "earlier.jsonl"
COVERAGE: Final = "coverage.json"
BOUNDARY: Final = "boundary.json"
REQUIRED: Final = (CHECKPOINT, CONSISTENCY, RANGE, ENTRIES, EARLIER, COVERAGE, BOUNDARY)

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:bailiwick:evidence:v1"

MAX_MANIFEST: Final = 16 << 20
MAX_FILES: Final = 100_000
MAX_PROOF_DOCUMENT: Final = 64 << 10

_NAME: Final = re.compile(
    r"checkpoint|boundary\.json|consistency\.json|range\.json|entries\.jsonl|earlier\.jsonl|coverage\.json|report\.html|entries\.csv"
    r"|models\.cdx\.json|(?:releases|blobs|egress)/[0-9a-f]{64}|tuf/(?:[1-9][0-9]{0,8}\.)?(?:root|timestamp|snapshot|targets)\.json",
    re.ASCII,
)
_FIELDS: Final = (
    "v",
    "kind",
    "region",
    "jurisdiction",
    "origin",
    "first",
    "next",
    "size",
    "root",
    "previous",
    "created",
    "files",
)


@dataclass(frozen=True, slots=True)
class Head:
    """Size and root of a tree."""

    size: int
    root: bytes

    def document(self) -> Json:
        """JSON form."""
        return {"size": self.size, "root": self.root.hex()}

    @staticmethod
    def read(value: object) -> "Head":
        """From JSON."""
        body = fields.members(value, ("size", "root"))
        return Head(fields.integer(body["size"]), bytes.fromhex(fields.hexadecimal(body["root"], 64)))


@dataclass(frozen=True, slots=True)
class File:
    """A file's digest (``sha256:<hex>``) and length in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """What a bundle covers: ledger indices [first, next) of a region, proved in the tree `head`.

    `previous` is the head of the bundle before, None for a region's first one.
    """

    region: str
    jurisdiction: str
    origin: str
    first: int
    next: int
    head: Head
    previous: Head | None
    created: datetime
    files: Mapping[str, File]

    def encode(self) -> bytes:
        """Canonical bytes."""
        return canonical.dumps(
            {
                "v": 1,
                "kind": "bundle",
                "region": self.region,
                "jurisdiction": self.jurisdiction,
                "origin": self.origin,
                "first": self.first,
                "next": self.next,
                "size": self.head.size,
                "root": self.head.root.hex(),
                "previous": None if self.previous is None else self.previous.document(),
                "created": format_time(self.created),
                "files": {name: {"digest": file.digest, "size": file.size} for name, file in self.files.items()},
            }
        )

    @staticmethod
    def decode(data: bytes) -> "BundleManifest":
        """From canonical bytes."""
        body = fields.members(canonical.loads(data, MAX_MANIFEST), _FIELDS)
        if fields.integer(body["v"]) != 1 or body["kind"] != "bundle":
            raise MalformedError("not the manifest of a bundle of version 1")
        manifest = BundleManifest(
            region=fields.identifier(body["region"]),
            jurisdiction=fields.jurisdiction(body["jurisdiction"]),
            origin=fields.text(body["origin"]),
            first=fields.integer(body["first"]),
            next=fields.integer(body["next"]),
            head=Head.read({"size": body["size"], "root": body["root"]}),
            previous=fields.optional(body["previous"], Head.read),
            created=fields.moment(body["created"]),
            files=_files(body["files"]),
        )
        if not manifest.first <= manifest.next <= manifest.head.size:
            raise MalformedError("a bundle's range lies within its tree")
        return manifest


def is_tuf_name(name: str) -> bool:
    """Whether a file of release metadata may stand in a bundle under ``tuf/``."""
    return _NAME.fullmatch(f"tuf/{name}") is not None


def statement(manifest: bytes, digest: str) -> bytes:
    """The in-toto Statement v1 over a manifest with `digest`: the payload that the evidence key signs."""
    body = fields.members(canonical.loads(manifest, MAX_MANIFEST), _FIELDS)
    return canonical.dumps(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": MANIFEST, "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"region": fields.identifier(body["region"]), "created": fields.text(body["created"])},
        }
    )


def encode_proof(hashes: list[bytes]) -> bytes:
    """A proof as a document: hashes in hexadecimal."""
    return canonical.dumps({"v": 1, "hashes": [value.hex() for value in hashes]})


def decode_proof(data: bytes) -> list[bytes]:
    """From what `encode_proof` writes."""
    body = fields.members(canonical.loads(data, MAX_PROOF_DOCUMENT), ("v", "hashes"))
    if fields.integer(body["v"]) != 1:
        raise MalformedError("not a proof of version 1")
    return [
        bytes.fromhex(text) for text in fields.items(body["hashes"], 128, lambda value: fields.hexadecimal(value, 64))
    ]


@dataclass(frozen=True, slots=True)
class EarlierEntry:
    """An entry before the range, with the proof that it stands in the tree at its index."""

    index: int
    entry: bytes
    proof: tuple[bytes, ...]

    def encode(self) -> bytes:
        """One line of `earlier.jsonl`, without its newline."""
        return canonical.dumps(
            {
                "index": self.index,
                "entry": base64.b64encode(self.entry).decode(),
                "proof": [value.hex() for value in self.proof],
            }
        )

    @staticmethod
    def decode(line: bytes) -> "EarlierEntry":
        """From one line."""
        body = fields.members(canonical.loads(line, 1 << 18), ("index", "entry", "proof"))
        entry = decode_base64(fields.text(body["entry"], 1 << 17), 1 << 17)
        proof = fields.items(body["proof"], 64, lambda value: bytes.fromhex(fields.hexadecimal(value, 64)))
        return EarlierEntry(fields.integer(body["index"]), entry, proof)


def _files(value: object) -> dict[str, File]:
    if not isinstance(value, dict) or not len(value) <= MAX_FILES:
        raise MalformedError(f"a bundle has at most {MAX_FILES} files")
    files: dict[str, File] = {}
    for name, described in value.items():
        if _NAME.fullmatch(name) is None:
            raise MalformedError(f"a bundle holds no file {name[:80]!r}")
        body = fields.members(described, ("digest", "size"))
        files[name] = File(fields.digest(body["digest"]), fields.integer(body["size"]))
    missing = [name for name in REQUIRED if name not in files]
    if missing:
        raise MalformedError(f"a bundle holds {missing[0]}")
    return files
