"""The bodies of a vLLM server's answers, with the field order of the real one."""

import json
from dataclasses import dataclass, field
from typing import Any

CREATED = 1_790_000_000


def count(text: object) -> int:
    """The fake's tokenizer: a token per word, at least one for what is not empty."""
    if isinstance(text, str):
        return len(text.split())
    if isinstance(text, list):
        return sum(count(part.get("text", "")) if isinstance(part, dict) else 1 for part in text)
    return 0


@dataclass
class Served:
    """One request as the engine saw it and accounted for it."""

    id: str
    path: str
    body: dict[str, Any]
    prompt_tokens: int
    completion_tokens: int = 0
    sent_chunks: int = 0
    aborted: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def usage(self) -> dict[str, int]:
        """The usage object of the real server."""
        return usage(self.prompt_tokens, self.completion_tokens)


def usage(prompt: int, completion: int) -> dict[str, int]:
    """vLLM's UsageInfo, in its order."""
    return {"prompt_tokens": prompt, "total_tokens": prompt + completion, "completion_tokens": completion}


def prompts(body: dict[str, Any], path: str) -> list[int]:
    """The token count of each prompt of a request."""
    if path == "/v1/chat/completions":
        return [sum(4 + count(message.get("content", "")) for message in body["messages"])]
    raw = body["input"] if path == "/v1/embeddings" else body["prompt"]
    if isinstance(raw, str):
        return [count(raw)]
    if raw and isinstance(raw[0], int):
        return [len(raw)]
    return [count(one) if isinstance(one, str) else len(one) for one in raw]


def limit(body: dict[str, Any], default: int) -> int:
    """How many tokens the engine would make at most, per choice."""
    return int(body.get("max_completion_tokens") or body.get("max_tokens") or default)


def plain(served: Served, tokens: int, choices: int) -> bytes:
    """A whole answer of a chat or a completion."""
    chat = served.path == "/v1/chat/completions"
    text = " ".join(["ok"] * tokens)
    body = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    served.completion_tokens = tokens * choices
    return dumps(
        {
            "id": served.id,
            "object": "chat.completion" if chat else "text_completion",
            "created": CREATED,
            "model": served.body["model"],
            "choices": [{"index": i, **body, "logprobs": None, "finish_reason": "length"} for i in range(choices)],
            "usage": served.usage,
        }
    )


def embeddings(served: Served, items: int) -> bytes:
    """Vectors of 8 numbers."""
    data = [{"index": i, "object": "embedding", "embedding": [0.125 * j for j in range(8)]} for i in range(items)]
    return dumps(
        {
            "id": served.id,
            "object": "list",
            "created": CREATED,
            "model": served.body["model"],
            "data": data,
            "usage": served.usage,
        }
    )


def chunk(served: Served, index: int, delta: str | None, finish: str | None, known: dict[str, int] | None) -> bytes:
    """One server-sent event of a stream."""
    chat = served.path == "/v1/chat/completions"
    choice: dict[str, Any] = {"index": index}
    if not chat:
        choice["text"] = delta or ""
    elif delta is None:
        choice["delta"] = {"role": "assistant", "content": ""}
    else:
        choice["delta"] = {"content": delta}
    choice |= {"logprobs": None, "finish_reason": finish}
    event = head(served, chat=chat) | {"choices": [choice]}
    if known is not None:
        event["usage"] = known
    if delta is None:
        event["prompt_token_ids"] = None
    return b"data: " + dumps(event) + b"\n\n"


def last(served: Served) -> bytes:
    """The final usage event of a stream."""
    event = head(served, chat=served.path == "/v1/chat/completions") | {"choices": [], "usage": served.usage}
    return b"data: " + dumps(event) + b"\n\n"


def head(served: Served, *, chat: bool) -> dict[str, Any]:
    """What every event of a stream opens with."""
    kind = "chat.completion.chunk" if chat else "text_completion"
    return {"id": served.id, "object": kind, "created": CREATED, "model": served.body["model"]}


def dumps(document: object) -> bytes:
    """JSON as pydantic writes it: no spaces, no escapes beyond the needed."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
