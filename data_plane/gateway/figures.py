"""Prometheus figures of one worker: counts and sums only, labelled with registered words and constant codes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from data_plane.metering.requests import Outcome

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Figures:
    """The worker's own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._settled = Counter(
            "bailiwick_requests_settled", "Requests settled.", ("model", "how", "finish"), registry=self.registry
        )
        self._refused = Counter("bailiwick_requests_refused", "Requests refused.", ("code",), registry=self.registry)
        self._tokens = Counter("bailiwick_tokens", "Tokens settled.", ("model", "type"), registry=self.registry)
        self._seconds = Histogram(
            "bailiwick_request_seconds", "From dispatch to end.", ("model",), buckets=BUCKETS, registry=self.registry
        )
        self._children: dict[tuple[str, str, str], tuple[Counter, Counter, Counter, Histogram]] = {}

    def refused(self, code: str) -> None:
        """One refusal."""
        self._refused.labels(code).inc()

    def settled(self, model: str, outcome: Outcome) -> None:
        """One settlement."""
        key = (model, outcome.how, outcome.finish)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = (
                self._settled.labels(*key),
                self._tokens.labels(model, "prompt"),
                self._tokens.labels(model, "output"),
                self._seconds.labels(model),
            )
        requests, prompt, output, seconds = found
        requests.inc()
        prompt.inc(outcome.usage.prompt)
        output.inc(outcome.usage.output)
        seconds.observe(outcome.total_ms / 1000)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
