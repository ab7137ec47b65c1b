"""Step 3, tags: who pays, from the key, then the project header, then the other headers or `metadata`.

A request chooses among what its key allows and can never widen it. Every value is a registered one.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_plane.gateway.errors import Refusal

NAMES = ("cost_centre", "team", "project", "product", "use_case", "environment")
HEADERS = tuple((name, b"x-bailiwick-" + name.replace("_", "-").encode()) for name in NAMES)
PROJECT_HEADER = b"openai-project"
TAG_HEADERS = frozenset({PROJECT_HEADER, *(header for _, header in HEADERS)})
MAX_MEMO = 8192

Asked = tuple[str | None, ...]
NOTHING: Asked = (None,) * len(NAMES)


class Resolver:
    """Resolves tags against the registered vocabularies; remembers what it resolved."""

    def __init__(self, vocabulary: Mapping[str, tuple[str, ...]]) -> None:
        self._vocabulary = {name: tuple(vocabulary.get(name, ())) for name in NAMES}
        self._memo: dict[tuple[str, int, Asked], dict[str, str]] = {}

    def resolve(
        self, key_id: str, revision: int, permitted: Mapping[str, tuple[str, ...]], asked: Asked
    ) -> dict[str, str]:
        """The six tags of a request.

        Raises:
            Refusal: 422, with the tag's name and the values that would pass.
        """
        memo = (key_id, revision, asked)
        known = self._memo.get(memo)
        if known is not None:
            return known
        resolved = {
            name: self._one(name, permitted.get(name, ()), value) for name, value in zip(NAMES, asked, strict=True)
        }
        if len(self._memo) >= MAX_MEMO:
            self._memo.clear()
        self._memo[memo] = resolved
        return resolved

    def known(self, asked: Asked, permitted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        """What can be said of a refused request: registered values only, empty where unknown."""
        tags = {}
        for name, value in zip(NAMES, asked, strict=True):
            allowed = permitted.get(name) or self._vocabulary[name]
            single = allowed[0] if len(allowed) == 1 else ""
            tags[name] = single if value is None else (value if value in allowed else "")
        return tags

    def _one(self, name: str, permitted: tuple[str, ...], value: str | None) -> str:
        registered = self._vocabulary[name]
        allowed = tuple(one for one in permitted if one in registered) if permitted else registered
        if value is None:
            if len(allowed) == 1:
                return allowed[0]
            raise _refusal("tag_missing", name, allowed, f"The tag {name} is missing and the key does not fix it.")
        if value in allowed:
            return value
        if value in registered:
            raise _refusal("tag_not_permitted", name, allowed, f"The key does not permit this value of the tag {name}.")
        raise _refusal("tag_unknown", name, allowed, f"The value of the tag {name} is not registered in this region.")


def asked_for(headers: Mapping[bytes, bytes], metadata: Mapping[str, str]) -> Asked:
    """The values that a request names, header first.

    Raises:
        Refusal: a header and `metadata` (or the two project headers) disagree.
    """
    if not metadata and TAG_HEADERS.isdisjoint(headers):
        return NOTHING
    values: list[str | None] = []
    for name, header in HEADERS:
        raw = headers.get(header)
        candidates = {raw.decode("latin-1")} if raw is not None else set()
        if name == "project" and PROJECT_HEADER in headers:
            candidates.add(headers[PROJECT_HEADER].decode("latin-1"))
        if name in metadata:
            candidates.add(metadata[name])
        if len(candidates) > 1:
            raise Refusal(
                422,
                "tag_conflict",
                f"The tag {name} was given twice with different values.",
                reason="tag",
                param=name,
                fix="Send it in one place.",
            )
        values.append(candidates.pop() if candidates else None)
    return tuple(values)


def _refusal(code: str, name: str, permitted: tuple[str, ...], message: str) -> Refusal:
    listed = ", ".join(permitted) or "none are registered"
    header = "OpenAI-Project" if name == "project" else "X-Bailiwick-" + name.replace("_", "-").title()
    return Refusal(
        422,
        code,
        f"{message} Permitted: {listed}.",
        reason="tag",
        param=name,
        permitted=permitted,
        fix=f"Send the header {header}, or {name!r} inside metadata, with a permitted value.",
    )
