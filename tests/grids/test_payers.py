"""Who pays: the payer map by date and place, else the county (policy.md §2e)."""

from datetime import date

import pytest

from grids.roles import Level
from grids.selectors import payer_for, payers_listed, system_user
from grids.services.people import payer_area_set, payer_set
from journal.errors import Conflict
from journal.models import Entry
from tests.factories.city import WEST, build_city

pytestmark = pytest.mark.django_db
BEFORE, AFTER = date(2023, 1, 1), date(2023, 7, 1)
TOWN, VILLAGE = f"{WEST}001", f"{WEST}001001"
CHAIN = {Level.COUNTY: WEST, Level.TOWNSHIP: TOWN, Level.VILLAGE: VILLAGE}


@pytest.fixture
def city():
    return build_city()


def zone(code: str = "G1", name: str = "高新区", **kwargs):
    return payer_set(code=code, name=name, actor=system_user(), **kwargs)


def rule(cell: str, payer, on: date = date(2023, 4, 1)):
    return payer_area_set(cell_code=cell, payer=payer, valid_from=on, actor=system_user())


def test_without_a_map_the_county_pays_and_never_a_township(city):
    assert payer_for(CHAIN, AFTER, city.edition) == (WEST, "甲县")
    assert payer_for(CHAIN, AFTER) == (WEST, "甲县")


@pytest.mark.embedded
def test_a_mapped_township_is_paid_by_its_unit_from_the_date_on(city):
    rule(TOWN, zone())
    assert payer_for(CHAIN, BEFORE, city.edition) == (WEST, "甲县")
    assert payer_for(CHAIN, AFTER, city.edition) == ("G1", "高新区")
    assert payer_for({**CHAIN, Level.TOWNSHIP: f"{WEST}002"}, AFTER, city.edition) == (WEST, "甲县")


def test_the_deepest_mapped_cell_wins_over_a_later_ruling_above_it(city):
    rule(VILLAGE, zone("G2", "经开区"), date(2023, 2, 1))
    rule(TOWN, zone(), date(2023, 5, 1))
    assert payer_for(CHAIN, AFTER, city.edition) == ("G2", "经开区")


def test_the_latest_ruling_of_one_cell_wins(city):
    rule(TOWN, zone(), date(2023, 2, 1))
    rule(TOWN, zone("G2", "经开区"), date(2023, 5, 1))
    assert payer_for(CHAIN, date(2023, 3, 1), city.edition)[0] == "G1"
    assert payer_for(CHAIN, AFTER, city.edition)[0] == "G2"


def test_two_payers_for_one_cell_from_one_date_are_refused(city):
    rule(TOWN, zone())
    rule(TOWN, zone())
    with pytest.raises(Conflict):
        rule(TOWN, zone("G2", "经开区"))
    assert Entry.objects.filter(act="payer.area_set").count() == 1


def test_a_place_outside_every_county_has_no_payer(city):
    assert payer_for({}, AFTER, city.edition) == ("", "")


def test_the_finance_table_lists_the_payers_in_their_own_order_once_there_are_any(city):
    assert [row.code for row in payers_listed(AFTER)] == ["210590", "210591"]
    zone(position=2)
    payer_set(code=WEST, name="甲县人民政府", group="县", position=1, actor=system_user())
    assert payers_listed(AFTER) == [(WEST, "甲县人民政府", "县"), ("G1", "高新区", "")]
    assert payer_for(CHAIN, AFTER, city.edition) == (WEST, "甲县人民政府")
