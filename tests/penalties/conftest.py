"""A city with people and one fixed rule of 30,000 yuan, and a home folder of its own."""

from datetime import date
from pathlib import Path

import pytest

from penalties.models import Rule
from tests.factories import scans
from tests.factories.city import City, build_city

RULE = {
    "code": "demo",
    "version": 1,
    "title": "演示规则",
    "document_no": "演示〔2022〕29号",
    "clause": "四（二）",
    "valid_from": "2022-09-30",
    "base": {"kind": "fixed", "amount_fen": 3_000_000},
}


@pytest.fixture(scope="session")
def _index_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings, _index_home: Path) -> None:
    settings.JINSHAO_HOME = _index_home


def add_rule(definition: dict = RULE) -> Rule:
    """Store a rule as a pack would."""
    return Rule.objects.create(
        code=definition["code"],
        version=definition["version"],
        title=definition["title"],
        document_no=definition["document_no"],
        clause=definition["clause"],
        valid_from=date.fromisoformat(definition["valid_from"]),
        definition=definition,
    )


@pytest.fixture
def city(db) -> City:
    city = build_city()
    add_rule()
    return city


@pytest.fixture
def scan_file(tmp_path: Path) -> Path:
    path = tmp_path / "批件.pdf"
    path.write_bytes(scans.pdf())
    return path
