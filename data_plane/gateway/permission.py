"""Step 4, policy: the decision on a request's closed attributes, and its refusal in words."""

from __future__ import annotations

from typing import Protocol

from bailiwick.contract.decision import Allow, Attributes, Deny
from data_plane.gateway.errors import PERMISSION, Refusal


class Decider(Protocol):
    """Decides by the policies of one release."""

    def decide(self, attributes: Attributes) -> Allow | Deny:
        """MUST be a pure function of the release's policies and the attributes."""


def permit(decider: Decider, attributes: Attributes) -> tuple[str, ...]:
    """The ids of the policies that let the request pass.

    Raises:
        Refusal: 403, with each rule's id, owner and legal basis.
    """
    verdict = decider.decide(attributes)
    if isinstance(verdict, Allow):
        return verdict.policies
    parts = [f"{reason.policy} (owner {reason.owner}; basis: {reason.basis})" for reason in verdict.reasons]
    advice = " ".join(reason.advice for reason in verdict.reasons if reason.advice)
    raise Refusal(
        403,
        "policy_denied",
        f"The region's policy refuses this request: {'; '.join(parts)}.",
        kind=PERMISSION,
        reason="policy",
        policies=verdict.policies,
        fix=advice or "Ask the rule's owner, or change the tag, the model or the time that it names.",
    )
