"""反馈: the issuer's own file with our answers in it, what it said to them, and by when (policy.md §3)."""

import io
from datetime import date

import openpyxl
import pytest
from django.urls import reverse

from firepoints.feedback import sending
from firepoints.models import (
    FinalWord,
    FirePoint,
    Question,
)
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.lists import mending
from journal.models import Access
from tests.factories import points as make
from tests.firepoints.pages.test_import_pages import body, client_of, said
from tests.firepoints.small_lists import line


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
    assert "不认可“不属实（荒草）”" in make.asked(after)
    assert "重新核实" in make.asked(after)
    assert (after.state, after.recognition_id, after.counted) == (before.state, before.recognition_id, False)
    stood = make.take(after, "stand", city.recogniser, reason="现场照片清楚，确系荒草")
    assert (make.asked(stood), stood.recognition_id, stood.state) == ("", before.recognition_id, before.state)
    clerk.post(url, {**told, "row": "3", "accepted": "yes"})
    assert not Question.objects.unanswered().exists(), "an accepted answer asks nothing"
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
    assert sending.due_of(answered)[1] == "按设置"
    clerk.post(
        reverse("imports:feedback_due", args=[answered.uuid]), {"due_on": "2023-11-30", "document_no": "省函1号"}
    )
    assert sending.due_of(answered) == (date(2023, 11, 30), "省函1号")
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
