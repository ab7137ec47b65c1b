"""Decisions: the traps of Cedar, closed one by one, and the diff that shows what a release would change."""

from dataclasses import replace

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract.decision import (
    ATTRIBUTES,
    DEFAULT_DENY,
    FIXED,
    Allow,
    Attributes,
    Deny,
    Evaluator,
    evaluate,
    lint,
    lint_own,
    parse_policies,
    prompt_band,
    semantic_diff,
    time_band,
)
from bailiwick.contract.decision_cedar import request
from bailiwick.contract.decision_evaluate import EVALUATION_ERROR
from bailiwick.contract.errors import MalformedError, PolicyError
from bailiwick.contract.release import PolicySet
from tests.unit.contract.examples import CEDAR, MODELS, REQUEST, VOCABULARIES, policy_set

NAMED = '@id("extra") @owner("ops") @basis("order")\n'
NIGHT = (
    NAMED
    + "forbid (principal, action, resource) unless { "
    + ('context has time_band && context.time_band != TimeBand::"night" };')
)


def findings(cedar: str) -> str:
    return "; ".join(lint(policy_set(cedar)))


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(policy_set())


def test_what_is_permitted_and_not_forbidden_is_allowed(evaluator):
    assert evaluator.decide(REQUEST) == Allow(("base-inference",))


def test_a_refusal_names_rule_owner_basis_and_advice(evaluator):
    refused = evaluator.decide(REQUEST._replace(region="in-mh", jurisdiction="IN", model="minilm"))
    assert isinstance(refused, Deny)
    assert refused.policies == ("review-before-asia",)
    assert (refused.reasons[0].owner, refused.reasons[0].basis) == ("dpo", "GDPR Art. 44")
    assert refused.reasons[0].advice == "have the model reviewed for the jurisdiction"


def test_one_passing_rule_does_not_outweigh_another(evaluator):
    refused = evaluator.decide(REQUEST._replace(budget_exhausted="true"))
    assert refused == evaluate(policy_set(), REQUEST._replace(budget_exhausted="true"))
    assert isinstance(refused, Deny)
    assert refused.policies == ("within-budget",)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_value_outside_its_vocabulary_is_refused_and_not_remembered(name):
    evaluator = Evaluator(policy_set())
    refused = evaluator.decide(REQUEST._replace(**{name: "nowhere"}))
    assert isinstance(refused, Deny)
    assert refused.policies == (f"unknown-{name.replace('_', '-')}",)
    assert evaluator._known == {}


def test_an_unregistered_model_is_refused_even_if_every_rule_would_pass(evaluator):
    assert isinstance(evaluator.decide(REQUEST._replace(model="unregistered")), Deny)


def test_a_tag_that_the_set_does_not_register_cannot_matter():
    vocabularies = {name: words for name, words in VOCABULARIES.items() if name != "project"}
    evaluator = Evaluator(PolicySet(policy_set().policies, vocabularies, MODELS))
    assert isinstance(evaluator.decide(REQUEST._replace(project="anything")), Allow)


def test_no_permit_is_a_refusal():
    nothing = Evaluator(policy_set(NIGHT)).decide(REQUEST)
    assert nothing == Deny((DEFAULT_DENY,))


def test_a_rule_that_errs_refuses_although_cedar_skips_it():
    unguarded = CEDAR + NAMED + "forbid (principal, action, resource) unless { context.missing == 1 };"
    cedar = cedarpy.PolicySet.from_str(unguarded)
    asked = request(REQUEST, MODELS[0], tuple(VOCABULARIES))
    assert cedarpy.is_authorized(asked, cedar, "[]").decision is cedarpy.Decision.Allow
    evaluator = Evaluator(policy_set())
    evaluator._cedar = cedar
    assert evaluator.decide(REQUEST) == Deny((EVALUATION_ERROR,))


def test_a_known_decision_is_the_same_object(evaluator):
    again = Attributes(*("".join(list(value)) for value in REQUEST))
    assert evaluator.decide(again) is evaluator.decide(REQUEST)


WORDS = {**FIXED, **VOCABULARIES, "model": ("tiny-chat", "minilm")}


@given(st.fixed_dictionaries({name: st.sampled_from(words) for name, words in WORDS.items()}))
def test_decisions_are_pure(values):
    attributes = Attributes.read(values)
    assert Evaluator(policy_set()).decide(attributes) == Evaluator(policy_set()).decide(attributes)


def test_attributes_are_read_strictly():
    assert Attributes.read(REQUEST.mapping()) == REQUEST
    with pytest.raises(MalformedError):
        Attributes.read({**REQUEST.mapping(), "extra": "x"})
    with pytest.raises(MalformedError):
        Attributes.read({})


@pytest.mark.parametrize(
    ("cedar", "finding"),
    [
        (NAMED + "permit (principal, action, resource);", "has its base permit already"),
        (
            NAMED + 'permit (principal, action == Action::"chat", resource == Model::"minilm");',
            "no condition and no scope",
        ),
        (NAMED + 'permit (principal, action == Action::"chat", resource) when { true };', "no condition and no scope"),
        (
            NAMED + 'forbid (principal, action, resource) when { context has team && context.team == Team::"lab" };',
            "has no `when`",
        ),
        (
            NAMED + 'forbid (principal, action, resource) unless { context.team == Team::"lab" };',
            "unable to guarantee safety",
        ),
        (
            NAMED + 'forbid (principal, action, resource) unless { context has team && context.team == Team::"labb" };',
            "not declared",
        ),
        (NAMED + 'forbid (principal, action == Action::"caht", resource);', "caht"),
        (
            NAMED + 'forbid (principal, action, resource) unless { context has teem && context.teem == Team::"lab" };',
            "teem",
        ),
    ],
)
def test_the_lint_finds(cedar, finding):
    assert finding in findings(CEDAR + cedar)
    with pytest.raises(PolicyError):
        Evaluator(policy_set(CEDAR + cedar))


@pytest.mark.parametrize(
    "cedar",
    [
        "permit (principal, action, resource);",
        '@id("x") @owner("o") permit (principal, action, resource);',
        '@id("x") @owner("o") @basis("") permit (principal, action, resource);',
        '@id("x") @owner("o") @basis("b") @other("c") permit (principal, action, resource);',
        '@id("Not An Id") @owner("o") @basis("b") permit (principal, action, resource);',
        "permit (principal, action",
        '@id("x") @owner("o") @basis("b") permit (principal == ?principal, action, resource);',
    ],
)
def test_policies_without_their_annotations_do_not_parse(cedar):
    with pytest.raises(PolicyError):
        parse_policies(cedar)


def test_fields_that_differ_from_the_text_are_refused():
    policies = policy_set().policies
    forged = type(policies[1])(policies[1].id, "someone else", policies[1].basis, policies[1].effect, policies[1].text)
    with pytest.raises(PolicyError):
        lint(PolicySet((policies[0], forged), VOCABULARIES, MODELS))
    smuggled = replace(policies[1], text=policies[1].text + policies[0].text)
    with pytest.raises(PolicyError):
        lint(PolicySet((policies[0], smuggled), VOCABULARIES, MODELS))


def test_a_region_can_only_tighten():
    own = parse_policies(NIGHT)
    assert lint_own(own) == []
    refused = Evaluator(policy_set(), own).decide(REQUEST._replace(time_band="night"))
    assert isinstance(refused, Deny)
    assert refused.policies == ("extra",)
    permit = parse_policies(NAMED + "permit (principal, action, resource);")
    assert lint_own(permit) == ["policy extra: a region's own set holds no permit"]
    with pytest.raises(PolicyError):
        Evaluator(policy_set(), permit)


def test_an_id_may_occur_once_over_both_sets():
    with pytest.raises(PolicyError):
        Evaluator(policy_set(), parse_policies(NIGHT.replace("extra", "within-budget")))


def test_the_semantic_diff_lists_every_flip():
    diff = semantic_diff(policy_set(), policy_set(CEDAR + NIGHT))
    assert diff.flips
    assert all(flip.tightens and flip.attributes["time_band"] == "night" for flip in diff.flips)
    assert semantic_diff(policy_set(), policy_set()).flips == ()
    loosened = semantic_diff(policy_set(CEDAR + NIGHT), policy_set())
    assert len(loosened.flips) == len(diff.flips)
    assert not any(flip.tightens for flip in loosened.flips)


def test_the_semantic_diff_can_look_at_one_region():
    diff = semantic_diff(None, policy_set(), {"region": ("in-mh",), "jurisdiction": ("IN",)})
    assert {flip.attributes["model"] for flip in diff.flips} == {"tiny-chat"}
    assert {flip.attributes["region"] for flip in diff.flips} == {"in-mh"}


def test_too_many_combinations_are_refused():
    with pytest.raises(PolicyError):
        semantic_diff(None, policy_set(), {"region": tuple(f"r{n}" for n in range(100_001))})


@pytest.mark.parametrize(
    ("hour", "weekday", "band"),
    [(8, 0, "business"), (18, 4, "evening"), (22, 1, "night"), (3, 2, "night"), (12, 5, "weekend")],
)
def test_time_bands(hour, weekday, band):
    assert time_band(hour, weekday) == band


@pytest.mark.parametrize(("tokens", "band"), [(0, "small"), (1024, "small"), (1025, "medium"), (8193, "large")])
def test_prompt_bands(tokens, band):
    assert prompt_band(tokens) == band
