"""A city with people and one rule, and clients signed in as its people."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from grids.models import User
from tests.factories.city import City, build_city
from tests.penalties.conftest import add_rule


@pytest.fixture(scope="session")
def _index_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings: Any, _index_home: Path) -> None:
    settings.JINSHAO_HOME = _index_home


@pytest.fixture
def city(db: None) -> City:
    city = build_city()
    add_rule()
    return city


@pytest.fixture
def sign_in() -> Callable[[User | None], APIClient]:
    """A client with a session of that person, or with none."""

    def client(user: User | None) -> APIClient:
        made = APIClient(enforce_csrf_checks=False)
        if user is not None:
            made.force_login(user)
        return made

    return client


@pytest.fixture
def problem() -> Callable[..., dict[str, Any]]:
    """Check that an answer is a problem of that status and code, and give its members."""

    def check(answer: Any, status: int, code: str) -> dict[str, Any]:
        told: dict[str, Any] = answer.json()
        assert (answer.status_code, told.get("code")) == (status, code), told
        assert answer["Content-Type"] == "application/problem+json"
        assert set(told) >= {"type", "title", "status", "code", "detail"}
        assert told["status"] == status
        return told

    return check
