"""The centre as a blind witness: its cosignature key (C2SP tlog-cosignature)."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.contract import cosignature
from bailiwick.contract.note import Algorithm, SignerKey


class WitnessKey:
    """Cosigns checkpoints of regions under the centre's name."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._signer = SignerKey(name, private, Algorithm.COSIGNATURE_V1)

    def vkey(self) -> str:
        """The witness's verifier key in C2SP's text form."""
        return str(self._signer.verifier)

    def cosign(self, checkpoint_text: str, now: datetime) -> bytes:
        """One cosignature/v1 signature line, with its newline."""
        return cosignature.cosign(checkpoint_text, self._signer, int(now.timestamp())).encode()
