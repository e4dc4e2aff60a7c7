"""Editions in the browser: upload, columns, preview, load, check, activate, take away; and nothing half-done."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pyogrio
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from python_calamine import CalamineWorkbook

from grids.editions import uploads
from grids.models import Cell, ColumnMemory, Edition, EditionImport
from journal.jobs import jobs
from journal.models import Access, Entry, Job
from papers.layers import door
from tests.factories.city import WEST, build_city
from tests.grids.files import box, feature, two_counties, write

pytestmark = pytest.mark.django_db
BOW = {"type": "Polygon", "coordinates": [[[123.7, 41.2], [123.8, 41.4], [123.8, 41.2], [123.7, 41.4], [123.7, 41.2]]]}


@pytest.fixture
def city(settings, tmp_path):
    settings.JINSHAO_HOME = tmp_path / "home"
    return build_city()


@pytest.fixture
def clerk(client, city):
    client.force_login(city.clerk)
    return client


def upload(client, *paths: Path, name: str = "新版"):
    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    return client.post(reverse("edition-import"), {"name": name, "borders": files})


def worked(answer) -> EditionImport:
    """The import that an answer leads to, after the worker has been there."""
    assert answer.status_code == 302
    jobs.run_due()
    return EditionImport.objects.latest("pk")


def read(client, row: EditionImport, **chosen: str) -> EditionImport:
    """The layers as guessed, with what is chosen besides, read by the worker."""
    page = client.get(reverse("edition-import-run", args=[row.uuid]))
    form = page.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if name != "accept_repairs"}
    return worked(client.post(reverse("edition-import-run", args=[row.uuid]), {**sent, **chosen, "do": "read"}))


def loaded(client, row: EditionImport) -> EditionImport:
    return worked(client.post(reverse("edition-import-run", args=[row.uuid]), {"do": "load"}))


def nothing_loaded() -> bool:
    """Only the edition of the city, and its cells."""
    return Edition.objects.count() == 1 and Entry.objects.filter(act="grid.imported").count() == 1


def test_from_a_zip_to_an_edition_in_force(clerk, tmp_path):
    county = two_counties(tmp_path)
    town = write(
        tmp_path / "乡镇.geojson", feature(box(123.7, 41.2, 123.8, 41.4), code="210590001", name="乡", county=WEST)
    )
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for file in (county, town):
            archive.write(file, file.name)
    row = worked(upload(clerk, tmp_path / "b.zip"))
    assert [source["guess"]["level"] for source in row.report["sources"]] == ["township", "county"] or [
        source["guess"]["level"] for source in row.report["sources"]
    ] == ["county", "township"]
    row = read(clerk, row)
    assert (row.state, row.report["cells"]) == ("read", {"county": 2, "township": 1})
    assert nothing_loaded()
    drawn = json.loads(b"".join(clerk.get(reverse("edition-import-preview", args=[row.uuid])).streaming_content))
    assert [one["properties"]["level"] for one in drawn["features"]] == ["county", "county", "township"]
    row = loaded(clerk, row)
    edition = row.edition
    assert (row.state, edition.state, edition.reports.count()) == ("loaded", "loaded", 1)
    assert not uploads.folder_of(row).exists()
    sent = {"valid_from": "2024-01-01", "accept_findings": "on", "reason": "甲县以外暂无乡镇"}
    assert clerk.post(reverse("edition-activate", args=[edition.pk]), sent).status_code == 302
    edition.refresh_from_db()
    assert (edition.state, str(edition.valid_from), edition.supersedes.name) == ("active", "2024-01-01", "演示版")


def test_columns_that_were_chosen_once_are_remembered(clerk, tmp_path):
    file = write(tmp_path / "c.geojson", feature(box(123.7, 41.2, 123.9, 41.4), dm="210590", mc="甲县"))
    row = worked(upload(clerk, file))
    assert row.report["sources"][0]["guess"]["code"] == ""
    row = loaded(clerk, read(clerk, row, level_0="county", code_0="dm", name_0="mc"))
    assert row.edition.cells.get().name == "甲县"
    assert ColumnMemory.objects.get().mapping == {"county.code": "dm", "county.name": "mc"}
    guess = worked(upload(clerk, file, name="又一版")).report["sources"][0]["guess"]
    assert (guess["code"], guess["name"], guess["remembered"]) == ("dm", "mc", True)


def test_faults_are_listed_with_feature_code_and_place_and_a_repair_must_be_accepted(clerk, tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(BOW, code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591", name="乙县"),
    )
    row = read(clerk, worked(upload(clerk, file)))
    assert row.state == "refused"
    page = clerk.get(reverse("edition-import-run", args=[row.uuid]))
    assert [(one["feature"], one["cell_code"]) for one in page.context["problems"]] == [(1, "210590")]
    assert page.context["is_repairable"]
    assert nothing_loaded()
    row = read(clerk, row, accept_repairs="on")
    assert [one["code"] for one in row.report["repairs"]] == ["210590"]
    row = loaded(clerk, row)
    entry = Entry.objects.get(act="grid.imported", subject_id=str(row.edition.pk))
    assert (entry.after["repaired"], entry.after["repairs"][0]["code"]) == (1, "210590")


def hole_outside(folder: Path) -> Path:
    shape = box(123.7, 41.2, 123.8, 41.4)
    shape["coordinates"].append(box(125, 41, 125.1, 41.1)["coordinates"][0])
    return write(folder / "c.geojson", feature(shape, code="210590", name="甲县"))


BAD = {
    "a self-crossing ring": (
        lambda to: write(to / "c.geojson", feature(BOW, code="210590", name="甲县")),
        {},
        ("210590", "Self-inter"),
    ),
    "a hole outside its shell": (hole_outside, {}, ("210590", "Hole lies outside shell")),
    "metres without a CRS": (
        lambda to: write(
            to / "c.geojson", feature(box(41558000, 4560000, 41568000, 4570000), code="210590", name="甲县")
        ),
        {},
        ("210590", "41568000", "EPSG:4529"),
    ),
    "an unknown level": (
        lambda to: write(to / "c.geojson", feature(box(123.7, 41.2, 123.8, 41.4), code="9", name="片", level="片区")),
        {"level_0": "*", "level_column_0": "level"},
        ("片区", "第 1 个要素", "代码 9"),
    ),
    "two cells with one code": (
        lambda to: write(
            to / "c.geojson",
            feature(box(123.7, 41.2, 123.8, 41.4), code="210590", name="甲县"),
            feature(box(123.8, 41.2, 123.9, 41.4), code="210590", name="乙县"),
        ),
        {},
        ("210590", "第 1 个", "第 2 个", "123.75"),
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_told_with_feature_code_and_place_and_nothing_is_loaded(clerk, tmp_path, kind):
    make, chosen, words = BAD[kind]
    row = read(clerk, worked(upload(clerk, make(tmp_path))), **chosen)
    if row.state == "read":  # two equal codes are no fault of the files, but of the edition
        row = loaded(clerk, row)
    page = clerk.get(reverse("edition-import-run", args=[row.uuid])).content.decode()
    assert row.state == "refused"
    assert [word for word in words if word not in page] == []
    assert nothing_loaded()
    assert not Cell.objects.exclude(edition_id=Edition.objects.get().pk).exists()


def test_a_file_of_300_mb_is_refused_before_it_is_kept_with_what_to_do(clerk, city, tmp_path, monkeypatch):
    monkeypatch.setattr(SimpleUploadedFile, "size", 300 * 1024**2, raising=False)
    monkeypatch.setattr(uploads, "_keep", lambda *args: pytest.fail("it was kept"))
    file = SimpleUploadedFile("全市.geojson", b"{}")
    file.size = 300 * 1024**2
    with pytest.raises(uploads.BadInput) as refused:
        uploads.import_start(name="新版", files=[file], actor=city.clerk)
    assert refused.value.code == "too_large"
    assert "300 MB" in refused.value.message
    assert "zip" in refused.value.message


def test_a_kind_that_is_not_known_is_refused_on_the_form(clerk, tmp_path):
    (tmp_path / "a.exe").write_bytes(b"MZ")
    answer = upload(clerk, tmp_path / "a.exe")
    assert (answer.status_code, "不认识的文件" in answer.content.decode()) == (400, True)
    assert not EditionImport.objects.exists()


def test_an_edition_of_that_name_is_refused_on_the_form(clerk, tmp_path):
    assert upload(clerk, two_counties(tmp_path), name="演示版").status_code == 400


def test_loading_twice_is_one_edition_and_a_worker_that_comes_late_does_nothing(clerk, tmp_path):
    row = read(clerk, worked(upload(clerk, two_counties(tmp_path))))
    url = reverse("edition-import-run", args=[row.uuid])
    clerk.post(url, {"do": "load"})
    clerk.post(url, {"do": "load"})
    jobs.run_due()
    jobs.run_due()
    assert Edition.objects.filter(name="新版").count() == 1
    uploads.work({"import": str(row.uuid), "attempt": row.attempt})
    assert EditionImport.objects.get(pk=row.pk).state == "loaded"


def test_a_check_with_errors_keeps_an_edition_from_ruling_until_it_is_answered_for(clerk, tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(box(123.7, 41.2, 123.81, 41.4), code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591", name="乙县"),
    )
    edition = loaded(clerk, read(clerk, worked(upload(clerk, file)))).edition
    answer = clerk.post(reverse("edition-activate", args=[edition.pk]), {"valid_from": "2024-01-01"})
    assert (answer.status_code, "重叠 1 处" in answer.content.decode()) == (409, True)
    edition.refresh_from_db()
    assert edition.state == "loaded"
    page = clerk.get(reverse("edition-check", args=[edition.pk]))
    assert [(group["kind"], group["number"]) for group in page.context["groups"] if group["is_error"]] == [
        ("overlaps", 1)
    ]
    found = clerk.get(reverse("edition-findings", args=[edition.pk])).json()["features"]
    assert found[0]["geometry"]["type"] == "Polygon"


def test_everything_can_be_taken_away_and_is_noted(clerk, city, tmp_path):
    edition = loaded(clerk, read(clerk, worked(upload(clerk, two_counties(tmp_path))))).edition
    clerk.post(reverse("edition-changes", args=[edition.pk]), {"do": "suggest"})
    for what, sheet in (("cells.xlsx", "县（区）"), ("check.xlsx", "汇总"), ("changes.xlsx", "代码对应")):
        content = clerk.get(reverse("edition-export", args=[edition.pk, what])).content
        (tmp_path / what).write_bytes(content)
        assert sheet in CalamineWorkbook.from_path(tmp_path / what).sheet_names
    for what, layers in (("cells.gpkg", ["county"]), ("county.geojson", None)):
        (tmp_path / what).write_bytes(clerk.get(reverse("edition-export", args=[edition.pk, what])).content)
        if layers:
            assert pyogrio.list_layers(tmp_path / what)[:, 0].tolist() == layers
        meta, _, shapes, _ = pyogrio.raw.read(tmp_path / what)
        assert (meta["crs"], len(shapes)) == ("EPSG:4326", 2)
    assert clerk.get(reverse("editions-workbook")).content[:2] == b"PK"
    assert clerk.get(reverse("edition-export", args=[edition.pk, "secret.xlsx"])).status_code == 404
    assert Access.objects.filter(kind="export", actor_id=city.clerk.pk).count() == 5


def test_findings_open_in_qgis(clerk, tmp_path):
    file = write(
        tmp_path / "c.geojson",
        feature(box(123.7, 41.2, 123.81, 41.4), code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.35), code="210591", name="乙县"),
    )
    edition = loaded(clerk, read(clerk, worked(upload(clerk, file)))).edition
    for what in ("findings.gpkg", "findings.geojson"):
        (tmp_path / what).write_bytes(clerk.get(reverse("edition-export", args=[edition.pk, what])).content)
    assert set(pyogrio.list_layers(tmp_path / "findings.gpkg")[:, 0]) == {"errors", "warnings"}
    _, _, shapes, _ = pyogrio.raw.read(tmp_path / "findings.geojson")
    assert len(shapes) >= 2


def test_a_county_takes_away_its_own_cells_and_sees_no_check(client, city, tmp_path):
    client.force_login(city.west)
    edition = Edition.objects.get()
    (tmp_path / "c.gpkg").write_bytes(client.get(reverse("edition-export", args=[edition.pk, "cells.gpkg"])).content)
    _, _, _, (codes, *_) = pyogrio.raw.read(tmp_path / "c.gpkg", layer="village")
    assert {code[:6] for code in codes} == {WEST}
    assert client.get(reverse("editions")).status_code == 200
    assert client.get(reverse("edition", args=[edition.pk])).status_code == 200
    for name in ("edition-check", "edition-findings", "edition-changes"):
        assert client.get(reverse(name, args=[edition.pk])).status_code == 403
    assert client.get(reverse("edition-export", args=[edition.pk, "check.xlsx"])).status_code == 404
    assert client.get(reverse("edition-import")).status_code == 403
    assert client.post(reverse("edition-activate", args=[edition.pk]), {"valid_from": "2024-01-01"}).status_code == 403


def test_only_the_bureau_changes_borders(client, city):
    client.force_login(city.auditor)
    edition = Edition.objects.get()
    assert client.get(reverse("edition-check", args=[edition.pk])).status_code == 200
    assert client.post(reverse("edition-check", args=[edition.pk])).status_code == 403
    assert client.post(reverse("edition-changes", args=[edition.pk]), {"do": "suggest"}).status_code == 403
    assert "导入边界" not in client.get(reverse("editions")).content.decode()


def test_a_file_that_never_ends_is_refused_with_its_reason_and_the_record_goes_on(clerk, tmp_path, monkeypatch):
    monkeypatch.setattr(door, "_START", "import time; time.sleep(600)")
    monkeypatch.setattr(uploads, "OPENING", replace(uploads.OPENING, wait_s=2))
    unsealed = Entry.objects.filter(seal=None)
    assert unsealed.exists()
    row = worked(upload(clerk, two_counties(tmp_path)))
    assert (row.state, row.report["refused"]["code"]) == (EditionImport.State.REFUSED, "endless")
    assert "2 秒" in row.report["refused"]["message"]
    assert not unsealed.exists()


def test_while_one_file_is_read_the_other_workers_stay_free_for_other_jobs(clerk, tmp_path, monkeypatch):
    first = upload(clerk, two_counties(tmp_path))
    job = Job.objects.get(name=uploads.JOB)
    assert jobs.claim(job)
    second = upload(clerk, two_counties(tmp_path), name="又一版")
    assert {first.status_code, second.status_code} == {302}
    monkeypatch.setattr(uploads, "sources_in", lambda *args, **how: pytest.fail("it was read beside the first"))
    jobs.run_due()
    assert Job.objects.exclude(pk=job.pk).get(name=uploads.JOB).state == Job.State.QUEUED
