"""No module of ours reaches itself by its imports, those inside functions included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

APPS = ("config", "core", "journal", "papers", "grids", "firepoints", "penalties", "demo")


@pytest.fixture(scope="module")
def imports() -> Mapping[str, set[str]]:
    """What each module of the product imports, wherever in its file."""
    graph = grimp.build_graph(*APPS, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circle_in(imports: Mapping[str, set[str]]) -> Iterator[str]:
    """The modules of one circle, if there is any."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        yield from error.args[1]


def test_no_imports_go_round_in_a_circle(imports: Mapping[str, set[str]]) -> None:
    assert len(imports) > 500
    assert list(circle_in(imports)) == []


def test_a_circle_inside_a_function_would_be_seen(imports: Mapping[str, set[str]]) -> None:
    base, table = (f"firepoints.sightings.readers.{name}" for name in ("base", "table"))
    assert base in imports[table]
    assert set(circle_in({**imports, base: {*imports[base], table}})) == {base, table}
