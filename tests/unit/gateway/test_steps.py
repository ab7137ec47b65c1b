from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.access import keys
from data_plane.access.keys import ApiKey
from data_plane.access.people import Pseudonyms
from data_plane.access.table import Denial, Denied, KeyTable
from data_plane.gateway import admission, calls, tags, tiers
from data_plane.gateway.calls import CHAT, COMPLETION, EMBEDDING
from data_plane.gateway.errors import Refusal
from data_plane.gateway.slots import Slots
from data_plane.policy.attributes import AttributeBuilder
from tests.fakes.vllm.answers import prompts
from tests.fixtures.gateway import TAGS, VOCABULARY, config

PEPPER = b"p" * 32
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MODELS = config().models


def key(token: keys.NewKey, **more: Any) -> ApiKey:
    given = {
        "name": "",
        "tags": {},
        "service": False,
        "premium": False,
        "commit": "",
        "revision": 1,
        "created_at": NOW,
        "revoked_at": None,
        "expires_at": None,
    }
    return ApiKey(token.id, token.hash, **{**given, **more})


def table(*known: ApiKey) -> KeyTable:
    made = KeyTable(PEPPER)
    made.replace({one.id: one for one in known})
    return made


def call(body: dict[str, Any], endpoint: calls.Endpoint = CHAT) -> calls.Call:
    return calls.read(endpoint, body, len(json.dumps(body)))


def test_a_key_passes_by_its_secret_alone() -> None:
    new, other = keys.make(PEPPER), keys.make(PEPPER)
    known = table(key(new))
    assert known.check(f"Bearer {new.token}".encode()) == key(new)
    assert known.check(f"Bearer bw_{new.id}_{other.token.split('_', 2)[2]}".encode()) == Denied(Denial.UNKNOWN)
    assert known.check(None) == Denied(Denial.MISSING)
    assert known.check(f"Basic {new.token}".encode()) == Denied(Denial.MALFORMED)


def test_a_change_reaches_what_was_remembered() -> None:
    new = keys.make(PEPPER)
    known = table(key(new))
    header = f"Bearer {new.token}".encode()
    assert isinstance(known.check(header), ApiKey)
    revoked = key(new, revoked_at=NOW)
    known.replace({new.id: revoked})
    assert known.check(header) == Denied(Denial.REVOKED, revoked)
    expired = key(new, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    known.replace({new.id: expired})
    assert known.check(header) == Denied(Denial.EXPIRED, expired)


@given(st.binary(max_size=300))
def test_any_authorization_is_a_key_or_a_denial(header: bytes) -> None:
    assert isinstance(table().check(header), Denied)


def test_tags_are_fixed_by_the_key_chosen_by_the_request_and_never_widened() -> None:
    resolver = tags.Resolver(VOCABULARY)
    permitted = {name: tuple(values) for name, values in TAGS.items()} | {"team": ("payments", "care")}
    asked = (None, "care", None, None, None, None)
    assert resolver.resolve("k", 1, permitted, asked)["team"] == "care"
    assert resolver.resolve("k", 1, permitted, asked)["cost_centre"] == "cc-100"
    with pytest.raises(Refusal) as caught:
        resolver.resolve("k", 1, permitted, (None, "lab", None, None, None, None))
    assert caught.value.code == "tag_not_permitted"
    assert resolver.known((None, "x", None, None, None, None), permitted)["team"] == ""


def test_tags_from_two_places_must_agree() -> None:
    with pytest.raises(Refusal):
        tags.asked_for({b"openai-project": b"core", b"x-bailiwick-project": b"pilot"}, {})
    assert tags.asked_for({b"openai-project": b"core"}, {"project": "core"})[2] == "core"


@pytest.mark.parametrize(
    ("asked", "service_tier", "premium", "model"),
    [
        ("auto", None, True, "tiny-chat"),
        ("auto", "priority", True, "big-chat"),
        ("economy", "priority", True, "tiny-chat"),
        ("premium", None, True, "big-chat"),
        ("tiny", None, False, "tiny-chat"),
        ("tiny-chat", "flex", False, "tiny-chat"),
        ("big-chat", None, False, None),
        ("premium", None, False, None),
        ("nothing", None, True, None),
    ],
)
def test_models_and_aliases(asked: str, service_tier: str | None, *, premium: bool, model: str | None) -> None:
    if model is None:
        with pytest.raises(Refusal):
            tiers.choose(MODELS, asked, "chat", service_tier, premium=premium)
    else:
        assert tiers.choose(MODELS, asked, "chat", service_tier, premium=premium).model == model


def test_a_budget_in_its_warning_band_forces_economy() -> None:
    assert tiers.choose(MODELS, "premium", "chat", None, premium=True, economy_only=True).model == "tiny-chat"
    with pytest.raises(Refusal) as caught:
        tiers.choose(MODELS, "big-chat", "chat", None, premium=True, economy_only=True)
    assert caught.value.reason == "budget"


words = st.text(max_size=60)


@given(st.lists(words, min_size=1, max_size=6), st.integers(1, 4), st.integers(1, 50))
def test_the_bound_is_never_less_than_what_can_be_used(texts: list[str], n: int, most: int) -> None:
    body = {
        "model": "tiny-chat",
        "messages": [{"role": "user", "content": text} for text in texts],
        "n": n,
        "max_tokens": most,
    }
    made = calls.read(CHAT, body, len(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")))
    bound = admission.worst_case(made, MODELS[0], admission.output_limit(made, MODELS[0]))
    # One token per byte, and a template of eight tokens per message, is more than any tokenizer makes.
    most_prompt = sum(len(text.encode("utf-8", "surrogatepass")) + 8 for text in texts)
    assert bound.prompt >= min(most_prompt, MODELS[0].context_length)
    assert bound.output == n * most


def test_prompt_lists_multiply() -> None:
    made = call({"model": "tiny-chat", "prompt": ["a", "b", "c"], "n": 2, "max_tokens": 5}, COMPLETION)
    assert admission.worst_case(made, MODELS[0], 5).output == 30
    assert prompts({"prompt": [[1, 2], [3]]}, "/v1/completions") == [2, 1]
    vectors = call({"model": "minilm", "input": ["a", "b"]}, EMBEDDING)
    assert admission.output_limit(vectors, MODELS[2]) is None


def test_what_is_forwarded_says_nothing_of_the_person() -> None:
    made = call(
        {
            "model": "auto",
            "messages": [{"role": "user", "content": "x"}],
            "user": "anna",
            "metadata": {"team": "a"},
            "stream": True,
        }
    )
    body = calls.forwarded(made, "tiny-chat", 64)
    assert body == {
        "model": "tiny-chat",
        "messages": [{"role": "user", "content": "x"}],
        "stream": True,
        "max_tokens": 64,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True},
    }


def test_a_pseudonym_is_keyed_and_a_key_without_person_is_one_person() -> None:
    people, other = Pseudonyms(b"a" * 32), Pseudonyms(b"b" * 32)
    one = key(keys.make(PEPPER))
    assert people.subject("anna", one) == people.subject("anna", key(keys.make(PEPPER)))
    assert people.subject("anna", one) != other.subject("anna", one)
    assert people.subject(None, one) != people.subject(one.id, one)


def test_a_slot_is_given_once() -> None:
    slots = Slots(1)
    slot = slots.take("k")
    with pytest.raises(Refusal):
        slots.take("k")
    slot.give()
    slot.give()
    assert slots.busy() == 0


@pytest.mark.parametrize(
    ("at", "band"),
    [
        (datetime(2026, 11, 23, 6, 30, tzinfo=UTC), "night"),
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), "business"),
        (NOW, "weekend"),
    ],
)
def test_the_time_band_is_the_regions_own(at: datetime, band: str) -> None:
    builder = AttributeBuilder("eu-de", "EU", ZoneInfo("Europe/Berlin"))
    tagged = dict.fromkeys(tags.NAMES, "x")
    made = builder.build("chat", tagged, "economy", "tiny-chat", 5000, at.timestamp(), exhausted=True)
    assert (made.time_band, made.prompt_band, made.budget_exhausted) == (band, "medium", "true")
