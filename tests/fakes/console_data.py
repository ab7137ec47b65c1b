"""A federation of four regions at one moment, for the console's fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from control_plane.console.web.facts.evidence import EvidenceFact
from control_plane.console.web.facts.fleet import (
    Activity,
    CertificateFact,
    Digests,
    EngineFact,
    LedgerFact,
    LinkSpan,
    OfferFact,
    RegionFact,
    ReleaseRef,
    ReportFact,
)
from control_plane.console.web.facts.left import KindFact, LeftFact, SentReport
from control_plane.console.web.facts.release import (
    ChangeFact,
    FlipFact,
    ReleaseFact,
    RuleFact,
    SignatureFact,
    ValueChange,
)
from control_plane.console.web.facts.rollout import LaneFact, RolloutFact, VerdictFact, WaveFact
from control_plane.console.web.facts.spend import EngineHours, SpendCell, SpendSource
from control_plane.domain.words import RegionId

EU, IN, SA, BR = (RegionId(name) for name in ("eu-de", "in-mh", "sa-ry", "br-sp"))
CURRENCY = {EU: "EUR", IN: "INR", BR: "BRL"}


def digest(seed: str) -> str:
    return "sha256:" + (seed * 64)[:64]


R41 = ReleaseRef(
    41, digest("41d0"), Digests(digest("9f3c1ab2"), digest("77d0a3be"), digest("e20b9c41"), digest("b2e64f08"))
)
R42 = ReleaseRef(
    42, digest("42d0"), Digests(digest("9f3c1ab2"), digest("c07be4d1"), digest("5ad1f730"), digest("b2e64f08"))
)
R43 = ReleaseRef(
    43, digest("43d0"), Digests(digest("9f3c1ab2"), digest("c07be4d1"), digest("5ad1f730"), digest("c9a0e312"))
)


def _region(
    now: datetime,
    name: RegionId,
    jurisdiction: str,
    state: str,
    observed: ReleaseRef,
    size: int,
    *,
    away: timedelta = timedelta(),
    **more: object,
) -> RegionFact:
    sealed = now - away - timedelta(minutes=30)
    day = now - timedelta(days=1)
    link: tuple[LinkSpan, ...] = (LinkSpan("connected", day, now - away),)
    if away:
        link = (*link, LinkSpan("disconnected", now - away, now))
    fact = RegionFact(
        id=name,
        jurisdiction=jurisdiction,
        state=state,
        since=now - away if away else now - timedelta(days=83),
        seen_at=now - away - timedelta(seconds=4),
        observed=observed,
        intended=R42,
        engines=(EngineFact("tiny-chat", "chat", "ready"), EngineFact("minilm", "embedding", "ready")),
        ledger=LedgerFact(
            size, "q3fW9c1mXo5T2vR7bY0kLd4JzUe6hNsGaPiC1wQ8aE8=", f"bailiwick/{name}", sealed, ("centre",), 1
        ),
        report=ReportFact(2064, sealed - timedelta(hours=1), sealed, sealed, 2637, 11, 2),
        certificate=CertificateFact("4f1a9c3e77", now - timedelta(hours=2), now + timedelta(hours=22)),
        link=link,
    )
    return replace(fact, **more)  # type: ignore[arg-type] # keyword arguments of a test builder


def regions(now: datetime) -> tuple[RegionFact, ...]:
    wait = now - timedelta(minutes=110)
    veto = now - timedelta(minutes=32)
    sleepy = (EngineFact("tiny-chat", "chat", "ready"), EngineFact("minilm", "embedding", "asleep"))
    return (
        _region(
            now,
            BR,
            "BR",
            "vetoed",
            R41,
            3_190_016,
            since=veto,
            engines=sleepy,
            offers=(OfferFact(42, "vetoed", veto, "RETENTION-MISSING"),),
        ),
        _region(
            now, EU, "EU", "connected", R42, 13_412_352, offers=(OfferFact(42, "applied", now - timedelta(hours=1)),)
        ),
        _region(
            now,
            IN,
            "IN",
            "awaiting-consent",
            R42,
            8_451_328,
            since=wait,
            offers=(OfferFact(43, "awaiting-consent", wait),),
        ),
        _region(
            now, SA, "SA", "disconnected", R41, 2_402_304, away=timedelta(hours=3, minutes=12), profile="digest-only"
        ),
    )


def rollouts(now: datetime) -> tuple[RolloutFact, ...]:
    start = now - timedelta(hours=5)
    early, later = start + timedelta(minutes=7), start + timedelta(hours=2, minutes=20)
    canary = LaneFact(
        IN,
        "IN",
        "converged",
        consent="given",
        consent_at=early,
        staged_at=early + timedelta(seconds=4),
        bake_started=early + timedelta(seconds=5),
        verdicts=(
            VerdictFact(later, "pass", "GATE-OK"),
            VerdictFact(later - timedelta(hours=1), "inconclusive", "GATE-TOO-LITTLE-DATA"),
        ),
        ended_at=later,
        keeps=42,
    )
    bake = now - timedelta(minutes=41)
    baking = LaneFact(EU, "EU", "baking", consent="given", consent_at=bake, staged_at=bake, bake_started=bake)
    vetoed = LaneFact(
        BR,
        "BR",
        "vetoed",
        consent="vetoed",
        consent_at=now - timedelta(minutes=32),
        veto_code="RETENTION-MISSING",
        ended_at=now - timedelta(minutes=32),
        keeps=41,
    )
    away = LaneFact(SA, "SA", "waiting", online=False)
    waves = (
        WaveFact(1, 3600, (canary,), needs_approval=False),
        WaveFact(2, 3600, (baking, vetoed), approved_by="jonas", approved_at=now - timedelta(minutes=51)),
        WaveFact(3, 14400, (away,)),
    )
    events = (
        Activity(now - timedelta(minutes=32), "br-sp", "Officers refused release 42: RETENTION-MISSING."),
        Activity(bake, "eu-de", "Observed release 42; bake starts."),
        Activity(now - timedelta(minutes=51), "centre", "jonas approved wave 2."),
        Activity(later, "in-mh", "Gate passed. Converged."),
        Activity(start, "centre", "amara started rollout 42."),
    )
    first = RolloutFact(
        "ro-42", 42, "awaiting-approval", "amara", start, "amara", waves, 41, None, "policy, config", "", events
    )
    model = WaveFact(1, 600, (LaneFact(IN, "IN", "awaiting-consent", consent="waiting"),), needs_approval=False)
    rest = WaveFact(2, 600, (LaneFact(EU, "EU", "waiting"), LaneFact(BR, "BR", "waiting")))
    second = RolloutFact(
        "ro-43",
        43,
        "running",
        "jonas",
        now - timedelta(minutes=113),
        "jonas",
        (model, rest),
        42,
        None,
        "models",
        "",
        events[-1:],
    )
    done = tuple(
        WaveFact(i + 1, 600, (LaneFact(r, j, "converged", consent="given", keeps=41),), needs_approval=False)
        for i, (r, j) in enumerate(((IN, "IN"), (EU, "EU")))
    )
    old = RolloutFact(
        "ro-41",
        41,
        "complete",
        "jonas",
        now - timedelta(days=6),
        "amara",
        done,
        40,
        now - timedelta(days=4, hours=21),
        "code",
    )
    return (second, first, old)


def _change() -> ChangeFact:
    flips = (
        FlipFact(
            9,
            denies=True,
            attributes=(("team", "care"), ("use_case", "classification"), ("environment", "experiment")),
            rule="health-production-only",
            owner="Clinical safety",
            basis="GDPR Art. 9(2)(h), LGPD Art. 11",
        ),
        FlipFact(
            3,
            denies=False,
            attributes=(("team", "lab"), ("use_case", "classification"), ("model", "minilm")),
            rule="lab-embeddings-pilot",
            owner="Platform",
            basis="Internal decision 2026-31",
        ),
    )
    return ChangeFact(
        41,
        6000,
        flips,
        (
            ValueChange("price.tiny-chat.output", "6,100,000", "5,850,000 micro-EUR per 1,000,000 tokens"),
            ValueChange("model.tiny-chat.default_max_tokens", "256", "128"),
        ),
        ("config", "policy"),
    )


def releases(now: datetime) -> tuple[ReleaseFact, ...]:
    change = _change()
    signed = (SignatureFact("a1b2c3d4e5f60718"), SignatureFact("99aa88bb77cc66dd"))
    rules = (
        RuleFact("health-production-only", "Clinical safety", "GDPR Art. 9(2)(h)", "forbids"),
        RuleFact("residency", "Data protection", "GDPR Art. 44 to 46", "forbids"),
        RuleFact("base", "Platform", "internal", "permits"),
    )
    at = now - timedelta(hours=6)
    all_of = (BR, EU, IN, SA)
    offers = (
        (BR, OfferFact(42, "vetoed", now - timedelta(minutes=32), "RETENTION-MISSING")),
        (EU, OfferFact(42, "applied", at)),
        (IN, OfferFact(42, "applied", at)),
    )
    draft = ReleaseFact(
        replace(R43, version=44),
        "draft",
        "amara",
        now - timedelta(minutes=9),
        all_of,
        42,
        signatures=signed[:1],
        changes=change,
    )
    waiting = ((IN, OfferFact(43, "awaiting-consent", now - timedelta(minutes=110))),)
    return (
        draft,
        ReleaseFact(
            R43,
            "published",
            "jonas",
            at,
            all_of,
            42,
            "jonas",
            now - timedelta(hours=2),
            2,
            signed,
            "minilm 2.1",
            waiting,
        ),
        ReleaseFact(R42, "published", "amara", at, all_of, 41, "amara", at, 2, signed, "", offers, change, rules),
        ReleaseFact(
            R41,
            "published",
            "amara",
            now - timedelta(days=7),
            all_of,
            40,
            "amara",
            now - timedelta(days=7),
            2,
            signed,
            "",
        ),
    )


def _cell(bucket: datetime, region: RegionId, team: str, use: str, product: str, model: str, scale: int) -> SpendCell:
    prompt, output = 260 * scale, 310 * scale
    price = 4 if model == "tiny-chat" else 1
    factor = 90 if region == IN else 6 if region == BR else 1
    return SpendCell(
        bucket=bucket,
        region=region,
        currency=CURRENCY[region],
        cost_centre="cc-100",
        team=team,
        project="core" if team != "*" else "*",
        product=product,
        use_case=use,
        model=model,
        environment="production" if use != "classification" else "experiment",
        requests=scale,
        refused=scale // 90,
        prompt=prompt,
        cached=prompt // 5,
        output=output,
        cost=(prompt + 2 * output) * price * factor // 2,
    )


MIX = (
    ("payments", "support", "assistant", "tiny-chat", 182),
    ("payments", "summaries", "assistant", "tiny-chat", 61),
    ("care", "summaries", "search", "tiny-chat", 90),
    ("care", "classification", "search", "minilm", 54),
    ("*", "*", "*", "tiny-chat", 31),
)


def cells(start: datetime, end: datetime, bucket: timedelta) -> tuple[SpendCell, ...]:
    step = int(bucket.total_seconds())
    first = datetime.fromtimestamp(int(start.timestamp()) // step * step, UTC)
    out: list[SpendCell] = []
    i = 0
    while first + i * bucket < end:
        at = first + i * bucket
        wave = 60 + 40 * (((i * 7) % 11) - 5) // 5
        for k, region in enumerate((EU, IN, BR)):
            out.extend(
                _cell(at, region, t, u, p, m, max(1, n * wave * (3 - k) // 200 * step // 1800)) for t, u, p, m, n in MIX
            )
        i += 1
    return tuple(out)


def sources(now: datetime) -> tuple[SpendSource, ...]:
    fresh = now - timedelta(minutes=1)
    return (
        SpendSource(BR, "BRL", "floor", 10, fresh, connected=True),
        SpendSource(EU, "EUR", "floor", 10, fresh, connected=True),
        SpendSource(IN, "INR", "floor", 10, fresh, connected=True),
        SpendSource(SA, "", "digest-only", 10, now - timedelta(hours=3, minutes=40), connected=False),
    )


MACHINES = (
    EngineHours(BR, "cpu.small", 71_000),
    EngineHours(EU, "cpu.small", 172_800),
    EngineHours(IN, "cpu.small", 172_000),
)


def left(now: datetime, region: RegionFact) -> LeftFact:
    kinds = (
        KindFact("content", "report", 24, 147_456, now - timedelta(minutes=30)),
        KindFact("content", "evidence digest", 1, 289, now - timedelta(hours=9)),
        KindFact("control", "checkpoint", 24, 7_632, now - timedelta(minutes=30)),
        KindFact("control", "state", 1440, 593_280, now - timedelta(seconds=57)),
        KindFact("control", "release status", 9, 5_760, now - timedelta(minutes=46)),
        KindFact("enrolment", "enrolment", 2, 4_420, now - timedelta(hours=2)),
    )
    reports = tuple(
        SentReport(
            sequence=2064 - i,
            received_at=now - timedelta(minutes=30 + 60 * i),
            period_start=now - timedelta(minutes=90 + 60 * i),
            period_end=now - timedelta(minutes=30 + 60 * i),
            bytes=6144,
            digest=digest(f"c81d{i}"),
            first=13_403_904 - 8448 * i,
            next=13_412_352 - 8448 * i,
            cells=()
            if region.id == SA or i in {2, 3}
            else tuple(_cell(now, region.id, t, u, p, m, n) for t, u, p, m, n in MIX),
            ledger_size=13_412_352,
        )
        for i in range(5)
    )
    return LeftFact(
        region.id,
        region.jurisdiction,
        region.state,
        region.seen_at,
        region.profile,
        region.floor,
        500,
        kinds,
        reports,
        now - timedelta(days=1),
    )


def evidence(now: datetime) -> tuple[EvidenceFact, ...]:
    key = "age1q7zs0kxs3uhrj3p0n3v2t7g0d3c5e9l8m6f4h2j0k9x9k"
    return (
        EvidenceFact(
            "ev-0050", SA, "SA", "requested", "rosa", now - timedelta(hours=3), recipient=key, region_online=False
        ),
        EvidenceFact("ev-0049", BR, "BR", "requested", "rosa", now - timedelta(minutes=11), recipient=key),
        EvidenceFact(
            "ev-0048",
            IN,
            "IN",
            "building",
            "rosa",
            now - timedelta(minutes=81),
            0,
            5_000_192,
            key,
            now - timedelta(minutes=70),
            now + timedelta(days=7),
        ),
        EvidenceFact(
            "ev-0047",
            EU,
            "EU",
            "ready",
            "rosa",
            now - timedelta(days=1, hours=6),
            3_204_352,
            6_694_144,
            key,
            now - timedelta(days=1),
            now + timedelta(days=6),
            digest("7be140c9"),
            418_000_000,
        ),
        EvidenceFact(
            "ev-0041",
            BR,
            "BR",
            "refused",
            "rosa",
            now - timedelta(days=71),
            recipient=key,
            code="PERIOD-EXCEEDS-MANDATE",
        ),
    )


def activity(now: datetime) -> tuple[Activity, ...]:
    minute = timedelta(minutes=1)
    return (
        Activity(now - minute, "br-sp", "Engine minilm put to sleep."),
        Activity(now - 11 * minute, "centre", "rosa asked br-sp for evidence.", "/evidence", "ev-0049"),
        Activity(now - 30 * minute, "eu-de", "Checkpoint at 13,412,352 entries, cosigned."),
        Activity(
            now - 30 * minute,
            "in-mh",
            "Report no. 2,064 received: 2,637 requests. 2 cells merged.",
            "/left/in-mh",
            "What left",
        ),
        Activity(now - 32 * minute, "br-sp", "Officers refused release 42.", "/rollouts/ro-42", "Rollout 42"),
        Activity(now - 41 * minute, "eu-de", "Observed release 42. Baking for 60 min."),
    )
