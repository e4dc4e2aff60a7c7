"""划分: a long or large group waits for a person, and what the person divided stays divided."""

from datetime import timedelta

import pytest

from core.errors import BadInput, Conflict
from firepoints.forming.doubts import Kind
from firepoints.forming.plan import group_run
from firepoints.forming.points import NewPoint, attach_detections, create_points
from firepoints.models import FirePoint
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import State
from tests.factories import points as make
from tests.factories.city import City


def chain(city: City) -> tuple[FirePoint, list[int]]:
    """Three touching pixels that the grouping flagged."""
    some = [
        make.detection(at=(123.75 + at * 0.004, 41.25), when=make.BURNT_AT + timedelta(hours=at)) for at in range(3)
    ]
    group = NewPoint(some, is_oversize=True, questions=[Doubt(Kind.OVERSIZE, "待人工划分：超过 2 公里")])
    return create_points([group], actor=city.system)[0], [one.pk for one in some]


@pytest.mark.embedded
def test_each_part_becomes_a_point_of_its_own_that_can_be_dispatched(city: City) -> None:
    point, (a, b, c) = chain(city)
    done = make.take(point, "split", city.clerk, groups=[[a, b], [c]], reason="两处烧痕")

    other = FirePoint.objects.exclude(pk=point.pk).get()
    assert (done.state, done.is_oversize, make.asked(done), done.version) == (State.SUSPECTED, False, "", 2)
    assert list(other.memberships.filter(is_active=True).values_list("detection_id", flat=True)) == [c]
    assert make.take(done, "dispatch", city.clerk).number == "HD2023-0001"
    assert make.take(other, "dispatch", city.clerk).number == "HD2023-0002"


def test_one_group_says_that_it_is_one_site(city: City) -> None:
    point, ids = chain(city)
    assert not make.take(point, "split", city.clerk, groups=[ids], reason="就是一处").is_oversize
    assert FirePoint.objects.count() == 1


def test_every_sighting_must_be_in_exactly_one_group(city: City) -> None:
    point, (a, b, c) = chain(city)
    foreign = make.detection().pk
    for groups in ([[a, b]], [[a, b], [b, c]], [[a, b, c], []], [[a, b, c, foreign]], [["x"]], [a, b, c]):
        with pytest.raises(BadInput):
            make.take(point, "split", city.clerk, groups=groups, reason="试")


@pytest.mark.embedded
def test_a_later_import_does_not_join_what_a_person_divided(city: City) -> None:
    point, (a, b, c) = chain(city)
    make.take(point, "split", city.clerk, groups=[[a, b], [c]], reason="两处烧痕")
    bridge = make.detection(source="firms", at=(123.756, 41.25), when=make.BURNT_AT + timedelta(hours=3))
    group_run(run=bridge.run, actor=city.system)

    of = dict(FirePoint.objects.filter(memberships__is_active=True).values_list("memberships__detection", "pk"))
    assert of[a] == of[b] != of[c]
    assert of[bridge.pk] in (of[a], of[c])


def test_after_dispatch_what_stays_keeps_its_number_and_is_located_anew(city: City) -> None:
    point, (a, b, c) = chain(city)
    FirePoint.objects.filter(pk=point.pk).update(is_oversize=False)
    point = make.take(point, "dispatch", city.clerk)
    done = make.take(point, "split", city.clerk, groups=[[c], [a, b]], reason="核实有两处烧痕")
    other = FirePoint.objects.exclude(pk=point.pk).get()
    assert (done.state, done.number, done.county_code) == (State.DISPATCHED, point.number, point.county_code)
    assert done.lon == pytest.approx(123.758)
    assert done.attribution.seq == 2
    assert (other.state, other.number) == (State.SUSPECTED, None)


def test_after_dispatch_what_stays_may_not_lie_in_another_county(city: City) -> None:
    some = [make.detection(at=(lon, 41.25)) for lon in (123.790, 123.796, 123.806)]
    point = create_points([NewPoint(some[:1])], actor=city.system)[0]
    point = make.take(point, "dispatch", city.clerk)
    point = attach_detections(point=point, detections=some[1:], actor=city.system)
    with pytest.raises(Conflict, match="标记跨界"):
        make.take(point, "split", city.clerk, groups=[[some[2].pk], [some[0].pk, some[1].pk]], reason="两处")
