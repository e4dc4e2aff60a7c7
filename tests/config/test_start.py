"""A process starts without the libraries of tables and layers: they are imported where they work (decision 0024)."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LATE = ("geopandas", "pandas", "pyogrio")
PRODUCT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["root_packages"]
EVERY_MODULE = f"""
import importlib, pkgutil
for app in {PRODUCT!r}:
    package = importlib.import_module(app)
    for module in pkgutil.walk_packages(package.__path__, app + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
"""
COMMANDS = """
from django.core.management import get_commands, load_command_class
for name, app in get_commands().items():
    load_command_class(app, name)
"""
STARTS = {
    "manage.py": f"import manage, django; django.setup(){COMMANDS}",
    "web": "import config.wsgi; from django.urls import get_resolver; get_resolver().url_patterns",
    "worker": "from config.celery import app; app.loader.import_default_modules()",
    "every module": f"import django; django.setup(){EVERY_MODULE}",
}


@pytest.mark.parametrize("start", STARTS)
def test_no_process_imports_geopandas_at_its_start(start: str) -> None:
    done = run(STARTS[start])
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["django", "shapely"]


def test_an_import_at_the_start_would_be_seen() -> None:
    assert "geopandas" in run("import geopandas").stdout


def run(code: str) -> subprocess.CompletedProcess[str]:
    """What a fresh process has of these modules after that code, in the settings of the tests."""
    tell = f"import sys; print(*[name for name in {('django', 'shapely', *LATE)!r} if name in sys.modules])"
    return subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
