"""The agent's files: where they lie, and reading and writing them whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from bailiwick.contract import canonical
from bailiwick.contract.errors import ContractError
from data_plane.agent.certificate import Held, parsed
from data_plane.agent.errors import EnrolmentRefusedError, NotEnrolledError
from data_plane.database.durable import write_durably
from data_plane.keys.errors import KeyFileError
from data_plane.keys.files import read_private, write_secret

INVITATION_LIMIT = 8192


@dataclass(frozen=True)
class AgentFiles:
    """`keys` is the region's key folder, `data` its data folder."""

    keys: Path
    data: Path

    @property
    def invitation(self) -> Path:
        """An invitation that the admin API handed over."""
        return self.data / "agent" / "invitation.json"

    @property
    def reports(self) -> Path:
        """Copies of reports."""
        return self.data / "agent" / "reports"

    @property
    def ca(self) -> Path:
        """The centre's CA, pinned at enrolment."""
        return self.keys / "ca.crt"

    @property
    def root(self) -> Path:
        """The TUF root, pinned at enrolment."""
        return self.keys / "tuf-root.json"

    @property
    def witness(self) -> Path:
        """The centre's witness key, pinned at enrolment."""
        return self.keys / "witness.vkey"

    @property
    def certificate(self) -> Path:
        """The region's certificate."""
        return self.keys / "tls.crt"

    def tls_key(self) -> ec.EllipticCurvePrivateKey:
        """The key of the link (ECDSA P-256: BoringSSL offers no Ed25519 in TLS), made at first use; it never leaves.

        Raises:
            KeyFileError: it is there and cannot be used.
        """
        path = self.keys / "tls.pem"
        if not path.exists():
            fresh = ec.generate_private_key(ec.SECP256R1())
            write_secret(path, fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        try:
            key = load_pem_private_key(read_private(path), password=None)
        except ValueError as error:
            raise KeyFileError(
                f"{path} holds no private key: remove it, and the region asks for a certificate anew"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyFileError(
                f"{path} holds a key of another kind: remove it, and the region asks for a certificate anew"
            )
        return key

    def tls_key_pem(self) -> bytes:
        """The key of the link as its file holds it."""
        return read_private(self.keys / "tls.pem")

    def enrolled(self) -> bool:
        """Whether an invitation has been redeemed."""
        return self.ca.is_file() and self.root.is_file()

    def ca_pem(self) -> bytes:
        """The pinned CA.

        Raises:
            NotEnrolledError: there is none yet.
        """
        try:
            return self.ca.read_bytes()
        except FileNotFoundError as error:
            raise NotEnrolledError from error

    def held(self) -> Held | None:
        """The certificate that the region holds; none where it is absent or unreadable."""
        try:
            return parsed(self.certificate.read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def handed_over(self) -> str | None:
        """The invitation that waits to be redeemed.

        Raises:
            EnrolmentRefusedError: the file is none of ours.
        """
        try:
            body = self.invitation.read_bytes()
        except FileNotFoundError:
            return None
        try:
            value = canonical.loads(body, INVITATION_LIMIT)
        except ContractError as error:
            raise EnrolmentRefusedError("unreadable-invitation") from error
        token = value.get("invitation") if isinstance(value, dict) else None
        if not isinstance(token, str):
            raise EnrolmentRefusedError("unreadable-invitation")
        return token

    def pin(self, ca_pem: bytes, root: bytes, witness: str) -> None:
        """Keeps what the invitation vouched for. The root comes last: with it the enrolment counts as redeemed."""
        write_durably(self.ca, ca_pem)
        write_durably(self.witness, witness.encode() + b"\n")
        write_durably(self.root, root)

    def keep_certificate(self, pem: bytes) -> None:
        """Replaces the certificate."""
        write_durably(self.certificate, pem)
