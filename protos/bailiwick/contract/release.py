"""Releases: the manifest that names everything by digest, and the documents that it names."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from bailiwick.contract import canonical, fields
from bailiwick.contract.errors import MalformedError, ReleaseError
from bailiwick.contract.release_config import MODEL_KINDS, Config, Model, ModelKind, PriceBook
from bailiwick.contract.release_policy import ModelFacts, Policy, PolicySet
from bailiwick.contract.times import format_time

__all__ = [
    "GATED",
    "MODEL_KINDS",
    "Config",
    "Manifest",
    "Model",
    "ModelFacts",
    "ModelKind",
    "Policy",
    "PolicySet",
    "PriceBook",
    "digest",
    "gated_changes",
    "hex_of",
    "raw_digest",
]

MAX_MANIFEST: Final = 64 * 1024
MAX_REGIONS: Final = 1024

GATED: Final = ("code", "policy", "models", "boundary")
"""Parts of a manifest that run only with the consent of the region's officers."""

_FIELDS: Final = (
    "v",
    "kind",
    "version",
    "regions",
    "created",
    "code",
    "config",
    "policy",
    "models",
    "boundary",
    "fallback",
    "notes",
)


def digest(data: bytes) -> str:
    """``sha256:<64 hex>`` of some bytes."""
    return f"sha256:{sha256(data).hexdigest()}"


def hex_of(text: str) -> str:
    """The 64 hexadecimal digits of a digest in text form."""
    return fields.digest(text).removeprefix("sha256:")


def raw_digest(text: str) -> bytes:
    """The 32 bytes of a digest in text form."""
    return bytes.fromhex(hex_of(text))


@dataclass(frozen=True, slots=True)
class Manifest:
    """A release: immutable, content-addressed by the digest of its canonical bytes.

    `version` increases strictly; `config` and `policy` are digests of a Config and a PolicySet; `code`, `models` and
    `boundary` are digests of a set of wheels, of lineage claims, and of proposed boundary settings, or None. `fallback`
    is the digest of the manifest to return to in an incident; consent to this manifest covers it.
    """

    version: int
    regions: tuple[str, ...]
    created: datetime
    config: str
    policy: str
    code: str | None = None
    models: str | None = None
    boundary: str | None = None
    fallback: str | None = None
    notes: str = ""

    def __post_init__(self) -> None:
        if not self.regions or len(set(self.regions)) != len(self.regions):
            raise ReleaseError("a manifest names its regions, each once")

    def encode(self) -> bytes:
        """Canonical bytes."""
        return canonical.dumps(
            {
                "v": 1,
                "kind": "manifest",
                "version": self.version,
                "regions": self.regions,
                "created": format_time(self.created),
                "code": self.code,
                "config": self.config,
                "policy": self.policy,
                "models": self.models,
                "boundary": self.boundary,
                "fallback": self.fallback,
                "notes": self.notes,
            }
        )

    @property
    def digest(self) -> str:
        """The release's name."""
        return digest(self.encode())

    @property
    def blobs(self) -> tuple[str, ...]:
        """Digests of the documents to fetch, without repetition."""
        named = (self.config, self.policy, self.code, self.models, self.boundary)
        return tuple(dict.fromkeys(part for part in named if part is not None))

    @staticmethod
    def decode(data: bytes) -> "Manifest":
        """From canonical bytes."""
        body = fields.members(canonical.loads(data, MAX_MANIFEST), _FIELDS)
        if fields.integer(body["v"]) != 1 or body["kind"] != "manifest":
            raise MalformedError("not a manifest of version 1")
        return Manifest(
            version=fields.integer(body["version"], 1),
            regions=fields.distinct(body["regions"], MAX_REGIONS, fields.identifier),
            created=fields.moment(body["created"]),
            config=fields.digest(body["config"]),
            policy=fields.digest(body["policy"]),
            code=fields.optional(body["code"], fields.digest),
            models=fields.optional(body["models"], fields.digest),
            boundary=fields.optional(body["boundary"], fields.digest),
            fallback=fields.optional(body["fallback"], fields.digest),
            notes=fields.text(body["notes"], 2000),
        )


def gated_changes(current: Manifest | None, offered: Manifest) -> tuple[str, ...]:
    """Which gated parts differ: a region whose officers have not consented runs `offered` only if none does."""
    if current is None:
        return tuple(name for name in GATED if getattr(offered, name) is not None)
    return tuple(name for name in GATED if getattr(offered, name) != getattr(current, name))
