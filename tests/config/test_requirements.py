"""What the project asks for is said in `pyproject.toml`; the files that the locks are made from, and the imports, agree."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
NAMED_FOR_THE_PROJECT = {"django", "djangorestframework", "geopandas", "shapely", "celery", "redis", "pytest-django"}
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PRODUCT = PYPROJECT["tool"]["importlinter"]["root_packages"]
# Test tools come with the product's own packages; the others stand alone.
INHERITED = {"base": [], "test": ["-r base.in"], "bench": ["-c base.txt"], "node": []}


def declared() -> dict[str, set[str]]:
    """{name of a file in requirements/: what pyproject.toml declares for it}, each requirement in its normal form."""
    project = PYPROJECT["project"]
    groups = {"base": project["dependencies"], **project["optional-dependencies"]}
    return {name: {str(Requirement(line)) for line in lines} for name, lines in groups.items()}


def lines_of(name: str) -> list[str]:
    text = (ROOT / f"requirements/{name}.in").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_every_file_of_requirements_has_its_group_and_every_group_its_file() -> None:
    assert {path.stem for path in (ROOT / "requirements").glob("*.in")} == set(declared()) == set(INHERITED)


@pytest.mark.parametrize("name", INHERITED)
def test_a_file_of_requirements_and_its_group_say_the_same(name: str) -> None:
    options = [line for line in lines_of(name) if line.startswith("-")]
    assert options == INHERITED[name]
    assert {str(Requirement(line)) for line in lines_of(name) if line not in options} == declared()[name]


@pytest.mark.parametrize("name", INHERITED)
def test_what_is_declared_is_locked(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
    locked = {_plain(found) for found in re.findall(r"^([\w.-]+)==", text, re.M)}
    assert {_plain(Requirement(line).name) for line in declared()[name]} - locked == set()


def test_the_packages_that_the_project_is_built_on_are_declared() -> None:
    groups = declared()
    names = {_plain(Requirement(line).name) for line in groups["base"] | groups["test"]}
    assert names >= NAMED_FOR_THE_PROJECT


def test_every_package_that_the_product_imports_is_declared_and_not_another_ones_guest() -> None:
    declared_names = {_plain(Requirement(line).name) for line in declared()["base"]}
    distributions = packages_distributions()
    foreign = imported() - sys.stdlib_module_names - set(PRODUCT)
    assert {"django", "shapely", "numpy"} <= foreign
    assert {name for name in foreign if declared_names.isdisjoint(map(_plain, distributions.get(name, [])))} == set()


def imported() -> set[str]:
    """The top names of every import in the product, those inside functions too."""
    names: set[str] = set()
    for path in (path for app in PRODUCT for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
