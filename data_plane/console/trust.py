"""What the region knows of keys: its own public ones, its officers', and those it pinned at enrolment.

This is the source of the verifier's trust file; a bundle never is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bailiwick.contract.keys import public_text, raw_public
from bailiwick.contract.note import Algorithm, VerifierKey
from data_plane.keys.files import load_signing_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from data_plane.settings import RegionSettings


def public_key(settings: RegionSettings, name: str) -> Ed25519PublicKey:
    """The public half of `keys/<name>.pem`."""
    return load_signing_key(settings.keys_dir / f"{name}.pem").public_key()


def ledger_key(settings: RegionSettings) -> str:
    """The ledger's C2SP verifier key."""
    return str(VerifierKey(settings.ledger_origin, Algorithm.ED25519, raw_public(public_key(settings, "ledger"))))


def witness_keys(settings: RegionSettings) -> list[str]:
    """Witnesses by the boundary settings, else the one pinned by the invitation."""
    if settings.witness.keys:
        return list(settings.witness.keys)
    pinned = settings.keys_dir / "witness.vkey"
    return [pinned.read_text(encoding="utf-8").strip()] if pinned.exists() else []


def document(settings: RegionSettings) -> dict[str, Any]:
    """The trust file's content for this region."""
    root = settings.keys_dir / "tuf-root.json"
    return {
        "v": 1,
        "regions": {
            settings.region.id: {
                "jurisdiction": settings.region.jurisdiction,
                "ledger": ledger_key(settings),
                "evidence": public_text(public_key(settings, "evidence")),
                "report": public_text(public_key(settings, "report")),
                "officers": {"threshold": settings.officers.threshold, "keys": list(settings.officers.keys)},
            }
        },
        "witnesses": {"quorum": settings.witness.quorum, "keys": witness_keys(settings)},
        "tuf_root": json.loads(root.read_bytes()) if root.exists() else None,
    }
