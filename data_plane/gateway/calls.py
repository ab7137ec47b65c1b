"""What a request asks for, read from its JSON with closed lists of fields; nothing is kept of what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from data_plane.gateway.errors import Refusal, invalid
from data_plane.gateway.limits import JsonObject

MAX_CHOICES = 16
MAX_PROMPTS = 256
MAX_PERSON = 256
MAX_METADATA = 16
TEMPLATE_BYTES = 256
MESSAGE_BYTES = 32
RENDERED_JSON = 6

_EVERY = frozenset({"model", "user", "safety_identifier", "metadata", "service_tier"})
_OPENAI = """
    max_tokens n stream stream_options temperature top_p stop presence_penalty frequency_penalty logit_bias logprobs
    seed response_format
"""
_VLLM = """
    top_k min_p repetition_penalty ignore_eos min_tokens stop_token_ids include_stop_str_in_output skip_special_tokens
    spaces_between_special_tokens structured_outputs
"""
_ONLY_CHAT = """
    messages max_completion_tokens top_logprobs tools tool_choice parallel_tool_calls reasoning_effort store verbosity
    modalities prompt_cache_key
"""
_SAMPLING = _EVERY.union(_OPENAI.split(), _VLLM.split())
_CHAT = _SAMPLING.union(_ONLY_CHAT.split())
_COMPLETION = _SAMPLING | {"prompt", "suffix", "echo"}
_EMBEDDING = _EVERY | {"input", "encoding_format", "dimensions"}
_OWN = ("user", "safety_identifier", "metadata", "service_tier", "store", "prompt_cache_key", "verbosity", "modalities")
_RANGES = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
    "repetition_penalty": (0.0, 10.0),
}
_TIERS = frozenset({None, "auto", "default", "flex", "priority"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of the paths that infer: what it is called for policy, which models serve it, how it is read."""

    path: str
    action: str
    kind: str
    fields: frozenset[str]
    size: Callable[[JsonObject], tuple[int, int]]


@dataclass(slots=True)
class Call:
    """A request as the steps see it. Sizes are upper bounds in tokens; `body` is forwarded and then forgotten."""

    endpoint: Endpoint
    body: JsonObject
    model: str
    stream: bool
    wants_usage: bool
    wants_continuous: bool
    choices: int
    prompts: int
    prompt_bound: int
    max_tokens: int | None
    service_tier: str | None
    person: str | None
    metadata: dict[str, str] = field(default_factory=dict)


def read(endpoint: Endpoint, body: JsonObject, size: int) -> Call:
    """The call in `body`, which came as `size` bytes.

    Raises:
        Refusal: a field is unknown, of the wrong type or out of range.
    """
    unknown = body.keys() - endpoint.fields
    if unknown:
        name = min(unknown)[:64]
        raise invalid("unknown_field", f"The field {name!r} is not accepted here.", param=name, fix="Leave it out.")
    model = body.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= 256:
        raise invalid("invalid_model", "The field 'model' must name a model.", param="model")
    stream = _flag(body, "stream")
    usage, continuous = _stream_options(body, stream=stream)
    choices = _integer(body, "n", 1, MAX_CHOICES) or 1
    prompts, bound = endpoint.size(body)
    _numbers(body)
    if "tools" in body or "response_format" in body or "structured_outputs" in body:
        size *= RENDERED_JSON  # templates print these indented
    return Call(
        endpoint=endpoint,
        body=body,
        model=model,
        stream=stream,
        wants_usage=usage,
        wants_continuous=continuous,
        choices=choices,
        prompts=prompts,
        prompt_bound=size + bound,
        max_tokens=_max_tokens(body),
        service_tier=_service_tier(body),
        person=_person(body),
        metadata=_metadata(body),
    )


def forwarded(call: Call, model: str, max_tokens: int | None) -> JsonObject:
    """The body for the engine: what concerns only the region is gone, what the region needs is in."""
    body = call.body
    for name in _OWN:
        body.pop(name, None)
    body["model"] = model
    if max_tokens is not None:
        body.pop("max_completion_tokens", None)
        body["max_tokens"] = max_tokens
    if call.stream:
        body["stream_options"] = {"include_usage": True, "continuous_usage_stats": True}
    return body


def _flag(body: JsonObject, name: str) -> bool:
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise invalid("invalid_type", f"The field {name!r} must be true or false.", param=name)


def _integer(body: JsonObject, name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not low <= value <= high:
        raise invalid("out_of_range", f"The field {name!r} must be a whole number from {low} to {high}.", param=name)
    return value


def _numbers(body: JsonObject) -> None:
    for name, (low, high) in _RANGES.items():
        if name in body:
            value = body[name]
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise invalid("out_of_range", f"The field {name!r} must lie between {low} and {high}.", param=name)


def _max_tokens(body: JsonObject) -> int | None:
    old = _integer(body, "max_tokens", 1, 2**31)
    new = _integer(body, "max_completion_tokens", 1, 2**31)
    if old is not None and new is not None and old != new:
        raise invalid("conflicting_fields", "max_tokens and max_completion_tokens differ.", param="max_tokens")
    return new if new is not None else old


def _stream_options(body: JsonObject, *, stream: bool) -> tuple[bool, bool]:
    options = body.get("stream_options")
    if options is None:
        return False, False
    if not stream or not isinstance(options, dict):
        raise invalid("invalid_type", "stream_options needs stream=true and an object.", param="stream_options")
    unknown = options.keys() - {"include_usage", "continuous_usage_stats", "include_obfuscation"}
    if unknown:
        raise invalid("unknown_field", "stream_options holds an unknown field.", param="stream_options")
    return _flag(options, "include_usage"), _flag(options, "continuous_usage_stats")


def _service_tier(body: JsonObject) -> str | None:
    tier = body.get("service_tier")
    if tier is not None and (not isinstance(tier, str) or tier not in _TIERS):
        raise Refusal(
            400,
            "invalid_service_tier",
            "The field 'service_tier' must be auto, default, flex or priority.",
            param="service_tier",
            permitted=("auto", "default", "flex", "priority"),
        )
    return tier


def _person(body: JsonObject) -> str | None:
    for name in ("safety_identifier", "user"):
        value = body.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str) or len(value) > MAX_PERSON:
            message = f"The field {name!r} must be text of at most {MAX_PERSON} signs."
            raise invalid("invalid_person", message, param=name)
        return value
    return None


def _metadata(body: JsonObject) -> dict[str, str]:
    metadata = body.get("metadata")
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or len(metadata) > MAX_METADATA:
        message = f"metadata must be an object of at most {MAX_METADATA} texts."
        raise invalid("invalid_metadata", message, param="metadata")
    for value in metadata.values():
        if not isinstance(value, str) or len(value) > 512:
            message = "Each value of metadata must be text of at most 512 signs."
            raise invalid("invalid_metadata", message, param="metadata")
    return metadata


def _chat_size(body: JsonObject) -> tuple[int, int]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        problem = "The field 'messages' must be a list of at least one message."
        raise invalid("invalid_messages", problem, param="messages")
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise invalid("invalid_messages", "Each message must be an object with a role.", param="messages")
        content = message.get("content")
        if not isinstance(content, str):
            _parts(content)
    return 1, TEMPLATE_BYTES + MESSAGE_BYTES * len(messages)


def _parts(content: object) -> None:
    if content is None:
        return
    if not isinstance(content, list):
        raise invalid("invalid_messages", "The content of a message must be text or a list of parts.", param="messages")
    for part in content:
        if not isinstance(part, dict) or part.get("type") not in {"text", "refusal"}:
            raise invalid(
                "unsupported_content",
                "Only text parts are served: no price is registered for others.",
                param="messages",
                fix="Send parts of type 'text'.",
            )


def _prompts(raw: object, name: str) -> tuple[int, int]:
    if isinstance(raw, str):
        return 1, TEMPLATE_BYTES
    if not isinstance(raw, list) or not raw:
        raise _no_prompt(name)
    if all(type(one) is int for one in raw):
        return 1, TEMPLATE_BYTES
    if len(raw) > MAX_PROMPTS:
        raise invalid("too_many_prompts", f"The field {name!r} holds more than {MAX_PROMPTS} entries.", param=name)
    for one in raw:
        tokens = isinstance(one, list) and one and all(type(token) is int and token >= 0 for token in one)
        if not isinstance(one, str) and not tokens:
            raise _no_prompt(name)
    return len(raw), TEMPLATE_BYTES * len(raw)


def _no_prompt(name: str) -> Refusal:
    return invalid("invalid_prompt", f"The field {name!r} must be text, tokens, or a list of either.", param=name)


def _completion_size(body: JsonObject) -> tuple[int, int]:
    return _prompts(body.get("prompt"), "prompt")


def _embedding_size(body: JsonObject) -> tuple[int, int]:
    if body.get("encoding_format") not in {None, "float", "base64"}:
        raise invalid("invalid_type", "encoding_format must be float or base64.", param="encoding_format")
    return _prompts(body.get("input"), "input")


CHAT = Endpoint("/v1/chat/completions", "chat", "chat", _CHAT, _chat_size)
COMPLETION = Endpoint("/v1/completions", "completion", "chat", _COMPLETION, _completion_size)
EMBEDDING = Endpoint("/v1/embeddings", "embedding", "embedding", _EMBEDDING, _embedding_size)
ENDPOINTS = {endpoint.path: endpoint for endpoint in (CHAT, COMPLETION, EMBEDDING)}
