"""Step 6, admit: the worst case that a request can cost, from sizes alone.

Every token stands for at least one byte of what the template renders, so bytes bound tokens; the engine refuses what
does not fit its context, so the context bounds them too.
"""

from __future__ import annotations

from bailiwick.contract.pricing import Bound
from bailiwick.contract.release import Model
from data_plane.gateway.calls import Call
from data_plane.gateway.errors import invalid

MAX_BOUND = 2**40


def output_limit(call: Call, model: Model) -> int | None:
    """Tokens per choice that the engine may make, as forwarded; None where the kind makes none.

    Raises:
        Refusal: more than the model's context was asked for.
    """
    if call.endpoint.kind == "embedding":
        return None
    if call.max_tokens is None:
        return model.default_max_tokens
    if call.max_tokens > model.context_length:
        raise invalid(
            "max_tokens_too_large",
            f"max_tokens is larger than the model's context of {model.context_length} tokens.",
            param="max_tokens",
            fix=f"Ask for at most {model.context_length}, less the prompt.",
        )
    return call.max_tokens


def worst_case(call: Call, model: Model, limit: int | None) -> Bound:
    """The most tokens that the request can use; choices and prompts multiply."""
    prompt = min(call.prompt_bound, model.context_length * call.prompts)
    return Bound(prompt, (limit or 0) * call.choices * call.prompts)
