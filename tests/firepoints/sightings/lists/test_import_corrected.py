"""A corrected list: what is new, gone, moved and unchanged, and whom it touches (policy.md §3)."""

import pytest
from django.urls import reverse

from firepoints.models import (
    DroppedRow,
    FirePoint,
    ImportRun,
)
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.lists import difference, preview
from firepoints.terms.states import State
from journal.models import Entry
from tests.factories import points as make
from tests.factories.imports import import_file
from tests.firepoints.pages.test_import_pages import body, client_of, hidden
from tests.firepoints.small_lists import HEAD, LIST, line, near, recognised, upload


@pytest.mark.embedded
def test_a_corrected_list_says_what_is_new_gone_moved_and_unchanged_before_and_after(city, lists, tmp_path):
    first = lists(line(1), line(2, near(2000)), line(3, near(4000)), line(4, near(6000)), line(5, near(8000)))
    path = tmp_path / "更正.csv"
    rows = (line(1), line(2, near(2450)), line(3, near(4000), time="15:05"), line(6, near(10000)), "5,甲县,x,y,z,,")
    path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    asked = {"source_code": "provincial_list", "actor": city.clerk, "name": LIST, "supersedes": str(first.uuid)}
    seen = preview.preview(ImportOrder(path=path, **asked))
    told = seen.as_json()["preview"]["difference"]
    assert told["counts"] == {"added": 1, "gone": 1, "moved": 2, "same": 1, "unread": 1}
    assert [(one["distance_m"], one["minutes"]) for one in told["moved"]] == [(450, 0), (0, 120)]
    assert told["gone"][0]["seq_no"] == "4"
    assert told["added"][0]["seq_no"] == "6"
    assert not DroppedRow.objects.exists()
    second = import_file(path=path, **asked).run
    after = difference.difference_after(second)
    assert [(round(one.moved_m), one.moved_min) for one in after.moved] == [(450, 0), (0, 120)]
    assert (len(after.added), len(after.gone), after.same) == (1, 1, 1)
    assert DroppedRow.objects.get().detection.row_no == 5


def test_untouched_points_of_gone_rows_close_and_acted_on_ones_go_to_a_person(city, lists):
    first = lists(line(1), line(2, near(3000)), line(3, near(6000)), line(4, near(9000)))
    at = {one.detection.row_no: one.detection.memberships.get().point for one in first.raw_rows.filter(outcome="kept")}
    make.take(at[3], "dispatch", city.clerk)
    decided = recognised(city, at[4])
    before = FirePoint.objects.get(pk=decided.pk).recognition_id
    lists(line(1), name="更正.csv", supersedes=str(first.uuid))
    states = {row: FirePoint.objects.get(pk=point.pk) for row, point in at.items()}
    assert (states[2].state, make.asked(states[2])) == (State.SUSPECTED, "")
    assert states[3].state == State.DISPATCHED
    assert "没有这一行" in make.asked(states[3])
    assert (states[4].state, states[4].recognition_id) == (State.RECOGNISED, before)
    assert "没有这一行" in make.asked(states[4])
    assert states[5].state == State.CLOSED
    assert Entry.objects.get(act="import.rows_dropped").after["count"] == 3


def test_a_list_without_a_number_is_compared_by_its_own_numbers_of_rows(city, lists):
    known = ListName("省厅", "2023-10", "")
    first = lists(line(1), line(2, near(2000)), known=known)
    second = lists(line(1), line(2, near(2300)), name="更正.csv", known=known, supersedes=str(first.uuid))
    after = difference.difference_after(second)
    assert [round(one.moved_m) for one in after.moved] == [300]
    assert (after.added, after.gone, after.same) == ((), (), 1)


def test_the_preview_page_shows_the_difference_and_whom_it_touches(city, lists):
    first = lists(line(1), line(2, near(2000)))
    make.take(first.raw_rows.get(row_no=3).detection.memberships.get().point, "dispatch", city.clerk)
    clerk = client_of(city.clerk)
    page = body(upload(clerk, f"{HEAD}\n{line(1)}\n", issuer="省厅", list_no="28", supersedes=str(first.uuid)))
    assert "1 处已有人办理" in page
    assert "已派发，移出这一行，交人复核" in page
    clerk.post(reverse("imports:preview"), hidden(page))
    run = ImportRun.objects.latest("pk")
    assert "没有别的记录就关闭" not in body(clerk.get(reverse("imports:difference", args=[run.uuid])))
    assert "消失" in body(clerk.get(reverse("imports:run", args=[run.uuid])))


def test_a_number_given_to_a_place_kilometres_away_is_one_gone_and_one_new(city, lists, tmp_path):
    first = lists(line(1), line(2, near(6000)), line(3, near(12000)))
    at = {one.row_no: one.detection.memberships.get().point for one in first.raw_rows.filter(outcome="kept")}
    path = tmp_path / "更正.csv"
    path.write_text("\n".join([HEAD, line(1), line(2, near(16000)), line(3, near(12300))]), encoding="utf-8")
    asked = {"source_code": "provincial_list", "actor": city.clerk, "name": LIST, "supersedes": str(first.uuid)}
    told = preview.preview(ImportOrder(path=path, **asked)).as_json()["preview"]["difference"]
    assert told["counts"] == {"added": 1, "gone": 1, "moved": 1, "same": 1, "unread": 0}
    decided = recognised(city, at[3])
    second = import_file(path=path, **asked).run
    after = difference.difference_after(second)
    assert ([line.row_no for line in after.gone], [round(move.moved_m) for move in after.moved]) == ([3], [300])
    assert [line.row_no for line in after.added] == [3]
    new = second.raw_rows.get(row_no=3).detection
    assert new.memberships.get().point_id != decided.pk, "the new place is a suspicion of its own"
    assert "没有这一行" in make.asked(FirePoint.objects.get(pk=decided.pk))


@pytest.mark.parametrize("known", [LIST, ListName("省厅", "2023-10", "")])
def test_rows_that_only_changed_their_number_are_neither_gone_nor_new(city, lists, known):
    first = lists(line(1), line(2, near(5000)), line(3, near(10000)), line(4, near(15000)), known=known)
    gone = first.raw_rows.get(row_no=3).detection
    second = lists(
        line(1), line(2, near(10000)), line(3, near(15000)), known=known, supersedes=str(first.uuid), name="更正.csv"
    )
    after = difference.difference_after(second)
    assert [row.detection_id for row in DroppedRow.objects.filter(run=second)] == [gone.pk]
    assert (len(after.added), len(after.moved) + after.same) == (0, 3)
    live = FirePoint.objects.exclude(state=State.CLOSED)
    assert live.count() == 3
