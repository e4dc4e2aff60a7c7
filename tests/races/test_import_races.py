"""Two files, or a file and a person, at the same moment: one fire stays one 处, and nobody's answer is overtaken."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from firepoints.models import Detection, FirePoint, ImportRun
from firepoints.services import grouping, ingest, withdrawing
from firepoints.services.ingest import Import, import_file
from firepoints.services.withdrawing import import_withdraw
from grids.services import locating
from tests.factories import points as make
from tests.factories.city import IN_WEST, City, build_city
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
    meet_before(monkeypatch, ingest, "one_at_a_time")
    outcomes = at_once(*[firms(firms_row())] * 2)
    assert kept(outcomes) == [0, 1], outcomes
    assert (Detection.objects.count(), FirePoint.objects.count()) == (1, 1)


def test_without_the_turns_the_unique_key_still_keeps_it_once(firms, monkeypatch):
    monkeypatch.setattr(ingest, "one_at_a_time", lambda: None)
    meet_after(monkeypatch, ingest, "_judge")
    outcomes = at_once(*[firms(firms_row())] * 2)
    assert kept(outcomes) == [0, 1], outcomes
    assert (Detection.objects.count(), FirePoint.objects.count()) == (1, 1)


def test_negative_control_without_turns_and_key_it_is_kept_twice(firms, monkeypatch):
    monkeypatch.setattr(ingest, "one_at_a_time", lambda: None)
    meet_after(monkeypatch, ingest, "_judge")
    with without_unique(("fire_detection_key", ["key"]), empty=["fire_detection_key"]):
        outcomes = at_once(*[firms(firms_row())] * 2)
        found = Detection.objects.count()
    assert (kept(outcomes), found) == ([1, 1], 2), outcomes


def touching() -> tuple[str, str]:
    """Two passes over one fire, an hour and a half apart: two rows, one 处."""
    return firms_row(time="0430"), firms_row(time="0600")


def test_two_files_that_see_one_fire_at_once_make_one_point(firms, monkeypatch):
    meet_before(monkeypatch, ingest, "one_at_a_time")
    first, second = touching()
    outcomes = at_once(firms(first, name="a.csv"), firms(second, name="b.csv"))
    assert kept(outcomes) == [1, 1], outcomes
    assert FirePoint.objects.count() == 1


def test_negative_control_without_the_turns_one_fire_becomes_two_points(firms, monkeypatch):
    monkeypatch.setattr(ingest, "one_at_a_time", lambda: None)
    meet_after(monkeypatch, grouping, "_scene")
    first, second = touching()
    outcomes = at_once(firms(first, name="a.csv"), firms(second, name="b.csv"))
    assert (kept(outcomes), FirePoint.objects.count()) == ([1, 1], 2), outcomes


def test_a_file_imported_again_while_its_first_run_is_withdrawn_is_not_lost(city, firms, monkeypatch):
    """Either it comes before the withdrawal and is identical, or after it and is kept; never both gone."""
    go = firms(firms_row())
    run = go().run
    for place in (ingest, withdrawing):
        meet_before(monkeypatch, place, "one_at_a_time")
    monkeypatch.setattr(withdrawing, "one_at_a_time", ingest.one_at_a_time)
    outcomes = at_once(lambda: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="坐标系报错"), go)
    assert len(won(outcomes)) == 2, outcomes
    again = next(one for one in outcomes if isinstance(one, Import))
    if again.kept == 0:  # it came first: then the withdrawal took what it was identical to, and said so
        again = go()
    assert again.kept == 1
    assert Detection.objects.filter(live_key__isnull=False).count() == 1


def test_a_sighting_does_not_slip_into_a_point_that_is_found_untrue_meanwhile(city, firms, monkeypatch):
    point, told = negative_answer(city)
    in_between(monkeypatch, grouping, "_scene", lambda: make.take(point, "report", city.west, **told))
    done = firms(firms_row(time="0600"))()
    assert done.kept == 1
    assert point.memberships.count() == 1
    other = FirePoint.objects.exclude(pk=point.pk).get()
    assert (other.state, bool(other.needs_person)) == ("suspected", True)


def test_negative_control_without_the_second_look_it_would(city, firms, monkeypatch):
    point, told = negative_answer(city)
    in_between(monkeypatch, grouping, "_scene", lambda: make.take(point, "report", city.west, **told))
    monkeypatch.setattr(grouping, "_takes_in", lambda point: True)
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
    monkeypatch.setattr(withdrawing, "one_at_a_time", lambda: None)
    meet_after(monkeypatch, withdrawing, "run_named")
    outcomes = at_once(*[lambda: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="坐标系报错")] * 2)
    assert (len(won(outcomes)), len(lost(outcomes, Exception))) == (1, 1), outcomes
    assert lost(outcomes, Exception)[0].code == "run_not_in_force"
    assert ImportRun.objects.get().state == "withdrawn"
