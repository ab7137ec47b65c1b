"""The centre's rules."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.domain.errors import InvalidError, StateError, UnauthenticatedError
from control_plane.domain.fleet import EVIDENCE_ORDER, advances
from control_plane.domain.invitations import Invitation, redeem_check, secret_hash
from control_plane.domain.regions import (
    Link,
    Observation,
    Region,
    RegionPhase,
    approve_check,
    renewal_check,
    shown_state,
)
from control_plane.domain.reports import KeptReport, Report, SubmitOutcome, place
from control_plane.domain.spend import Dimension, Spend, SpendQuery, SpendRow, dimensions
from control_plane.domain.words import RegionId, jurisdiction, parse_digest, region_id

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
EU = RegionId("eu-de")
AWAY = timedelta(seconds=30)


def region(phase: RegionPhase = RegionPhase.APPROVED, conflict: datetime | None = None) -> Region:
    return Region(EU, "EU", phase, NOW, conflict_since=conflict)


def link(*, connected: bool = True, ago: int = 0) -> Link:
    return Link(EU, "s", connected, NOW, NOW - timedelta(seconds=ago))


def seen(state: str) -> Observation:
    return Observation(EU, 1, b"", 0, b"", b"", b"", state, True, (), NOW)


@pytest.mark.parametrize(
    ("known", "its_link", "says", "shown"),
    [
        (region(RegionPhase.INVITED), None, None, "invited"),
        (region(RegionPhase.PENDING), link(), None, "awaiting-approval"),
        (region(RegionPhase.REVOKED), link(), seen("connected"), "revoked"),
        (region(), None, None, "disconnected"),
        (region(), link(), None, "connected"),
        (region(), link(connected=False), seen("connected"), "disconnected"),
        (region(), link(ago=31), seen("connected"), "disconnected"),
        (region(), link(), seen("awaiting-consent"), "awaiting-consent"),
        (region(conflict=NOW), link(), seen("connected"), "conflict-paused"),
    ],
)
def test_the_word_for_a_region(known: Region, its_link: Link | None, says: Observation | None, shown: str) -> None:
    assert shown_state(known, its_link, says, NOW, AWAY) == shown


@pytest.mark.parametrize("phase", [RegionPhase.APPROVED, RegionPhase.REVOKED, RegionPhase.INVITED])
def test_only_an_enrolled_region_is_approved(phase: RegionPhase) -> None:
    with pytest.raises(StateError):
        approve_check(region(phase))
    approve_check(region(RegionPhase.PENDING))


def test_an_invitation_is_redeemed_once_in_time_and_with_its_secret() -> None:
    kept = Invitation(b"\1" * 16, secret_hash(b"s" * 32), EU, "EU", "amara", NOW, NOW + timedelta(hours=1))
    assert redeem_check(kept, b"s" * 32, NOW) is kept
    used = Invitation(**{**kept.__dict__, "used_at": NOW})
    for found, secret, at in (
        (None, b"s" * 32, NOW),
        (kept, b"t" * 32, NOW),
        (used, b"s" * 32, NOW),
        (kept, b"s" * 32, NOW + timedelta(hours=1)),
    ):
        with pytest.raises(UnauthenticatedError) as caught:
            redeem_check(found, secret, at)
        assert caught.value.code == "invitation"


def test_renewal_has_its_times() -> None:
    renewal_check(NOW - timedelta(days=21), NOW, NOW)
    renewal_check(None, NOW - timedelta(minutes=10), NOW)
    for lapsed, signed in ((NOW - timedelta(days=91), NOW), (None, NOW - timedelta(minutes=11))):
        with pytest.raises(UnauthenticatedError):
            renewal_check(lapsed, signed, NOW)


def report(sequence: int, first: int, following: int, size: int) -> Report:
    return Report(EU, sequence, 0, 1, first, following, size, b"\1" * 32, 10, 500, "floor", (), ())


def kept(sequence: int, following: int, size: int, digest: bytes = b"") -> KeptReport:
    return KeptReport(EU, sequence, digest, 1, NOW, NOW, 0, following, size, b"", "floor", 10, 500, NOW)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.data())
def test_of_any_shuffled_and_repeated_reports_each_is_taken_once_and_in_order(
    steps: list[int], data: st.DataObject
) -> None:
    sizes = [sum(steps[: n + 1]) for n in range(len(steps))]
    reports = [report(n + 1, sizes[n] - steps[n], sizes[n], sizes[n]) for n in range(len(steps))]
    taken: dict[int, tuple[Report, bytes]] = {}
    for wanted in data.draw(st.lists(st.sampled_from(reports), max_size=30)):
        digest = hashlib.sha256(repr(wanted).encode()).digest()
        last = max(taken, default=0)
        newest = kept(last, taken[last][0].next_index, taken[last][0].ledger_size) if last else None
        known = taken.get(wanted.sequence)
        outcome = place(wanted, digest, newest, kept(wanted.sequence, 0, 0, known[1]) if known else None)
        if outcome is SubmitOutcome.ACCEPTED:
            assert wanted.sequence == last + 1
            taken[wanted.sequence] = (wanted, digest)
        else:
            assert outcome is (SubmitOutcome.KNOWN if known else SubmitOutcome.GAP)
    assert sorted(taken) == list(range(1, len(taken) + 1))


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (report(2, 256, 512, 512), SubmitOutcome.ACCEPTED),
        (report(2, 300, 512, 512), SubmitOutcome.ACCEPTED),  # resumed after a conflict: a gap, recorded as one
        (report(2, 200, 512, 512), SubmitOutcome.CONFLICT),
        (report(2, 256, 256, 200), SubmitOutcome.CONFLICT),
        (report(2, 512, 256, 512), SubmitOutcome.INVALID),
        (report(2, 256, 513, 512), SubmitOutcome.INVALID),
        (report(3, 256, 512, 512), SubmitOutcome.GAP),
        (report(1, 0, 256, 256), SubmitOutcome.CONFLICT),
    ],
)
def test_where_a_report_belongs(sent: Report, outcome: SubmitOutcome) -> None:
    newest = kept(1, 256, 256, b"one")
    assert place(sent, b"other", newest, newest if sent.sequence == 1 else None) is outcome


def test_evidence_only_goes_forward() -> None:
    assert advances("requested", "granted")
    assert advances("received", "refused")
    assert not advances("built", "granted")
    assert not any(advances(final, phase) for final in ("refused", "expired", "downloaded") for phase in EVIDENCE_ORDER)


def test_words_and_dimensions_are_parsed_totally() -> None:
    assert region_id("eu-de-2") == "eu-de-2"
    for text in ("", "EU", "eu_de", "-eu", "eu-", "e" * 33, "eu.de", "../x", "erika@example.org"):
        with pytest.raises(InvalidError):
            region_id(text)
    for text in ("eu", "E", "EU-DE", "TOOLONGWORD"):
        with pytest.raises(InvalidError):
            jurisdiction(text)
    for text in ("", "sha256:", "sha256:" + "g" * 64, "md5:" + "0" * 64, "sha256:" + "A" * 64):
        with pytest.raises(InvalidError):
            parse_digest(text)
    assert dimensions("region, team") == (Dimension.REGION, Dimension.TEAM)
    for text in ("people", "region,region"):
        with pytest.raises(InvalidError):
            dimensions(text)


def test_totals_never_mix_currencies() -> None:
    rows = tuple(
        SpendRow((name,), currency, 1, 0, 0, 0, 0, 0, cost)
        for name, currency, cost in (("a", "EUR", 2**60), ("b", "INR", 3), ("*", "EUR", 1))
    )
    spend = Spend(SpendQuery(), rows, (), ())
    assert spend.totals == (("EUR", 2**60 + 1), ("INR", 3))
    assert [row.merged for row in rows] == [False, False, True]
