"""The issuer's final words for many rows at once, from the table that it sent back: matched, shown, recorded once."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.errors import BadInput, NotAllowed
from firepoints.feedback import final_words, sending
from firepoints.feedback.returned import Place, accepted_in, match
from firepoints.models import FinalWord, FirePoint, ImportRun
from journal.models import Entry
from papers import filing
from tests.factories import points as make
from tests.firepoints.pages.test_import_pages import body, client_of, said


def returned(run: ImportRun, said_by_row: dict[int, str], *, drop: tuple[int, ...] = (), moved: tuple[int, ...] = ()):
    """The list as it came back: a column of opinions, some rows taken out, some with another position."""
    book = openpyxl.load_workbook(filing.stored_path(run.stored_as))
    sheet = book.active
    sheet["H2"], sheet["I2"] = "省厅意见", "不认可原因"
    for row, text in said_by_row.items():
        sheet.cell(row, 8).value = text
        sheet.cell(row, 9).value = "影像上有烟" if text == "不认可" else None
    for row in moved:
        sheet.cell(row, 3).value = 123.9
    for row in sorted(drop, reverse=True):
        sheet.delete_rows(row)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("第28期退回.xlsx", out.getvalue())


def url(run: ImportRun) -> str:
    return reverse("imports:feedback_words", args=[run.uuid])


def send(client, run: ImportRun, file: SimpleUploadedFile):
    return client.post(url(run), {"file": file}, follow=True)


def told(answer) -> dict[str, str]:
    form = answer.context["form"]
    given = {name: str(form[name].value()) for name in ("token", "name")}
    return {**given, "document_no": "辽环函9号", "document_date": "2023-11-20"}


@pytest.mark.embedded
def test_opinions_of_the_whole_table_are_shown_and_then_recorded_once(city, answered):
    clerk = client_of(city.clerk)
    shown = send(clerk, answered, returned(answered, {3: "认可", 4: "不认可", 5: "同意：按期办结", 6: ""}))
    assert [tile["number"] for tile in shown.context["tiles"]] == [2, 1, 0, 3]
    assert "影像上有烟" in body(shown)
    assert not FinalWord.objects.exists()
    point = answered.raw_rows.get(row_no=4).detection.memberships.get().point
    done = clerk.post(url(answered), told(shown), follow=True)
    assert "已登记 3 行终审意见，其中不认可 1 行" in said(done)
    words = FinalWord.objects.order_by("row__row_no")
    assert [(one.row.row_no, one.accepted, one.note) for one in words] == [
        (3, True, ""), (4, False, "影像上有烟"), (5, True, "按期办结"),
    ]  # fmt: skip
    assert "发布单位不认可" in make.asked(FirePoint.objects.get(pk=point.pk))
    assert Entry.objects.filter(act="feedback.final_word").count() == 3
    assert "已登记 0 行" in said(clerk.post(url(answered), told(shown), follow=True))
    assert FinalWord.objects.count() == 3


def test_a_table_with_rows_taken_out_is_matched_by_its_numbers_and_not_by_its_lines(city, answered):
    clerk = client_of(city.clerk)
    shown = send(clerk, answered, returned(answered, {4: "不认可", 5: "认可"}, drop=(3,)))
    assert [(one["returned"], one["address"]) for one in shown.context["rows"]] == [
        ("清单!第 3 行", "清单!第 4 行"), ("清单!第 4 行", "清单!第 5 行"),
    ]  # fmt: skip
    clerk.post(url(answered), told(shown))
    assert list(FinalWord.objects.order_by("row__row_no").values_list("row__row_no", "accepted")) == [
        (4, False), (5, True),
    ]  # fmt: skip


def test_what_does_not_fit_is_said_and_left_out(city, answered):
    clerk = client_of(city.clerk)
    shown = send(clerk, answered, returned(answered, {3: "认可", 4: "认可", 5: "再议", 8: "认可"}, moved=(4,)))
    problems = {one["address"]: one["problem"] for one in shown.context["problems"]}
    assert list(problems) == ["清单!第 4 行", "清单!第 5 行"]
    assert "位置与原表第 4 行不同" in problems["清单!第 4 行"]
    assert "读不懂" in problems["清单!第 5 行"]
    done = clerk.post(url(answered), told(shown), follow=True)
    assert "2 行对不上，没有登记" in said(done)
    assert sorted(FinalWord.objects.values_list("row__row_no", flat=True)) == [3, 8], (
        "8 cannot be read, but is the same"
    )


def test_two_lines_for_one_row_are_both_left_out(city, answered):
    file = returned(answered, {3: "认可"})
    book = openpyxl.load_workbook(file)
    book.active.append([cell.value for cell in book.active[3]])
    book.active.cell(book.active.max_row, 8).value = "不认可"
    out = io.BytesIO()
    book.save(out)
    shown = send(client_of(city.clerk), answered, SimpleUploadedFile("x.xlsx", out.getvalue()))
    assert shown.context["count"] == 0
    assert {one["problem"] for one in shown.context["problems"]} == {"退回的表里有两行对着原表第 3 行"}


@pytest.mark.parametrize("content", [b"", b"\x00\x01", "序号,甲\n1,2\n".encode(), None])
def test_a_file_that_is_no_returned_table_is_refused_with_words(city, answered, content):
    clerk = client_of(city.clerk)
    data = filing.stored_path(answered.stored_as).read_bytes() if content is None else content
    answer = send(clerk, answered, SimpleUploadedFile("x.xlsx", data))
    assert answer.status_code in (200, 400)
    text = body(answer)
    assert any(word in text for word in ("没有终审意见的列", "这个文件是空的", "读不", "缺少", "表头", "编码"))
    assert not FinalWord.objects.exists()


def test_only_the_bureau_records_and_a_document_is_needed(city, answered, tmp_path):
    path = tmp_path / "退回.xlsx"
    path.write_bytes(returned(answered, {3: "认可"}).read())
    asked = {"document_no": "9号", "document_date": answered.started_at.date()}
    with pytest.raises(NotAllowed):
        final_words.final_words_record(run=answered, path=path, actor=city.west, **asked)
    clerk = client_of(city.clerk)
    shown = send(clerk, answered, returned(answered, {3: "认可"}))
    answer = clerk.post(url(answered), {**told(shown), "document_no": ""})
    assert answer.status_code == 400
    assert "请写来文文号" in body(answer)
    assert client_of(city.auditor).get(url(answered)).status_code == 403
    assert clerk.get(url(answered)).status_code == 302
    with pytest.raises(BadInput):
        sending.final_word_record(
            row=answered.raw_rows.get(row_no=3), actor=city.clerk, accepted=True, document_no="9号",
            document_date=answered.started_at.date().replace(year=2199),
        )  # fmt: skip
    assert not FinalWord.objects.exists()


@pytest.mark.parametrize(
    ("text", "accepted", "rest"),
    [
        ("认可", True, ""), ("同意。", True, ""), ("是", True, ""), ("予以采纳，请存档", True, "请存档"),
        ("不认可", False, ""), ("不同意：有烟", False, "有烟"), ("未通过", False, ""), ("不予认可（有烟）", False, "有烟"),
        ("再议", None, ""), ("认可吗", None, ""), ("是否认可", None, ""), ("", None, ""),
    ],
)  # fmt: skip
def test_an_opinion_is_read_or_called_unreadable_but_never_guessed(text, accepted, rest):
    assert accepted_in(text) == (accepted, rest)


def test_rows_of_one_number_are_told_apart_by_their_place_or_not_at_all():
    one, other = Place("", 3, "7", (123.7, 41.2)), Place("", 4, "7", (123.8, 41.2))
    assert match(Place("", 9, "7", (123.80001, 41.2)), [one, other]) == (other, "")
    twin = Place("", 5, "7", (123.7, 41.2))
    assert match(Place("", 9, "7", (123.7, 41.2)), [one, twin])[0] is None
    assert match(Place("", 5, "7", (123.7, 41.2)), [one, twin]) == (twin, "")
    assert match(Place("", 3, "", (123.7, 41.2)), [Place("", 3, "", (123.8, 41.2))])[0] is None
