"""Which pots a request draws on, remembered per combination of labels, and the row that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bailiwick.contract import canonical, pricing
from bailiwick.contract.ledger_entry import TAGS
from data_plane.budget.pots import Pot, matching
from data_plane.metering import entries
from data_plane.metering.requests import AdmissionRequest
from data_plane.metering.store import AdmitRow

REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Draw:
    """The pots' ids in the order of their locks, the same as one text, and the tags as canonical JSON."""

    ids: tuple[str, ...]
    joined: str
    tags: str


class Draws:
    """Pots by labels, for one revision of the set of pots."""

    def __init__(self, pots: Iterable[Pot]) -> None:
        self._pots = tuple(pots)
        self._known: dict[tuple[str, ...], Draw] = {}

    def of(self, tags: Mapping[str, str], key: str) -> Draw:
        """What a request with these tags and this key's commitment draws on."""
        labels = (*[tags[name] for name in TAGS], key)
        known = self._known.get(labels)
        if known is None:
            known = self._find(tags, key)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[labels] = known
        return known

    def _find(self, tags: Mapping[str, str], key: str) -> Draw:
        ids = tuple(pot.id for pot in matching(self._pots, {**tags, "key": key}))
        return Draw(ids, " ".join(ids), canonical.dumps(dict(tags)).decode())


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes the rows of admissions; `day` gives the day of a time in the region's zone, `tag` a new person tag."""

    currency: str
    day: Callable[[datetime], date]
    tag: Callable[[], bytes]

    def row(self, request: AdmissionRequest, at: datetime, draw: Draw) -> AdmitRow:
        """The row with its entry, but for number and person.

        Raises:
            MalformedError: the request has no canonical entry.
        """
        amount = pricing.worst_case(request.price, request.bound)
        head, tail = entries.admission(request, at, self.currency, amount, draw.ids)
        return AdmitRow(
            request=request.request,
            head=head,
            tail=tail,
            amount=amount,
            pots=draw.joined,
            subject=request.subject,
            tag=self.tag(),
            day=self.day(at),
            service=request.service,
            tags=draw.tags,
            tier=request.tier,
        )
