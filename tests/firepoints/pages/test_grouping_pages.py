"""What the pages say of the grouping: proposed cuts, what stood apart and why."""

from datetime import date, timedelta

import shapely
from django.test import Client
from django.urls import reverse

from firepoints.forming.doubts import Kind
from firepoints.forming.points import NewPoint, create_points
from firepoints.models import FirePoint
from firepoints.terms.doubt import Doubt
from grids.models import Overlay
from grids.overlays.overlays import Place, overlay_load
from tests.factories import points as make
from tests.factories.city import IN_WEST, City
from tests.firepoints.forming.test_grouping_points import HOUR, east_of, grouped, point_of


def signed_in(city: City) -> Client:
    client = Client()
    client.force_login(city.clerk)
    return client


def test_the_page_of_a_division_is_filled_with_the_proposal_and_the_map_draws_it(city: City) -> None:
    some = [make.detection(when=make.BURNT_AT + hours * HOUR) for hours in (0, 20, 50, 60)]
    point = create_points(
        [NewPoint(some, is_oversize=True, questions=[Doubt(Kind.OVERSIZE, "待人工划分：超过 48 小时")])],
        actor=city.system,
    )[0]
    client = signed_in(city)
    page = client.get(reverse("firepoints:act", args=[point.pk, "split"]))
    form = page.context["form"]
    assert [form[f"part_{one.pk}"].value() for one in some] == [1, 1, 2, 2]
    assert "第 2 处：2 条（中间停了 30 小时）" in page.content.decode()
    drawn = client.get(reverse("firepoints:map_geojson", args=[point.pk])).json()["features"]
    assert [one["properties"]["n"] for one in drawn if one["properties"]["role"] == "cut"] == [1, 2]
    assert FirePoint.objects.count() == 1

    told = {f"part_{one.pk}": form[f"part_{one.pk}"].value() for one in some}
    told |= {"expected_version": point.version, "reason": "两次焚烧"}
    client.post(reverse("firepoints:act", args=[point.pk, "split"]), told)
    assert FirePoint.objects.count() == 2
    drawn = client.get(reverse("firepoints:map_geojson", args=[point.pk])).json()["features"]
    assert not [one for one in drawn if one["properties"]["role"] == "cut"]


def test_a_point_says_what_stood_apart_and_why(city: City) -> None:
    first = make.detection(source="firms")
    later = make.detection(source="firms", when=make.BURNT_AT + 30 * HOUR)
    away = make.detection(source="firms", at=east_of(IN_WEST, 1200))
    far = make.detection(source="firms", at=east_of(IN_WEST, 4200))
    grouped(city, first)
    told = {one.point.pk: one.reason for one in apart(city, point_of(first))}
    assert told == {point_of(later).pk: "超过 24 小时", point_of(away).pk: "像元不相接"}
    assert point_of(far).pk not in told


def apart(city: City, point: FirePoint) -> list:
    return signed_in(city).get(reverse("firepoints:detail", args=[point.pk])).context["apart"]


def test_what_a_person_divided_and_fixed_heat_are_told_as_the_reason(city: City) -> None:
    a, b = make.detection(), make.detection(at=east_of(IN_WEST, 400))
    point = create_points([NewPoint([a, b])], actor=city.system)[0]
    make.take(point, "split", city.clerk, groups=[[a.pk], [b.pk]], reason="两处烧痕")
    assert [one.reason for one in apart(city, point_of(a))] == ["由人划分"]

    place = Place("演示钢厂", shapely.box(123.70, 41.22, 123.72, 41.24))
    overlay_load(kind=Overlay.Kind.FIXED_HEAT, places=[place], valid_from=date(2023, 1, 1), actor=city.clerk)
    hot = [make.detection(source="firms", at=(123.71, 41.23), when=make.BURNT_AT + timedelta(hours=h)) for h in (0, 13)]
    grouped(city, hot[0])
    assert [one.reason for one in apart(city, point_of(hot[0]))] == ["固定热源上的监测记录不扩展一处"]
    page = signed_in(city).get(reverse("firepoints:detail", args=[point_of(hot[0]).pk])).content.decode()
    assert "固定热源（仅提示）" in page
