"""Files, functions, classes and parameter lists stay small. The allow-list only shrinks: it is empty."""

import ast
from collections.abc import Iterator

from tests.architecture.tree import Source, sources

FILE_LINES = 600
FUNCTION_LINES = 80
CLASS_LINES = 450
PARAMETERS = 8
COMMANDS = frozenset({"cli"})
"""A command's options are its parameters: folders in which only the other limits hold."""
ALLOWED: frozenset[str] = frozenset()


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in {"self", "cls"} for argument in named)


def _excesses(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield f"{source.name}: {lines} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if _length(node) > FUNCTION_LINES:
                yield f"{source.name}:{node.name}: {_length(node)} lines"
            if _parameters(node) > PARAMETERS and not COMMANDS.intersection(source.path.parts):
                yield f"{source.name}:{node.name}: {_parameters(node)} parameters"
        elif isinstance(node, ast.ClassDef) and _length(node) > CLASS_LINES:
            yield f"{source.name}:{node.name}: {_length(node)} lines"


def test_nothing_outgrows_the_budget():
    excesses = [excess for source in sources() for excess in _excesses(source)]
    assert {excess for excess in excesses if excess.rsplit(":", 1)[0] not in ALLOWED} == set()


def test_the_allow_list_names_nothing_that_fits():
    names = {excess.rsplit(":", 1)[0] for source in sources() for excess in _excesses(source)}
    assert ALLOWED - names == set()
