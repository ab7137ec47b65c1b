"""The centre's TUF repository (TUF 1.0, python-tuf): what is released.

Root and targets are signed by offline keys, two of two by default; snapshot and timestamp by keys that are online.
Metadata is made and checked here and kept by the registry. Snapshots are consistent: every file has its version or its
digest in its name, so that a client never sees half a change.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from control_plane.domain.errors import InvalidError, StateError

ROLES = ("root", "timestamp", "snapshot", "targets")
ROOT_LIFE = timedelta(days=5 * 365)
TARGETS_LIFE = timedelta(days=365)
OFFLINE_THRESHOLD = 2
_COMPACT = JSONSerializer(compact=True)


def _signer(key: Ed25519PrivateKey) -> CryptoSigner:
    return CryptoSigner(key)


def first_repository(
    root: Sequence[Ed25519PrivateKey],
    targets: Sequence[Ed25519PrivateKey],
    online: tuple[Ed25519PrivateKey, Ed25519PrivateKey],
    now: datetime,
) -> Mapping[str, bytes]:
    """Version 1 of the four roles, with no target; `online` are the snapshot and the timestamp key."""
    roots = [_signer(key) for key in root]
    holders = [_signer(key) for key in targets]
    snapshot, timestamp = (_signer(key) for key in online)
    body = Root(expires=_whole(now + ROOT_LIFE), consistent_snapshot=True)
    for role, signers in (("root", roots), ("targets", holders), ("snapshot", [snapshot]), ("timestamp", [timestamp])):
        for signer in signers:
            body.add_key(signer.public_key, role)
    for role in ("root", "targets"):
        body.roles[role].threshold = OFFLINE_THRESHOLD
    made = {
        "root": _signed(Metadata(body), roots),
        "targets": _signed(Metadata(Targets(expires=_whole(now + TARGETS_LIFE))), holders),
        "snapshot": _signed(Metadata(Snapshot(expires=_whole(now + TARGETS_LIFE))), [snapshot]),
    }
    # Snapshot and timestamp are due at once, so that the running centre sets their short lives.
    made["timestamp"] = _signed(Metadata(Timestamp(expires=_whole(now + timedelta(days=1)))), [timestamp])
    return made


class TufRepository:
    """Makes and checks metadata with the two online keys. The offline keys never come here."""

    def __init__(
        self, snapshot: Ed25519PrivateKey, timestamp: Ed25519PrivateKey, lives: tuple[timedelta, timedelta]
    ) -> None:
        self._snapshot = _signer(snapshot)
        self._timestamp = _signer(timestamp)
        self._snapshot_life, self._timestamp_life = lives

    def draft_targets(self, newest: bytes, targets: Sequence[tuple[str, bytes]], now: datetime) -> bytes:
        """Unsigned targets metadata of the next version that adds (path, body) targets to the newest."""
        metadata = Metadata[Targets].from_bytes(newest)
        metadata.signatures.clear()
        metadata.signed.version += 1
        metadata.signed.expires = _whole(now + TARGETS_LIFE)
        for path, body in targets:
            digest = hashlib.sha256(body).hexdigest()
            metadata.signed.targets[path] = TargetFile(len(body), {"sha256": digest}, path)
        return metadata.to_bytes(_COMPACT)

    def signable(self, metadata: bytes) -> bytes:
        """The exact bytes over which signatures are made."""
        return Metadata[Targets].from_bytes(metadata).signed_bytes

    def target_keys(self, root: bytes) -> tuple[tuple[tuple[str, str], ...], int]:
        """((key id, `ed25519:<base64>`) pairs, threshold) of the role targets."""
        signed = Metadata[Root].from_bytes(root).signed
        role = signed.roles["targets"]
        keys = []
        for keyid in sorted(role.keyids):
            public = bytes.fromhex(signed.keys[keyid].keyval["public"])
            keys.append((keyid, f"ed25519:{base64.b64encode(public).decode()}"))
        return tuple(keys), role.threshold

    def check_signature(self, root: bytes, metadata: bytes, keyid: str, signature: bytes) -> None:
        """Raise `InvalidError` unless it is a signature by a targets key."""
        signed = Metadata[Root].from_bytes(root).signed
        key = signed.keys.get(keyid)
        if key is None or keyid not in signed.roles["targets"].keyids or not isinstance(key, SSlibKey):
            raise InvalidError("signing-key", "That key may not sign releases.", "Sign with one of the targets keys.")
        try:
            key.verify_signature(Signature(keyid, signature.hex()), self.signable(metadata))
        except (UnverifiedSignatureError, VerificationError) as error:
            raise InvalidError(
                "signature", "The signature does not hold for this release.", "Fetch what is to be signed again."
            ) from error

    def complete(self, metadata: bytes, signatures: Sequence[tuple[str, bytes]], root: bytes) -> tuple[int, bytes]:
        """(version, metadata with its signatures); raises `StateError` below the threshold."""
        whole = Metadata[Targets].from_bytes(metadata)
        for keyid, signature in signatures:
            whole.signatures[keyid] = Signature(keyid, signature.hex())
        try:
            Metadata[Root].from_bytes(root).signed.verify_delegate("targets", whole.signed_bytes, whole.signatures)
        except (RepositoryError, ValueError) as error:
            raise StateError(
                "signatures", "Too few of the offline keys have signed.", "Sign with the others."
            ) from error
        return whole.signed.version, whole.to_bytes(_COMPACT)

    def online(
        self, targets: bytes, snapshot: bytes, timestamp: bytes, now: datetime
    ) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
        """(version, bytes) of the next snapshot and timestamp over these targets."""
        version = Metadata[Targets].from_bytes(targets).signed.version
        over = Metadata[Snapshot].from_bytes(snapshot)
        over.signed.version += 1
        over.signed.expires = _whole(now + self._snapshot_life)
        over.signed.meta["targets.json"] = MetaFile(version=version)
        snapshot_body = _signed(over, [self._snapshot])
        stamped = Metadata[Timestamp].from_bytes(timestamp)
        stamped.signed.version += 1
        stamped.signed.expires = _whole(now + self._timestamp_life)
        stamped.signed.snapshot_meta = MetaFile(version=over.signed.version)
        timestamp_body = _signed(stamped, [self._timestamp])
        return (over.signed.version, snapshot_body), (stamped.signed.version, timestamp_body)

    def due(self, snapshot: bytes, timestamp: bytes, now: datetime) -> bool:
        """Whether the online roles have half of their lives or less before them, or the very first ones are there."""
        over = Metadata[Snapshot].from_bytes(snapshot).signed
        stamped = Metadata[Timestamp].from_bytes(timestamp).signed
        late = over.expires - now < self._snapshot_life / 2 or stamped.expires - now < self._timestamp_life / 2
        return late or stamped.version == 1


def _signed(
    metadata: Metadata[Root] | Metadata[Targets] | Metadata[Snapshot] | Metadata[Timestamp],
    signers: Sequence[CryptoSigner],
) -> bytes:
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes(_COMPACT)


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
