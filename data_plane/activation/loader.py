"""Loading a release by digest from `data/release/blobs`: nothing is trusted that does not hash to its name."""

from __future__ import annotations

from pathlib import Path
from typing import Generic

from bailiwick.contract.errors import ContractError
from bailiwick.contract.release import Config, PolicySet, digest, hex_of
from data_plane.activation.active import ActiveRelease, BuildDecider, Decider, Digests
from data_plane.activation.errors import DamagedBlobError, MissingBlobError

MAX_BLOB = 2**21


class ReleaseLoader(Generic[Decider]):
    """Builds an `ActiveRelease` from what the agent staged."""

    def __init__(self, release_dir: Path, currency: str, build: BuildDecider[Decider]) -> None:
        self._blobs = release_dir / "blobs"
        self._currency = currency
        self._build = build

    def load(self, digests: Digests) -> ActiveRelease[Decider]:
        """The release that `digests` names.

        Raises:
            MissingBlobError, DamagedBlobError: it cannot be served.
        """
        try:
            config = Config.decode(self._blob(digests.config))
            policy = PolicySet.decode(self._blob(digests.policy))
            decider = self._build(policy)
        except ContractError as error:
            raise DamagedBlobError(str(error)) from error
        prices = config.book(self._currency)
        if prices is None:
            raise DamagedBlobError(f"no price book in {self._currency}")
        return ActiveRelease(digests, config, policy, prices, decider)

    def _blob(self, name: str) -> bytes:
        path = self._blobs / hex_of(name)
        try:
            if path.stat().st_size > MAX_BLOB:
                raise DamagedBlobError(f"{name} is too large")
            data = path.read_bytes()
        except OSError as error:
            raise MissingBlobError(f"{name} cannot be read: {error.strerror}") from error
        if digest(data) != name:
            raise DamagedBlobError(f"{name} does not match its digest")
        return data
