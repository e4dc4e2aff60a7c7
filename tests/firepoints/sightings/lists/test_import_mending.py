"""A quarantined row is corrected and submitted again, or set aside; the row itself stays as it was."""

import pytest
from django.urls import reverse

from core.errors import Conflict, Missing, NotAllowed, Refused
from firepoints.models import (
    Detection,
    ImportRun,
    Mending,
    RawRow,
)
from firepoints.sightings.lists import discarding, mending
from journal.models import Entry, Proposal
from papers import filing
from tests.factories import points as make
from tests.factories.imports import import_file
from tests.firepoints.pages.test_import_pages import body, client_of, said
from tests.firepoints.small_lists import line, near

FIRMS = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight\n"
    "41.25,123.75,330,0.4,0.4,2023-10-07,0505,N,n,2.0NRT,290,5.1,D\n"
    "east,123.75,330,0.4,0.4,2023-10-07,0505,N,n,2.0NRT,290,5.1,D\n"
)


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
        discarding.row_discard(row=quarantined, actor=city.clerk, reason=" ")
    with pytest.raises(NotAllowed):
        discarding.row_discard(row=quarantined, actor=city.west, reason="测试数据")
    mended = mending.row_mend(
        row=quarantined, cells={"经度": "123.75", "纬度": "41.27"}, actor=city.clerk, reason="写反了"
    )
    make.withdraw(mended.run, city.clerk, "更正错了")
    proposal = discarding.discard_or_propose(row=quarantined, actor=city.clerk, reason="测试数据").proposal
    make.accept(proposal)
    done = quarantined.mendings.get(seq=2)
    assert (done.kind, done.actor) == (Mending.Kind.DISCARDED, city.clerk)
    with pytest.raises(Conflict):
        discarding.row_discard(row=quarantined, actor=city.clerk, reason="再来")


def test_an_official_row_is_set_aside_by_two_persons_and_until_then_waits(city, quarantined):
    clerk, other = client_of(city.clerk), client_of(city.recogniser)
    url = reverse("imports:row", args=[quarantined.run.uuid, quarantined.row_no])
    page = body(clerk.post(url, {"discard": "1", "discard-reason": "测试数据"}, follow=True))
    assert "还没有办理" in page
    assert not Mending.objects.exists()
    proposal = Proposal.objects.get()
    answer = reverse("journal:proposal_answer", args=[proposal.pk])
    assert "等另一个人答复" in body(clerk.get(url))
    clerk.post(answer, {"answer": "accepted"})
    assert not Mending.objects.exists()
    proposals = body(other.get(reverse("journal:proposals")))
    assert f"{quarantined.run.filename} 第 {quarantined.row_no} 行" in proposals
    assert "不成火点，不核实，不扣缴" in proposals
    assert "同意并办理" in body(other.get(url))
    other.post(answer, {"answer": "accepted"})
    done = Mending.objects.get()
    assert (done.kind, done.actor) == (Mending.Kind.DISCARDED, city.clerk)
    assert Entry.objects.get(act="import.row_discarded").after["accepted_by"] == city.recogniser.pk
    assert "测试数据" in body(clerk.get(url))


def test_a_row_that_was_mended_meanwhile_is_not_set_aside(city, quarantined):
    proposal = discarding.discard_or_propose(row=quarantined, actor=city.clerk, reason="测试数据").proposal
    mending.row_mend(row=quarantined, cells={"经度": "123.75", "纬度": "41.27"}, actor=city.clerk, reason="写反了")
    with pytest.raises(Conflict):
        make.accept(proposal)
    assert Mending.objects.get().kind == Mending.Kind.MENDED


def test_a_row_of_a_lead_is_set_aside_by_one(city, tmp_path):
    path = tmp_path / "fire_nrt.csv"
    path.write_text(FIRMS, encoding="utf-8")
    run = import_file(path=path, source_code="firms", actor=city.clerk).run
    row = run.raw_rows.get(outcome="quarantined")
    assert discarding.discard_or_propose(row=row, actor=city.clerk, reason="坏行").proposal is None
    assert Mending.objects.get().row == row


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


HIMAWARI = (
    "# 2023 10 7 5 0 UTC\n"
    "# ID,Year,Month,Day,Time(UTC),Lat,Lon,Area(km^2),Volcano,Level,Reliability,FRP(Wm^-2),QF,Hot(ID)\n"
    "1,2023,10,7,0502,41.25,123.75,3.73,0,2,1,3.75,0,1\n"
    "2,2023,10,7,0502,41,25,123.78,3.73,0,2,1,3.75,0,1\n"
    "3,2023,10,7,2575,41.27,123.75,3.73,0,2,1,3.75,0,1\n"
)
FY4 = (
    "火点编号 像元火区编号 可信度 纬度 经度 像素面积（平方公里） 明火区面积(公顷) FRP 强度等级 土地类型 省地县\r\n"
    "1 1 80 41.25 123.75 4.2 0.15 12.5 2 农田 某省某市甲县\r\n"
    "2 1 80 123.75\r\n"
    "3 1 80 4l.27 123.75 4.2 0.15 12.5 2 农田 某省 某市 甲县\r\n"
)
FIRMS = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight\n"
    "41.25,123.75,330,0.4,0.4,2023-10-07,0530,N,nominal,2.0NRT,290,5,D\n"
    "41,27,123.75,330,0.4,0.4,2023-10-07,0530,N,nominal,2.0NRT,290,5,D\n"
)
OBSERVED = {"observed": ["2023-10-07T05:00:00+00:00", "2023-10-07T05:15:00+00:00"]}


@pytest.fixture
def rejected(city, tmp_path):
    """Import a satellite's text; returns its quarantined rows."""

    def go(source: str, text: str, name: str, **given) -> list[RawRow]:
        path = tmp_path / name
        path.write_bytes(text.encode("gbk"))
        run = import_file(path=path, source_code=source, actor=city.clerk, **given).run
        return list(run.raw_rows.filter(outcome="quarantined").order_by("row_no"))

    return go


@pytest.mark.embedded
def test_a_row_of_a_himawari_text_is_mended_on_its_page_and_keeps_its_satellite_and_its_power(city, rejected):
    _, bad = rejected("himawari", HIMAWARI, "H09_20231007_0500_L2WLF010_FLDK.06001_06001.csv")
    clerk = client_of(city.clerk)
    page = reverse("imports:row", args=[bad.run.uuid, bad.row_no])
    assert "更正后重新提交" in body(clerk.get(page))
    assert clerk.post(page, cells(bad, **{"Time(UTC)": "0561"})).status_code == 400
    clerk.post(page, cells(bad, **{"Time(UTC)": "0512"}))
    one = Detection.objects.get(run__options__has_key="mends")
    assert (one.starts_at.isoformat(), one.row_no, one.lat) == ("2023-10-07T05:12:00+00:00", 5, 41.27)
    assert (one.satellite, one.version, one.frp_mw) == ("H09", "010", pytest.approx(3.75 * 3.73, abs=0.001))
    assert "已更正" in body(clerk.get(page))


def test_a_row_of_an_fy4_text_is_mended_with_the_time_that_the_import_was_told(city, rejected):
    _, bad = rejected("fy4", FY4, "a.txt", options=OBSERVED)
    done = mending.row_mend(row=bad, cells={"纬度": "41.27"}, actor=city.clerk, reason="数字 1 写成字母")
    one = Detection.objects.get(run=done.run)
    assert [one.starts_at.isoformat(), one.ends_at.isoformat()] == OBSERVED["observed"]
    assert (one.row_no, one.frp_mw, one.stated_county) == (4, 12.5, "甲县")


@pytest.mark.parametrize(
    ("source", "text", "name", "line"),
    [
        ("himawari", HIMAWARI, "H09_20231007_0500_L2WLF010.csv", "2,2023,10,7,0502,41.25,123.78,3.73,0,2,1,3.75,0,1"),
        ("fy4", FY4, "FY4A_20231007050000_20231007051459.TXT", "2 1 80 41.25 123.78 4.2 0.15 12.5 2 农田 某省某市甲县"),
        ("firms", FIRMS, "a.csv", "41.25,123.78,330,0.4,0.4,2023-10-07,0530,N,nominal,2.0NRT,290,5,D"),
    ],
)
def test_a_line_that_could_not_be_cut_is_mended_as_it_stands(city, rejected, source, text, name, line):
    bad = rejected(source, text, name)[0]
    assert (bad.code, list(mending.cells_of(bad))) == ("columns", ["line"])
    assert "整行" in body(client_of(city.clerk).get(reverse("imports:row", args=[bad.run.uuid, bad.row_no])))
    with pytest.raises(mending.StillUnreadable):
        mending.row_mend(row=bad, cells={"line": line.replace("123.78", "")}, actor=city.clerk, reason="断行")
    done = mending.row_mend(row=bad, cells={"line": line}, actor=city.clerk, reason="断行")
    one = Detection.objects.get(run=done.run)
    assert (one.row_no, one.lon, one.lat) == (bad.row_no, 123.78, 41.25)


def test_a_line_whose_file_is_gone_is_not_mended_by_guessing(city, rejected):
    bad = rejected("himawari", HIMAWARI, "H09_20231007_0500_L2WLF010.csv")[0]
    filing.stored_path(bad.run.stored_as).unlink()
    with pytest.raises(Refused, match="原文件不在库里"):
        mending.row_mend(row=bad, cells={"line": "1"}, actor=city.clerk, reason="断行")
    assert not Mending.objects.exists()
