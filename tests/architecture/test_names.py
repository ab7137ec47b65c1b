"""Names are the field's standard terms."""

import ast
import re

from tests.architecture.tree import sources

VAGUE = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"})


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return set(re.split(r"[_\W]+", spaced.lower()))


def test_no_file_or_folder_has_a_vague_name():
    parts = {source.name: source.name.removesuffix(".py").split("/") for source in sources()}
    assert [name for name, words in parts.items() if any(_words(word) & VAGUE for word in words)] == []


def test_no_class_has_a_vague_name():
    found = [
        f"{source.name}: {node.name}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and _words(node.name) & VAGUE
    ]
    assert found == []
