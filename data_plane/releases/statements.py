"""What officers said about releases. Pure: envelopes and pinned keys in, decisions out.

Rules:

1. An envelope counts only with valid signatures of at least `threshold` distinct pinned officer keys.
2. It counts only for this region.
3. Sequences rise over all statements of the region; a sequence is used once.
4. Of several statements about a manifest, the one with the highest sequence decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bailiwick.contract.errors import ContractError
from bailiwick.contract.keys import key_ring
from bailiwick.contract.statement import Statement, open_statement
from data_plane.releases.errors import StatementError


@dataclass(frozen=True)
class Officers:
    """The officers' keys pinned in the region's settings, and how many must sign."""

    region: str
    keys: Mapping[str, Ed25519PublicKey]
    threshold: int

    @staticmethod
    def of(region: str, texts: Iterable[str], threshold: int) -> Officers:
        """From settings (`ed25519:<base64>`)."""
        return Officers(region, key_ring(texts), threshold)

    def open(self, envelope: bytes) -> Statement:
        """Rules 1 and 2.

        Raises:
            StatementError: too few officers signed, or it is about another region.
        """
        try:
            said = open_statement(envelope, self.keys, self.threshold)
        except ContractError as error:
            raise StatementError(f"the statement is not one of this region's officers: {error}") from error
        if said.region != self.region:
            raise StatementError(f"the statement is about region {said.region}, and this is {self.region}")
        return said

    def decide(self, manifest: str, envelopes: Iterable[bytes]) -> Statement | None:
        """Rule 4, over envelopes that are verified again here: the statement in force about `manifest`."""
        said = [self.open(envelope) for envelope in envelopes]
        about = [statement for statement in said if statement.manifest == manifest]
        return max(about, key=lambda statement: statement.sequence, default=None)
