"""A term that is entered late: the fires of its days name the person, and nothing that was written is rewritten (C2)."""

from datetime import date

import pytest

from firepoints.forming.people_change import JOB
from firepoints.models import Attribution, FirePoint
from grids.models import Post
from grids.people.posts import post_create, term_end, term_start, user_create
from grids.people.roster import RosterRow, roster_load
from grids.roles import PostKind
from journal.jobs import jobs
from journal.models import Entry, Job
from tests.factories.city import WEST, City
from tests.factories.points import BURNT_AT, dispatched, recognised

BEFORE, FIRE_DAY, AFTER = date(2023, 10, 1), date(2023, 10, 7), date(2023, 10, 20)
TOWNSHIP = f"{WEST}001"


def deputy(city: City) -> Post:
    return post_create(kind=PostKind.DEPUTY, cell_code=TOWNSHIP, actor=city.clerk)


def appoint(city: City, *, starts: date, ends: date | None = None, name: str = "late") -> None:
    holder, _ = user_create(username=name, full_name="演示补录", actor=city.clerk)
    term_start(post=deputy(city), holder=holder, starts=starts, ends=ends, actor=city.clerk)
    jobs.run_due()


def names(row: Attribution) -> list[str]:
    return [one.holder.full_name for one in row.people.select_related("holder") if one.holder]


def test_a_term_entered_late_adds_a_row_that_names_the_person_and_keeps_the_old_row(city: City):
    assert BURNT_AT.date() == FIRE_DAY
    point = dispatched(city)
    old = point.attribution
    appoint(city, starts=BEFORE)
    point.refresh_from_db()
    assert point.attribution_id != old.pk
    assert (point.attribution.seq, point.attribution.county_code) == (old.seq + 1, old.county_code)
    assert "演示补录" in names(point.attribution)
    assert "演示补录" not in names(old)


def test_a_recognition_keeps_the_row_that_it_pinned(city: City):
    point = recognised(city)
    pinned = point.recognition.attribution_id
    appoint(city, starts=BEFORE)
    point.refresh_from_db()
    assert point.recognition.attribution_id == pinned != point.attribution_id


@pytest.mark.parametrize(("starts", "ends"), [(AFTER, None), (date(2023, 9, 1), BEFORE)])
def test_a_term_that_does_not_hold_the_day_of_the_fire_changes_nothing(city: City, starts: date, ends: date | None):
    point = dispatched(city)
    appoint(city, starts=starts, ends=ends)
    assert FirePoint.objects.get(pk=point.pk).attribution_id == point.attribution_id


def test_the_same_people_asked_again_add_no_second_row(city: City):
    point = dispatched(city)
    appoint(city, starts=BEFORE)
    holder, _ = user_create(username="other", full_name="演示外乡", actor=city.clerk)
    elsewhere = post_create(kind=PostKind.DEPUTY, cell_code=f"{WEST}002", actor=city.clerk)
    term_start(post=elsewhere, holder=holder, starts=BEFORE, actor=city.clerk)
    jobs.run_due()
    assert point.attributions.count() == 2
    assert Entry.objects.filter(act="fire_point.people_renewed").count() == 1


def test_an_end_entered_late_leaves_the_post_vacant_on_the_days_after_it(city: City):
    appoint(city, starts=date(2023, 1, 1))
    point = dispatched(city)
    assert "演示补录" in names(point.attribution)
    term_end(term=deputy(city).terms.get(), ends=BEFORE, actor=city.clerk)
    jobs.run_due()
    point.refresh_from_db()
    assert "演示补录" not in names(point.attribution)


def test_a_whole_roster_is_one_piece_of_work_however_many_cells_it_names(city: City):
    point = dispatched(city)
    rows = [RosterRow(code, "village", PostKind.HEAD, "", f"演示{code[-6:]}") for code in
            city.edition.cells.filter(level="village").values_list("code", flat=True)]  # fmt: skip
    roster_load(rows=rows, starts=BEFORE, actor=city.clerk)
    queued = Job.objects.filter(name=JOB)
    assert queued.count() == 1
    jobs.run_due()
    assert queued.count() == 1
    point.refresh_from_db()
    assert "演示001001" in names(point.attribution)
