"""Files in: every row one outcome, nothing twice, and a run that can be taken back (policy.md §6)."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.errors import BadInput, Conflict, Missing, NotAllowed, Refused
from firepoints.findings.intake import finding_record
from firepoints.forming.plan import group_run
from firepoints.models import Detection, FirePoint, ImportRun, Membership, RawRow, Supersession
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.withdrawing import import_withdraw
from firepoints.steps import questions
from firepoints.terms.states import State
from grids.roles import PostKind
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, IN_WEST, ON_THE_BORDER, WEST, person
from tests.factories.imports import import_file

HEADER = "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,daynight"


def row(
    at=IN_WEST, day="2023-10-07", time="0530", satellite="N20", version="2.0NRT", scan=0.39, track=0.36, frp=4.2
) -> str:
    return f"{at[1]},{at[0]},330.1,{scan},{track},{day},{time},{satellite},VIIRS,n,{version},290.0,{frp},D"


@pytest.fixture
def firms(tmp_path: Path, city):
    """Import FIRMS rows written to a file; returns the summary."""

    def go(*rows: str, name: str = "firms.csv", **given):
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *rows]) + "\n")
        return import_file(path=path, source_code="firms", actor=city.system, **given)

    return go


def outcomes(done) -> tuple[int, int, int, int, int]:
    return done.kept, done.identical, done.superseded, done.quarantined, done.outside


@pytest.mark.embedded
def test_each_row_has_one_outcome_and_they_add_up(firms):
    done = firms(row(), row(), row(at=(120.0, 30.0)), row(day="2023-13-45"), row(at=IN_EAST))
    assert outcomes(done) == (2, 1, 0, 1, 1)
    assert done.rows == sum(outcomes(done)) == 5
    assert RawRow.objects.filter(run=done.run).count() == 5
    assert done.counties == {WEST: 1, EAST: 1}


@pytest.mark.embedded
def test_the_same_file_again_keeps_nothing_and_makes_no_point(firms):
    firms(row(), row(at=(120.0, 30.0)))
    points, detections = FirePoint.objects.count(), Detection.objects.count()
    again = firms(row(), row(at=(120.0, 30.0)), name="again.csv")
    assert outcomes(again) == (0, 1, 0, 0, 1)
    assert (FirePoint.objects.count(), Detection.objects.count()) == (points, detections)


def test_a_dry_run_says_the_same_and_writes_nothing(firms):
    said = firms(row(), row(day="2023-13-45"), dry_run=True)
    assert (said.run, *outcomes(said)) == (None, 1, 0, 0, 1, 0)
    assert not ImportRun.objects.exists()
    assert not RawRow.objects.exists()
    assert outcomes(firms(row(), row(day="2023-13-45"))) == outcomes(said)


def test_utc_evening_is_the_next_beijing_day(firms):
    firms(row(day="2023-09-30", time="1730"))
    assert str(FirePoint.objects.get().burn_date) == "2023-10-01"


def test_standard_processing_replaces_near_real_time_and_keeps_one_point(firms):
    firms(row(version="2.0NRT"))
    done = firms(row(version="2.0"), name="standard.csv")
    assert outcomes(done) == (1, 0, 0, 0, 0)
    assert Supersession.objects.count() == 1
    assert FirePoint.objects.count() == 1
    older = firms(row(version="2.0URT"), name="late.csv")
    assert outcomes(older) == (0, 0, 1, 0, 0)


def test_a_bad_row_is_kept_with_its_place_and_reason_and_the_rest_is_loaded(firms):
    done = firms(row(), row(day="31/31/2023"))
    bad = RawRow.objects.get(run=done.run, outcome="quarantined")
    assert bad.row_no == 3
    assert bad.reason
    assert "31/31/2023" in bad.raw


def test_a_file_that_is_no_table_is_refused_with_the_place_and_leaves_nothing(city, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("甲,乙\n1,2\n")
    with pytest.raises(BadInput):
        import_file(path=path, source_code="firms", actor=city.system)
    assert not ImportRun.objects.exists()


def test_without_an_edition_an_import_is_refused_and_says_what_to_do(db, tmp_path):
    from grids.selectors import system_user

    path = tmp_path / "f.csv"
    path.write_text("\n".join([HEADER, row()]))
    with pytest.raises(Refused, match="grid import"):
        import_file(path=path, source_code="firms", actor=system_user())


def test_two_satellites_and_a_patrol_that_see_one_fire_make_one_point(firms, city):
    firms(row(time="0500", satellite="N20"), row(time="0550", satellite="N"))
    data = {"found_at": "2023-10-07 14:30", "lon": IN_WEST[0], "lat": IN_WEST[1], "kind": "明火"}
    done, point = finding_record(data=data, actor=city.clerk)
    assert done.kept == 1
    assert FirePoint.objects.exclude(state=State.MERGED).count() == 1
    assert point.memberships.filter(is_active=True).count() == 3


def test_a_finding_just_before_the_pass_is_questioned_so_that_one_fire_is_not_charged_twice(firms, city):
    data = {"found_at": "2023-10-07 12:30", "lon": IN_WEST[0], "lat": IN_WEST[1], "kind": "明火"}
    finding_record(data=data, actor=city.clerk)
    firms(row(time="0530"))
    point = FirePoint.objects.get(memberships__detection__source__code="firms")
    assert "同一处" in make.asked(point)
    assert not FirePoint.objects.filter(questions.stops_money()).exists(), "a lead is shown beside and stops nothing"
    official = make.detection(when=datetime(2023, 10, 7, 5, 31, tzinfo=UTC))
    group_run(run=official.run, actor=city.system)
    assert official.memberships.get().point == point
    by = city.west
    point = make.take(FirePoint.objects.get(pk=point.pk), "dispatch", city.clerk)
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    with pytest.raises(Missing, match="先核对"):
        make.take(point, "recognise", city.recogniser, reason="有火")
    reviewed = make.take(point, "review", city.clerk, reason="相距 300 米的另一块地")
    assert make.asked(reviewed) == ""
    assert reviewed.state == State.VERIFIED


def test_a_sighting_that_connects_two_suspicions_joins_them_whatever_the_order(firms):
    a, middle, b = (123.7500, 41.25), (123.7545, 41.25), (123.7590, 41.25)
    firms(row(at=a), name="a.csv")
    firms(row(at=b), name="b.csv")
    assert FirePoint.objects.count() == 2
    firms(row(at=middle), name="c.csv")
    living = FirePoint.objects.exclude(state=State.MERGED)
    assert living.count() == 1
    assert living.get().memberships.filter(is_active=True).count() == 3


def test_a_sighting_joins_a_dispatched_point_that_it_touches(firms, city):
    firms(row())
    point = make.take(FirePoint.objects.get(), "dispatch", city.clerk)
    firms(row(time="0610", satellite="N"), name="later.csv")
    assert FirePoint.objects.count() == 1
    assert point.memberships.filter(is_active=True).count() == 2


@pytest.mark.parametrize("trait", ["negative", "recognised"])
def test_an_import_never_touches_what_was_found_untrue_or_decided(firms, city, trait):
    decided = getattr(make, trait)(city, when=datetime(2023, 10, 7, 5, 30, tzinfo=UTC))
    before = decided.memberships.count()
    firms(row(time="0610", satellite="N"))
    fresh = FirePoint.objects.exclude(pk=decided.pk).get()
    assert fresh.state == State.SUSPECTED
    assert decided.number in make.asked(fresh)
    assert decided.memberships.count() == before


def test_a_lead_over_the_county_border_is_no_crossing_yet_and_both_counties_see_it(firms):
    firms(row(at=ON_THE_BORDER))
    point = FirePoint.objects.get()
    assert not point.is_cross
    assert point.county_code in (WEST, EAST)
    shares = {c.county_code: c.share for c in point.counties.all()}
    assert set(shares) == {WEST, EAST}
    assert sum(shares.values()) == pytest.approx(1, abs=0.01)


def test_a_patrol_row_of_a_county_is_self_found_and_no_inspection(city, tmp_path):
    path = tmp_path / "patrol.csv"
    path.write_text(f"found_at,lon,lat,kind,authority\n2023-10-07 14:00,{IN_WEST[0]},{IN_WEST[1]},fire,county\n")
    import_file(path=path, source_code="patrol", actor=city.system)
    assert Detection.objects.get().source.code == "self_found"


def test_a_finding_with_the_same_uuid_is_recorded_once(city):
    data = {
        "found_at": "2023-10-07 14:30",
        "lon": IN_WEST[0],
        "lat": IN_WEST[1],
        "kind": "黑斑",
        "date_proof": "灰烬尚温",
        "uuid": "6f1e1e0e-5a58-4f8b-9d3d-0a2f6a3d7c11",
    }
    first, point = finding_record(data=data, actor=city.clerk)
    second, same = finding_record(data=data, actor=city.clerk)
    assert (first.kept, second.kept, second.identical) == (1, 0, 1)
    assert same == point


def test_a_county_cannot_report_as_the_bureaus_patrol(city):
    data = {"found_at": "2023-10-07 14:30", "lon": IN_WEST[0], "lat": IN_WEST[1], "kind": "明火"}
    with pytest.raises(NotAllowed):
        finding_record(data=data, actor=city.west, source_code="patrol")


def test_a_finding_with_a_bad_field_names_it(city):
    with pytest.raises(BadInput) as refused:
        finding_record(data={"found_at": "2023-10-07", "lon": "x", "lat": "41", "kind": "明火"}, actor=city.clerk)
    assert "lon" in str(refused.value.as_json())


@pytest.mark.embedded
def test_a_withdrawn_run_closes_its_untouched_points_and_the_right_file_can_follow(firms, city):
    wrong = firms(row(), datum="gcj02")
    import_withdraw(run=str(wrong.run.uuid), actor=city.clerk, reason="坐标系声明错了")
    assert FirePoint.objects.get().state == State.CLOSED
    right = firms(row(), name="right.csv")
    assert outcomes(right) == (1, 0, 0, 0, 0)
    assert FirePoint.objects.filter(state=State.SUSPECTED).count() == 1
    assert Entry.objects.filter(act="import.withdrawn").count() == 1


def test_a_withdrawn_run_leaves_decided_points_to_a_person(firms, city):
    done = firms(row())
    point = make.take(FirePoint.objects.get(), "dispatch", city.clerk)
    by = city.west
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    make.take(point, "exclude", city.recogniser, reason="只有线索")
    make.withdraw(done.run, city.clerk, "坐标系声明错了")
    point.refresh_from_db()
    assert point.state == State.RECOGNISED
    assert "撤回" in make.asked(point)


def test_a_run_is_withdrawn_once_and_with_a_reason(firms, city):
    done = firms(row())
    with pytest.raises(Missing):
        import_withdraw(run=str(done.run.pk), actor=city.clerk, reason=" ")
    import_withdraw(run=str(done.run.pk), actor=city.clerk, reason="错")
    with pytest.raises(Conflict):
        import_withdraw(run=str(done.run.pk), actor=city.clerk, reason="错")
    with pytest.raises(NotAllowed):
        import_withdraw(run=str(done.run.pk), actor=city.west, reason="错")


@pytest.fixture
def listed(tmp_path: Path, city):
    """Import rows of a numbered provincial list; returns the summary."""

    def go(*rows: str, name: str = "list.csv", list_no: str = "17", **given):
        path = tmp_path / name
        path.write_text("\n".join(["序号,监测日期,过境时间,经度,纬度,县", *rows]) + "\n")
        return import_file(
            path=path,
            source_code="provincial_list",
            actor=city.system,
            name=ListName(issuer="演示省厅", list_no=list_no),
            **given,
        )

    return go


def list_row(number: int, at=IN_WEST, day="2023-10-07", county="甲县") -> str:
    return f"{number},{day},13:20,{at[0]},{at[1]},{county}"


def test_a_corrected_list_replaces_its_rows_and_moves_what_nobody_has_touched(listed):
    first = listed(list_row(1), list_row(2, at=(123.72, 41.22)))
    done = listed(list_row(1), list_row(2, at=IN_EAST), name="v2.csv", supersedes=str(first.run.uuid))
    assert outcomes(done) == (1, 1, 0, 0, 0)
    open_points = FirePoint.objects.filter(state=State.SUSPECTED)
    assert sorted(point.county_code for point in open_points) == [WEST, EAST]
    assert FirePoint.objects.filter(state=State.CLOSED).count() == 1
    again = listed(list_row(2, at=(123.72, 41.22)), name="v1.csv")
    assert outcomes(again) == (0, 0, 1, 0, 0)


def test_a_corrected_row_that_people_acted_on_goes_to_a_person(listed, city):
    first = listed(list_row(1))
    point = make.take(FirePoint.objects.get(), "dispatch", city.clerk)
    listed(list_row(1, at=(123.72, 41.22)), name="v2.csv", supersedes=str(first.run.uuid))
    point.refresh_from_db()
    assert point.state == State.DISPATCHED
    assert "更正" in make.asked(point)


def test_another_content_under_the_same_number_is_quarantined_unless_it_says_what_it_replaces(listed):
    listed(list_row(1))
    done = listed(list_row(1, at=IN_EAST), name="other.csv")
    assert outcomes(done) == (0, 0, 0, 1, 0)
    assert RawRow.objects.get(run=done.run, outcome="quarantined").code == "list_conflict"


def test_standard_processing_of_a_decided_point_raises_no_new_suspicion(firms, city):
    firms(row(version="2.0NRT"))
    point = make.take(FirePoint.objects.get(), "dispatch", city.clerk)
    by = city.west
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    make.take(point, "exclude", city.recogniser, reason="只有线索")
    done = firms(row(version="2.0"), name="standard.csv")
    assert outcomes(done) == (1, 0, 0, 0, 0)
    assert FirePoint.objects.count() == 1


def test_an_import_is_one_journal_entry_for_the_file_not_one_per_row(firms):
    firms(*(row(at=(123.72 + i / 100, 41.22)) for i in range(8)))
    assert Entry.objects.filter(act="import.committed").count() == 1
    assert Entry.objects.filter(act="fire_point.created").count() == 1


def test_the_october_file_gives_the_same_outcomes_every_time(data_dir, city):
    path = data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv"
    first = import_file(path=path, source_code="firms", actor=city.system)
    again = import_file(path=path, source_code="firms", actor=city.system)
    assert first.rows == again.rows == 2361
    assert first.quarantined == 0
    assert (again.kept, again.identical, again.outside) == (0, first.kept, first.outside)
    assert Membership.objects.filter(is_active=True).count() == first.kept


def test_the_national_list_is_read_and_every_row_of_another_city_lies_outside(data_dir, city):
    done = import_file(
        path=data_dir / "straw_fire_list_2016_2017_half.xlsx",
        source_code="national_list",
        actor=city.system,
        name=ListName(issuer="生态环境部", list_no="2016-17"),
    )
    assert (done.rows, done.outside, done.quarantined) == (1292, 1292, 0)


def test_what_only_a_satellite_saw_is_not_verified_by_the_bureau_past_its_county(firms, city):
    firms(row())
    point = FirePoint.objects.get()
    own = make.uuids(make.photo(point, city.clerk))
    with pytest.raises(Missing, match="先由县"):
        make.take(point, "verify_own", city.clerk, conclusion="true", evidence=own)
    data = {"found_at": "2023-10-07 14:30", "lon": IN_WEST[0], "lat": IN_WEST[1], "kind": "明火"}
    finding_record(data=data, actor=city.clerk)
    assert make.take(point, "verify_own", city.clerk, conclusion="true", evidence=own).state == State.VERIFIED


def test_an_inspector_of_the_city_reports_as_patrol_and_one_of_a_township_does_not(city):
    data = {"found_at": "2023-10-07 14:30", "lon": IN_WEST[0], "lat": IN_WEST[1], "kind": "明火"}
    _, point = finding_record(data=data, actor=city.inspector)
    assert point is not None
    local = person("local", PostKind.INSPECTOR, f"{WEST}001")
    with pytest.raises(NotAllowed):
        finding_record(data=data, actor=local)


@pytest.mark.embedded
def test_the_day_of_a_row_stands_against_the_window_of_its_issuer(city, tmp_path: Path) -> None:
    """policy.md §2f: 17:00 to 17:00 says when at the earliest and latest; the row says the day."""
    path = tmp_path / "清单.csv"
    path.write_text(
        "监测时段：2022年9月29日17时至9月30日17时,,,\n序号,经度,纬度,监测日期\n"
        f"1,{IN_WEST[0]},{IN_WEST[1]},2022-09-30\n2,{IN_EAST[0]},{IN_EAST[1]},2022-09-29\n",
        encoding="utf-8",
    )
    import_file(path=path, source_code="provincial_list", actor=city.clerk, name=ListName("省厅", "", "9"))
    dates = list(Detection.objects.order_by("row_no").values_list("beijing_date", "starts_at"))
    begins = datetime(2022, 9, 29, 9, tzinfo=UTC)
    assert dates == [(date(2022, 9, 30), begins), (date(2022, 9, 29), begins)]
    assert [point.burn_date for point in FirePoint.objects.order_by("lon")] == [date(2022, 9, 30), date(2022, 9, 29)]
