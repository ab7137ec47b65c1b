"""What the demo registers in both regions: labels, models, budgets, officers' thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

COST_CENTRES = ("cc-100",)
TEAMS = ("payments", "care", "lab")
PROJECTS = ("core", "pilot")
PRODUCTS = ("assistant", "search")
USE_CASES = ("support", "summaries", "classification")
ENVIRONMENTS = ("experiment", "production")

CHAT_MODEL = "tiny-chat"
EMBEDDING_MODEL = "minilm"


# What one euro's worth of budget is in the demo's currencies; a demo's figure, not a rate that anything is billed at.
SCALE = MappingProxyType({"EUR": 1, "INR": 95})


@dataclass(frozen=True)
class Pot:
    """A budget: euro micro-units (times SCALE) per window, for the requests whose tags match."""

    id: str
    limit: int | None
    window: str
    match: tuple[tuple[str, str], ...]
    thresholds: tuple[tuple[int, str], ...] = ((800, "notify"), (1000, "stop"))


POTS = (
    Pot("region", 50_000_000, "month", ()),
    Pot("team/payments/production", 10_000_000, "month", (("team", "payments"), ("environment", "production"))),
    Pot("team/care/production", 10_000_000, "month", (("team", "care"), ("environment", "production"))),
    # Small on purpose: the demo shows a refusal at the limit, with nothing overshot.
    Pot("team/lab/experiment", 2_000, "day", (("team", "lab"), ("environment", "experiment"))),
)
