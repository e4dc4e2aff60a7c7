"""What a preview says of the rows before they are written, and where the page of a run leads after it."""

import re

import pytest
from django.urls import reverse

from firepoints.forming.foreseen import foresee
from firepoints.models import FirePoint, ImportRun, Source
from firepoints.pages.imports.preview_map import map_of
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.start import import_dry_run
from tests.factories.city import IN_WEST
from tests.firepoints.pages.test_import_pages import body, client_of, hidden
from tests.firepoints.small_lists import HEAD, line, near, upload


def dry(city, tmp_path, *rows: str):
    path = tmp_path / "清单.csv"
    path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    return import_dry_run(ImportOrder(path=path, source_code="provincial_list", actor=city.clerk))


def foreseen(done):
    return foresee([row for row in done.placed if row.outcome == "kept"], Source.objects.get(code="provincial_list"))


def written(client, *rows: str) -> ImportRun:
    page = body(upload(client, "\n".join([HEAD, *rows])))
    client.post(reverse("imports:preview"), hidden(page))
    return ImportRun.objects.latest("pk")


@pytest.mark.embedded
def test_the_points_that_rows_would_make_are_those_that_they_make(city, lists, tmp_path):
    lists(line(1))
    rows = (line(1, near(100)), line(2, near(9000)), line(3, near(9100)), line(4, near(16000)))
    ahead = foreseen(dry(city, tmp_path, *rows))
    assert (ahead.sites, ahead.joining, ahead.new, ahead.over_border) == (3, 1, 2, 0)
    assert FirePoint.objects.count() == 1, "nothing was written"
    lists(*rows, name="二.csv", known=ListName("省厅", "", "29"))
    assert FirePoint.objects.count() == 3


def test_rows_at_a_border_and_rows_outside_are_counted_before_they_are_written(city, tmp_path):
    done = dry(city, tmp_path, line(1, (123.8, 41.25)), line(2, (120.5, 38.5)))
    assert foreseen(done).over_border == 1
    picture = map_of(done.placed)
    assert (picture.outside, picture.beyond, len(picture.dots)) == (1, 1, 1)
    assert "甲县" in [name for name, *_ in picture.names]
    assert picture.outlines


def test_nothing_is_foreseen_or_drawn_of_a_file_without_rows(city, tmp_path):
    done = dry(city, tmp_path, "1,甲县,x,y,2023-10-07,13:05,NOAA-20")
    assert (foreseen(done), map_of(done.placed)) == (None, None)


def test_the_preview_shows_the_map_the_points_and_the_name_that_the_file_proposes(city):
    title = "辽宁省生态环境厅秸秆焚烧火点通报（2023年 第28期）"
    page = body(upload(client_of(city.clerk), f"{title}\n{HEAD}\n{line(1)}\n{line(2, near(9000))}\n"))
    assert '<svg class="placed"' in page
    assert "会成为几处" in page
    assert "发布单位 <b>辽宁省生态环境厅</b>" in page
    assert "清单号 <b>28</b>" in page
    answer = client_of(city.clerk).get(
        page.split('id="proposed"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    )
    assert hidden(body(answer))["issuer"] == "辽宁省生态环境厅"
    assert "就这样填上" not in body(answer)


def test_a_place_that_the_list_names_otherwise_is_pointed_out_by_level(city):
    rows = f"{HEAD},乡镇\n{line(1)},另一镇\n"
    page = body(upload(client_of(city.clerk), rows))
    assert "乡镇与表中不同" in page


def test_the_page_of_a_run_leads_to_its_points_its_questions_and_its_quarantine(city):
    clerk = client_of(city.clerk)
    run = written(clerk, line(1), line(2, near(1500)), "3,甲县,41.25,123.75,2023-10-07,13:05,NOAA-20")
    page = body(clerk.get(reverse("imports:run", args=[run.uuid])))
    steps = page.split('id="next"')[1].split("</section>")[0]
    assert f"?state=suspected&amp;run={run.pk}" in steps
    assert "要答复的问题" in steps
    assert "1 行" in steps
    listed = body(clerk.get(reverse("firepoints:list") + f"?state=suspected&run={run.pk}"))
    assert f"只列第 {run.pk} 次导入涉及的火点" in listed
    assert clerk.get(reverse("firepoints:list") + "?run=abc").status_code == 200


def test_a_swapped_position_is_mended_by_one_button(city):
    clerk = client_of(city.clerk)
    lon, lat = IN_WEST
    run = written(clerk, line(1), f"2,甲县,{lat + 0.1},{lon},2023-10-07,13:05,NOAA-20")
    bad = run.raw_rows.get(outcome="quarantined")
    assert "互换经纬度" in body(clerk.get(reverse("imports:run", args=[run.uuid]) + "?outcome=quarantined"))
    url = reverse("imports:row", args=[run.uuid, bad.row_no])
    form = body(clerk.get(url)).split('id="swap"')[1].split("</form>")[0]
    clerk.post(url, dict(re.findall(r'name="(cell-\d+|reason)" value="([^"]*)"', form)))
    mended = ImportRun.objects.latest("pk")
    assert (mended.kept, round(mended.detections.get().lon, 5)) == (1, lon)


@pytest.mark.parametrize("cell", ["经度：{lat} 纬度：{lon}", "POINT({lat} {lon})"])
def test_a_pair_in_one_cell_under_the_wrong_names_is_mended_by_the_same_button(city, cell):
    clerk = client_of(city.clerk)
    lon, lat = IN_WEST
    head = "序号,县区,经纬度,日期,时间,卫星"
    rows = [
        f"1,甲县,{lon} {lat},2023-10-07,13:05,NOAA-20",
        f"2,甲县,{cell.format(lon=lon, lat=lat + 0.1)},2023-10-07,13:05,NOAA-20",
    ]
    page = body(upload(clerk, "\n".join([head, *rows])))
    clerk.post(reverse("imports:preview"), hidden(page))
    run = ImportRun.objects.latest("pk")
    bad = run.raw_rows.get(outcome="quarantined")
    assert bad.code == "swapped"
    url = reverse("imports:row", args=[run.uuid, bad.row_no])
    form = body(clerk.get(url)).split('id="swap"')[1].split("</form>")[0]
    clerk.post(url, dict(re.findall(r'name="(cell-\d+|reason)" value="([^"]*)"', form)))
    mended = ImportRun.objects.latest("pk").detections.get()
    assert (round(mended.lon, 5), round(mended.lat, 5)) == (lon, round(lat + 0.1, 5))
