"""What people do with an import: columns put right, a list corrected, a row mended, the issuer answered (policy.md §3)."""

import io
import json
import re
from datetime import date

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from firepoints.models import (
    ColumnMapping,
    Detection,
    DroppedRow,
    FinalWord,
    FirePoint,
    ImportRun,
    Mending,
    RawRow,
    Source,
)
from firepoints.services import feedback, list_difference, mapping_memory, mending, previewing, uploads
from firepoints.services.ingest import import_file
from firepoints.services.reading import ListName
from firepoints.states import State
from grids.geo.datum import from_wgs84
from journal.errors import BadInput, Conflict, Missing, NotAllowed
from journal.models import Access, Entry
from tests.factories import points as make
from tests.factories.city import IN_WEST
from tests.firepoints.test_import_pages import body, client_of, hidden, said

HEAD = "序号,县区,经度,纬度,日期,时间,卫星"
LIST = ListName("省厅", "", "28")


def line(seq: int, at=IN_WEST, time="13:05", county="甲县") -> str:
    return f"{seq},{county},{at[0]},{at[1]},2023-10-07,{time},NOAA-20"


def near(metres: float) -> tuple[float, float]:
    """A place so far north of IN_WEST."""
    return IN_WEST[0], round(IN_WEST[1] + metres / 111_132, 6)


@pytest.fixture
def lists(tmp_path, city):
    """Import a provincial list of these lines; returns the run."""

    def go(*lines: str, head=HEAD, name="清单.csv", known=LIST, **given) -> ImportRun:
        path = tmp_path / name
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        done = import_file(path=path, source_code="provincial_list", actor=city.clerk, name=known, **given)
        return done.run

    return go


# --- 列对应 ---

ODD = "编码甲,所属地,东西,南北,哪天\n1,甲县,123.75,41.25,2023-10-07\n2,甲县,123.76,41.26,2023-10-07\n"


def upload(client, content: str, **given):
    file = SimpleUploadedFile("怪表.csv", content.encode(), "text/csv")
    return client.post(reverse("imports:new"), {"file": file, "source": "provincial_list", **given}, follow=True)


@pytest.mark.embedded
def test_columns_that_nobody_understands_are_chosen_once_and_remembered_by_issuer(city, tmp_path):
    clerk = client_of(city.clerk)
    answer = upload(clerk, ODD, issuer="省厅", list_no="1")
    assert "列对应" in body(answer)
    assert "123.75" in body(answer)
    form = body(answer).split('action="/imports/columns/"')[1].split("</form>")[0]
    data = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', form))
    data.pop("csrfmiddlewaretoken", None)
    chosen = {"field-seq_no": "编码甲", "field-lon": "东西", "field-lat": "南北", "field-date": "哪天", "remember": "1"}
    page = body(clerk.post(reverse("imports:columns"), {**data, **chosen}, follow=True))
    assert "写入 2 行" in page
    kept = ColumnMapping.objects.get()
    assert (kept.issuer, kept.version, kept.fields["lon"]) == ("省厅", 1, "东西")
    assert Entry.objects.filter(act="import.mapping_set").count() == 1
    clerk.post(reverse("imports:preview"), hidden(page))
    run = ImportRun.objects.get()
    assert (run.kept, run.mapping["lat"]) == (2, "南北")
    assert "纬度 ← 南北" in body(clerk.get(reverse("imports:run", args=[run.uuid])))
    assert "写入 2 行" in body(upload(clerk, ODD.replace("123.7", "123.72"), issuer="省厅", list_no="2"))
    assert "还读不懂" in body(upload(clerk, ODD, issuer="别的厅", list_no="1"))


def test_one_column_for_two_fields_is_refused_and_nothing_is_remembered(city):
    clerk = client_of(city.clerk)
    form = body(upload(clerk, ODD)).split('action="/imports/columns/"')[1].split("</form>")[0]
    data = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', form))
    for chosen in ({"field-lon": "东西", "field-lat": "东西"}, {"field-lon": "没有的列"}):
        answer = clerk.post(reverse("imports:columns"), {**data, **chosen, "remember": "1"})
        assert answer.status_code == 400
    assert not ColumnMapping.objects.exists()


def test_a_mapping_has_versions_and_the_same_again_adds_none(city):
    source = Source.objects.get(code="provincial_list")
    for fields in ({"lon": "东西"}, {"lon": "东西"}, {"lon": "东西", "lat": ""}, {}):
        mapping_memory.mapping_set(source=source, issuer="省厅", fields=fields, actor=city.clerk)
    assert list(ColumnMapping.objects.values_list("version", flat=True)) == [1, 2, 3]
    assert mapping_memory.remembered(source, "省厅") == {}
    with pytest.raises(BadInput):
        mapping_memory.mapping_set(source=source, issuer="省厅", fields={"moon": "月"}, actor=city.clerk)
    with pytest.raises(NotAllowed):
        mapping_memory.mapping_set(source=source, issuer="省厅", fields={"lon": "x"}, actor=city.west)


# --- a corrected list ---


@pytest.mark.embedded
def test_a_corrected_list_says_what_is_new_gone_moved_and_unchanged_before_and_after(city, lists, tmp_path):
    first = lists(line(1), line(2, near(2000)), line(3, near(4000)), line(4, near(6000)), line(5, near(8000)))
    path = tmp_path / "更正.csv"
    rows = (line(1), line(2, near(2450)), line(3, near(4000), time="15:05"), line(6, near(10000)), "5,甲县,x,y,z,,")
    path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    asked = {"source_code": "provincial_list", "actor": city.clerk, "name": LIST, "supersedes": str(first.uuid)}
    seen = previewing.preview(path=path, **asked)
    told = seen.as_json()["preview"]["difference"]
    assert told["counts"] == {"added": 1, "gone": 1, "moved": 2, "same": 1, "unread": 1}
    assert [(one["distance_m"], one["minutes"]) for one in told["moved"]] == [(450, 0), (0, 120)]
    assert told["gone"][0]["seq_no"] == "4"
    assert told["added"][0]["seq_no"] == "6"
    assert not DroppedRow.objects.exists()
    second = import_file(path=path, **asked).run
    after = list_difference.difference_after(second)
    assert [(round(one.moved_m), one.moved_min) for one in after.moved] == [(450, 0), (0, 120)]
    assert (len(after.added), len(after.gone), after.same) == (1, 1, 1)
    assert DroppedRow.objects.get().detection.row_no == 5


def test_untouched_points_of_gone_rows_close_and_acted_on_ones_go_to_a_person(city, lists):
    first = lists(line(1), line(2, near(2000)), line(3, near(4000)), line(4, near(6000)))
    at = {one.detection.row_no: one.detection.memberships.get().point for one in first.raw_rows.filter(outcome="kept")}
    make.take(at[3], "dispatch", city.clerk)
    decided = _recognised(city, at[4])
    before = FirePoint.objects.get(pk=decided.pk).recognition_id
    lists(line(1), name="更正.csv", supersedes=str(first.uuid))
    states = {row: FirePoint.objects.get(pk=point.pk) for row, point in at.items()}
    assert (states[2].state, states[2].needs_person) == (State.SUSPECTED, "")
    assert states[3].state == State.DISPATCHED
    assert "没有这一行" in states[3].needs_person
    assert (states[4].state, states[4].recognition_id) == (State.RECOGNISED, before)
    assert "没有这一行" in states[4].needs_person
    assert states[5].state == State.CLOSED
    assert Entry.objects.get(act="import.rows_dropped").after["count"] == 3


def _recognised(city, point):
    make.take(point, "dispatch", city.clerk)
    make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(point, city.west)))
    return make.take(point, "recognise", city.recogniser, reason="证据充分")


def test_a_list_without_a_number_is_compared_by_its_own_numbers_of_rows(city, lists):
    known = ListName("省厅", "2023-10", "")
    first = lists(line(1), line(2, near(2000)), known=known)
    second = lists(line(1), line(2, near(2300)), name="更正.csv", known=known, supersedes=str(first.uuid))
    after = list_difference.difference_after(second)
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


# --- mending ---


@pytest.fixture
def quarantined(lists) -> RawRow:
    """A list of two rows; latitude and longitude of the second are exchanged."""
    run = lists(line(1), line(2, (41.27, 123.75)))
    return run.raw_rows.get(outcome="quarantined")


def cells(row: RawRow, **changed: str) -> dict[str, str]:
    form = {f"cell-{at}": changed.get(name, value) for at, (name, value) in enumerate(mending.cells_of(row).items())}
    return {**form, "reason": "省厅电话答复，经纬度写反"}


@pytest.mark.embedded
def test_a_quarantined_row_is_mended_in_a_form_and_both_runs_show_it(city, quarantined):
    clerk = client_of(city.clerk)
    url = reverse("imports:row", args=[quarantined.run.uuid, quarantined.row_no])
    page = body(clerk.get(url))
    assert "经度与纬度像是写反了" in page
    assert "就是这一格读不了" in page
    answer = clerk.post(url, cells(quarantined, 经度="123.75", 纬度="41.27"), follow=True)
    run = Mending.objects.get().run
    assert answer.redirect_chain[-1][0] == reverse("imports:run", args=[run.uuid])
    assert (run.kept, run.points, Detection.objects.get(run=run).row_no) == (1, 1, 3)
    assert url in body(answer)
    assert reverse("imports:run", args=[run.uuid]) in body(clerk.get(url))
    assert RawRow.objects.get(pk=quarantined.pk).raw == quarantined.raw
    assert Entry.objects.get(act="import.row_mended").after["columns"] == ["纬度", "经度"]
    again = clerk.post(url, cells(quarantined, 经度="123.75", 纬度="41.27"), follow=True)
    assert "没有重复办理" in said(again)
    assert (Mending.objects.count(), ImportRun.objects.count()) == (1, 2)


def test_a_row_that_is_still_wrong_is_refused_beside_its_cell_and_nothing_is_written(city, quarantined):
    clerk = client_of(city.clerk)
    url = reverse("imports:row", args=[quarantined.run.uuid, quarantined.row_no])
    for changed, complaint in (
        ({"经度": "东边"}, "坐标"),
        ({"经度": "123.75", "纬度": "41.27", "日期": "2099-01-01"}, "将来"),
    ):
        answer = clerk.post(url, cells(quarantined, **changed))
        assert answer.status_code == 400
        assert complaint in body(answer)
    assert "请写明更正的依据" in body(clerk.post(url, {**cells(quarantined), "reason": ""}))
    assert not Mending.objects.exists()
    assert ImportRun.objects.count() == 1


def test_a_row_is_set_aside_with_a_reason_and_a_withdrawn_mending_lets_it_wait_again(city, lists, quarantined):
    with pytest.raises(Missing):
        mending.row_discard(row=quarantined, actor=city.clerk, reason=" ")
    with pytest.raises(NotAllowed):
        mending.row_discard(row=quarantined, actor=city.west, reason="测试数据")
    mended = mending.row_mend(
        row=quarantined, cells={"经度": "123.75", "纬度": "41.27"}, actor=city.clerk, reason="写反了"
    )
    from firepoints.services.withdrawing import import_withdraw

    import_withdraw(run=str(mended.run.uuid), actor=city.clerk, reason="更正错了")
    done = mending.row_discard(row=quarantined, actor=city.clerk, reason="测试数据")
    assert (done.seq, done.kind) == (2, Mending.Kind.DISCARDED)
    with pytest.raises(Conflict):
        mending.row_discard(row=quarantined, actor=city.clerk, reason="再来")


def test_a_mended_row_keeps_the_window_that_the_title_states(lists, city):
    head = "火点清单（2023年10月6日17时至2023年10月7日17时）\n序号,县区,经度,纬度,日期"
    run = lists("1,甲县,123.75,41.25,2023-10-07", "2,甲县,123.76,,2023-10-07", head=head)
    kept, bad = Detection.objects.get(run=run), run.raw_rows.get(outcome="quarantined")
    done = mending.row_mend(row=bad, cells={"纬度": "41.29"}, actor=city.clerk, reason="补")
    mended = Detection.objects.get(run=done.run)
    assert (mended.precision, mended.starts_at, mended.ends_at) == (kept.precision, kept.starts_at, kept.ends_at)
    assert kept.precision != "instant"


def test_a_number_with_two_contents_is_mended_by_another_number_only(lists, city):
    lists(line(1))
    bad = lists(line(1, near(3000)), name="又一份.csv").raw_rows.get(outcome="quarantined")
    assert bad.code == "list_conflict"
    with pytest.raises(Conflict):
        mending.row_mend(row=bad, cells={"时间": "14:05"}, actor=city.clerk, reason="重号")
    assert not Mending.objects.exists()
    done = mending.row_mend(row=bad, cells={"序号": "2"}, actor=city.clerk, reason="省厅更正序号")
    assert done.run.kept == 1


# --- 反馈 ---


def workbook(*rows: tuple) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "清单"
    sheet.append(["2023年第28期火点清单"])
    sheet.merge_cells("A1:G1")
    sheet.append(["序号", "县区", "经度", "纬度", "日期", "核实结果", "备注"])
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def answered(city, tmp_path):
    """A list of six rows: decided true, decided false, at work, over the border, outside, unreadable."""
    day, places = "2023-10-07", [near(0), near(3000), near(6000), (123.8001, 41.25), (120.5, 38.5), ("x", "y")]
    rows = [
        (at, "甲县", lon, lat, day, None, "省厅备注" if at == 1 else None) for at, (lon, lat) in enumerate(places, 1)
    ]
    path = tmp_path / "第28期.xlsx"
    path.write_bytes(workbook(*rows))
    run = import_file(path=path, source_code="provincial_list", actor=city.clerk, name=LIST).run
    point = {one.row_no: one.detection.memberships.get().point for one in run.raw_rows.filter(outcome="kept")}
    _recognised(city, point[3])
    _excluded(city, point[4])
    make.take(point[5], "dispatch", city.clerk)
    make.take(point[6], "mark_cross", city.clerk, reason="像元跨两县")
    return run


def _excluded(city, point):
    make.take(point, "dispatch", city.clerk)
    pieces = [*(make.photo(point, city.west) for _ in range(3)), make.track(point, city.west)]
    told = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": make.uuids(*pieces)}
    make.take(point, "report", city.west, **told)
    return make.take(point, "exclude", city.recogniser, reason="确系荒草")


@pytest.mark.embedded
def test_the_answers_stand_in_the_issuers_own_workbook_row_by_row(city, answered):
    clerk = client_of(city.clerk)
    page = body(clerk.get(reverse("imports:feedback", args=[answered.uuid])))
    assert "还没有填全" in page
    answer = clerk.get(reverse("imports:feedback_file", args=[answered.uuid]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["清单"]
    assert [sheet.cell(row, 6).value for row in range(3, 9)] == [
        "属实",
        "不属实（荒草）",
        "核实中",
        "跨界，待联合核实",
        "不在本市行政区域内，未核实",
        sheet["F8"].value,
    ]
    assert sheet["F8"].value.startswith("无法核实")
    assert sheet["G3"].value == "省厅备注"
    assert sheet["G4"].value.startswith("HD2023-")
    assert (sheet.max_column, sheet["A1"].value) == (7, "2023年第28期火点清单")
    assert Access.objects.filter(kind="export").count() == 1


def test_a_rejected_negative_becomes_an_open_question_and_nothing_else_changes(city, answered):
    clerk = client_of(city.clerk)
    point = answered.raw_rows.get(row_no=4).detection.memberships.get().point
    before = FirePoint.objects.get(pk=point.pk)
    told = {
        "row": "4",
        "accepted": "no",
        "document_no": "省环函〔2023〕9号",
        "document_date": "2023-11-01",
        "note": "有痕迹",
    }
    url = reverse("imports:feedback_word", args=[answered.uuid])
    assert "提请复核" in said(clerk.post(url, told, follow=True))
    clerk.post(url, told)
    after = FirePoint.objects.get(pk=point.pk)
    assert FinalWord.objects.count() == 1
    assert "不认可“不属实（荒草）”" in after.needs_person
    assert "重新核实" in after.needs_person
    assert (after.state, after.recognition_id, after.counted) == (before.state, before.recognition_id, False)
    stood = make.take(after, "stand", city.recogniser, reason="现场照片清楚，确系荒草")
    assert (stood.needs_person, stood.recognition_id, stood.state) == ("", before.recognition_id, before.state)
    clerk.post(url, {**told, "row": "3", "accepted": "yes"})
    assert FirePoint.objects.filter(needs_person="").exists()
    assert "不认可" in body(clerk.get(reverse("imports:feedback", args=[answered.uuid]) + "?show=rejected"))
    for wrong in (
        {**told, "row": "99"},
        {**told, "row": "1"},
        {**told, "document_no": ""},
        {**told, "document_date": "2099-01-01"},
    ):
        assert clerk.post(url, wrong).status_code == 400
    assert client_of(city.auditor).post(url, told).status_code == 403


def test_the_deadline_and_what_went_out_are_on_record(city, answered):
    clerk = client_of(city.clerk)
    assert feedback.due_of(answered)[1] == "按设置"
    clerk.post(
        reverse("imports:feedback_due", args=[answered.uuid]), {"due_on": "2023-11-30", "document_no": "省函1号"}
    )
    assert feedback.due_of(answered) == (date(2023, 11, 30), "省函1号")
    url = reverse("imports:feedback_sent", args=[answered.uuid])
    assert clerk.post(url, {"sent_on": "2099-01-01"}).status_code == 400
    clerk.post(url, {"sent_on": "2023-11-29", "document_no": "本环函2号"})
    sent = answered.feedback_sent.get()
    assert (sent.rows, sent.answered, sent.document_no) == (6, 3, "本环函2号")
    assert "已登记报送" in body(clerk.get(reverse("imports:feedback", args=[answered.uuid])))


def test_only_an_official_list_in_force_is_answered(city, tmp_path, lists, quarantined):
    mended = mending.row_mend(
        row=quarantined, cells={"经度": "123.75", "纬度": "41.27"}, actor=city.clerk, reason="写反了"
    )
    clerk = client_of(city.clerk)
    refused = clerk.get(reverse("imports:feedback", args=[mended.run.uuid]))
    assert refused.status_code == 400
    assert "反馈在原来那次导入里填" in body(refused)
    again = lists(line(1), name="巡查.csv", known=ListName("甲", "", "9"))
    assert clerk.get(reverse("imports:feedback", args=[again.uuid])).status_code == 200
    csv = clerk.get(reverse("imports:feedback_file", args=[quarantined.run.uuid])).content.decode()
    assert csv.splitlines()[0].endswith("核实结果,核实说明")
    assert "核实中" in csv.splitlines()[2]


# --- every row ends somewhere visible ---


def test_each_row_leads_to_its_point_its_earlier_row_or_its_newer_version(city, lists):
    first = lists(line(1), line(2, near(3000)), line(2, near(3000)))
    second = lists(line(1), line(2, near(3400)), name="更正.csv", supersedes=str(first.uuid))
    clerk = client_of(city.clerk)
    page = body(clerk.get(reverse("imports:run", args=[second.uuid])))
    assert reverse("imports:row", args=[first.uuid, 2]) in page
    old = body(clerk.get(reverse("imports:row", args=[first.uuid, 3])))
    assert reverse("imports:row", args=[second.uuid, 3]) in old
    assert "已由新的一行替代" in old
    assert clerk.get(reverse("imports:row", args=[first.uuid, 99])).status_code == 404
    found = body(clerk.get(reverse("imports:run", args=[first.uuid]) + "?row=3"))
    assert ">第 3 行<" in found
    assert ">第 2 行<" not in found


def test_rows_go_out_as_a_workbook_and_progress_as_json(city, lists):
    run = lists(line(1), line(2, (41.27, 123.75)))
    auditor = client_of(city.auditor)
    answer = auditor.get(reverse("imports:rows_file", args=[run.uuid]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert any("经度与纬度" in str(row[4]) for row in sheet.values)
    assert Access.objects.filter(kind="export", actor_id=city.auditor.pk).exists()
    told = auditor.get(reverse("imports:progress", args=[run.uuid])).json()
    assert (told["over"], told["percent"], told["state"]) == (True, 100, "committed")


def test_a_command_uses_the_remembered_columns_and_fills_the_answer(city, tmp_path, capsys):
    source = Source.objects.get(code="provincial_list")
    fields = {"seq_no": "编码甲", "lon": "东西", "lat": "南北", "date": "哪天"}
    mapping_memory.mapping_set(source=source, issuer="省厅", fields=fields, actor=city.clerk)
    path, out = tmp_path / "怪表.csv", tmp_path / "反馈.csv"
    path.write_text(ODD, encoding="utf-8")
    asked = ("ingest", str(path), "--source", "provincial_list", "--issuer", "省厅", "--list-no", "3", "--json")
    call_command(*asked, "--dry-run")
    told = json.loads(capsys.readouterr().out)
    assert (told["kept"], told["preview"]["mapping"]) == (2, fields)
    call_command(*asked)
    run = json.loads(capsys.readouterr().out)["run"]
    call_command("feedback", run, "--out", str(out), "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["answered"], told["open"], told["cells_left"]) == (2, 0, 2, [])
    assert out.read_text(encoding="utf-8").splitlines()[1].startswith("1,甲县,123.75,41.25,2023-10-07,核实中,")
    with pytest.raises(CommandError) as refused:
        call_command("feedback", "999999")
    assert refused.value.returncode == 1


# --- a datum declared wrongly ---


def test_a_datum_declared_wrongly_is_said_with_figures_and_a_person_must_confirm_it(city):
    """甲县 and 乙县 meet at 123.80°E; GCJ-02 moves a point some 500 m east there."""
    places = [(round(123.7970 + at / 10_000, 4), 41.22 + at / 500) for at in range(20)]
    moved = [from_wgs84(lon, lat, "gcj02") for lon, lat in places]
    rows = [line(at, (round(float(x), 6), round(float(y), 6))) for at, (x, y) in enumerate(moved, 1)]
    content = "\n".join([HEAD, *rows])
    clerk = client_of(city.clerk)
    page = body(upload(clerk, content, list_no="1", datum="wgs84"))
    assert "坐标系看起来不对" in page
    assert "20 行里有" in page
    data = hidden(page)
    answer = clerk.post(reverse("imports:preview"), data)
    assert answer.status_code == 400
    assert not ImportRun.objects.exists()
    assert "坐标系看起来不对" not in body(upload(clerk, content, list_no="1", datum="gcj02"))
    clerk.post(reverse("imports:preview"), {**data, "confirm": "1"})
    run = ImportRun.objects.get()
    assert (run.kept, run.options["datum_confirmed"]) == (20, True)


def test_pages_of_a_list_cost_the_same_whatever_the_number_of_rows(city, lists, django_assert_max_num_queries):
    few = lists(line(1), line(2, near(2000)))
    many = lists(
        *(line(at, (123.71, 41.21 + at / 200)) for at in range(1, 25)), name="长.csv", known=ListName("省厅", "", "29")
    )
    after = lists(*(line(at, (123.72, 41.21 + at / 200)) for at in range(2, 25)), name="长更正.csv",
                  known=ListName("省厅", "", "29"), supersedes=str(many.uuid))  # fmt: skip
    clerk = client_of(city.clerk)
    for page, most in (("feedback", 31), ("run", 33)):
        counts = []
        for run in (few, many):
            with CaptureQueriesContext(connection) as queries:
                assert clerk.get(reverse(f"imports:{page}", args=[run.uuid])).status_code == 200
            counts.append(len(queries))
        assert max(counts) <= most, (page, counts)
    with django_assert_max_num_queries(26):
        assert "消失" in body(clerk.get(reverse("imports:difference", args=[after.uuid])))
    with django_assert_max_num_queries(24):
        clerk.get(reverse("imports:rows_file", args=[many.uuid]))


def test_a_row_of_a_satellite_file_is_mended_as_its_file_was_read(city, tmp_path):
    head = "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight"
    row = "41.25,{},330,0.4,0.4,2023-10-07,{},N,nominal,2.0NRT,290,5,D"
    path = tmp_path / "firms.csv"
    path.write_text("\n".join([head, row.format("123.75", "0530"), row.format("123.76", "2575")]))
    run = import_file(path=path, source_code="firms", actor=city.clerk).run
    bad = run.raw_rows.get(outcome="quarantined")
    done = mending.row_mend(row=bad, cells={"acq_time": "0535"}, actor=city.clerk, reason="时间抄错")
    mended = Detection.objects.get(run=done.run)
    assert (mended.starts_at.isoformat(), mended.row_no) == ("2023-10-07T05:35:00+00:00", 3)


def test_no_address_of_an_import_breaks_whatever_stands_in_it(city, lists):
    run = lists(line(1), line(2, (41.27, 123.75)))
    clerk = client_of(city.clerk)
    base = reverse("imports:run", args=[run.uuid])
    fine = ("?row=%00", "?row=²", "?row=99999999999", "?after=%00", "?after=1@%00", "?before=9999999999@x", "?outcome=%00",
            "feedback/?from=²&show=%00&row=%00", "feedback/?from=999999999", "rows/2/?sheet=")  # fmt: skip
    missing = ("rows/2/?sheet=%00", "rows/999999999999999999999/", "rows/0/", f"rows/2/?sheet={'x' * 500}")
    assert {url: clerk.get(base + url).status_code for url in fine} == dict.fromkeys(fine, 200)
    assert {url: clerk.get(base + url).status_code for url in missing} == dict.fromkeys(missing, 404)
    token = uploads.keep(f"{HEAD}\n{line(1)}".encode(), filename="x.csv")
    asked = f"?token={token}&name=x.csv&source=provincial_list&mapping="
    for mapping in ("[]", "{", '{"lon":1}', '{"moon":"x"}', '{"lon":"%00"}', "1", '{"lon":"' + "x" * 900 + '"}'):
        for page in ("preview", "columns"):
            answer = clerk.get(reverse(f"imports:{page}") + asked + mapping)
            assert answer.status_code in (200, 302, 400), (page, mapping)
    odd = {f"cell-{at}": '\x00=1+1\n,"' for at in range(7)} | {"reason": "试"}
    assert clerk.post(f"{base}rows/3/", odd).status_code == 400
    assert not Mending.objects.exists()
