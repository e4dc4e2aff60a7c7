"""A county whose code changes is one government from that day on: who pays, who sees, who verifies (policy.md §2e)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints.models import FirePoint
from firepoints.terms.scope import is_former
from grids import checks
from grids.models import Payer, PayerArea, Succession
from grids.people.payers import payer_area_set, payer_set
from grids.people.successions import succession_set
from grids.roles import Level, PostKind
from grids.selectors import government_on, governments_on, is_designated, one_government, payer_for, payers_listed
from grids.selectors.keeping import keeper_scope
from grids.selectors.scope import scope_of
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, IN_WEST, WEST, City, build_city, designated, person

pytestmark = pytest.mark.django_db
NEW, TOWN = "210599", f"{WEST}001"
EVE, DAY = date(2023, 6, 30), date(2023, 7, 1)
CHAIN = {Level.COUNTY: WEST, Level.TOWNSHIP: TOWN}


@pytest.fixture
def city() -> City:
    return build_city()


def succeed(city: City, old: str = WEST, new: str = NEW, on: date = DAY, **more) -> Succession:
    facts = {"name": "甲市", "document_no": "国函〔2023〕1号", "actor": city.clerk}
    return succession_set(old_code=old, new_code=new, valid_from=on, **facts | more)


@pytest.mark.embedded
def test_both_codes_are_one_government_from_the_day_and_two_before(city):
    succeed(city)
    assert [government_on(WEST, day) for day in (EVE, DAY)] == [WEST, NEW]
    assert one_government({WEST}, EVE) == {WEST}
    assert one_government({WEST}, DAY) == one_government({NEW}, DAY) == {WEST, NEW}
    assert one_government({EAST}, DAY) == {EAST}
    assert governments_on(EVE) == {}
    assert governments_on(DAY) == {WEST: NEW}


def test_a_code_that_changes_twice_leads_to_the_last_and_two_counties_may_become_one(city):
    succeed(city)
    succeed(city, old=NEW, new="210598", on=date(2024, 1, 1))
    succeed(city, old=EAST, new="210598", on=date(2024, 1, 1))
    assert governments_on(date(2024, 1, 1)) == {WEST: "210598", NEW: "210598", EAST: "210598"}
    assert one_government({EAST}, date(2024, 1, 1)) == {WEST, NEW, EAST, "210598"}
    assert one_government({WEST}, date(2023, 12, 31)) == {WEST, NEW}


def test_the_successor_pays_for_fires_from_the_day_whatever_the_borders_still_say(city):
    succeed(city)
    assert payer_for(CHAIN, EVE, city.edition) == (WEST, "甲县")
    assert payer_for(CHAIN, DAY, city.edition) == (NEW, "甲市")


def test_an_area_ruled_to_the_old_code_is_paid_by_its_successor(city):
    old = payer_set(code=WEST, name="甲县人民政府", actor=city.clerk)
    payer_area_set(cell_code=f"{EAST}001", payer=old, valid_from=date(2023, 1, 1), document_no="演示", actor=city.clerk)
    succeed(city)
    chain = {Level.COUNTY: EAST, Level.TOWNSHIP: f"{EAST}001"}
    assert [payer_for(chain, day, city.edition)[0] for day in (EVE, DAY)] == [WEST, NEW]


@pytest.mark.embedded
def test_the_finance_table_lists_the_payers_of_its_date_the_successor_in_the_place_of_the_old(city):
    for code, name in ((WEST, "甲县"), (EAST, "乙县")):
        payer_set(code=code, name=name, group="县", actor=city.clerk)
    succeed(city)
    assert payers_listed(EVE) == [(WEST, "甲县", "县"), (EAST, "乙县", "县")]
    assert payers_listed(DAY) == [(NEW, "甲市", "县"), (EAST, "乙县", "县")]


def test_a_county_that_goes_into_another_leaves_the_table_and_that_other_stays_all_along(city):
    for code, name in ((WEST, "甲县"), (EAST, "乙县")):
        payer_set(code=code, name=name, group="县", actor=city.clerk)
    succeed(city, new=EAST, name="")
    assert [row.code for row in payers_listed(EVE)] == [WEST, EAST]
    assert [row.code for row in payers_listed(DAY)] == [EAST]
    assert Payer.objects.get(code=EAST).name == "乙县"


def test_the_department_of_the_successor_sees_and_verifies_what_came_under_the_old_code(city):
    point = make.dispatched(city, at=IN_WEST)
    heir = designated("heir", NEW)
    assert not FirePoint.objects.visible_to(heir).exists()
    succeed(city)
    assert FirePoint.objects.visible_to(heir).get() == point
    assert is_designated(heir, WEST)
    assert not is_designated(heir, WEST, EVE)
    assert WEST in scope_of(heir).counties
    assert keeper_scope(heir).covers(WEST)
    evidence = make.uuids(make.photo(point, heir))
    assert make.take(point, "report", heir, conclusion="true", evidence=evidence).state == "verified"


def test_a_county_that_lost_a_point_stays_former_under_its_new_code(city):
    point = make.dispatched(city, at=IN_EAST)
    point.counties.create(county_code=WEST, share=0.1)
    heir = person("heir", PostKind.COUNTY, NEW)
    succeed(city)
    assert FirePoint.objects.visible_to(heir).get() == point
    assert is_former(heir, point)


@pytest.mark.embedded
def test_a_succession_is_on_record_with_its_document_and_is_set_once(city):
    row = succeed(city)
    assert succeed(city) == row
    entry = Entry.objects.get(act="payer.succeeded")
    assert (entry.actor_id, entry.after["old"], entry.after["new"]) == (city.clerk.pk, WEST, NEW)
    assert (entry.after["document"], entry.after["valid_from"]) == ("国函〔2023〕1号", "2023-07-01")
    for other in ({"new": EAST}, {"on": EVE}, {"document_no": "别的"}):
        with pytest.raises(Conflict) as refused:
            succeed(city, **other)
        assert refused.value.code == "succession_differs"


def test_what_makes_no_sense_is_refused(city):
    succeed(city)
    with pytest.raises(BadInput):
        succeed(city, old=NEW, new=WEST, on=date(2024, 1, 1))
    with pytest.raises(BadInput):
        succeed(city, old=NEW, new="210597", on=EVE)
    with pytest.raises(BadInput):
        succeed(city, old=EAST, new=EAST)
    with pytest.raises(Missing):
        succeed(city, old=EAST, document_no=" ")
    with pytest.raises(BadInput):
        succeed(city, old="不是代码")
    with pytest.raises(NotAllowed):
        succeed(city, old=EAST, actor=city.finance)
    assert Succession.objects.count() == 1


def test_the_database_holds_one_successor_a_code_and_never_itself(city):
    succeed(city)
    for facts in ({"old_code": WEST, "new_code": EAST}, {"old_code": EAST, "new_code": EAST}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Succession.objects.create(valid_from=DAY, document_no="演示", **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Succession.objects.create(old_code=EAST, new_code=NEW, valid_from=DAY, document_no="")


def test_a_circle_of_codes_is_found_by_the_nightly_check(city):
    succeed(city)
    Succession.objects.create(old_code=NEW, new_code=WEST, valid_from=date(2024, 1, 1), document_no="演示")
    assert len(checks.problems()) == 1
    assert government_on(WEST, date(2024, 2, 1)) in {WEST, NEW}


def test_areas_without_a_succession_are_as_they_were(city):
    zone = payer_set(code="G1", name="高新区", actor=city.clerk)
    payer_area_set(cell_code=TOWN, payer=zone, valid_from=date(2023, 1, 1), document_no="演示", actor=city.clerk)
    succeed(city)
    assert payer_for(CHAIN, DAY, city.edition) == ("G1", "高新区")
    assert PayerArea.objects.count() == 1
