"""A small federation's release, for tests."""

from datetime import UTC, datetime

from bailiwick.contract.decision import Attributes, parse_policies
from bailiwick.contract.pricing import Price
from bailiwick.contract.release import Config, Manifest, Model, ModelFacts, PolicySet, PriceBook, digest

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)

CEDAR = """
@id("base-inference") @owner("platform") @basis("service agreement")
permit (principal, action in [Action::"chat", Action::"completion", Action::"embedding"], resource);

@id("review-before-asia") @owner("dpo") @basis("GDPR Art. 44") @advice("have the model reviewed for the jurisdiction")
forbid (principal, action, resource) unless {
  context has jurisdiction && context has trained_on && context has reviewed_for &&
  (context.trained_on.contains(context.jurisdiction) || context.reviewed_for.contains(context.jurisdiction))
};

@id("within-budget") @owner("finance") @basis("budget order 7")
forbid (principal, action, resource) unless { context has budget_exhausted && !context.budget_exhausted };
"""

VOCABULARIES = {
    "region": ("eu-de", "in-mh"),
    "jurisdiction": ("EU", "IN"),
    "cost_centre": ("cc-100",),
    "team": ("payments", "care", "lab"),
    "project": ("core", "pilot"),
    "product": ("assistant", "search"),
    "use_case": ("support", "summaries", "classification"),
}
MODELS = (
    ModelFacts("tiny-chat", "apache-2.0", approved=True, trained_on=("EU",), reviewed_for=("IN",)),
    ModelFacts("minilm", "apache-2.0", approved=True, trained_on=("EU",), reviewed_for=()),
)
REQUEST = Attributes(
    action="chat",
    region="eu-de",
    jurisdiction="EU",
    cost_centre="cc-100",
    team="payments",
    project="core",
    product="assistant",
    use_case="support",
    environment="production",
    tier="economy",
    model="tiny-chat",
    time_band="business",
    prompt_band="small",
    budget_exhausted="false",
)
CONFIG = Config(
    models=(
        Model("tiny-chat", "chat", "economy", 1024, 64, aliases=("small",)),
        Model("minilm", "embedding", "economy", 512, 1),
    ),
    price_books=(
        PriceBook("EUR", 1, {"tiny-chat": Price(100, 50, 200), "minilm": Price(10, 10, 0)}),
        PriceBook("INR", 1, {"tiny-chat": Price(9000, 4500, 18000), "minilm": Price(900, 900, 0)}),
    ),
)


def policy_set(text: str = CEDAR) -> PolicySet:
    return PolicySet(parse_policies(text), VOCABULARIES, MODELS)


def manifest(**changes) -> Manifest:
    values = {
        "version": 1,
        "regions": ("eu-de", "in-mh"),
        "created": NOW,
        "config": digest(CONFIG.encode()),
        "policy": digest(policy_set().encode()),
    }
    return Manifest(**{**values, **changes})
