"""No ``global``, no mutable state in modules, no logic in ``__init__.py``."""

import ast
from collections.abc import Iterator

from tests.architecture.tree import Source, sources

OURS = ("control_plane", "data_plane", "protos", "infra")
MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_CALLS = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque"})
CHANGES = frozenset(
    {
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "remove",
        "discard",
        "clear",
        "sort",
    }
)
READ_ONLY = ("Final", "Mapping", "Sequence", "Collection", "Iterable", "frozenset", "TypeAlias")


def _is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        name = value.func
        return isinstance(name, ast.Name) and name.id in MUTABLE_CALLS
    return isinstance(value, MUTABLE)


def _changed(source: Source) -> set[str]:
    """Names whose value the module changes in place."""
    names: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(ast.unparse(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            names.add(ast.unparse(node.func.value))
        elif isinstance(node, ast.AugAssign):
            names.add(ast.unparse(node.target))
    return names


def _mutable_state(source: Source) -> Iterator[str]:
    """Module-level lists, dicts and sets that are no constants: not named as one, or changed."""
    changed = _changed(source)
    for node in source.tree.body:
        if isinstance(node, ast.Assign):
            names = [ast.unparse(target) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            names = [ast.unparse(node.target)]
        else:
            continue
        if _is_mutable(node.value):
            constants = {name for name in names if name.isupper() or name == "__all__"} - changed
            read_only = isinstance(node, ast.AnnAssign) and any(w in ast.unparse(node.annotation) for w in READ_ONLY)
            if set(names) - constants and not read_only:
                yield f"{source.name}:{node.lineno}: {', '.join(names)}"


def test_modules_hold_no_mutable_state():
    assert [found for source in sources(*OURS) for found in _mutable_state(source)] == []


def test_nothing_is_global():
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Global)
    ]
    assert found == []


def _is_declaration(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]


def test_package_files_hold_no_logic():
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if source.path.name == "__init__.py"
        for node in source.tree.body
        if not _is_declaration(node)
    ]
    assert found == []
