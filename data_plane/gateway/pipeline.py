"""The numbered steps of a request, one after another; each is a module that knows nothing of the others.

1 limits, 2 key, 3 tags, 4 policy (on the model and tier that step 5 proposes), 5 tier, 6 admit, 7 dispatch, 8 settle.
Whatever ends a request early is a `Refusal`; those that are decisions are recorded in the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID, uuid4

import orjson
import structlog

from bailiwick.contract.decision import Attributes
from bailiwick.contract.release import Model
from bailiwick.contract.times import format_time
from data_plane.access.keys import ApiKey
from data_plane.access.people import Pseudonyms
from data_plane.access.table import Denial, Denied, KeyTable
from data_plane.activation.active import ActiveRelease
from data_plane.activation.current import CurrentRelease
from data_plane.activation.errors import ActivationError, NotActiveError
from data_plane.budget.pots import Level
from data_plane.gateway import admission, calls, limits, tags, tiers
from data_plane.gateway.calls import Call, Endpoint
from data_plane.gateway.dispatch import Engines
from data_plane.gateway.errors import AUTHENTICATION, BUDGET, Refusal, ledger_unavailable, no_release
from data_plane.gateway.figures import Figures
from data_plane.gateway.limits import ClientGone
from data_plane.gateway.permission import Decider, permit
from data_plane.gateway.progress import Progress
from data_plane.gateway.relay import JSON, Header, Job, Relay, Send, Wire
from data_plane.gateway.slots import Slot, Slots
from data_plane.gateway.tags import Resolver
from data_plane.metering.errors import MeteringError
from data_plane.metering.requests import AdmissionRequest, Admitted, DecisionRecord, Outcome, Refused, Settled
from data_plane.policy.attributes import AttributeBuilder

UNRECORDED = "refusal_not_recorded"
BOUND_TOO_SMALL = "prompt_exceeds_its_bound"

_KEY_MESSAGES = {
    Denial.MISSING: ("missing_api_key", "No API key was sent.", "Send `Authorization: Bearer bw_...`."),
    Denial.MALFORMED: (
        "invalid_api_key",
        "The API key is not of this platform.",
        "Send `Authorization: Bearer bw_...`.",
    ),
    Denial.UNKNOWN: ("invalid_api_key", "The API key is not known in this region.", "Check the key and the region."),
    Denial.REVOKED: ("api_key_revoked", "The API key was revoked.", "Ask the region's operator for a new key."),
    Denial.EXPIRED: ("api_key_expired", "The API key has expired.", "Ask the region's operator for a new key."),
}


class Metering(Protocol):
    """What the pipeline needs of the meter."""

    async def admit(self, request: AdmissionRequest) -> Admitted | Refused:
        """MUST return only when the admission is durable; raises MeteringError where it cannot be."""

    async def settle(self, admitted: Admitted, outcome: Outcome) -> Settled:
        """MUST end the admission exactly once, even if the store is away for a while."""

    async def refuse(self, record: DecisionRecord) -> None:
        """MUST record the refusal; raises MeteringError where it cannot."""

    def standing(self, tags: Mapping[str, str], key: str) -> Level | None:
        """MUST give the applying pot that asks for the most, as of about a second ago, without waiting."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Everything that the steps work with."""

    body_limit: int
    keys: KeyTable
    slots: Slots
    people: Pseudonyms
    tags: Resolver
    current: CurrentRelease[Decider]
    attributes: AttributeBuilder
    engines: Engines
    meter: Metering
    relay: Relay
    figures: Figures


@dataclass(slots=True)
class Facts:
    """What is known of a request so far: the source of a refusal's record."""

    request: UUID = field(default_factory=uuid4)
    key: ApiKey | None = None
    subject: bytes = b""
    tags: dict[str, str] = field(default_factory=dict)
    tier: str = ""
    model: str = ""
    attributes: Attributes | None = None
    release: ActiveRelease[Decider] | None = None
    ladder: str | None = None


class Pipeline:
    """Serves one inference request per call of `infer`."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._log = structlog.get_logger()

    async def infer(self, endpoint: Endpoint, scope: dict[str, Any], wire: Wire) -> None:
        """Takes a request from its head to its settlement."""
        facts = Facts()
        try:
            headers = limits.read_headers(scope["headers"])
            declared = headers.get(b"content-length")
            limits.check_declared(declared, self._steps.body_limit)
            key = self.authenticate(headers, facts)
            body = await limits.read_body(wire.receive, self._steps.body_limit)
            slot = self._steps.slots.take(key.id)
            try:
                await self._serve(endpoint, headers, body, slot, facts, wire)
            finally:
                slot.give()
        except Refusal as refusal:
            self._steps.figures.refused(refusal.code)
            await self._record(facts, refusal)
            await answer(wire.send, refusal, facts.request.hex)
        except ClientGone:
            return

    def authenticate(self, headers: dict[bytes, bytes], facts: Facts) -> ApiKey:
        """Step 2.

        Raises:
            Refusal: 401.
        """
        found = self._steps.keys.check(headers.get(b"authorization"))
        if isinstance(found, Denied):
            facts.key = found.key
            code, message, fix = _KEY_MESSAGES[found.why]
            reason: Literal["key", ""] = "key" if found.key is not None else ""
            raise Refusal(401, code, message, kind=AUTHENTICATION, reason=reason, fix=fix)
        facts.key = found
        return found

    def release(self) -> ActiveRelease[Decider]:
        """The release in force.

        Raises:
            Refusal: 503, there is none that this worker can serve.
        """
        try:
            return self._steps.current.get()
        except NotActiveError:
            raise no_release() from None
        except ActivationError as error:
            raise no_release(error.code) from None

    async def _serve(
        self, endpoint: Endpoint, headers: dict[bytes, bytes], body: bytes, slot: Slot, facts: Facts, wire: Wire
    ) -> None:
        steps, key = self._steps, facts.key
        assert key is not None  # noqa: S101  # step 2 is behind us
        facts.release = release = self.release()
        call = calls.read(endpoint, limits.parse(body), len(body))
        facts.subject = steps.people.subject(call.person, key)
        asked = tags.asked_for(headers, call.metadata)
        facts.tags = steps.tags.known(asked, key.tags)
        facts.tags = steps.tags.resolve(key.id, key.revision, key.tags, asked)
        model, job = self._choose(call, slot, release, facts)
        policies = self._permit(call, job.bound.prompt, facts)
        admitted = await self._admit(job, model, policies, key, facts)
        job.headers += (
            (b"x-bailiwick-admission", b"%d" % admitted.number),
            (b"x-bailiwick-tier", facts.tier.encode("ascii")),
            (b"x-bailiwick-model", model.id.encode("ascii")),
            (b"x-request-id", facts.request.hex.encode("ascii")),
        )
        progress = Progress()
        try:
            await steps.relay.carry(job, wire, progress)
        finally:
            outcome = progress.outcome(job.bound)
            if progress.seen.prompt > job.bound.prompt:
                self._log.error(
                    BOUND_TOO_SMALL, model=model.id, prompt_tokens=progress.seen.prompt, bound=job.bound.prompt
                )
            steps.figures.settled(model.id, outcome)
            await steps.meter.settle(admitted, outcome)

    def _choose(self, call: Call, slot: Slot, release: ActiveRelease[Decider], facts: Facts) -> tuple[Model, Job]:
        """Step 5, and the size of the request: which model, and what it may use at most."""
        key = facts.key
        assert key is not None  # noqa: S101  # step 2 is behind us
        standing = self._steps.meter.standing(facts.tags, key.commit)
        facts.ladder = None if standing is None else standing.action
        choice = tiers.choose(
            release.models,
            call.model,
            call.endpoint.kind,
            call.service_tier,
            premium=key.premium,
            economy_only=facts.ladder in {"economy", "stop"},
        )
        model = release.config.model(choice.model)
        if model is None or not self._steps.engines.serves(model.id):
            served = [one.id for one in release.models if self._steps.engines.serves(one.id)]
            raise tiers.unknown_model(call.model, served)
        facts.tier, facts.model = choice.tier, model.id
        limit = admission.output_limit(call, model)
        bound = admission.worst_case(call, model, limit)
        return model, Job(call, model.id, b"", bound, [], slot, limit)

    def _permit(self, call: Call, prompt_tokens: int, facts: Facts) -> tuple[str, ...]:
        """Step 4."""
        assert facts.release is not None  # noqa: S101  # set before
        facts.attributes = self._steps.attributes.build(
            call.endpoint.action,
            facts.tags,
            facts.tier,
            facts.model,
            prompt_tokens,
            time.time(),
            exhausted=facts.ladder == "stop",
        )
        return permit(facts.release.decider, facts.attributes)

    async def _admit(self, job: Job, model: Model, policies: tuple[str, ...], key: ApiKey, facts: Facts) -> Admitted:
        """Step 6."""
        release, attributes = facts.release, facts.attributes
        assert release is not None and attributes is not None  # noqa: S101, PT018  # set before
        request = AdmissionRequest(
            request=facts.request,
            key=key.commit,
            subject=facts.subject,
            service=key.service,
            tags=facts.tags,
            tier=facts.tier,
            model=model.id,
            attributes=attributes.mapping(),
            policies=policies,
            policy=release.digests.policy,
            config=release.digests.config,
            price=release.prices.prices[model.id],
            bound=job.bound,
        )
        job.body = orjson.dumps(calls.forwarded(job.call, model.id, job.limit))
        job.call.body = {}
        try:
            admitted = await self._steps.meter.admit(request)
        except MeteringError:
            raise ledger_unavailable() from None
        if isinstance(admitted, Refused):
            raise over_budget(admitted)
        return admitted

    async def _record(self, facts: Facts, refusal: Refusal) -> None:
        """A refusal that is a decision becomes an entry of the ledger."""
        key = facts.key
        if not refusal.reason or key is None:
            return
        digests = None if facts.release is None else facts.release.digests
        record = DecisionRecord(
            request=facts.request,
            reason=refusal.reason,
            subject=facts.subject or self._steps.people.subject(None, key),
            service=key.service,
            tags=facts.tags,
            tier=facts.tier,
            model=facts.model,
            key=key.commit,
            attributes=None if facts.attributes is None else facts.attributes.mapping(),
            policies=refusal.policies,
            policy=None if digests is None else digests.policy,
            config=None if digests is None else digests.config,
        )
        try:
            await self._steps.meter.refuse(record)
        except MeteringError as error:
            self._log.warning(UNRECORDED, code=refusal.code, reason=type(error).__name__)


def over_budget(refused: Refused) -> Refusal:
    """A 429 with the pot and when it has room again."""
    resets = None if refused.resets_at is None else format_time(refused.resets_at)
    until = "" if resets is None else f" Its window ends at {resets}."
    return Refusal(
        429,
        "budget_exhausted",
        f"The budget {refused.pot} has no room for the worst case of this request.{until}",
        kind=BUDGET,
        reason="budget",
        resets_at=resets,
        param="max_tokens",
        fix="Ask for fewer tokens with max_tokens or a shorter prompt, or wait for the next window.",
    )


async def answer(send: Send, refusal: Refusal, request: str) -> None:
    """Sends a refusal."""
    body = refusal.body()
    headers: list[Header] = [
        JSON,
        (b"content-length", b"%d" % len(body)),
        *refusal.headers(),
    ]
    if request:
        headers.append((b"x-request-id", request.encode("ascii")))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
