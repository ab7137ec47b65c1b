"""The models that the range's releases offered, as a CycloneDX 1.6 bill of materials with model cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bailiwick.contract import canonical
from bailiwick.contract.release import Config, PolicySet
from bailiwick.contract.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bailiwick.contract.canonical import Json
    from bailiwick.contract.release import Model, ModelFacts
    from data_plane.evidence.sources import Facts


def document(facts: Facts, configs: Iterable[str], policies: Iterable[str]) -> bytes:
    """The bill: each model that a configuration in force offered, with what the policy registry knows of it."""
    models: dict[str, Model] = {}
    for digest in configs:
        models |= {model.id: model for model in Config.decode(facts.documents[digest]).models}
    known: dict[str, ModelFacts] = {}
    for digest in policies:
        known |= {model.id: model for model in PolicySet.decode(facts.documents[digest]).models}
    components: list[Json] = [_component(model, known.get(name)) for name, model in sorted(models.items())]
    return canonical.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": format_time(facts.created),
                "component": {"type": "platform", "name": f"bailiwick region {facts.region}"},
            },
            "components": components,
        }
    )


def _component(model: Model, known: ModelFacts | None) -> Json:
    properties: list[Json] = [{"name": "bailiwick:tier", "value": model.tier}]
    component: dict[str, Json] = {"type": "machine-learning-model", "bom-ref": model.id, "name": model.id}
    if known is not None:
        properties += [
            {"name": "bailiwick:approved", "value": str(known.approved).lower()},
            {"name": "bailiwick:trained-on", "value": " ".join(known.trained_on)},
            {"name": "bailiwick:reviewed-for", "value": " ".join(known.reviewed_for)},
        ]
        component["licenses"] = [{"license": {"name": known.licence}}]
    task = "text-generation" if model.kind == "chat" else "feature-extraction"
    component["modelCard"] = {"modelParameters": {"task": task}}
    component["properties"] = properties
    return component
