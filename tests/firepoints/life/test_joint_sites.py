"""The joint record names where it burnt (C11): township, people and payer follow from the site."""

import pytest
from django.db import IntegrityError, transaction

from core.errors import BadInput, Missing
from firepoints.models import FirePoint, JointSite, Membership, Verification
from firepoints.steps.selectors import evidence_for
from firepoints.terms.states import State
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, IN_WEST, ON_THE_BORDER, WEST, City

IN_THE_WEST_OF_IT = (123.7990, 41.2502)
IN_THE_EAST_OF_IT = (123.8012, 41.2498)


def site(at: tuple[float, float], **given):
    return {"lon": at[0], "lat": at[1], **given}


def settle(city: City, point: FirePoint, *sites, conclusion="true", **given) -> FirePoint:
    data = {
        "conclusion": conclusion,
        "attendances": make.attendance(),
        "evidence": make.uuids(make.scan(point, city.clerk)),
        **({"sites": list(sites)} if sites else {}),
        **given,
    }
    return make.take(point, "settle_jointly", city.clerk, **data)


@pytest.mark.embedded
def test_township_village_and_people_follow_from_the_site_that_the_record_names(city: City) -> None:
    point = settle(city, make.joint(city, at=ON_THE_BORDER), site(IN_THE_WEST_OF_IT, burnt_mu="3.5"))

    assert (point.county_code, point.township_code, point.village_code) == (WEST, f"{WEST}001", f"{WEST}001001")
    assert (point.lon, point.lat) == IN_THE_WEST_OF_IT
    assert {person.cell_code for person in point.attribution.people.all()} >= {WEST, f"{WEST}001", f"{WEST}001001"}
    row = JointSite.objects.get()
    assert (row.point, row.verification) == (point, point.verification)
    assert (row.county_code, str(row.burnt_mu), row.footprint_distance_m) == (WEST, "3.50", 0.0)


def test_a_county_that_no_sighting_touches_needs_a_site_inside_it(city: City) -> None:
    point = make.take(make.dispatched(city, at=IN_WEST), "dispute", city.west, reason="现场在河对岸")
    with pytest.raises(Missing, match="烧在哪里") as refused:
        settle(city, point, county_code=EAST)
    assert refused.value.requirements == ["sites"]
    settled = settle(city, point, site(IN_EAST), county_code=EAST)
    assert (settled.county_code, settled.township_code) == (EAST, f"{EAST}001")
    assert JointSite.objects.get().footprint_distance_m > 1000


def test_without_sites_the_site_is_the_position_of_the_point_where_the_county_is_clear(city: City) -> None:
    point = settle(city, make.joint(city, at=ON_THE_BORDER), county_code=EAST)
    row = JointSite.objects.get()
    assert (row.lon, row.lat, row.county_code) == (*ON_THE_BORDER, EAST)
    assert point.township_code == f"{EAST}001"


def test_another_county_than_that_of_the_position_is_a_dissent_with_reason_and_document(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    named = site(IN_THE_WEST_OF_IT, county_code=EAST)
    with pytest.raises(Missing) as refused:
        settle(city, point, named)
    assert refused.value.requirements == ["sites 第 1 处 reason", "sites 第 1 处 document"]
    photo = make.photo(point, city.clerk)
    with pytest.raises(BadInput, match="扫描件"):
        settle(city, point, {**named, "reason": "飞地由乙县管", "document": str(photo.uuid)})
    paper = make.scan(point, city.clerk)
    settled = settle(city, point, {**named, "reason": "飞地由乙县管", "document": str(paper.uuid)})
    assert (settled.county_code, settled.township_code) == (EAST, "")
    assert (JointSite.objects.get().position_county, JointSite.objects.get().document) == (WEST, paper)


@pytest.mark.embedded
def test_two_burnt_sites_divide_the_point_and_each_is_charged_once_to_its_own_county(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    settle(city, point, site(IN_THE_WEST_OF_IT), site(IN_THE_EAST_OF_IT))

    west, east = FirePoint.objects.order_by("pk")
    assert [(one.state, one.county_code) for one in (west, east)] == [("verified", WEST), ("verified", EAST)]
    assert west.pk == point.pk
    assert west.number != east.number
    assert (west.burn_date, west.starts_at) == (east.burn_date, east.starts_at)
    assert {one.verification.kind for one in (west, east)} == {"joint"}
    assert [one.verification.attendances.count() for one in (west, east)] == [3, 3]
    for one, payer in ((west, WEST), (east, EAST)):
        done = make.take(one, "recognise", city.recogniser, reason="联合核实属实")
        assert (done.counted, done.recognition.payer_code) == (True, payer)
    split = west.steps.get(action="split")
    assert split.data["points"] == [west.pk, east.pk]


def test_a_site_may_name_the_sightings_that_belong_to_it(city: City) -> None:
    seen = [make.detection(at=IN_THE_WEST_OF_IT), make.detection(at=IN_THE_EAST_OF_IT)]
    point = make.create_point(detections=seen, actor=city.system)
    point = make.take(point, "mark_cross", city.clerk, reason="像元跨两县")
    settle(city, point, site(IN_THE_WEST_OF_IT), site(IN_THE_EAST_OF_IT, detections=[seen[1].pk]))
    of_point = dict(Membership.objects.filter(is_active=True).values_list("detection_id", "point__county_code"))
    assert of_point == {seen[0].pk: WEST, seen[1].pk: EAST}


def test_the_first_site_keeps_a_sighting_and_none_is_named_twice(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    only = point.memberships.get().detection_id
    for sites in (
        [site(IN_THE_WEST_OF_IT), site(IN_THE_EAST_OF_IT, detections=[only])],
        [site(IN_THE_WEST_OF_IT, detections=[only]), site(IN_THE_EAST_OF_IT, detections=[only])],
        [site(IN_THE_WEST_OF_IT), site(IN_THE_EAST_OF_IT, detections=[only + 999])],
    ):
        with pytest.raises(BadInput, match="监测记录"):
            settle(city, point, *sites)
    assert FirePoint.objects.count() == 1


def test_a_site_says_which_of_its_fields_cannot_be_read(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    for wrong, words in (
        ({"lon": "x", "lat": 41.25}, "sites 第 1 处 lon"),
        ({"lat": 41.25}, "lon"),
        (site((120.0, 41.25)), "不在任何县"),
        (site(IN_THE_WEST_OF_IT, burnt_mu="-1"), "burnt_mu"),
        (site(IN_THE_WEST_OF_IT, who="?"), "who"),
        ("x", "sites 第 1 处"),
    ):
        with pytest.raises((BadInput, Missing), match=words):
            settle(city, point, wrong)


def test_a_position_may_be_written_in_degrees_minutes_and_seconds(city: City) -> None:
    point = settle(city, make.joint(city, at=ON_THE_BORDER), {"lon": "123°47'56.4\"E", "lat": "41°15'0\"N"})
    assert (round(point.lon, 4), round(point.lat, 4)) == (123.799, 41.25)


def test_every_county_of_a_site_is_listed_among_the_parties(city: City) -> None:
    point = make.take(make.dispatched(city, at=IN_WEST), "dispute", city.west, reason="现场在河对岸")
    with pytest.raises(Missing, match=f"县（区）{EAST} 的到场情况"):
        settle(city, point, site(IN_EAST), attendances=make.attendance()[:2])


def test_an_untrue_finding_names_no_site(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    with pytest.raises(BadInput, match="sites"):
        settle(city, point, site(IN_THE_WEST_OF_IT), conclusion="false", cause="grass")
    settled = settle(city, point, conclusion="false", cause="grass", county_code=WEST)
    assert (settled.state, settled.county_code) == (State.VERIFIED, WEST)
    assert not JointSite.objects.exists()


def test_a_later_page_of_a_part_shows_the_record_that_it_rests_on(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    settle(city, point, site(IN_THE_WEST_OF_IT), site(IN_THE_EAST_OF_IT))
    part = FirePoint.objects.exclude(pk=point.pk).get()
    assert list(evidence_for(part, city.clerk)) == list(point.evidence.all())


@pytest.mark.embedded
def test_the_table_refuses_another_county_without_its_document(city: City) -> None:
    point = settle(city, make.joint(city, at=ON_THE_BORDER), county_code=EAST)
    record = Verification.objects.create(point=point, seq=9, kind="joint", conclusion="true", verified_by=city.clerk)
    facts = {"verification": record, "point": point, "seq": 1, "total": 1, "lon": 1, "lat": 1}
    with pytest.raises(IntegrityError), transaction.atomic():
        JointSite.objects.create(**facts, county_code=EAST, position_county=WEST, reason="口头")
