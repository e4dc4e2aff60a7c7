"""撤销并入: what a person merged, a person can take back; the machine does not join it again (policy.md §4)."""

import pytest

from core.errors import Conflict, NotAllowed
from firepoints.forming.plan import group_run
from firepoints.models import FirePoint, Question
from firepoints.steps.asking import Kind
from firepoints.terms.states import State
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import City

NEARBY = (123.752, 41.252)


def merged(city: City, survivor: FirePoint, gone: FirePoint) -> FirePoint:
    return make.take(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")


def seen(point: FirePoint) -> set[int]:
    return set(point.memberships.filter(is_active=True).values_list("detection_id", flat=True))


@pytest.mark.embedded
def test_both_points_stand_again_as_before_with_their_own_sightings(city: City) -> None:
    survivor, gone = make.dispatched(city), make.dispatched(city, at=NEARBY)
    before = seen(survivor), seen(gone)
    done = make.take(merged(city, survivor, gone), "unmerge", city.clerk, reason="是两处")

    assert (done.state, done.merged_into, done.number) == (State.DISPATCHED, None, gone.number)
    assert (seen(survivor), seen(done)) == before
    acts = Entry.objects.filter(act__in=["fire_point.unmerged", "fire_point.gave_back"])
    assert acts.count() == 2


def test_what_was_taken_back_is_not_joined_again_by_an_import(city: City) -> None:
    survivor, gone = make.suspected(), make.suspected(at=NEARBY)
    done = make.take(merged(city, survivor, gone), "unmerge", city.clerk, reason="是两处")
    bridge = make.detection(source="firms", at=(123.751, 41.251))
    group_run(run=bridge.run, actor=city.system)
    assert not seen(survivor) & seen(done)
    assert FirePoint.objects.filter(pk__in=[survivor.pk, gone.pk], state=State.SUSPECTED).count() == 2


def test_a_survivor_that_was_decided_since_must_be_reopened_first(city: City) -> None:
    gone = make.suspected(at=NEARBY)
    survivor = make.verified(city)
    merged(city, survivor, gone)
    survivor.refresh_from_db()
    make.take(survivor, "recognise", city.recogniser, reason="证据充分")
    with pytest.raises(Conflict, match="重新核实"):
        make.take(FirePoint.objects.get(pk=gone.pk), "unmerge", city.clerk, reason="是两处")


def test_what_was_decided_before_the_merge_is_brought_back_by_a_recogniser_alone(city: City) -> None:
    survivor, gone = make.dispatched(city), make.recognised(city, at=NEARBY)
    done = make.take(gone, "merge_decided", city.recogniser, into=survivor.pk, reason="同一处")
    with pytest.raises(NotAllowed):
        make.take(done, "unmerge", city.clerk, reason="是两处")
    back = make.take(done, "unmerge", city.recogniser, reason="是两处")
    assert (back.state, back.recognition_id, back.counted) == (State.RECOGNISED, gone.recognition_id, True)


def test_what_the_machine_joined_is_divided_instead(city: City) -> None:
    survivor, gone = make.suspected(), make.suspected(at=NEARBY)
    done = make.take(gone, "absorb", city.system, into=survivor.pk, reason="连成一处")
    with pytest.raises(Conflict, match="划分"):
        make.take(done, "unmerge", city.clerk, reason="是两处")


def test_it_is_taken_back_once(city: City) -> None:
    survivor, gone = make.suspected(), make.suspected(at=NEARBY)
    done = make.take(merged(city, survivor, gone), "unmerge", city.clerk, reason="是两处")
    with pytest.raises(Conflict):
        make.take(done, "unmerge", city.clerk, reason="再来")


def open_at(point: FirePoint) -> list[tuple[str, int | None]]:
    rows = Question.objects.unanswered().filter(point=point).order_by("pk")
    return [(row.kind, row.other_id) for row in rows]


@pytest.mark.embedded
def test_a_question_that_both_points_had_is_open_at_both_again(city: City) -> None:
    survivor, gone = make.dispatched(city), make.dispatched(city, at=NEARBY)
    third, fourth = make.suspected(at=(123.76, 41.26)), make.suspected(at=(123.77, 41.27))
    for point in (survivor, gone):
        make.ask(point, "与另一处相接", Kind.TOUCHES, other=third)
        make.ask(fourth, f"与 {point} 相接", Kind.TOUCHES, other=point)
    done = make.take(merged(city, survivor, gone), "unmerge", city.clerk, reason="是两处")
    assert open_at(done) == open_at(survivor) == [(Kind.TOUCHES, third.pk)]
    assert sorted(open_at(fourth)) == sorted([(Kind.TOUCHES, survivor.pk), (Kind.TOUCHES, gone.pk)])


@pytest.mark.embedded
def test_a_question_answered_at_the_survivor_since_is_not_asked_again(city: City) -> None:
    survivor, gone, third = make.dispatched(city), make.dispatched(city, at=NEARBY), make.suspected(at=(123.76, 41.26))
    for point in (survivor, gone):
        make.ask(point, "与另一处相接", Kind.TOUCHES, other=third)
    merge = merged(city, survivor, gone)
    survivor.refresh_from_db()
    make.take(survivor, "review", city.clerk, reason="另是一处")
    done = make.take(merge, "unmerge", city.clerk, reason="是两处")
    assert open_at(done) == open_at(survivor) == []


@pytest.mark.embedded
def test_a_question_comes_back_through_a_chain_of_merges(city: City) -> None:
    first, second, last = (
        make.dispatched(city),
        make.dispatched(city, at=NEARBY),
        make.dispatched(city, at=(123.754, 41.254)),
    )
    third, fourth = make.suspected(at=(123.76, 41.26)), make.suspected(at=(123.77, 41.27))
    make.ask(first, "与另一处相接", Kind.TOUCHES, other=third)
    make.ask(fourth, "与第一处相接", Kind.TOUCHES, other=first)
    inner = merged(city, second, first)
    second.refresh_from_db()
    outer = merged(city, last, second)
    make.take(outer, "unmerge", city.clerk, reason="是两处")
    assert (open_at(second), open_at(last)) == ([(Kind.TOUCHES, third.pk)], [])
    inner.refresh_from_db()
    done = make.take(inner, "unmerge", city.clerk, reason="是两处")
    assert (open_at(done), open_at(second)) == ([(Kind.TOUCHES, third.pk)], [])
    assert open_at(fourth) == [(Kind.TOUCHES, first.pk)]


@pytest.mark.embedded
def test_what_was_answered_at_the_survivor_of_its_own_rows_does_not_answer_for_those_that_come(city: City) -> None:
    survivor, gone = make.dispatched(city), make.dispatched(city, at=NEARBY)
    make.ask(survivor, "局长说再看看", Kind.OTHER)
    survivor.refresh_from_db()
    make.take(survivor, "review", city.clerk, reason="看过")
    make.ask(gone, "照片不清楚", Kind.OTHER)
    merged(city, survivor, gone)
    assert [row.words for row in Question.objects.unanswered().filter(point=survivor)] == ["照片不清楚"]
