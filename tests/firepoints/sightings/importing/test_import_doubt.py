"""A file whose datum is doubtful, small or large: the figures, the choice, and nothing half stored."""

import pytest
from django.urls import reverse

from core import clock
from firepoints.models import Detection, ImportRun, RawRow
from firepoints.pages.imports import files
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.start import import_start
from grids.geo.datum import from_wgs84
from journal.jobs import jobs
from journal.models import Job
from tests.firepoints.pages.test_import_pages import body, client_of, hidden, said
from tests.firepoints.small_lists import HEAD, line, upload


@pytest.fixture
def content() -> str:
    """甲县 and 乙县 meet at 123.80°E; GCJ-02 moves a point some 500 m east there, BD-09 twice as far."""
    west = [("甲县", round(123.7970 + at / 10_000, 4), 41.22 + at / 500) for at in range(12)]
    east = [("乙县", round(123.8010 + at / 10_000, 4), 41.22 + at / 500) for at in range(8)]
    moved = [(county, *from_wgs84(lon, lat, "gcj02")) for county, lon, lat in west + east]
    rows = [line(at, (round(float(x), 6), round(float(y), 6)), county=name) for at, (name, x, y) in enumerate(moved, 1)]
    return "\n".join([HEAD, *rows])


@pytest.fixture
def large(monkeypatch):
    """Every file is a large one: the worker imports it."""
    monkeypatch.setattr(files, "SMALL_BYTES", 10)


def worked() -> ImportRun:
    Job.objects.update(run_after=clock.real_now())
    jobs.run_due()
    return ImportRun.objects.latest("pk")


@pytest.mark.embedded
def test_a_large_file_comes_back_to_the_preview_with_the_figures_until_a_person_has_chosen(city, large, content):
    clerk = client_of(city.clerk)
    page = body(upload(clerk, content, list_no="1", datum="wgs84"))
    answer = clerk.post(reverse("imports:preview"), hidden(page))
    assert answer.status_code == 400
    assert "没有写入" in said(answer)
    assert "20 行里有" in body(answer)
    assert "改按 GCJ-02（高德、腾讯） 再看" in body(answer)
    assert not ImportRun.objects.exists()
    clerk.post(reverse("imports:preview"), {**hidden(page), "confirm": "1"})
    run = worked()
    assert (run.state, run.kept, run.options["datum_confirmed"]) == ("committed", 20, True)


def test_the_other_datum_is_one_click_away_and_is_not_doubted(city, large, content):
    clerk = client_of(city.clerk)
    shown = upload(clerk, content, list_no="1", datum="wgs84")
    name, url, is_better = shown.context["datums"][0]
    assert (name, is_better) == ("GCJ-02（高德、腾讯）", True)
    page = body(clerk.get(url))
    assert "坐标系看起来不对" not in page
    clerk.post(reverse("imports:preview"), hidden(page))
    run = worked()
    assert (run.kept, run.datum, "datum_confirmed" in run.options) == (20, "gcj02", False)


def test_a_run_that_the_worker_doubts_stores_nothing_and_leads_back_to_its_preview(city, content, tmp_path):
    path = tmp_path / "清单.csv"
    path.write_text(content)
    import_start(ImportOrder(path, "provincial_list", city.clerk, datum="wgs84", name=ListName("省厅", "", "1")))
    run = worked()
    assert (run.state, run.error_code, run.rows, run.chunks) == ("failed", "datum_doubt", 0, 0)
    assert not RawRow.objects.exists()
    assert not Detection.objects.exists()
    clerk = client_of(city.clerk)
    shown = clerk.get(reverse("imports:run", args=[run.uuid]))
    assert "20 行里有" in body(shown)
    page = body(clerk.get(shown.context["again_url"]))
    assert "坐标系看起来不对" in page
    clerk.post(reverse("imports:preview"), {**hidden(page), "confirm": "1"})
    done = ImportRun.objects.latest("pk")
    assert (done.kept, done.issuer, done.list_no) == (20, "省厅", "1")
    assert "回到预览" not in body(client_of(city.auditor).get(reverse("imports:run", args=[run.uuid])))


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
