"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from core import recent

ROOT = Path(__file__).resolve().parent.parent


# A busy machine is no fault of the code: no property is timed.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data (JINSHAO_TEST_DATA, default ../shared/data); without it the test skips and says so."""
    folder = Path(os.environ.get("JINSHAO_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set JINSHAO_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The test databases go with their server or folder: dropping each would wait for every last connection."""
    return "JINSHAO_TEST_THROWAWAY" in os.environ


@pytest.fixture
def overridden() -> Iterator[Callable[..., None]]:
    """`overridden(registry, *answers)`: these are its only answers until the test ends."""
    with ExitStack() as to_the_end:
        yield lambda registry, *answers: to_the_end.enter_context(registry.overridden(*answers))


@pytest.fixture(autouse=True)
def _files_of_one_test_only(settings, tmp_path: Path) -> None:
    """What a test writes under MEDIA_ROOT goes away with the test."""
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(autouse=True)
def _nothing_recent() -> None:
    """What a process keeps for some seconds is of the database of the test before."""
    recent.forget()


@pytest.fixture
def commands_decide(settings) -> None:
    """A deployment that lets commands decide (JINSHAO_COMMANDS_DECIDE=1)."""
    settings.JINSHAO_COMMANDS_DECIDE = True
