"""The rule follows the burning date, and no official row loses its rule by what is put beside it (policy.md §2f)."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from core.errors import Refused
from firepoints.models import FirePoint
from tests.factories import points as make
from tests.factories.city import City, build_city

FIRST_DAY = date(2022, 9, 30)
EVE = datetime(2022, 9, 29, 14, 10, tzinfo=UTC)
FIRST_NOON = datetime(2022, 9, 30, 5, 5, tzinfo=UTC)
BEFORE = datetime(2022, 9, 28, 5, 5, tzinfo=UTC)
AFTER = datetime(2022, 10, 5, 5, 5, tzinfo=UTC)


def found_true(city: City, *detections) -> FirePoint:
    point = make.create_point(detections=detections, actor=city.system)
    point = make.take(point, "dispatch", city.clerk)
    return make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(point, city.west)))


@pytest.mark.embedded
def test_a_lead_of_the_eve_of_the_rule_takes_no_money_away(city: City) -> None:
    lead, row = make.detection(source="firms", when=EVE), make.detection(when=FIRST_NOON)
    done = make.take(found_true(city, lead, row), "recognise", city.recogniser, reason="属实").recognition
    assert (done.burn_date, done.rule_ref, done.amount_fen) == (FIRST_DAY, "demo@1", 3_000_000)


def test_a_charge_rests_on_a_row_of_a_day_with_a_rule_where_there_is_one(city: City) -> None:
    """Seen before midnight and after it: the row under the rule can be charged, the one before it cannot."""
    done = make.take(
        found_true(city, make.detection(when=EVE), make.detection(when=FIRST_NOON)),
        "recognise", city.recogniser, reason="属实",
    ).recognition  # fmt: skip
    assert (done.burn_date, done.amount_fen, done.charged_detection.starts_at) == (FIRST_DAY, 3_000_000, FIRST_NOON)


@pytest.mark.embedded
@pytest.mark.parametrize("into_the_earlier", [True, False])
def test_a_merge_never_moves_an_official_row_before_its_rule(city: City, into_the_earlier: bool) -> None:
    early, late = make.suspected(when=BEFORE), make.suspected(when=AFTER)
    gone, survivor = (late, early) if into_the_earlier else (early, late)
    make.take(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")
    assert FirePoint.objects.get(pk=survivor.pk).burn_date == date(2022, 10, 5)


@pytest.mark.embedded
def test_counting_a_point_for_nothing_needs_a_second_look(city: City) -> None:
    point = found_true(city, make.detection(when=BEFORE))
    with pytest.raises(Refused, match=r"2022-09-28.*没有生效的扣缴规则") as refused:
        make.take(point, "recognise", city.recogniser, reason="属实")
    assert refused.value.code == "zero_amount"
    assert FirePoint.objects.get(pk=point.pk).state == "verified"
    with pytest.raises(Refused):
        make.take(point, "recognise", city.recogniser, reason="属实", zero_amount_confirmed="0")

    done = make.take(point, "recognise", city.recogniser, reason="属实", zero_amount_confirmed=True)
    assert (done.counted, done.recognition.amount_fen) == (True, 0)
    assert done.steps.get(action="recognise").data["zero_amount_confirmed"] is True


def test_without_any_rule_the_amount_is_open_and_nothing_is_confirmed(db) -> None:
    city = build_city()
    point = found_true(city, make.detection(when=BEFORE))
    assert make.take(point, "recognise", city.recogniser, reason="属实").counted


@pytest.mark.parametrize("page", ["firepoints:act", "firepoints:review"])
def test_the_pages_of_recognising_say_nothing_is_charged_and_take_the_confirmation(city: City, client, page) -> None:
    point = found_true(city, make.detection(when=BEFORE))
    client.force_login(city.recogniser)
    url = (
        reverse(page, args=[point.pk, "recognise"]) if page == "firepoints:act" else f"{reverse(page)}?point={point.pk}"
    )
    html = client.get(url).content.decode()
    assert "计入以后是 0 元" in html
    assert "2022-09-28 没有生效的扣缴规则" in html

    sent = {"reason": "属实", "expected_version": point.version, "point": point.pk, "decision": "recognise"}
    refused = client.post(url.partition("?")[0], sent)
    assert (refused.status_code, FirePoint.objects.get(pk=point.pk).state) == (409, "verified")
    client.post(url.partition("?")[0], sent | {"zero_amount_confirmed": "on"})
    assert FirePoint.objects.get(pk=point.pk).state == "recognised"


def test_a_point_that_costs_something_asks_for_no_confirmation(city: City, client) -> None:
    point = found_true(city, make.detection(when=AFTER))
    client.force_login(city.recogniser)
    html = client.get(reverse("firepoints:act", args=[point.pk, "recognise"])).content.decode()
    assert "zero_amount_confirmed" not in html


def test_the_api_names_what_confirms_an_amount_of_nothing(city: City, client) -> None:
    point = found_true(city, make.detection(when=BEFORE))
    client.force_login(city.recogniser)
    url = f"/api/fire-points/{point.pk}/transitions/"
    sent = {"action": "recognise", "data": {"reason": "属实"}, "version": point.version}
    answer = client.post(url, sent, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "zero_amount")
    assert answer.json()["confirm"] == "zero_amount_confirmed"
    sent["data"]["zero_amount_confirmed"] = True
    assert client.post(url, sent, content_type="application/json").status_code == 200
