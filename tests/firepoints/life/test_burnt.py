"""What burnt, as the verifier saw it (C10, C12): how many sites, whether the black is new, how large, where, when."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Missing
from firepoints.life.act import act
from firepoints.models import FirePoint, Question, Verification
from firepoints.steps import describe
from tests.factories import points as make
from tests.factories.city import City

WHOLE = {
    "burnt_mu": "12.5", "measured_by": "walked", "crop": "玉米", "fire_position": [123.7501, 41.2502], "sites": 1,
    "is_new": True, "arrived_at": "2023-10-07T15:10:00+08:00", "out_at": "2023-10-07T15:40:00+08:00",
}  # fmt: skip


def report(city: City, point: FirePoint, conclusion: str = "true", **data) -> FirePoint:
    data = {"conclusion": conclusion, "evidence": make.uuids(make.photo(point, city.west)), **data}
    return act(point_id=point.pk, action="report", actor=city.west, data=data)


@pytest.fixture
def point(city: City) -> FirePoint:
    return make.dispatched(city)


@pytest.mark.embedded
def test_a_report_says_what_burnt_and_the_record_keeps_it(city: City, point: FirePoint) -> None:
    done = report(city, point, **WHOLE)
    record = done.verification
    assert (record.burnt_mu, record.measured_by, record.crop) == (Decimal("12.50"), "walked", "玉米")
    assert (record.fire_lon, record.fire_lat, record.sites, record.is_new) == (123.7501, 41.2502, 1, True)
    assert record.out_at - record.arrived_at == timedelta(minutes=30)
    told = describe.full(done, city.clerk)["verification"]
    assert {name: told[name] for name in ("burnt_mu", "measured_by", "crop", "fire_position", "sites", "is_new")} == {
        "burnt_mu": 12.5, "measured_by": "walked", "crop": "玉米", "fire_position": [123.7501, 41.2502], "sites": 1,
        "is_new": True,
    }  # fmt: skip
    assert told["arrived_at"] == "2023-10-07T07:10:00+00:00"


@pytest.mark.parametrize("lacking", [["sites"], ["is_new"], ["sites", "is_new"]])
def test_a_client_of_before_is_told_by_its_key_what_lacks(city: City, point: FirePoint, lacking: list[str]) -> None:
    answers = {name: value for name, value in {"sites": 1, "is_new": True}.items() if name not in lacking}
    with pytest.raises(Missing) as refused:
        report(city, point, **answers)
    assert refused.value.requirements == lacking
    assert "几处" in refused.value.message or "新烧" in refused.value.message


def test_the_answers_are_asked_in_every_way_of_verifying(city: City, point: FirePoint) -> None:
    for action, actor, piece in (
        ("report_on_behalf", city.clerk, make.scan(point, city.clerk)),
        ("report", city.west, make.photo(point, city.west)),
    ):
        data = {"conclusion": "true", "evidence": make.uuids(piece)}
        with pytest.raises(Missing) as refused:
            act(point_id=point.pk, action=action, actor=actor, data=data)
        assert refused.value.requirements == ["sites", "is_new"]


def test_an_untrue_finding_has_no_burnt_site_to_answer_for(city: City) -> None:
    assert make.negative(city).verification.sites is None


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("answers", "kind"), [({"sites": 3, "is_new": True}, "several_sites"), ({"sites": 1, "is_new": False}, "existing")]
)
def test_several_sites_or_an_old_black_is_a_question_that_the_payer_cannot_hold_money_up_with(
    city: City, point: FirePoint, answers: dict, kind: str
) -> None:
    done = report(city, point, **answers)
    row = Question.objects.get(point=point)
    assert (row.kind, row.stops_money, row.asked_by) == (kind, False, city.west)
    assert make.take(done, "recognise", city.recogniser, reason="属实").counted


def test_what_the_bureau_itself_finds_stops_the_money_until_it_is_answered(city: City) -> None:
    point = make.suspected(source="patrol")
    data = {"conclusion": "true", "evidence": make.uuids(make.photo(point, city.clerk)), "sites": 2, "is_new": True}
    done = act(point_id=point.pk, action="verify_own", actor=city.clerk, data=data)
    with pytest.raises(Missing, match="2 处"):
        make.take(done, "recognise", city.recogniser, reason="属实")


def test_a_later_report_replaces_what_an_earlier_one_asked(city: City, point: FirePoint) -> None:
    done = report(city, point, sites=2, is_new=False)
    back = make.take(done, "return", city.recogniser, reason="请数清")
    report(city, back, sites=1, is_new=True)
    assert sorted(Question.objects.values_list("kind", "answer")) == [
        ("existing", "replaced"), ("several_sites", "replaced"),
    ]  # fmt: skip


def test_each_answer_that_cannot_be_read_is_named_by_its_key(city: City, point: FirePoint) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    for key, value, words in (
        ("burnt_mu", "很多", "面积应为亩数"),
        ("burnt_mu", "0", "之间"),
        ("measured_by", "guess", "walked"),
        ("fire_position", [200, 41], "经度"),
        ("fire_position", "田里", "经度"),
        ("sites", "0", "几处"),
        ("sites", "两", "几处"),
        ("is_new", "也许", "true"),
        ("arrived_at", "2023-10-07 15:10", "时区"),
        ("arrived_at", tomorrow, "晚于现在"),
        ("out_at", "2023-10-07T15:00:00+08:00", "早于到场"),
    ):
        with pytest.raises(BadInput, match=words) as refused:
            report(city, point, **{**WHOLE, key: value})
        assert refused.value.where.startswith(key)
    with pytest.raises(Missing) as lacking:
        report(city, point, **{**WHOLE, "measured_by": ""})
    assert lacking.value.requirements == ["measured_by"]


def test_a_position_may_be_an_object_or_one_text(city: City) -> None:
    for position in ({"lon": 123.75, "lat": 41.25}, "123°45'00\"E, 41°15'00\"N"):
        done = report(city, make.dispatched(city), **{**WHOLE, "fire_position": position})
        assert (done.verification.fire_lon, done.verification.fire_lat) == (123.75, 41.25)


@pytest.mark.embedded
def test_the_table_refuses_an_area_without_its_measure_and_an_end_before_the_arrival(city: City, point) -> None:
    facts = {"point": point, "seq": 9, "kind": "county", "conclusion": "true", "verified_by": city.west}
    at = datetime(2023, 10, 7, 8, tzinfo=UTC)
    for wrong in (
        {"burnt_mu": 3}, {"sites": 0}, {"fire_lon": 1.0}, {"arrived_at": at, "out_at": at - timedelta(hours=1)}
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Verification.objects.create(**facts, **wrong)
