"""Gates: the centre asks whether a release does well here; the region answers from its own ledger, with one word.

The counts never leave. Refusals by policy are no errors: a stricter policy is often the point of a release.

1. A release that is not served by every live worker, or not there for long enough, is judged inconclusive.
2. A failed engine fails the gate.
3. Fewer settled requests in the window than the gate needs: inconclusive.
4. More failed ones in a thousand than it allows: fail.

A verdict is a comparison with a number that the centre chose, so that many of them would find any count:

5. What fewer than k people did counts as nothing, as in a report; service keys are no people.
6. About one release at most `MOST_QUESTIONS` different questions are answered; any other is inconclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from bailiwick.agent.v1 import agent_pb2
from data_plane.privacy.ports import Clock
from data_plane.releases import store_active, workers

FAILURES = ["error", "killed"]
MOST_QUESTIONS = 4
COUNT = """
WITH entry AS (
    SELECT convert_from(body, 'UTF8')::jsonb AS it FROM ledger_entry WHERE kind = 'settlement' AND at > $1
), crowd AS (
    SELECT count(DISTINCT it ->> 'person') AS people FROM entry
    WHERE NOT (it ->> 'service')::boolean GROUP BY it ->> 'day'
), counted AS (
    SELECT it FROM entry WHERE (it ->> 'service')::boolean OR (SELECT max(people) FROM crowd) >= $3
)
SELECT count(*) AS settled, count(*) FILTER (WHERE it ->> 'finish' = ANY($2::text[])) AS failed FROM counted
"""


@dataclass(frozen=True)
class Question:
    """A gate as the centre asks it. `manifest` is `sha256:<hex>`."""

    gate: bytes
    manifest: str
    window: timedelta
    min_requests: int
    max_error_permille: int


@dataclass(frozen=True)
class Evidence:
    """What the region knows."""

    serving: bool
    engine_failed: bool
    settled: int
    failed: int


@dataclass(frozen=True)
class Verdict:
    """One of the wire's Verdict and ReasonCode."""

    verdict: int
    reason: int


def judge(question: Question, known: Evidence) -> Verdict:
    """The rules of this module. Pure."""
    if not known.serving:
        return Verdict(agent_pb2.VERDICT_INCONCLUSIVE, agent_pb2.REASON_CODE_GATE_TOO_LITTLE_DATA)
    if known.engine_failed:
        return Verdict(agent_pb2.VERDICT_FAIL, agent_pb2.REASON_CODE_GATE_ENGINES)
    if known.settled < question.min_requests:
        return Verdict(agent_pb2.VERDICT_INCONCLUSIVE, agent_pb2.REASON_CODE_GATE_TOO_LITTLE_DATA)
    if known.failed * 1000 > question.max_error_permille * known.settled:
        return Verdict(agent_pb2.VERDICT_FAIL, agent_pb2.REASON_CODE_GATE_ERRORS)
    return Verdict(agent_pb2.VERDICT_PASS, agent_pb2.REASON_CODE_GATE_OK)


class Gates:
    """Answers gates. `k` is the least number of people whose requests count (rule 5)."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, k: int) -> None:
        self._pool = pool
        self._clock = clock
        self._k = k
        self._manifest = ""
        self._asked: set[tuple[timedelta, int, int]] = set()

    async def answer(self, question: Question) -> Verdict:
        """Looks at the ledger since the release began, at most as far back as the gate asks."""
        now = self._clock()
        active = await store_active.read(self._pool)
        if active is None or active.manifest != question.manifest or not self._answered(question):
            return judge(question, Evidence(serving=False, engine_failed=False, settled=0, failed=0))
        served = workers.served(await workers.live(self._pool, now))
        since = max(active.applied_at, now - question.window)
        row = await self._pool.fetchrow(COUNT, since, FAILURES, self._k)
        failed = await self._pool.fetchval("SELECT EXISTS (SELECT 1 FROM engine_state WHERE state = 'failed')")
        return judge(question, Evidence(served == question.manifest, bool(failed), row["settled"], row["failed"]))

    def _answered(self, question: Question) -> bool:
        """Rule 6."""
        if question.manifest != self._manifest:
            self._manifest, self._asked = question.manifest, set()
        terms = (question.window, question.min_requests, question.max_error_permille)
        if terms not in self._asked and len(self._asked) >= MOST_QUESTIONS:
            return False
        self._asked.add(terms)
        return True
