"""Leads on fixed heat: a pile of their own, closed together, and never what a list, an inspection or a caller found."""

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import Missing, NotAllowed
from firepoints.forming.points import attach_detections
from firepoints.life.act import act
from firepoints.life.heat_leads import heat_leads_close
from firepoints.models import FirePoint
from firepoints.pages.desk.queue import queue_of
from firepoints.steps.selectors import fixed_heat_leads
from firepoints.terms.states import State
from grids.roles import Role
from journal.models import Entry
from tests.factories.city import ON_THE_BORDER, City
from tests.factories.points import ask, detection, suspected

LIST = reverse("firepoints:list") + "?state=heat"
CLOSE = reverse("firepoints:heat_leads_close")
WHY = "卫星记录在已确认的固定热源上"


def on_heat(source: str = "firms", **given) -> FirePoint:
    point = suspected(source=source, **given)
    FirePoint.objects.filter(pk=point.pk).update(is_fixed_heat=True)
    return FirePoint.objects.get(pk=point.pk)


def states(*points: FirePoint) -> list[str]:
    return [FirePoint.objects.get(pk=point.pk).state for point in points]


@pytest.mark.embedded
def test_only_satellite_leads_on_fixed_heat_are_among_them(city: City):
    lead = on_heat()
    on_heat("provincial_list")
    suspected(source="firms")
    joined = on_heat()  # and what a list has joined, or a question hangs on
    attach_detections(point=joined, detections=[detection()], actor=city.clerk, why={})
    asked = on_heat()
    ask(asked, "与 疑似-1 相接：同一处请并入")
    assert list(fixed_heat_leads(city.clerk)) == [lead]


def test_a_caller_s_report_on_fixed_heat_is_no_idle_lead(city: City):
    from firepoints.models import Source

    caller = Source.objects.filter(kind=Source.Kind.HOTLINE).first()
    assert caller is not None
    on_heat(caller.code)
    assert not fixed_heat_leads(city.clerk).exists()


def test_the_shown_ones_are_closed_each_with_its_own_entry_and_again_changes_nothing(city: City, client: Client):
    first, second, other = on_heat(), on_heat(), suspected(source="firms")
    client.force_login(city.clerk)
    page = client.get(LIST).content.decode()
    assert "关闭本页 2 处" in page
    given = {"point": [first.pk, second.pk, other.pk, "x", "²"], "reason": WHY}
    said = client.post(CLOSE, given, follow=True).content.decode()
    assert "已关闭 2 处" in said
    assert "有 1 处没有关闭" in said
    assert states(first, second, other) == [State.CLOSED, State.CLOSED, State.SUSPECTED]
    assert FirePoint.objects.get(pk=first.pk).closed_reason == WHY
    entries = Entry.objects.filter(act="fire_point.closed").count()
    assert entries == 2
    client.post(CLOSE, given)
    assert Entry.objects.filter(act="fire_point.closed").count() == entries


def test_what_somebody_has_taken_up_meanwhile_stays(city: City):
    taken, idle = on_heat(), on_heat()
    act(point_id=taken.pk, action="dispatch", actor=city.clerk)
    assert heat_leads_close(points=[taken.pk, idle.pk], actor=city.clerk, reason=WHY) == [idle.pk]
    assert states(taken, idle) == [State.DISPATCHED, State.CLOSED]


@pytest.mark.parametrize("who", ["recogniser", "west", "inspector", "finance", "auditor"])
def test_nobody_but_the_bureau_closes_them_or_is_offered_to(city: City, client: Client, who: str):
    point = on_heat()
    client.force_login(getattr(city, who))
    assert "关闭本页" not in client.get(LIST).content.decode()
    assert client.post(CLOSE, {"point": [point.pk], "reason": WHY}).status_code == 403
    with pytest.raises(NotAllowed):
        heat_leads_close(points=[point.pk], actor=getattr(city, who), reason=WHY)
    assert states(point) == [State.SUSPECTED]


def test_without_a_reason_nothing_is_closed(city: City, client: Client):
    point = on_heat()
    with pytest.raises(Missing):
        heat_leads_close(points=[point.pk], actor=city.clerk, reason=" ")
    client.force_login(city.clerk)
    assert "没有关闭" in client.post(CLOSE, {"point": [point.pk], "reason": ""}, follow=True).content.decode()
    assert states(point) == [State.SUSPECTED]


def test_they_are_a_pile_of_their_own_so_that_fields_are_not_lost_among_steel_works(city: City):
    on_heat()
    on_heat(at=ON_THE_BORDER)
    suspected(source="firms")
    titles = [item["title"] for item in queue_of(city.clerk, frozenset({Role.BUREAU}))]
    assert "派发 1 处疑似火点" in titles
    assert "看过后关闭 2 处固定热源线索" in titles
    assert not any("跨界" in title for title in titles)
