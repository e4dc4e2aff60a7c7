"""What a list leaves open is answered before it is written: on the page, by the command, through the API, by the worker."""

import json
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from core import clock
from core.errors import BadInput
from firepoints.models import ImportRun, RawRow
from firepoints.sightings.importing.answers import NeedsAnswer
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.start import import_start
from firepoints.sightings.lists import mending
from journal.jobs import jobs
from journal.models import Entry, Job
from tests.factories.city import IN_WEST
from tests.factories.imports import import_file
from tests.factories.workbooks import HEAD, book, line, stored
from tests.firepoints.pages.test_import_pages import body, client_of, said
from tests.firepoints.pages.test_import_pages import hidden as hidden_fields

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def row(seq: int, **changed):
    lon, lat = IN_WEST
    return line(
        seq, **{"县": "甲县", "经度": lon, "纬度": round(lat + seq / 50, 5), "监测日期": "2023-10-07"} | changed
    )


def hide(sheet):
    sheet.parent["上一版"].sheet_state = "hidden"


@pytest.fixture
def draft() -> bytes:
    """Two rows, and two more in a hidden sheet."""
    return book([HEAD, row(1), row(2)], then=hide, further={"上一版": [HEAD, row(3), row(4)]})


@pytest.fixture
def short() -> bytes:
    """Two rows of a list that says it has five."""
    return book([["2023年10月7日火点5个"], HEAD, row(1), row(2)])


def handed_in(city, path, **options):
    return import_file(path=path, source_code="provincial_list", actor=city.clerk, options=options)


@pytest.mark.embedded
def test_nothing_is_written_before_hidden_rows_are_answered_and_left_ones_stay_with_their_reason(city, draft, tmp_path):
    path = stored(draft, tmp_path)
    with pytest.raises(NeedsAnswer) as refused:
        handed_in(city, path)
    assert "工作表“上一版”第 2—3 行" in refused.value.message
    assert refused.value.details["questions"][0]["doubts"][0]["rows"] == [2, 3]
    assert not ImportRun.objects.exists()
    done = handed_in(city, path, hidden="leave")
    assert (done.rows, done.kept, done.notes) == (2, 2, 4)
    left = RawRow.objects.filter(run=done.run, code="left_out")
    assert [(one.sheet, one.row_no, one.outcome) for one in left.order_by("row_no")] == [
        ("上一版", 2, "note"),
        ("上一版", 3, "note"),
    ]
    assert "隐藏的工作表" in left[0].reason
    assert Entry.objects.get(act="import.committed").after["hidden"] == "leave"


def test_hidden_rows_that_are_kept_are_rows_like_all_others(city, draft, tmp_path):
    done = handed_in(city, stored(draft, tmp_path), hidden="keep")
    assert (done.rows, done.kept, done.run.options["hidden"]) == (4, 4, "keep")


def test_an_answer_that_there_is_none_of_is_refused(city, draft, tmp_path):
    with pytest.raises(BadInput, match="keep"):
        handed_in(city, stored(draft, tmp_path), hidden="perhaps")


def test_a_total_that_does_not_agree_is_confirmed_or_nothing_is_written(city, short, tmp_path):
    path = stored(short, tmp_path)
    with pytest.raises(NeedsAnswer, match="5 个，读到 2 行"):
        handed_in(city, path)
    done = handed_in(city, path, total_confirmed=True)
    assert done.kept == 2
    assert Entry.objects.get(act="import.committed").after["total_confirmed"] is True


def command(*args: str) -> tuple[int, dict]:
    out = StringIO()
    try:
        call_command("ingest", *args, "--source", "provincial_list", "--json", stdout=out)
    except CommandError as refused:
        return refused.returncode, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_the_command_says_what_is_open_and_takes_the_answers(city, draft, short, tmp_path):
    path = str(stored(draft, tmp_path))
    code, told = command(path)
    assert (code, told["error"]) == (1, "needs_answer")
    assert not ImportRun.objects.exists()
    _, tried = command(path, "--dry-run")
    assert [(one["kind"], one["answer"]) for one in tried["preview"]["questions"]] == [("hidden", None)]
    assert command(path, "--hidden", "leave")[1]["kept"] == 2
    total = str(stored(short, tmp_path, "短.xlsx"))
    assert command(total)[1]["error"] == "needs_answer"
    assert command(total, "--total-confirmed")[0] == 0


def upload(client, content: bytes, **data):
    file = SimpleUploadedFile("清单.xlsx", content, XLSX)
    return client.post(reverse("imports:new"), {"file": file, "source": "provincial_list", **data}, follow=True)


@pytest.mark.embedded
def test_the_preview_asks_and_writes_only_what_was_answered(city, draft):
    clerk = client_of(city.clerk)
    page = body(upload(clerk, draft))
    assert "隐藏、划掉、作废的行" in page
    assert 'name="hidden"' in page
    answer = clerk.post(reverse("imports:preview"), hidden_fields(page))
    assert (answer.status_code, ImportRun.objects.exists()) == (400, False)
    assert "先回答 隐藏、划掉、作废的行" in said(answer)
    answer = clerk.post(reverse("imports:preview"), {**hidden_fields(page), "hidden": "leave"}, follow=True)
    run = ImportRun.objects.get()
    assert (run.kept, run.options["hidden"]) == (2, "leave")
    assert answer.redirect_chain[-1][0] == reverse("imports:run", args=[run.uuid])


def test_a_total_that_is_to_be_looked_at_first_writes_nothing(city, short):
    clerk = client_of(city.clerk)
    page = body(upload(clerk, short))
    assert "第 1 行写着“2023年10月7日火点5个”：5 个，读到 2 行" in page
    answer = clerk.post(reverse("imports:preview"), {**hidden_fields(page), "total": "stop"})
    assert (answer.status_code, ImportRun.objects.exists()) == (400, False)
    assert "先去核对" in said(answer)
    clerk.post(reverse("imports:preview"), {**hidden_fields(page), "total": "confirm"})
    assert ImportRun.objects.get().kept == 2


def test_a_run_that_the_worker_cannot_answer_stores_nothing_and_leads_back_to_its_preview(city, draft, tmp_path):
    path = stored(draft, tmp_path)
    import_start(ImportOrder(path, "provincial_list", city.clerk))
    Job.objects.update(run_after=clock.real_now())
    jobs.run_due()
    run = ImportRun.objects.get()
    assert (run.state, run.error_code, run.rows) == ("failed", "needs_answer", 0)
    assert not RawRow.objects.exists()
    clerk = client_of(city.clerk)
    again = clerk.get(reverse("imports:run", args=[run.uuid])).context["again_url"]
    assert 'name="hidden"' in body(clerk.get(again))


def test_a_row_of_a_table_beside_another_is_mended_in_its_own_columns(city, tmp_path):
    half = ["序号", "县", "经度", "纬度"]
    lon, lat = IN_WEST
    both = [["2023年10月7日火点"], [*half, *half], [1, "甲县", lon, lat, 2, "甲县", "东边", lat]]
    done = handed_in(city, stored(book(both), tmp_path))
    bad = RawRow.objects.get(outcome="quarantined")
    assert (bad.sheet, bad.row_no, done.kept) == ("清单[E:H]", 3, 1)
    page = body(client_of(city.clerk).get(reverse("imports:run", args=[done.run.uuid]) + "?outcome=quarantined"))
    assert "清单!G3" in page
    mended = mending.row_mend(row=bad, cells={"经度": str(lon + 0.05)}, actor=city.clerk, reason="电话核对")
    assert (mended.run.kept, mended.run.detections.get().lat) == (1, lat)
