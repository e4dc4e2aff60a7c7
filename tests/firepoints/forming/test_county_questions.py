"""A row that says too little about the county, or names a zone, is put before a person (C11, policy.md §2e)."""

from datetime import date

import pytest

from firepoints.models import Detection, FirePoint, Question
from firepoints.steps import questions
from grids.models import Payer, PayerArea
from tests.factories import points as make
from tests.factories.city import WEST, City
from tests.firepoints.forming.test_grouping_points import grouped, point_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Kind = Question.Kind
NOMINAL = {"scan_km": None, "track_km": None, "is_nominal": True, "satellite": ""}
NEAR_BORDER = (123.782, 41.25)  # 1.5 km west of it


def kinds_at(sighting: Detection) -> list[str]:
    return [row.kind for row in Question.objects.filter(point=point_of(sighting))]


@pytest.mark.parametrize(("given", "is_asked"), [({"satellite": "AQUA"}, True), ({"satellite": "TERRA"}, True),
                                                 ({"satellite": "NPP"}, False), ({}, False),
                                                 ({"accuracy_m": 4000.0}, True)])  # fmt: skip
def test_a_pixel_whose_size_nobody_states_may_lie_in_the_next_county(city: City, given: dict, is_asked: bool) -> None:
    row = make.detection(at=NEAR_BORDER, **{**NOMINAL, **given})
    grouped(city, row)
    assert (kinds_at(row) == [Kind.VAGUE_PLACE]) == is_asked
    assert FirePoint.objects.filter(questions.stops_money()).exists() == is_asked
    if is_asked:
        assert "乙县" in make.asked(point_of(row))


@pytest.mark.parametrize("source", ["firms", "self_found"])
def test_what_cannot_be_charged_is_not_asked_about(city: City, source: str) -> None:
    kind = {"kind": "fire"} if source == "self_found" else {}
    row = make.detection(source=source, at=NEAR_BORDER, **{**NOMINAL, "satellite": "AQUA", **kind})
    grouped(city, row)
    assert kinds_at(row) == []


def test_a_better_row_of_the_point_settles_where_it_lies(city: City) -> None:
    fine = make.detection(at=NEAR_BORDER)
    vague = make.detection(at=NEAR_BORDER, source="national_list", **{**NOMINAL, "satellite": "AQUA"})
    grouped(city, fine, vague)
    assert point_of(fine) == point_of(vague)
    assert Kind.VAGUE_PLACE not in kinds_at(fine)


def zoned(**given) -> Detection:
    return make.detection(stated_county="高新区", **given)


def test_a_row_that_states_a_zone_is_asked_about_once_while_nobody_has_ruled_who_pays(city: City) -> None:
    row = zoned()
    grouped(city, row)
    grouped(city, zoned(source="national_list"))
    assert kinds_at(row) == [Kind.ZONE]
    assert "高新区" in make.asked(point_of(row))
    assert FirePoint.objects.filter(questions.stops_money()).exists()


def test_where_a_ruling_says_who_pays_a_zone_is_no_question(city: City) -> None:
    payer = Payer.objects.create(code="210599", name="演示高新区", position=9)
    PayerArea.objects.create(
        cell_code=f"{WEST}001", payer=payer, document_no="演示〔2020〕2号", valid_from=date(2020, 1, 1)
    )
    row = zoned()
    grouped(city, row)
    assert kinds_at(row) == []


@pytest.mark.parametrize(("note", "at", "is_vague"), [("位置以乡镇计", (123.7612, 41.2533), True),
                                                      ("位置以村计", (123.7612, 41.2533), True),
                                                      ("", (123.75, 41.25), True),
                                                      ("", (123.7612, 41.2533), False)])  # fmt: skip
def test_a_row_given_to_a_township_asks_about_what_burnt_anywhere_in_it(
    city: City, lists, note: str, at: tuple[float, float], is_vague: bool
) -> None:
    other = make.detection(at=(123.71, 41.28))
    make.create_point(detections=[other], actor=city.system)
    run = lists(f"1,甲县,{at[0]},{at[1]},2023-10-07,{note}", head="序号,县区,经度,纬度,日期,备注", name="乡镇.csv")
    row = run.detections.get()
    assert (row.accuracy_m is not None) == is_vague
    rows = Question.objects.filter(point=point_of(row), kind=Kind.NEAR)
    assert [question.other for question in rows] == [point_of(other)] * is_vague
