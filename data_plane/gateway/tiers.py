"""Step 5, tier: from what was asked for (a model or alias, and OpenAI's `service_tier`) to a model on offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.contract.release import Model
from data_plane.gateway.errors import PERMISSION, Refusal

ECONOMY, PREMIUM = "economy", "premium"
ALIASES = {"auto": None, "economy": ECONOMY, "premium": PREMIUM}
ASKED = {"flex": ECONOMY, "priority": PREMIUM}


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that will serve, and the tier that the request counts under."""

    model: str
    tier: str


def choose(
    models: Sequence[Model],
    asked: str,
    kind: str,
    service_tier: str | None,
    *,
    premium: bool,
    economy_only: bool = False,
) -> Choice:
    """The model for a request, economy by default, premium by entitlement.

    `premium` is the key's entitlement; `economy_only` is a budget in its warning band.

    Raises:
        Refusal: no such model here, or premium without entitlement.
    """
    wanted = ASKED.get(service_tier or "")
    if asked not in ALIASES:
        found = next((model for model in models if model.id == asked or asked in model.aliases), None)
        if found is None or found.kind != kind:
            raise unknown_model(asked, [model.id for model in models if model.kind == kind])
        tier = PREMIUM if PREMIUM in {found.tier, wanted} else ECONOMY
        if tier == PREMIUM and (not premium or economy_only):
            raise _no_premium(economy_only=economy_only)
        return Choice(found.id, tier)
    named = ALIASES[asked] or wanted
    if named == PREMIUM and not premium:
        raise _no_premium(economy_only=False)
    tier = ECONOMY if economy_only or named is None else named
    for candidate in (tier, ECONOMY, PREMIUM) if named is None else (tier,):
        found = next((model for model in models if model.kind == kind and model.tier == candidate), None)
        if found is not None and (candidate == ECONOMY or premium):
            return Choice(found.id, candidate)
    raise unknown_model(asked, [model.id for model in models if model.kind == kind])


def unknown_model(asked: str, permitted: Sequence[str]) -> Refusal:
    """A 404 with the models that there are."""
    listed = ", ".join(permitted) or "none"
    return Refusal(
        404,
        "model_not_found",
        f"The model {asked[:64]!r} is not offered here for this kind of request. Offered: {listed}.",
        reason="model",
        param="model",
        permitted=tuple(permitted),
        fix="Ask for one of the permitted models, or for auto.",
    )


def _no_premium(*, economy_only: bool) -> Refusal:
    if economy_only:
        message, fix = "A budget is in its warning band: only the economy tier is served.", "Ask for economy or auto."
    else:
        message, fix = "The key is not entitled to the premium tier.", "Ask for economy, or for an entitled key."
    return Refusal(
        403,
        "premium_not_permitted",
        message,
        kind=PERMISSION,
        reason="budget" if economy_only else "policy",
        permitted=(ECONOMY,),
        fix=fix,
    )
