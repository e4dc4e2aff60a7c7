"""The preview of an import in a real browser, at desk and phone size: it draws, it fits, and it asks before it writes."""

import os
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from firepoints.models import ImportRun
from tests.e2e.test_fire_point_pages import fits, sign_in
from tests.factories.city import IN_WEST, City
from tests.factories.workbooks import HEAD, book, line, stored

pytestmark = [pytest.mark.django_db(transaction=True)]


def row(seq: int, **changed):
    lon, lat = IN_WEST
    return line(
        seq, **{"县": "甲县", "经度": lon, "纬度": round(lat + seq / 50, 5), "监测日期": "2023-10-07"} | changed
    )


def hide(sheet) -> None:
    sheet.parent["上一版"].sheet_state = "hidden"


def picture(page, name: str) -> None:
    if folder := os.environ.get("JINSHAO_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}-{page.viewport_size['width']}.png"), full_page=True)


def test_a_list_with_a_hidden_draft_and_a_wrong_total_is_written_after_both_are_answered(
    page, live_server, city: City, tmp_path
) -> None:
    rows = [["2023年10月7日甲县火点9个"], HEAD, row(1), row(2), row(3, 经度=120.5)]
    path = stored(book(rows, then=hide, further={"上一版": [HEAD, row(4)]}), tmp_path, "省级火点清单第28期.xlsx")
    sign_in(page, live_server, city.clerk)
    page.goto(reverse("imports:new"))
    page.set_input_files("input[type=file]", path)
    page.select_option("select[name=source]", "provincial_list")
    picture(page, "upload")
    page.get_by_role("button", name="预览").click()
    expect(page.locator("svg.placed circle").first).to_be_visible()
    expect(page.locator("#questions fieldset")).to_have_count(2)
    assert fits(page)
    picture(page, "preview")
    page.locator("#write button").click()
    assert not ImportRun.objects.exists(), "the browser asks for the answers"
    page.get_by_label("不读，留作说明").check()
    page.get_by_label("已经核对").check()
    page.locator("#write button").click()
    expect(page.locator("#next")).to_be_visible()
    assert fits(page)
    picture(page, "run")
    assert ImportRun.objects.get().options["hidden"] == "leave"
