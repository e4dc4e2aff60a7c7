"""pytest plugin (`-p tests.plugin_services`): real PostgreSQL and real Valkey for the run, gone after it.

It must be a `-p` plugin: pytest-django reads the settings before any conftest. URLs in the environment win
(TEST_DATABASE_URL or DATABASE_URL, CELERY_BROKER_URL); JINSHAO_TEST_DB=sqlite chooses the embedded database.
xdist workers inherit the URLs from their controller and start nothing.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests import services

_running = services.Services()


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start what is missing, before pytest-django reads DATABASE_URL."""
    if "--help" in sys.argv or "--version" in sys.argv or os.environ.get("PYTEST_XDIST_WORKER"):
        return
    _running.start()


pytest_load_initial_conftests = pytest.hookimpl(tryfirst=True)(pytest_load_initial_conftests)


def pytest_report_header(config: pytest.Config) -> str:
    """Say on which database and broker the run stands."""
    return f"services: {_running.describe()}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite only the embedded subset runs, whatever else was asked for."""
    if os.environ.get("JINSHAO_TEST_DB") != "sqlite":
        return
    kept = [item for item in items if item.get_closest_marker("embedded")]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop only what this process started, and remove its folder."""
    _running.stop()
