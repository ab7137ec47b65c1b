"""The engine's event stream: what is hidden from the client, and the usage that it carries.

The gateway asks vLLM for a usage in every chunk. A client that did not ask sees none of it; every other byte passes
unchanged. Inside JSON a quote in text is escaped, so `,"usage":{` can only be a member of that name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

USAGE = re.compile(rb',"usage":(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')
FINISH = re.compile(rb'"finish_reason":"([a-z_]{1,32})"')
EMPTY = b'"choices":[]'
DONE = b"data: [DONE]"
END = b"\n\n"


@dataclass(slots=True)
class Seen:
    """Tokens by type as last seen, and whether the engine had finished counting."""

    prompt: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    final: bool = False
    finish: str = ""


class StreamFilter:
    """Feeds on the engine's bytes, gives the client's; keeps at most one unfinished event.

    With one choice vLLM's usage in a chunk is cumulative; with several it is each choice's own, so they are added up.
    `over` is set once more than `most` output tokens were made: what came before them is still given.
    """

    __slots__ = (
        "_choices",
        "_continuous",
        "_most",
        "_outputs",
        "_prompts",
        "_rest",
        "_several",
        "_usage",
        "done",
        "over",
        "seen",
    )

    def __init__(self, most: int, *, usage: bool, continuous: bool, choices: int = 1, prompts: int = 1) -> None:
        self.seen = Seen()
        self.done = False
        self.over = False
        self._most = most
        self._usage = usage
        self._continuous = continuous
        self._choices = choices
        self._several = choices * prompts > 1
        self._rest = b""
        self._outputs: dict[int, int] = {}
        self._prompts: dict[int, int] = {}

    def feed(self, data: bytes) -> bytes:
        """What the client may have of everything that is complete so far."""
        if self._rest:
            data = self._rest + data
        cut = data.rfind(END)
        if cut < 0:
            self._rest = data
            return b""
        cut += 2
        self._rest = data[cut:]
        whole = data[:cut] if cut != len(data) else data
        if self._several:
            for event in whole.split(END):
                self._choice(event)
        else:
            self._last(whole)
        if self.seen.output > self._most:
            self.over = True
            whole = self._within(whole)
        elif EMPTY in whole or DONE in whole:
            return self._ending(whole)
        return whole if self._continuous else USAGE.sub(b"", whole)

    def _last(self, whole: bytes) -> None:
        at = whole.rfind(b',"usage":{')
        found = USAGE.match(whole, at) if at >= 0 else None
        if found is not None:
            self._note(orjson.loads(found[1]))
        if b'"finish_reason":"' in whole:
            reason = FINISH.search(whole)
            if reason is not None:
                self.seen.finish = reason[1].decode("ascii")

    def _choice(self, event: bytes) -> None:
        if not event.startswith(b"data: {"):
            return
        document = orjson.loads(event[6:])
        usage, choices = document.get("usage"), document.get("choices") or ()
        for choice in choices:
            if choice.get("finish_reason"):
                self.seen.finish = choice["finish_reason"]
        if usage is None:
            return
        if not choices:
            self._note(usage)
            return
        index = _count(choices[0].get("index"))
        self._outputs[index] = _count(usage.get("completion_tokens"))
        self._prompts[index // self._choices] = _count(usage.get("prompt_tokens"))
        self.seen.prompt = sum(self._prompts.values())
        self.seen.output = sum(self._outputs.values())

    def _within(self, whole: bytes) -> bytes:
        """The events before the one that passes the reservation."""
        kept = []
        before = Seen()
        for event in whole.split(END):
            found = USAGE.search(event)
            if found is None:
                break
            note(before, orjson.loads(found[1]))
            if self._several or before.output > self._most:
                break
            kept.append(event + END)
        return b"".join(kept)

    def _note(self, usage: dict[str, object]) -> None:
        note(self.seen, usage)

    def _ending(self, whole: bytes) -> bytes:
        kept = []
        for event in whole.split(END):
            if not event:
                continue
            if event.startswith(DONE):
                self.done = True
            elif EMPTY in event and USAGE.search(event) is not None:
                self.seen.final = True
                if not self._usage:
                    continue
                kept.append(event + END)
                continue
            kept.append((event if self._continuous else USAGE.sub(b"", event)) + END)
        return b"".join(kept)


def note(seen: Seen, usage: dict[str, object]) -> None:
    """Takes over an OpenAI usage object."""
    seen.prompt = _count(usage.get("prompt_tokens"))
    seen.output = _count(usage.get("completion_tokens"))
    details = usage.get("prompt_tokens_details")
    if isinstance(details, dict):
        seen.cached = min(_count(details.get("cached_tokens")), seen.prompt)
    details = usage.get("completion_tokens_details")
    if isinstance(details, dict):
        seen.reasoning = min(_count(details.get("reasoning_tokens")), seen.output)


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0
