"""Import and finding pages: nothing is written before somebody has seen it, and every row says what became of it."""

import html
import io
import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from firepoints.models import Detection, FirePoint, ImportRun, RawRow
from firepoints.pages.imports import shown as import_view
from firepoints.sightings.lists import uploads
from firepoints.sightings.readers.blocks import letters
from journal.models import Proposal
from tests.factories import points as make
from tests.factories.city import CITY, IN_EAST, IN_WEST, WEST, person

HEAD = "序号,县区,乡镇,经度,纬度,日期,时间,卫星"
GOOD = f"1,甲县,南乡,{IN_WEST[0]},{IN_WEST[1]},2023-10-07,13:05,NOAA-20"
EAST_ROW = f"2,乙县,南乡,{IN_EAST[0]},{IN_EAST[1]},2023-10-07,13:05,NOAA-20"
SWAPPED = "3,甲县,南乡,41.25,123.75,2023-10-07,13:05,NOAA-20"
FAR = "4,外县,某乡,120.5,38.5,2023-10-07,13:05,NOAA-20"
TOTAL = "合计,4,,,,,,"


def csv_file(*rows: str, name: str = "省清单.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join([HEAD, *rows]).encode(), "text/csv")


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(answer) -> str:
    return answer.content.decode()


def said(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


@pytest.fixture
def clerk(city) -> Client:
    return client_of(city.clerk)


def send(client: Client, *rows: str, source: str = "provincial_list", **data):
    """Choose a file and come to its preview."""
    given = {"file": csv_file(*rows), "source": source, "list_no": "1", **data}
    return client.post(reverse("imports:new"), given, follow=True)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that writes."""
    form = page.split('action="/imports/preview/"')[1].split("</form>")[0]
    found = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    found.pop("csrfmiddlewaretoken", None)
    return found


def commit(client: Client, page: str):
    return client.post(reverse("imports:preview"), hidden(page), follow=True)


def imported(client: Client, *rows: str, **data) -> ImportRun:
    commit(client, body(send(client, *rows, **data)))
    return ImportRun.objects.latest("pk")


@pytest.mark.embedded
def test_a_preview_says_what_would_become_of_every_row_and_writes_nothing(clerk):
    answer = send(clerk, GOOD, EAST_ROW, SWAPPED, FAR, TOTAL)
    page = body(answer)
    assert answer.status_code == 200
    assert "还没有写入" in page
    assert "2+0+0+1+1 ✓" in page
    assert "写入 2 行，隔离 1 行" in page
    assert "甲县 " in page
    assert not ImportRun.objects.exists()
    assert not Detection.objects.exists()


def test_a_quarantined_row_is_shown_by_its_cell_its_text_and_its_reason(clerk):
    page = body(send(clerk, GOOD, SWAPPED))
    assert re.search(r">[DE]3<", page)
    assert "经度与纬度像是写反了" in page


@pytest.mark.embedded
def test_writing_after_the_preview_makes_the_run_and_its_points(clerk):
    answer = commit(clerk, body(send(clerk, GOOD, EAST_ROW, SWAPPED)))
    run = ImportRun.objects.get()
    assert answer.redirect_chain == [(reverse("imports:run", args=[run.uuid]), 302)]
    assert (run.rows, run.kept, run.quarantined, run.list_no, run.filename) == (3, 2, 1, "1", "省清单.csv")
    assert FirePoint.objects.count() == 2
    for point in FirePoint.objects.all():
        assert reverse("firepoints:detail", args=[point.pk]) in body(answer)


def test_the_same_form_sent_twice_is_one_run(clerk):
    page = body(send(clerk, GOOD))
    commit(clerk, page)
    answer = commit(clerk, page)
    assert "没有重复写" in said(answer)
    assert (ImportRun.objects.count(), Detection.objects.count()) == (1, 1)


def test_the_same_file_again_is_shown_as_identical_before_it_is_written(clerk):
    imported(clerk, GOOD)
    page = body(send(clerk, GOOD))
    assert "没有新行，只记录" in page
    commit(clerk, page)
    assert Detection.objects.count() == 1


def test_a_preview_can_be_opened_again_by_its_address(clerk):
    address = send(clerk, GOOD).redirect_chain[0][0]
    assert "还没有写入" in body(clerk.get(address))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"source": ""}, "请选择来源"),
        ({"source": "nobody"}, "选择"),
        ({"file": SimpleUploadedFile("空.csv", b"")}, "这个文件是空的"),
        ({"datum": "mars"}, "mars"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(clerk, given, complaint):
    answer = clerk.post(
        reverse("imports:new"), {"file": csv_file(GOOD), "source": "provincial_list", "list_no": "1", **given}
    )
    assert answer.status_code == 400
    assert complaint in body(answer)
    assert not ImportRun.objects.exists()


def test_a_file_over_the_limit_is_refused_before_it_is_kept(clerk, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 10)
    assert "超过 100 MB" in body(clerk.post(reverse("imports:new"), {"file": csv_file(GOOD), "source": "patrol"}))


@pytest.mark.parametrize("content", [b"\x00\x01\x02", "今天天气好".encode(), b"PK\x03\x04broken", b"<html></html>"])
def test_a_file_that_is_no_list_is_refused_with_the_place_and_the_remedy(clerk, content):
    given = {"file": SimpleUploadedFile("x.xlsx", content), "source": "provincial_list", "list_no": "1"}
    answer = clerk.post(reverse("imports:new"), given, follow=True)
    assert answer.status_code == 400
    assert "读不了" in body(answer)


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "f" * 64])
def test_a_token_that_is_none_of_ours_opens_nothing(clerk, token):
    query = {"token": token, "name": "../../x.csv", "source": "provincial_list"}
    answer = clerk.get(reverse("imports:preview"), query, follow=True)
    assert "选择文件" in body(answer)
    assert clerk.post(reverse("imports:preview"), query, follow=True).status_code in (200, 400)
    assert not ImportRun.objects.exists()


def test_a_file_name_cannot_leave_its_folder_or_break_the_page(clerk):
    run = imported(clerk, GOOD, file=csv_file(GOOD, name="..\\..\\<b>清单</b>.csv"))
    assert "/" not in run.filename
    page = body(clerk.get(reverse("imports:run", args=[run.uuid])))
    assert "<b>清单" not in page


def test_an_import_without_borders_says_what_to_do_first(db, settings):
    settings.JINSHAO_HOME.mkdir(parents=True, exist_ok=True)
    clerk = client_of(person("alone", "bureau", CITY))
    assert "还没有启用的边界版本" in body(send(clerk, GOOD))


@pytest.mark.parametrize("office", ["west", "inspector", "finance", "auditor", "recogniser"])
def test_only_the_bureau_imports(city, office):
    client = client_of(getattr(city, office))
    assert client.get(reverse("imports:new")).status_code == 403
    assert send(client, GOOD).status_code == 403
    assert client.post(reverse("imports:preview"), {}).status_code == 403
    assert not ImportRun.objects.exists()


def test_auditor_and_recogniser_read_the_runs_and_others_do_not(clerk, city):
    run = imported(clerk, GOOD)
    pages = [reverse("imports:list"), reverse("imports:run", args=[run.uuid])]
    for office, status in {"auditor": 200, "recogniser": 200, "west": 403, "inspector": 403, "finance": 403}.items():
        answers = [client_of(getattr(city, office)).get(page) for page in pages]
        assert [answer.status_code for answer in answers] == [status, status]
    page = body(client_of(city.auditor).get(pages[1]))
    assert "撤回这次导入" not in page


def test_the_rows_of_a_run_are_filtered_by_outcome_and_paged_by_key(clerk, monkeypatch):
    monkeypatch.setattr(import_view, "PAGE", 2)
    rows = [f"{n},甲县,南乡,{123.71 + n / 1000:.4f},41.25,2023-10-07,13:05,NOAA-20" for n in range(1, 6)]
    run = imported(clerk, *rows, SWAPPED)
    base = reverse("imports:run", args=[run.uuid])

    def shown(address: str) -> tuple[list[str], dict[str, str]]:
        page = body(clerk.get(address))
        links = dict(reversed(link) for link in re.findall(r'href="([^"]*)#rows" rel="(prev|next)"', page))
        return re.findall(r'data-label="位置"><a href="[^"]*">([^<]*)<', page), {
            k: v.replace("&amp;", "&") for k, v in links.items()
        }

    first, links = shown(base)
    assert first == ["第 1 行", "第 2 行"]
    second, more = shown(links["next"])
    assert second == ["第 3 行", "第 4 行"]
    assert shown(more["prev"])[0] == first
    assert "prev" not in shown(more["prev"])[1]
    kept, links = shown(f"{base}?outcome=kept")
    assert kept == ["第 2 行", "第 3 行"]
    assert "outcome=kept" in links["next"]
    assert shown(f"{base}?outcome=quarantined")[0][0].endswith("7")
    assert shown(f"{base}?after=zzz")[0] == first


def test_a_run_page_costs_the_same_whatever_the_number_of_rows(clerk):
    few = imported(clerk, GOOD)
    rows = [f"{n},甲县,南乡,{123.71 + n / 1000:.4f},41.35,2023-10-07,13:05,NOAA-20" for n in range(40)]
    many = imported(clerk, *rows, list_no="2")
    assert many.kept == 40
    counts = []
    for run in (few, many):
        with CaptureQueriesContext(connection) as queries:
            clerk.get(reverse("imports:run", args=[run.uuid]))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 34
    with CaptureQueriesContext(connection) as queries:
        clerk.get(reverse("imports:list"))
    assert len(queries) <= 15


@pytest.mark.embedded
def test_a_run_is_withdrawn_with_a_reason_and_the_right_file_follows(clerk):
    run = imported(clerk, GOOD)
    url = reverse("imports:withdraw", args=[run.uuid])
    answer = clerk.post(url, {"reason": " "})
    assert answer.status_code == 400
    assert "请写明撤回的理由" in body(answer)
    answer = clerk.post(url, {"reason": "坐标系选错"}, follow=True)
    assert "坐标系选错" in body(answer)
    make.accept(Proposal.objects.get())
    run.refresh_from_db()
    assert run.state == ImportRun.State.WITHDRAWN
    assert "没有重复办理" in said(clerk.post(url, {"reason": "再来"}, follow=True))
    assert imported(clerk, GOOD).kept == 1


def test_only_the_bureau_withdraws(clerk, city):
    run = imported(clerk, GOOD)
    assert (
        client_of(city.auditor).post(reverse("imports:withdraw", args=[run.uuid]), {"reason": "x"}).status_code == 403
    )
    run.refresh_from_db()
    assert run.state == ImportRun.State.COMMITTED


def test_old_uploads_are_cleared_and_fresh_ones_stay(settings, tmp_path):
    import os

    settings.JINSHAO_HOME = tmp_path
    old = uploads.keep(b"old", filename="a.csv")
    path = uploads.path_of(old, filename="a.csv")
    os.utime(path, (0, 0))
    fresh = uploads.keep(b"fresh", filename="b.csv")
    assert not path.exists()
    assert uploads.path_of(fresh, filename="b.csv").read_bytes() == b"fresh"


def finding(**changed) -> dict[str, str]:
    return {"uuid": str(uuid4()), "source": "patrol", "kind": "fire", "found_at": "2023-10-07T13:05", "lon": "123.75",
            "lat": "41.25", "datum": "wgs84", "accuracy_m": "8", "finder": "演示甲", "note": "", **changed}  # fmt: skip


@pytest.mark.embedded
def test_a_finding_becomes_a_point_and_the_same_form_again_adds_nothing(clerk):
    data = finding()
    answer = clerk.post(reverse("imports:finding"), data)
    point = FirePoint.objects.get()
    assert answer.url == reverse("firepoints:detail", args=[point.pk])
    assert Detection.objects.get().starts_at.isoformat() == "2023-10-07T05:05:00+00:00"
    clerk.post(reverse("imports:finding"), data)
    assert (Detection.objects.count(), FirePoint.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"lon": "41.25", "lat": "123.75"}, "经度与纬度像是写反了"),
        ({"lon": "东边"}, "坐标不是可以读懂的数字"),
        ({"found_at": "2099-01-01T00:00"}, "时间在将来"),
        ({"found_at": "昨天"}, "日期"),
        ({"kind": ""}, "请选择明火或黑斑"),
        ({"accuracy_m": "-3"}, "定位精度"),
    ],
)
def test_a_finding_that_cannot_be_right_is_refused_beside_its_field(clerk, changed, complaint):
    answer = clerk.post(reverse("imports:finding"), finding(**changed))
    assert answer.status_code == 400
    assert complaint in body(answer)
    assert not Detection.objects.exists()


def test_a_county_and_an_inspector_report_under_self_found_only(city):
    for user in (city.west, person("walker", "inspector", f"{WEST}001")):
        client = client_of(user)
        page = body(client.get(reverse("imports:finding")))
        assert 'value="self_found"' in page
        assert 'value="patrol"' not in page
        assert client.post(reverse("imports:finding"), finding(source="patrol")).status_code == 400
    assert not Detection.objects.exists()


def test_finance_and_audit_report_no_findings(city):
    for user in (city.finance, city.auditor):
        assert client_of(user).get(reverse("imports:finding")).status_code == 403


def test_a_finding_outside_the_city_is_kept_and_said_to_be_outside(clerk):
    answer = clerk.post(reverse("imports:finding"), finding(lon="120.5", lat="38.5"), follow=True)
    assert "不生成火点" in said(answer)
    assert RawRow.objects.get().outcome == "outside"
    assert not FirePoint.objects.exists()


@pytest.mark.parametrize(("at", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_are_named_as_a_spreadsheet_names_them(at, letter):
    assert letters(at) == letter


def test_an_xlsx_is_read_by_its_content(clerk):
    import openpyxl

    book = openpyxl.Workbook()
    for line in (HEAD, GOOD):
        book.active.append(line.split(","))
    content = io.BytesIO()
    book.save(content)
    page = body(send(clerk, file=SimpleUploadedFile("清单.xlsx", content.getvalue())))
    assert "写入 1 行" in page


def test_the_same_file_again_points_to_the_import_that_brought_it(clerk):
    first = imported(clerk, GOOD)
    again = imported(clerk, GOOD)
    page = body(clerk.get(reverse("imports:run", args=[again.uuid])))
    assert again.repeats == first
    assert reverse("imports:run", args=[first.uuid]) in page
    assert "原来的一行" in page
