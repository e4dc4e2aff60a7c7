"""Every row of an import ends somewhere visible, and no address of an import breaks."""

import io

import openpyxl
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from firepoints.models import (
    Mending,
)
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.lists import uploads
from journal.models import Access
from tests.firepoints.pages.test_import_pages import body, client_of
from tests.firepoints.small_lists import HEAD, line, near


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


def test_pages_of_a_list_cost_the_same_whatever_the_number_of_rows(city, lists, django_assert_max_num_queries):
    few = lists(line(1), line(2, near(2000)))
    many = lists(
        *(line(at, (123.71, 41.21 + at / 200)) for at in range(1, 25)), name="长.csv", known=ListName("省厅", "", "29")
    )
    after = lists(*(line(at, (123.72, 41.21 + at / 200)) for at in range(2, 25)), name="长更正.csv",
                  known=ListName("省厅", "", "29"), supersedes=str(many.uuid))  # fmt: skip
    clerk = client_of(city.clerk)
    for page, most in (("feedback", 31), ("run", 35)):
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
