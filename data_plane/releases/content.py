"""Whether a release may run here at all, judged from its bytes and the region's own settings. Pure.

Steps, in order; the first that fails is the reason:

1. The manifest's bytes have the digest that names it, and parse.
2. It names this region.
3. Its version is higher than any seen before, or it is the highest seen, what runs, or the fallback of what runs.
4. It carries no class that this region cannot apply: code slots and boundary proposals are not accepted yet.
5. Each document that it names is there and has its digest.
6. The config names nothing of the boundary (engine addresses, keys that it does not know), selects among the region's
   engines and never adds, and prices every model in the region's currency.
7. The policy set parses, passes the lint and the schema (no second permit for an action, none in the region's own set),
   and knows this region and its jurisdiction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bailiwick.contract import canonical, decision
from bailiwick.contract.errors import BoundaryError, ContractError
from bailiwick.contract.release import Config, Manifest, Policy, PolicySet, digest, gated_changes
from data_plane.releases.errors import Refusal, RefusedError
from data_plane.releases.record import Record

KNOWN_NAMES = frozenset(
    {
        *("v", "kind", "models", "price_books", "currency", "revision", "prices", "prompt", "cached", "output"),
        *("id", "tier", "aliases", "context_length", "default_max_tokens", "image_tokens"),
    }
)


@dataclass(frozen=True)
class Boundary:
    """What is the region's alone: `engines` are the models it runs, with their kinds; `own` is its own policy."""

    region: str
    jurisdiction: str
    currency: str
    engines: Mapping[str, str]
    own: tuple[Policy, ...] = ()


@dataclass(frozen=True)
class Content:
    """A release that may run here, if officers consent to its gated changes."""

    manifest: Manifest
    digest: str
    config: Config
    policy: PolicySet


def read_manifest(body: bytes, name: str, region: str) -> Manifest:
    """Steps 1 and 2."""
    if digest(body) != name:
        raise RefusedError(Refusal.DIGEST_MISMATCH, "the manifest does not have the digest that names it")
    try:
        manifest = Manifest.decode(body)
    except ContractError as error:
        raise RefusedError(Refusal.INVALID_CONTENT, f"manifest: {error}") from error
    if region not in manifest.regions:
        raise RefusedError(Refusal.OTHER_REGION, "the manifest is for other regions")
    return manifest


def check_version(manifest: Manifest, name: str, record: Record, running: Manifest | None) -> None:
    """Step 3."""
    if manifest.version > record.highest or name == record.highest_manifest:
        return
    if record.applied is not None and name == record.applied.manifest:
        return
    if running is not None and name == running.fallback:
        return
    raise RefusedError(
        Refusal.OLDER_VERSION, f"version {manifest.version} is not above {record.highest}, which was here before"
    )


def check_content(manifest: Manifest, name: str, blob: Callable[[str], bytes | None], boundary: Boundary) -> Content:
    """Steps 4 to 7; `blob` gives a document by its digest.

    Raises:
        RefusedError: the release may not run here.
    """
    if manifest.code is not None:
        raise RefusedError(Refusal.INVALID_CONTENT, "this region does not take code by release yet")
    if manifest.boundary is not None:
        raise RefusedError(Refusal.BOUNDARY, "this region does not take boundary settings by release")
    bodies = {named: blob(named) for named in manifest.blobs}
    for named, body in bodies.items():
        if body is None or digest(body) != named:
            raise RefusedError(Refusal.DIGEST_MISMATCH, "a document of the release does not have its digest")
    config = _config(bodies[manifest.config] or b"", boundary)
    policy = _policy(bodies[manifest.policy] or b"", boundary)
    return Content(manifest, name, config, policy)


def needs_consent(running: Manifest | None, running_name: str | None, content: Manifest, name: str) -> Sequence[str]:
    """The gated classes that would change; none where `name` runs already or is the fallback that consent covered."""
    if name == running_name or (running is not None and name == running.fallback):
        return ()
    return gated_changes(running, content)


def _config(body: bytes, boundary: Boundary) -> Config:
    try:
        config = Config.decode(body)
    except BoundaryError as error:
        raise RefusedError(Refusal.BOUNDARY, f"config: {error}") from error
    except ContractError as error:
        reason = Refusal.BOUNDARY if _foreign(body) else Refusal.INVALID_CONTENT
        raise RefusedError(reason, f"config: {error}") from error
    for model in config.models:
        if boundary.engines.get(model.id) != model.kind:
            raise RefusedError(Refusal.BOUNDARY, f"config offers {model.id}, for which the region has no engine")
    if config.book(boundary.currency) is None:
        raise RefusedError(Refusal.INVALID_CONTENT, f"config has no price book in {boundary.currency}")
    return config


def _policy(body: bytes, boundary: Boundary) -> PolicySet:
    try:
        policy = PolicySet.decode(body)
        decision.check(policy, boundary.own)
    except ContractError as error:
        raise RefusedError(Refusal.INVALID_CONTENT, f"policy: {error}") from error
    known = policy.vocabularies
    if boundary.region not in known["region"] or boundary.jurisdiction not in known["jurisdiction"]:
        raise RefusedError(Refusal.INVALID_CONTENT, "policy: this region or its jurisdiction is not registered in it")
    return policy


def _foreign(body: bytes) -> bool:
    """Whether a config that does not parse has members that no config has."""
    try:
        value = canonical.parse(body, len(body))
    except ContractError:
        return False
    return not _names(value, prices=False) <= KNOWN_NAMES


def _names(value: object, *, prices: bool) -> set[str]:
    """Member names of a parsed document; below `prices` they are model ids and do not count."""
    if isinstance(value, list):
        return {name for item in value for name in _names(item, prices=False)}
    if not isinstance(value, dict):
        return set()
    own = set() if prices else set(value)
    return own | {name for key, item in value.items() for name in _names(item, prices=key == "prices")}
