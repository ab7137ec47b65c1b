"""Applications at work: the unmodified `openai` client, three teams, distinct persons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import openai

from bailiwick_local import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ENOUGH = 14
FEW = 3
AT_ONCE = 4
ANSWER_TOKENS = 8
PROMPTS = (
    "A customer asks where the refund is. Answer in one line.",
    "Summarise: the parcel was late, the customer was patient, the courier apologised.",
    "Is this about billing, delivery or something else? 'My card was charged twice.'",
)


@dataclass(frozen=True)
class Work:
    """What one team does: tags, how many persons, and which call each of them makes."""

    team: str
    people: int
    call: str
    project: str
    product: str
    use_case: str
    environment: str = "production"


WORK = (
    Work("payments", ENOUGH, "chat", "core", "assistant", "support"),
    Work("payments", ENOUGH, "classify", "core", "assistant", "classification"),
    Work("payments", 2, "stream", "pilot", "assistant", "summaries", "experiment"),
    Work("care", ENOUGH, "stream", "core", "assistant", "summaries"),
    Work("care", ENOUGH, "embed", "core", "search", "support"),
    Work("lab", FEW, "complete", "pilot", "search", "summaries"),
)


@dataclass(frozen=True)
class Call:
    """One answered call, as the application saw it."""

    work: Work
    admission: str
    model: str
    prompt_tokens: int
    output_tokens: int


class Application:
    """One team's application in one region."""

    def __init__(self, gateway: str, key: str) -> None:
        """`gateway`: the region's base URL, `key`: its API key."""
        self._client = openai.OpenAI(base_url=gateway, api_key=key, max_retries=2, timeout=60)

    def work(self, work: Work, person: str) -> Call:
        """One call of one person. Raises openai.APIStatusError when refused."""
        calls: dict[str, Callable[[Work, str, dict[str, str]], Call]] = {
            "chat": self._chat,
            "classify": self._chat,
            "stream": self._stream,
            "complete": self._complete,
            "embed": self._embed,
        }
        return calls[work.call](work, person, _tags(work))

    def _chat(self, work: Work, person: str, tags: dict[str, str]) -> Call:
        raw = self._client.chat.completions.with_raw_response.create(
            model=vocabulary.CHAT_MODEL,
            messages=[{"role": "user", "content": _prompt(work)}],
            max_tokens=ANSWER_TOKENS,
            safety_identifier=person,
            extra_headers=tags,
        )
        usage = raw.parse().usage
        return _call(work, raw.headers, usage.prompt_tokens if usage else 0, usage.completion_tokens if usage else 0)

    def _stream(self, work: Work, person: str, tags: dict[str, str]) -> Call:
        raw = self._client.chat.completions.with_raw_response.create(
            model=vocabulary.CHAT_MODEL,
            messages=[{"role": "user", "content": _prompt(work)}],
            max_tokens=ANSWER_TOKENS,
            safety_identifier=person,
            stream=True,
            stream_options={"include_usage": True},
            extra_headers=tags,
        )
        prompt = output = 0
        for chunk in raw.parse():
            if chunk.usage:
                prompt, output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        return _call(work, raw.headers, prompt, output)

    def _complete(self, work: Work, person: str, tags: dict[str, str]) -> Call:
        raw = self._client.completions.with_raw_response.create(
            model=vocabulary.CHAT_MODEL,
            prompt=_prompt(work),
            max_tokens=ANSWER_TOKENS,
            user=person,
            extra_headers=tags,
        )
        usage = raw.parse().usage
        return _call(work, raw.headers, usage.prompt_tokens if usage else 0, usage.completion_tokens if usage else 0)

    def _embed(self, work: Work, person: str, tags: dict[str, str]) -> Call:
        raw = self._client.embeddings.with_raw_response.create(
            model=vocabulary.EMBEDDING_MODEL, input=[_prompt(work)], user=person, extra_headers=tags
        )
        return _call(work, raw.headers, raw.parse().usage.prompt_tokens, 0)


def serve(applications: dict[str, Application], work: Sequence[Work] = WORK) -> list[Call]:
    """All persons of all teams make their call, a few at a time."""
    jobs = [
        (applications[item.team], item, f"{item.team}-{number:02d}") for item in work for number in range(item.people)
    ]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(lambda job: job[0].work(job[1], job[2]), jobs))


def _tags(work: Work) -> dict[str, str]:
    return {
        "OpenAI-Project": work.project,
        "X-Bailiwick-Product": work.product,
        "X-Bailiwick-Use-Case": work.use_case,
        "X-Bailiwick-Environment": work.environment,
    }


def _prompt(work: Work) -> str:
    return PROMPTS[vocabulary.USE_CASES.index(work.use_case)]


def _call(work: Work, headers: Mapping[str, str], prompt: int, output: int) -> Call:
    model = headers.get("x-bailiwick-model", "")
    return Call(work, headers.get("x-bailiwick-admission", ""), model, prompt, output)
