"""The person behind a request, as a keyed pseudonym that never leaves the region and opens nothing without its key."""

from __future__ import annotations

import hashlib
import hmac

from data_plane.access.keys import ApiKey


class Pseudonyms:
    """HMAC-SHA-256 under `keys/person.key`: `safety_identifier`, else `user`, else the API key counts as one person.

    Who serves a person and who erases them must both ask here: the same person must get the same 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def subject(self, person: str | None, api_key: ApiKey) -> bytes:
        """Of whoever sent a request: 32 bytes, the same for the same person."""
        return self._of(f"key:{api_key.id}") if person is None else self.person(person)

    def person(self, identifier: str) -> bytes:
        """Of the person that an application named by `identifier`."""
        return self._of(f"person:{identifier}")

    def _of(self, value: str) -> bytes:
        return hmac.digest(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
