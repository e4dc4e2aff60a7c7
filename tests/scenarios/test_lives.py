"""A random life of the books, compared with plain SQL after every act of a batch; `tests/benchmarks/lives.py` lives long ones."""

import pytest

from core import clock
from tests.benchmarks.lives import STARTS, Life, city_for_lives

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_home(settings, tmp_path):
    settings.JINSHAO_HOME = tmp_path


def test_after_every_act_of_a_batch_the_figures_are_those_of_plain_sql(tmp_path):
    city = city_for_lives()
    with clock.simulated(STARTS) as hands:
        life = Life(city, 11, hands, tmp_path)
        life.run(90)
    assert life.checked > 5
    assert life.differences == []


def test_a_table_that_adds_up_wrongly_would_be_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("penalties.batches.table.figures.of_year", lambda batch: {})
    city = city_for_lives()
    with clock.simulated(STARTS) as hands:
        life = Life(city, 11, hands, tmp_path)
        life.run(90)
    assert any("table" in sentence for sentence in life.differences)
