"""提请 on the pages: what one person presses waits, another reads what it would do, and answers."""

import pytest
from django.test import Client
from django.urls import reverse

from firepoints.models import FirePoint, ImportRun
from journal.models import Proposal
from tests.factories import points as make
from tests.factories.city import City
from tests.firepoints.pages.test_pages_acts import press, signed_in, text_of

NEARBY = (123.752, 41.252)


@pytest.fixture
def merging(city: City) -> tuple[FirePoint, FirePoint]:
    """A merge that the clerk has pressed: the point that would go, and the survivor."""
    survivor, gone = make.dispatched(city), make.suspected(at=NEARBY)
    answer = press(signed_in(city.clerk), gone, "merge", into=survivor.number, reason="同一片地")
    assert (answer.status_code, answer.url) == (302, reverse("firepoints:detail", args=[gone.pk]))
    return gone, survivor


def answered(client: Client, answer: str, **data: str):
    url = reverse("journal:proposal_answer", args=[Proposal.objects.get().pk])
    return client.post(url, {"answer": answer, **data}, follow=True)


@pytest.mark.embedded
def test_the_asker_waits_and_another_reads_what_it_would_do_and_accepts(city: City, merging) -> None:
    gone, survivor = merging
    assert FirePoint.objects.get(pk=gone.pk).merged_into is None
    clerk, other = signed_in(city.clerk), signed_in(city.recogniser)
    for point in (gone, survivor):
        page = text_of(clerk.get(reverse("firepoints:detail", args=[point.pk])))
        assert "等另一个人答复" in page
        assert "同意并办理" not in page
    page = text_of(other.get(reverse("firepoints:detail", args=[gone.pk])))
    for words in ("同意并办理", "同一片地", "范围相接或重叠，中心相距", "不再单独计一处"):
        assert words in page
    assert "答复 1 件提请" in text_of(other.get(reverse("home")))
    assert "已同意" in text_of(answered(other, "accepted"))
    assert FirePoint.objects.get(pk=gone.pk).merged_into == survivor
    assert "答复 1 件提请" not in text_of(other.get(reverse("home")))
    assert "同意" in text_of(clerk.get(reverse("journal:proposals")))


def test_a_refusal_without_a_reason_comes_back_and_with_one_ends_it(city: City, merging) -> None:
    gone, _ = merging
    other = signed_in(city.recogniser)
    assert "没有办成" in text_of(answered(other, "refused"))
    assert Proposal.objects.get().is_open
    assert "没有办理" in text_of(answered(other, "refused", reason="不是同一处"))
    assert FirePoint.objects.get(pk=gone.pk).state == "suspected"
    assert "不是同一处" in text_of(signed_in(city.clerk).get(reverse("journal:proposals")))


def test_a_second_press_asks_once_and_a_script_is_told_202(city: City, merging) -> None:
    gone, survivor = merging
    client = signed_in(city.clerk)
    data = {"expected_version": gone.version, "into": survivor.number, "reason": "同一片地"}
    url = reverse("firepoints:act", args=[gone.pk, "merge"])
    answer = client.post(url, data, headers={"accept": "application/json"})
    assert (answer.status_code, "url" in answer.json()) == (202, True)
    assert Proposal.objects.count() == 1


def test_what_moved_on_is_said_on_the_page_and_cannot_be_accepted(city: City, merging) -> None:
    gone, survivor = merging
    by = make.department(city, survivor)
    make.take(survivor, "report", by, conclusion="true", evidence=make.uuids(make.photo(survivor, by)))
    page = text_of(signed_in(city.recogniser).get(reverse("firepoints:detail", args=[gone.pk])))
    assert "情况已变" in page
    assert "同意并办理" not in page


def test_a_county_sees_nothing_of_a_proposal_on_its_point(city: City, merging) -> None:
    _, survivor = merging
    county = signed_in(make.department(city, survivor))
    assert "提请" not in text_of(county.get(reverse("firepoints:detail", args=[survivor.pk])))
    assert county.get(reverse("journal:proposals")).status_code == 403


def test_an_official_list_waits_on_its_page_for_another(city: City) -> None:
    make.suspected()
    run = make.run_of("provincial_list")
    page = reverse("imports:run", args=[run.uuid])
    done = signed_in(city.clerk).post(reverse("imports:withdraw", args=[run.uuid]), {"reason": "选错文件"}, follow=True)
    assert "还没有办理" in text_of(done)
    second = signed_in(make.second_person())
    shown = text_of(second.get(page))
    assert "1 行监测记录" in shown
    answered(second, "accepted", next=page)
    assert ImportRun.objects.get(pk=run.pk).state == "withdrawn"


def test_the_desk_of_recognition_asks_for_another_where_the_county_found_it_true(city: City) -> None:
    point = make.verified(city)
    desk = reverse("firepoints:review")
    data = {"point": point.pk, "decision": "exclude", "reason": "x", "expected_version": point.version}
    done = signed_in(city.recogniser).post(desk, data, follow=True)
    assert "还没有办理" in text_of(done)
    assert FirePoint.objects.get(pk=point.pk).state == "verified"
    page = text_of(signed_in(city.recogniser).get(desk))
    assert f"提请 {Proposal.objects.get().pk}" in page
    assert "等另一个人答复" in page


def test_the_course_of_a_point_names_both_persons_and_says_where_a_ruling_lets_one_alone(city: City, merging) -> None:
    gone, survivor = merging
    answered(signed_in(city.recogniser), "accepted")
    page = text_of(signed_in(city.clerk).get(reverse("firepoints:detail", args=[gone.pk])))
    assert f"{city.clerk}提请，{city.recogniser}同意" in page
    make.loosen("merge_official")
    alone = make.suspected(at=NEARBY)
    press(signed_in(city.clerk), alone, "merge", into=survivor.number, reason="同一片地")
    page = text_of(signed_in(city.clerk).get(reverse("firepoints:detail", args=[alone.pk])))
    assert "裁定放宽，一人办理" in page
