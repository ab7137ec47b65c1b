"""`bailiwick policy ...`: work with a policy set as a file, before anyone signs it. Nothing here needs a region."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.cli.options import JsonOption
from bailiwick.cli.output import Exit, Output, fail
from bailiwick.contract import canonical, decision
from bailiwick.contract.errors import ContractError
from bailiwick.contract.release import PolicySet
from bailiwick.contract.release_policy import MAX_POLICY_SET

PolicyFile = Annotated[Path, typer.Argument(help="A policy set (JSON).", exists=True, dir_okay=False)]
MOST_SHOWN = 40


def check(file: PolicyFile, json_: JsonOption = False) -> None:
    """Check a policy set: syntax, schema, one base permit per action, id, owner and basis on each policy."""
    output = Output(json_)
    findings = decision.lint(_load(file))
    output.document({"file": str(file), "ok": not findings, "findings": findings})
    if findings:
        raise SystemExit(Exit.NOT_SO)


def test(
    file: PolicyFile,
    cases: Annotated[
        Path, typer.Argument(help="Cases: [{attributes: {...}, expect: allow|deny}] (JSON).", exists=True)
    ],
    json_: JsonOption = False,  # noqa: PT028 -- a verb that is called test, and no test
) -> None:
    """Run cases against a policy set; each names attributes and the decision that is expected."""
    output = Output(json_)
    evaluator = decision.Evaluator(_load(file))
    results = [_case(evaluator, number, case) for number, case in enumerate(_json(cases), 1)]
    if json_:
        output.document({"cases": results, "ok": all(result["ok"] for result in results)})
    else:
        output.table(
            ("CASE#", "RESULT", "EXPECTED", "DECIDED", "RULES"),
            (
                (r["case"], "ok" if r["ok"] else "WRONG", r["expected"], r["decided"], ", ".join(r["policies"]))
                for r in results
            ),
        )
    if not all(result["ok"] for result in results):
        raise SystemExit(Exit.NOT_SO)


def diff(
    old: PolicyFile,
    new: PolicyFile,
    json_: JsonOption = False,
) -> None:
    """Show which decisions flip between two policy sets, over all combinations of registered values."""
    output = Output(json_)
    try:
        found = decision.semantic_diff(_load(old), _load(new))
    except ContractError as error:
        fail(str(error), "compare sets with fewer registered values", Exit.NOT_SO)
    flips = [_flip(flip) for flip in found.flips]
    if json_:
        output.document({"combinations": found.combinations, "flips": flips})
        return
    output.say(f"{len(flips)} of {found.combinations} decisions flip.")
    output.table(
        ("NOW", "THEN", "WHERE", "RULES"),
        (
            (f["before"], f["after"], ", ".join(f"{k}={v}" for k, v in f["where"].items()), ", ".join(f["policies"]))
            for f in flips[:MOST_SHOWN]
        ),
    )
    if len(flips) > MOST_SHOWN:
        output.say(f"... and {len(flips) - MOST_SHOWN} more; --json lists all.")


def explain(
    file: PolicyFile,
    attribute: Annotated[
        list[str], typer.Option("--set", help="attribute=value; repeat. The rest takes its first value.")
    ],
    json_: JsonOption = False,
) -> None:
    """Decide one request and say which rules decided, whose they are, and on what legal basis."""
    output = Output(json_)
    policy_set = _load(file)
    verdict = decision.Evaluator(policy_set).decide(_attributes(policy_set, attribute))
    reasons = [
        {"policy": r.policy, "owner": r.owner, "basis": r.basis, "fix": r.advice}
        for r in (verdict.reasons if isinstance(verdict, decision.Deny) else ())
    ]
    allowed = isinstance(verdict, decision.Allow)
    output.document(
        {"decision": "allow" if allowed else "deny", "policies": list(verdict.policies), "reasons": reasons}
    )
    if not allowed:
        raise SystemExit(Exit.NOT_SO)


def _load(path: Path) -> PolicySet:
    try:
        return PolicySet.read(canonical.parse(path.read_bytes(), MAX_POLICY_SET))
    except ContractError as error:
        fail(f"{path} is no policy set: {error}", "see infra/examples for one", Exit.USAGE)


def _json(path: Path) -> list[dict[str, Any]]:
    try:
        cases = json.loads(path.read_bytes())
    except ValueError as error:
        fail(f"{path} is not JSON: {error}", "give a list of cases", Exit.USAGE)
    if not isinstance(cases, list) or not all(
        isinstance(c, dict) and set(c) == {"attributes", "expect"} for c in cases
    ):
        fail(f"{path} holds no list of cases", "each case has attributes and expect (allow or deny)", Exit.USAGE)
    return cases


def _case(evaluator: decision.Evaluator, number: int, case: dict[str, Any]) -> dict[str, Any]:
    try:
        verdict = evaluator.decide(decision.Attributes.read(case["attributes"]))
    except ContractError as error:
        fail(f"case {number}: {error}", "name all of: " + ", ".join(decision.ATTRIBUTES), Exit.USAGE)
    decided = "allow" if isinstance(verdict, decision.Allow) else "deny"
    return {
        "case": number,
        "expected": case["expect"],
        "decided": decided,
        "ok": decided == case["expect"],
        "policies": list(verdict.policies),
    }


def _attributes(policy_set: PolicySet, given: list[str]) -> decision.Attributes:
    values = {name: decision.FIXED[name][0] if name in decision.FIXED else "" for name in decision.ATTRIBUTES}
    values |= {name: words[0] for name, words in policy_set.vocabularies.items() if words}
    values["model"] = policy_set.models[0].id if policy_set.models else ""
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or name not in values:
            fail(
                f"--set {pair!r} is not attribute=value",
                "attributes are: " + ", ".join(decision.ATTRIBUTES),
                Exit.USAGE,
            )
        values[name] = value
    return decision.Attributes(**values)


def _flip(flip: decision.Flip) -> dict[str, Any]:
    refusal = flip.after if isinstance(flip.after, decision.Deny) else flip.before
    return {
        "before": "allowed" if isinstance(flip.before, decision.Allow) else "refused",
        "after": "allowed" if isinstance(flip.after, decision.Allow) else "refused",
        "where": dict(flip.attributes),
        "policies": list(refusal.policies),
    }
