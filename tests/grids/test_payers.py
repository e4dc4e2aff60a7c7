"""Who pays: the payer map by date and place, else the county (policy.md §2e)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing, Refused
from grids import checks
from grids.models import PayerArea
from grids.people.payers import payer_area_end, payer_area_set, payer_set
from grids.roles import Level
from grids.selectors import payer_for, payers_listed, system_user
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


def rule(cell: str, payer, on: date = date(2023, 4, 1), document_no: str = "演示〔2023〕4号", **more):
    return payer_area_set(
        cell_code=cell, payer=payer, valid_from=on, document_no=document_no, actor=system_user(), **more
    )


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
    with pytest.raises(Conflict) as refused:
        rule(TOWN, zone("G2", "经开区"))
    assert refused.value.code == "area_taken"
    assert [word for word in ("高新区", "经开区", "2023-04-01") if word not in refused.value.message] == []
    with pytest.raises(Conflict):
        rule(TOWN, zone(), document_no="演示〔2023〕5号")
    with pytest.raises(Conflict):
        rule(TOWN, zone(), valid_to=date(2024, 1, 1))
    assert Entry.objects.filter(act="payer.area_set").count() == 1


@pytest.mark.embedded
def test_a_later_ruling_ends_the_open_one_before_it_with_an_entry_that_names_its_document(city):
    earlier = rule(TOWN, zone(), date(2023, 2, 1))
    rule(TOWN, zone("G2", "经开区"), date(2023, 5, 1), "演示〔2023〕5号")
    earlier.refresh_from_db()
    entry = Entry.objects.get(act="payer.area_ended")
    assert (earlier.valid_to, entry.subject_id) == (date(2023, 5, 1), str(earlier.pk))
    assert "演示〔2023〕5号" in entry.reason


@pytest.mark.parametrize(("starts", "ends"), [(date(2023, 1, 1), None), (date(2023, 1, 1), date(2023, 4, 2)),
                                              (date(2023, 5, 1), None), (date(2023, 5, 1), date(2023, 5, 2))])  # fmt: skip
def test_rulings_of_one_cell_never_overlap(city, starts, ends):
    rule(TOWN, zone(), date(2023, 4, 1), valid_to=date(2023, 6, 1))
    with pytest.raises(Conflict) as refused:
        rule(TOWN, zone("G2", "经开区"), starts, valid_to=ends)
    assert refused.value.code == "area_overlaps"
    assert (PayerArea.objects.count(), checks.problems()) == (1, [])


def test_rulings_that_touch_are_no_overlap_and_between_two_the_county_pays(city):
    rule(TOWN, zone(), date(2023, 4, 1), valid_to=date(2023, 5, 1))
    rule(TOWN, zone("G2", "经开区"), date(2023, 6, 1))
    rule(TOWN, zone("G3", "园区"), date(2023, 3, 1), valid_to=date(2023, 4, 1))
    days = (date(2023, 3, 31), date(2023, 4, 1), date(2023, 4, 30), date(2023, 5, 1), date(2023, 6, 1))
    assert [payer_for(CHAIN, on, city.edition)[0] for on in days] == ["G3", "G1", "G1", WEST, "G2"]


@pytest.mark.embedded
def test_a_ruling_ends_once_for_a_reason_and_the_county_pays_again(city):
    area = rule(TOWN, zone())
    with pytest.raises(Missing):
        payer_area_end(area=area, valid_to=AFTER, actor=city.clerk, reason=" ")
    with pytest.raises(BadInput):
        payer_area_end(area=area, valid_to=area.valid_from, actor=city.clerk, reason="演示〔2023〕7号")
    payer_area_end(area=area, valid_to=AFTER, actor=city.clerk, reason="演示〔2023〕7号")
    assert payer_for(CHAIN, AFTER, city.edition)[0] == WEST
    with pytest.raises(Conflict):
        payer_area_end(area=area, valid_to=date(2023, 8, 1), actor=city.clerk, reason="再一次")
    assert Entry.objects.filter(act="payer.area_ended", actor_id=city.clerk.pk).count() == 1


@pytest.mark.parametrize("document_no", ["", "  "])
def test_a_ruling_names_its_document(city, document_no):
    with pytest.raises(Missing):
        rule(TOWN, zone(), document_no=document_no)
    with pytest.raises(IntegrityError), transaction.atomic():
        PayerArea.objects.create(cell_code=TOWN, payer=zone(), valid_from=BEFORE)


def test_the_database_itself_holds_one_open_ruling_a_cell_and_an_end_after_the_start(city):
    rule(TOWN, zone())
    facts = {"cell_code": TOWN, "payer": zone(), "document_no": "演示"}
    for dates in ({"valid_from": AFTER}, {"valid_from": AFTER, "valid_to": AFTER}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayerArea.objects.create(**facts, **dates)


def test_two_payers_of_one_cell_on_one_day_are_found_by_the_nightly_check(city):
    rule(TOWN, zone(), valid_to=AFTER)
    rule(TOWN, zone("G2", "经开区"), AFTER)
    PayerArea.objects.filter(payer__code="G1").update(valid_to=date(2024, 1, 1))
    assert len(checks.problems()) == 1


def test_a_payer_that_is_listed_otherwise_has_an_entry_with_what_stood_before(city):
    zone(position=2)
    zone(position=2)
    payer_set(code="G1", name="高新技术产业开发区", actor=city.clerk, reason="更名文件")
    first, second = Entry.objects.filter(act="payer.set").order_by("pk")
    assert (first.before, second.before["name"], second.after["name"]) == (None, "高新区", "高新技术产业开发区")
    assert (second.before["position"], second.after["position"], second.reason) == (2, 2, "更名文件")
    for wrong in ({"code": "高新", "name": "高新区"}, {"code": "G9", "name": " "}):
        with pytest.raises(Refused):
            payer_set(actor=city.clerk, **wrong)


def test_a_new_payer_without_a_place_comes_last(city):
    zone(position=7)
    assert zone("G2", "经开区").position == 8


def test_a_place_outside_every_county_has_no_payer(city):
    assert payer_for({}, AFTER, city.edition) == ("", "")


def test_the_finance_table_lists_the_payers_in_their_own_order_and_then_each_county_that_has_no_row(city):
    assert [row.code for row in payers_listed(AFTER)] == ["210590", "210591"]
    zone(position=2)
    payer_set(code=WEST, name="甲县人民政府", group="县", position=1, actor=system_user())
    assert payers_listed(AFTER) == [(WEST, "甲县人民政府", "县"), ("G1", "高新区", ""), ("210591", "乙县", "")]
    assert payer_for(CHAIN, AFTER, city.edition) == (WEST, "甲县人民政府")
