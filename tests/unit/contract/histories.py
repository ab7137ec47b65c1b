"""Small random histories of use, dense in the cases that matter: few people, few words, days that end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from hypothesis import strategies as st

from bailiwick.contract.ledger_entry import FINISHES, REASONS, Decision, Settlement
from bailiwick.contract.pricing import Usage
from bailiwick.contract.privacy import Counted, Grid, ReportBody, build

T = TypeVar("T")

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
WORDS = {
    "cost_centre": ("cc-1", "cc-1", "cc-2"),
    "team": ("payments", "care", "lab"),
    "project": ("core", "pilot"),
    "product": ("assistant",),
    "use_case": ("support", "support", "summaries", ""),
    "environment": ("production", "production", "experiment"),
}


def tag(person: int, day: int) -> str:
    """The random tag of one person on one day."""
    return f"{day:016x}{person:016x}"


class _Choices:
    """Takes one number apart into choices, so that an entry costs one draw and still shrinks."""

    def __init__(self, number: int) -> None:
        self._rest = number

    def of(self, values: Sequence[T]) -> T:
        self._rest, place = divmod(self._rest, len(values))
        return values[place]


def entry(number: int, people: int, day: int) -> Counted:
    """The entry that `number` stands for."""
    choose = _Choices(number)
    person = choose.of(range(people))
    refused = choose.of([False, False, False, True])
    tags = {name: choose.of(words) for name, words in WORDS.items()}
    model = choose.of(["tiny-chat", "tiny-chat", "minilm"])
    shared: dict[str, Any] = {
        "at": NOW,
        "person": tag(person, day),
        "service": choose.of([False, False, False, False, True]),
        "day": f"2026-11-{day:02d}",
        "tags": tags,
        "tier": "economy",
        "model": model,
        "currency": choose.of(["EUR", "EUR", "EUR", "EUR", "INR"]),
    }
    if refused:
        return Decision(
            request="0" * 32,
            key=None,
            reason=choose.of(REASONS[:3]),
            attributes={},
            policies=(),
            policy=None,
            config=None,
            **shared,
        )
    prompt = choose.of(range(1, 9))
    output = choose.of(range(8)) if model == "tiny-chat" else 0
    usage = Usage(prompt, choose.of([0, prompt // 2, prompt]), output, choose.of([0, output // 2, output]))
    return Settlement(
        number=1,
        usage=usage,
        cost=prompt + 2 * output,
        how="reported",
        finish=choose.of(FINISHES[:3]),
        first_ms=choose.of([10, 60, 900]),
        total_ms=choose.of([60, 900, 99_999]),
        pots=(),
        **shared,
    )


@dataclass(frozen=True)
class History:
    """Batches of entries, one per report, with the floor that they are reported under."""

    batches: tuple[tuple[tuple[int, Counted], ...], ...]
    k: int
    p_permille: int

    @property
    def ledger(self) -> dict[int, Counted]:
        return dict(pair for batch in self.batches for pair in batch)

    def reports(self, grid: Grid | None = None) -> list[ReportBody]:
        """Every report in turn, each with what the one before carried."""
        ledger, bodies = self.ledger, []
        carried: tuple[int, ...] = ()
        for batch in self.batches:
            known = [(index, ledger[index]) for index in carried]
            body = build(batch, known, grid or Grid(), self.k, self.p_permille)
            carried = body.carried
            bodies.append(body)
        return bodies


@st.composite
def histories(draw) -> History:
    people, most = draw(st.integers(2, 8)), draw(st.sampled_from([5, 20, 60]))
    batches, index = [], 0
    for day in (1, 1, 2):
        numbers = draw(st.lists(st.integers(0, 2**40), max_size=most))
        batches.append(tuple((index + place, entry(number, people, day)) for place, number in enumerate(numbers)))
        index += len(numbers) + 1
    return History(tuple(batches), draw(st.integers(2, 4)), draw(st.sampled_from([400, 500, 700, 1000])))
