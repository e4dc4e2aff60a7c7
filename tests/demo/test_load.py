"""The demonstration as a whole: the money agrees to the fen wherever it stands, and a second run changes nothing."""

from __future__ import annotations

import re
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from django.apps import apps
from python_calamine import CalamineWorkbook

from core import clock
from demo import acts, story
from demo.plan import plan_of
from demo.services import month
from demo.services.load import load_demo
from firepoints.models import Attribution, Evidence, FirePoint, Membership, RawRow, Verification
from firepoints.terms.states import State
from grids.models import Cell, Edition, Term, User
from journal.models import Entry
from journal.record import sealing, verify
from penalties.models import BatchLine, LedgerEntry, Settlement

# Said to pytest-django, which makes the test database only for tests that ask for it.
pytestmark = pytest.mark.django_db

RATE_FEN = 3_000_000
OWN_APPS = ("journal", "grids", "firepoints", "penalties")
Demo = dict[str, Any]


def rows_of_every_table() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for app in OWN_APPS
        for model in apps.get_app_config(app).get_models()
    }


def texts_of(sheet: list[list[Any]]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in sheet]


def test_the_total_is_thirty_thousand_yuan_for_each_point_in_ledger_lines_and_papers(demo: Demo) -> None:
    points = demo["total"]["points"]
    total_fen = points * RATE_FEN
    assert points == 14
    assert total_fen == 42_000_000
    assert demo["total"]["amount_fen"] == total_fen
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == total_fen
    assert sum(BatchLine.objects.values_list("amount_fen", flat=True)) == total_fen
    assert sum(BatchLine.objects.values_list("count", flat=True)) == points
    folder = Path(demo["reports"])
    book = CalamineWorkbook.from_path(str(next(folder.glob("*.xlsx"))))
    summary = texts_of(book.get_sheet_by_index(0).to_python())
    total_row = next(row for row in summary if any(cell.replace(" ", "") == "合计" for cell in row))
    assert str(points) in [cell.removesuffix(".0") for cell in total_row]
    assert str(total_fen // 1_000_000) in [cell.removesuffix(".0") for cell in total_row]
    letter = docx.Document(str(next(folder.glob("*.docx"))))
    text = "\n".join(paragraph.text for paragraph in letter.paragraphs)
    text += "\n".join(cell.text for table in letter.tables for row in table.rows for cell in row.cells)
    assert demo["total"]["daxie"] in text
    assert "演示" in text
    assert any("演示" in cell for row in summary for cell in row)


def test_every_county_stands_in_the_table_and_at_least_four_pay(demo: Demo) -> None:
    assert len(demo["counties"]) == 6
    assert sum(row["points"] > 0 for row in demo["counties"]) >= 4
    assert all(row["amount_fen"] == row["points"] * RATE_FEN for row in demo["counties"])


def test_the_story_says_who_pays_for_what(demo: Demo) -> None:
    final = [one for one in story.STORIES if one.day <= 31 and one.verbs and one.verbs[-1] in ("waive", "lapse")]
    told = {code: sum(one.county == code for one in final) for code in {one.county for one in story.STORIES}}
    paid = {row["code"]: row["points"] for row in demo["counties"]}
    assert paid == {**dict.fromkeys(paid, 0), **told}


def test_a_fire_seen_by_two_satellites_the_province_and_a_patrol_is_one_point(demo: Demo) -> None:
    busiest = next(one for one in story.STORIES if one.key == "H1")
    day = plan_of(demo["month"]).date(busiest.day)
    fire = Membership.objects.filter(detection__kind="fire", detection__beijing_date=day, is_active=True).get()
    sources = fire.point.memberships.filter(is_active=True).values_list(
        "detection__source__code", "detection__satellite"
    )
    assert {"firms", "provincial_list", "patrol"} == {code for code, _ in sources}
    assert {"N", "N20"} <= {satellite for _, satellite in sources}
    assert fire.point.recognition.basis == "satellite"


def test_the_pixel_on_the_border_is_charged_by_the_joint_record_alone(demo: Demo) -> None:
    point = FirePoint.objects.get(state=State.FINAL, is_cross=True)
    assert point.verification.kind == Verification.Kind.JOINT
    assert point.attribution.method == Attribution.Method.JOINT
    assert point.recognition.payer_code == story.XIHU
    assert {"present", "absent"} == set(point.verification.attendances.values_list("outcome", flat=True))


def test_every_outcome_of_a_row_occurs_and_they_add_up(demo: Demo) -> None:
    for run in demo["imports"]:
        outcomes = (run["kept"], run["identical"], run["superseded"], run["quarantined"], run["outside"])
        assert sum(outcomes) == run["rows"]
    assert set(RawRow.objects.values_list("outcome", flat=True)) == set(RawRow.Outcome.values)


def test_there_is_work_left_for_a_visitor(demo: Demo) -> None:
    assert {"suspected", "dispatched", "joint", "verified", "recognised", "contested", "final", "closed"} <= set(
        demo["points"]
    )
    assert Settlement.objects.count() == 2
    assert demo["batch"]["state"] == "sent"


def test_the_journal_is_whole_and_sealed(demo: Demo) -> None:
    report = verify.verify()
    assert report.problems == []
    assert report.unsealed == 0


def test_no_number_can_be_reached_and_every_name_is_plainly_invented(demo: Demo) -> None:
    people = User.objects.filter(is_system=False)
    assert people.count() == demo["people"]["accounts"] + demo["people"]["heads"]
    for name, phone in people.values_list("full_name", "phone"):
        assert name.startswith("演示")
        assert re.fullmatch(r"000-0000-\d{4}", phone)


def test_every_cell_has_a_head_but_for_the_gaps_left_on_purpose(demo: Demo) -> None:
    cells = set(Cell.objects.values_list("code", flat=True))
    headed = set(Term.objects.filter(post__kind="head").values_list("post__cell_code", flat=True))
    assert headed < cells
    assert len(cells - headed) == 25
    assert demo["cells"] == {**demo["cells"], "county": 6, "township": 49, "village": 508}


def test_the_passwords_are_in_a_file_that_only_its_owner_can_read(demo: Demo) -> None:
    path = Path(demo["logins_file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for login in demo["logins"]:
        assert login["password"] in path.read_text(encoding="utf-8")
        assert User.objects.get(username=login["username"]).check_password(login["password"])


def test_the_whole_story_is_told_under_the_simulated_clock(demo: Demo) -> None:
    of_the_pack = ["rule.added", "ruling.added", "payer.set", "pack.loaded", "divisions.loaded"]
    acts = Entry.objects.exclude(act__in=["journal.deployment_set", *of_the_pack])
    assert not acts.filter(simulated=False).exists()


def test_every_act_lies_in_the_past_of_the_day_of_the_load(demo: Demo) -> None:
    assert demo["month"] == "2027-02"
    told = Entry.objects.filter(simulated=True)
    first, last = told.order_by("at", "id").first(), told.order_by("at", "id").last()
    assert first is not None
    assert first.act == acts.BEGUN
    assert last is not None
    assert last.at <= plan_of("2027-02").last_act < datetime(2027, 4, 1, 16, tzinfo=UTC)
    assert FirePoint.objects.filter(ends_at__gt=plan_of("2027-02").last_act).count() == 0


def test_nothing_made_says_another_year_than_the_months_own(demo: Demo) -> None:
    texts = [path.name for path in demo["home"].rglob("*") if path.is_file()]
    texts += [str(value) for pair in Entry.objects.values_list("after", "reason") for value in pair]
    texts += [str(raw) for raw in RawRow.objects.values_list("raw", flat=True)]
    texts += [path.read_text(encoding="utf-8-sig") for path in (demo["home"] / "demo").glob("*.csv")]
    # A random identifier may hold 2092-: it says no year.
    texts = [re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text) for text in texts]
    years = {year for text in texts for year in re.findall(r"(?<![\w.])(20\d\d)(?=[-年〕])", text)}
    # The policy, and the people and borders that were there before.
    assert years - {"2022"} == {"2027"}


def test_another_day_changes_nothing_of_a_month_that_was_loaded(demo: Demo) -> None:
    before = rows_of_every_table()
    again = load_demo(today=date(2028, 8, 8))
    assert (again["month"], again["total"]) == (demo["month"], demo["total"])
    assert rows_of_every_table() == before


def test_the_county_is_on_the_spot_within_two_days_of_the_fire(demo: Demo) -> None:
    taken = Evidence.objects.filter(kind=Evidence.Kind.PHOTO, uploader__username__startswith="county")
    first: dict[int, datetime] = {}
    for point, at in taken.order_by("-device_at").values_list("point", "device_at"):
        first[point] = at
    late = [first[point.pk] - point.starts_at for point in FirePoint.objects.filter(pk__in=first)]
    assert max(late).total_seconds() <= 54 * 3600
    assert sorted(late)[len(late) // 2].total_seconds() <= 36 * 3600


def test_a_second_run_changes_nothing(demo: Demo) -> None:
    before, head = rows_of_every_table(), sealing.head()
    files = {path: path.stat().st_mtime_ns for path in demo["home"].rglob("*") if path.is_file()}
    again = load_demo()
    assert again["is_new"] is False
    assert (rows_of_every_table(), sealing.head()) == (before, head)
    assert {path: path.stat().st_mtime_ns for path in demo["home"].rglob("*") if path.is_file()} == files
    assert all(login["password"] == "" for login in again["logins"])
    same = ("cells", "people", "imports", "points", "batch", "counties", "total", "journal", "files")
    assert {key: again[key] for key in same} == {key: demo[key] for key in same}


def test_a_load_that_is_taken_up_again_repeats_nothing(demo: Demo) -> None:
    before, head = rows_of_every_table(), sealing.head()
    plan = plan_of(demo["month"])
    with clock.simulated(plan.set_up) as hand:
        month.play(edition=Edition.objects.get(), plan=plan, hand=hand, progress=str)
    assert (rows_of_every_table(), sealing.head()) == (before, head)
