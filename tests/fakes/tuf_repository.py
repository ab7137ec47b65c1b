"""A TUF repository in memory, after python-tuf's own simulator: real metadata, real keys, nothing on disk."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from securesystemslib.signer import CryptoSigner, Signer
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from bailiwick.artifacts.v1 import artifacts_pb2

ROLES = {
    artifacts_pb2.ROLE_ROOT: "root",
    artifacts_pb2.ROLE_TIMESTAMP: "timestamp",
    artifacts_pb2.ROLE_SNAPSHOT: "snapshot",
    artifacts_pb2.ROLE_TARGETS: "targets",
}


class TufSimulator:
    """Publishes targets; each publishing makes new targets, snapshot and timestamp metadata."""

    def __init__(self) -> None:
        self.expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        self.signers: dict[str, list[Signer]] = defaultdict(list)
        self.root = Root(expires=self.expires, consistent_snapshot=True)
        self.targets, self.snapshot, self.timestamp = (
            Targets(expires=self.expires),
            Snapshot(expires=self.expires),
            Timestamp(expires=self.expires),
        )
        for role in ("root", "targets", "snapshot", "timestamp"):
            signer = CryptoSigner.generate_ed25519()
            self.root.add_key(signer.public_key, role)
            self.signers[role].append(signer)
        self.files: dict[tuple[str, int], bytes] = {}
        self.blobs: dict[bytes, bytes] = {}
        self._sign("root", self.root)
        self.root_1 = self.files["root", 1]
        self._publish()

    def add(self, folder: str, body: bytes) -> bytes:
        """Adds a target `folder/<hex>` and publishes; gives its raw digest."""
        digest = hashlib.sha256(body).digest()
        path = f"{folder}/{digest.hex()}"
        self.targets.targets[path] = TargetFile(len(body), {"sha256": digest.hex()}, path)
        self.blobs[digest] = body
        self.targets.version += 1
        self.snapshot.version += 1
        self.timestamp.version += 1
        self._publish()
        return digest

    def let_expire(self) -> None:
        """Publishes a timestamp that has expired."""
        self.timestamp.version += 1
        self.timestamp.expires = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        self._publish()

    def freshen(self) -> None:
        """Publishes a timestamp that holds."""
        self.timestamp.version += 1
        self.timestamp.expires = self.expires
        self._publish()

    def forge(self, role: str) -> None:
        """From now on a role is signed by a key that nobody trusts."""
        self.signers[role] = [CryptoSigner.generate_ed25519()]
        self.timestamp.version += 1
        self._publish()

    def fetch(self, request: artifacts_pb2.FetchRequest) -> bytes | None:
        """What the artifacts service streams."""
        if request.WhichOneof("file") == "target":
            return self.blobs.get(request.target)
        role = ROLES[request.metadata.role]
        if role == "timestamp":
            return self.files["timestamp", 0]
        return self.files.get((role, request.metadata.version))

    def _publish(self) -> None:
        self.snapshot.meta["targets.json"] = MetaFile(version=self.targets.version)
        self.timestamp.snapshot_meta = MetaFile(version=self.snapshot.version)
        self._sign("targets", self.targets)
        self._sign("snapshot", self.snapshot)
        self._sign("timestamp", self.timestamp)

    def _sign(self, role: str, signed: Root | Targets | Snapshot | Timestamp) -> None:
        metadata: Metadata[Any] = Metadata(signed)
        for signer in self.signers[role]:
            metadata.sign(signer, append=True)
        version = 0 if role == "timestamp" else signed.version
        self.files[role, version] = metadata.to_bytes()
