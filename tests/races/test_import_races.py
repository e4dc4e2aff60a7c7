"""Two files, or a file and a person, at the same moment: one fire stays one 处, and nobody's answer is overtaken."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection

from core import clock
from firepoints.findings.intake import finding_record
from firepoints.forming import apply, plan
from firepoints.models import Detection, FirePoint, ImportRun, Membership
from firepoints.sightings.importing import preparing, start, turns, withdrawing, working
from firepoints.sightings.importing.results import Import
from firepoints.sightings.importing.start import import_run_now
from firepoints.sightings.importing.turns import Busy
from firepoints.sightings.importing.withdrawing import import_withdraw
from grids import locating
from tests.factories import points as make
from tests.factories.city import IN_WEST, City, build_city
from tests.factories.imports import import_file
from tests.races.meeting import at_once, in_between, lost, meet_after, meet_before, without_unique, won
from tests.safety.conftest import HEADER, firms_row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def city(db: None) -> City:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    locating.forget()
    return build_city()


@pytest.fixture
def firms(city: City, tmp_path: Path):
    """A call that imports a file of these rows."""

    def of(*rows: str, name: str = "firms.csv"):
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *rows]) + "\n")
        return lambda: import_file(path=path, source_code="firms", actor=city.system)

    return of


def kept(outcomes: list[object]) -> list[int]:
    return sorted(one.kept for one in outcomes if isinstance(one, Import))


def test_one_file_imported_twice_at_once_is_kept_once(firms, monkeypatch):
    meet_before(monkeypatch, start, "_turn_for")
    outcomes = at_once(*[firms(firms_row())] * 2)
    assert kept(outcomes) == [0, 1], outcomes
    assert (Detection.objects.count(), FirePoint.objects.count()) == (1, 1)
    assert set(ImportRun.objects.values_list("state", "turn")) == {("committed", None)}


def test_without_the_turn_the_unique_key_still_keeps_it_once(firms, monkeypatch):
    meet_after(monkeypatch, preparing.judging, "standing_for")
    with without_unique(("fire_import_run", ["turn"])):
        outcomes = at_once(*[firms(firms_row())] * 2)
    assert kept(outcomes) == [0, 1], outcomes
    assert Detection.objects.filter(live_key__isnull=False).count() == 1


def test_negative_control_without_turn_and_key_it_is_kept_twice(firms, monkeypatch):
    meet_after(monkeypatch, preparing.judging, "standing_for")
    with without_unique(("fire_import_run", ["turn"]), ("fire_detection_key", ["key"]), empty=["fire_detection_key"]):
        outcomes = at_once(*[firms(firms_row())] * 2)
        found = Detection.objects.count()
    assert (kept(outcomes), found) == ([1, 1], 2), outcomes


def touching() -> tuple[str, str]:
    """Two passes over one fire, an hour and a half apart: two rows, one 处."""
    return firms_row(time="0430"), firms_row(time="0600")


def test_two_files_that_see_one_fire_at_once_make_one_point(firms, monkeypatch):
    meet_before(monkeypatch, start, "_turn_for")
    first, second = touching()
    outcomes = at_once(firms(first, name="a.csv"), firms(second, name="b.csv"))
    assert kept(outcomes) == [1, 1], outcomes
    assert FirePoint.objects.count() == 1


def test_negative_control_without_turn_second_look_and_one_point_a_sighting_is_in_two(firms, monkeypatch):
    monkeypatch.setattr(plan, "stamp", lambda: 0)
    meet_before(monkeypatch, plan, "plan_for")
    meet_after(monkeypatch, plan, "plan_for")
    first, second = touching()
    with without_unique(
        ("fire_import_run", ["turn"]), ("fire_membership", ["detection_id"]), empty=["fire_membership"]
    ):
        outcomes = at_once(firms(first, name="a.csv"), firms(second, name="b.csv"))
        members = Membership.objects.filter(is_active=True).count()
    assert (kept(outcomes), members) == ([1, 1], 4), outcomes


def finding(city: City) -> Callable[[], object]:
    data = {"found_at": "2023-10-07 14:30", "lon": IN_WEST[0], "lat": IN_WEST[1], "kind": "明火"}
    return lambda: finding_record(data=data, actor=city.clerk)


def test_a_finding_that_comes_in_while_points_are_formed_joins_the_one_point(city, firms, monkeypatch):
    in_between(monkeypatch, plan, "plan_for", finding(city))
    assert firms(firms_row())().kept == 1
    point = FirePoint.objects.exclude(state="merged").get()
    assert point.memberships.filter(is_active=True).count() == 2


def test_negative_control_without_the_second_look_and_one_point_it_is_in_two(city, firms, monkeypatch):
    in_between(monkeypatch, plan, "plan_for", finding(city))
    monkeypatch.setattr(plan, "stamp", lambda: 0)
    with without_unique(("fire_membership", ["detection_id"]), empty=["fire_membership"]):
        assert firms(firms_row())().kept == 1
        members = Membership.objects.filter(is_active=True).count()
    assert members == 3, "the satellite's sighting twice, the finding once"


def taken_over() -> None:
    """The lease has run out, and another worker does the whole of it."""
    ImportRun.objects.filter(turn=1).update(lease_until=clock.real_now() - timedelta(seconds=1))
    import_run_now(ImportRun.objects.get())


def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(firms, monkeypatch):
    in_between(monkeypatch, working, "prepared_for", taken_over)
    done = firms(firms_row(), firms_row(time="0610"))()
    run = ImportRun.objects.get()
    assert (done.kept, run.kept, run.rows, run.attempt) == (2, 2, 2, 2)
    assert (run.raw_rows.count(), Detection.objects.count(), FirePoint.objects.count()) == (2, 2, 1)


def test_negative_control_without_the_fence_it_writes_into_a_run_that_is_over(firms, monkeypatch):
    def keep(self: turns.Turn, **changes: Any) -> None:
        ImportRun.objects.filter(pk=self.run_id).update(**changes)

    in_between(monkeypatch, working, "prepared_for", taken_over)
    monkeypatch.setattr(turns.Turn, "keep", keep)
    with pytest.raises(IntegrityError):
        firms(firms_row(), firms_row(time="0610"))()


def test_a_file_imported_again_while_its_first_run_is_withdrawn_is_not_lost(city, firms, monkeypatch):
    """Either it comes before the withdrawal and is identical, or after it and is kept; never both gone."""
    run = firms(firms_row())().run
    other = firms(firms_row(), firms_row(time="0700"), name="more.csv")
    meet_before(monkeypatch, turns, "begin")
    for place in (start, withdrawing):
        monkeypatch.setattr(place, "begin", turns.begin)
    outcomes = at_once(lambda: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="坐标系报错"), other)
    again = next(one for one in outcomes if isinstance(one, Import))
    withdrawn = ImportRun.objects.get(pk=run.pk).state == "withdrawn"
    assert withdrawn or [one.code for one in lost(outcomes, Busy)] == ["import_busy"], outcomes
    live = Detection.objects.filter(live_key__isnull=False).count()
    assert (live, again.kept) in ([(2, 2)] if withdrawn and again.kept == 2 else [(2, 1), (1, 1)])


def test_a_sighting_does_not_slip_into_a_point_that_is_found_untrue_meanwhile(city, firms, monkeypatch):
    point, told = negative_answer(city)
    in_between(monkeypatch, plan, "plan_for", lambda: make.take(point, "report", city.west, **told))
    done = firms(firms_row(time="0600"))()
    assert done.kept == 1
    assert point.memberships.count() == 1
    other = FirePoint.objects.exclude(pk=point.pk).get()
    assert (other.state, bool(make.asked(other))) == ("suspected", True)


def test_negative_control_without_the_second_look_it_would(city, firms, monkeypatch):
    point, told = negative_answer(city)
    in_between(monkeypatch, plan, "plan_for", lambda: make.take(point, "report", city.west, **told))
    monkeypatch.setattr(apply, "takes_in", lambda point: True)
    firms(firms_row(time="0600"))()
    point.refresh_from_db()
    assert (point.verification.conclusion, point.memberships.count()) == ("false", 2)


def negative_answer(city: City) -> tuple[FirePoint, dict[str, object]]:
    """A dispatched point, and all that its county needs to say that it was no straw fire."""
    point = make.dispatched(city, at=IN_WEST, when=make.BURNT_AT - timedelta(hours=1))
    pieces = [*(make.photo(point, city.west) for _ in range(3)), make.track(point, city.west)]
    told = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": make.uuids(*pieces)}
    return point, told


def test_two_withdrawals_of_one_run_at_once_are_one(city, firms, monkeypatch):
    run = firms(firms_row())().run
    meet_after(monkeypatch, withdrawing, "run_named")
    outcomes = at_once(*[lambda: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="坐标系报错")] * 2)
    assert (len(won(outcomes)), len(lost(outcomes, Exception))) == (1, 1), outcomes
    assert lost(outcomes, Exception)[0].code == "run_not_in_force"
    assert ImportRun.objects.get().state == "withdrawn"
