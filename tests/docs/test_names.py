"""Local values are called by what they are, in every app.

`found`, `told`, `one` and their like say how a value came about, never what it is. Print them:
`python -m tests.docs.test_names`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VAGUE = frozenset((
    "found", "told", "said", "given", "shown", "known", "standing", "wanted", "one", "some", "asked", "held", "made",
    "left", "kept", "taken", "brought", "seen", "begun",
))  # fmt: skip
APPS = ("core", "config", "journal", "papers", "grids", "firepoints", "penalties", "demo")

Pair = tuple[str, str, int]
"""The function (dotted, "" for the module), the name, its first line."""


class Names(ast.NodeVisitor):
    """Every local name of a module: arguments, assigned names, loop and comprehension variables. Fields are no locals."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.pairs: dict[tuple[str, str], int] = {}

    def add(self, name: str, line: int) -> None:
        self.pairs.setdefault((".".join(self.path), name), line)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.path.append(node.name)
        for child in node.body:
            if not isinstance(child, ast.AnnAssign | ast.Assign):
                self.visit(child)
        self.path.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.path.append(node.name)
        self.generic_visit(node)
        self.path.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node: ast.arg) -> None:
        self.add(node.arg, node.lineno)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.add(node.id, node.lineno)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.add(node.name, node.lineno)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.add(node.name, node.lineno)
        self.generic_visit(node)


def pairs_of(source: str) -> list[Pair]:
    names = Names()
    names.visit(ast.parse(source))
    return [(function, name, line) for (function, name), line in names.pairs.items()]


def files_of(place: str) -> Iterator[Path]:
    path = ROOT / place
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return (file for file in files if "migrations" not in file.parts)


def vague_names(app: str) -> tuple[list[str], int]:
    """Where each vague name of an app stands, and how many pairs there are in all."""
    vague, total = [], 0
    for path in files_of(app):
        for function, name, line in pairs_of(path.read_text("utf-8")):
            total += 1
            if name in VAGUE:
                vague.append(f"{path.relative_to(ROOT)}:{line} {function}: {name}")
    return vague, total


@pytest.mark.parametrize("app", APPS)
def test_no_local_name_is_vague(app: str) -> None:
    vague, total = vague_names(app)
    assert total, f"nothing at {app}"
    assert vague == []


def test_every_kind_of_local_name_is_counted_and_a_field_is_not() -> None:
    source = """
[found for found in ()]
class Row:
    standing: int
    held = 1
    def method(self, told, *given, said=1, **some):
        for one in told: seen, kept = one
        with open(one) as made: known: int = 1
        if (shown := 1): wanted = [asked for asked in given]
        left = lambda taken: taken
        try: pass
        except ValueError as brought: pass
        match told:
            case [begun]: pass
"""
    names = {name for _, name, _ in pairs_of(source)} - {"self"}
    assert names == VAGUE - {"standing", "held"}
    assert len(pairs_of("def a(one): pass\ndef b(one):\n    one = 1")) == 2


if __name__ == "__main__":
    for app in APPS:
        where, total = vague_names(app)
        print(*where, f"{app}: {len(where)} of {total}", sep="\n")
