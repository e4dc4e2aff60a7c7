"""The preview shows the cell beside what was read, and the days of the file beside those that it states."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from firepoints.models import ImportRun
from tests.firepoints.pages.test_import_pages import body, client_of
from tests.firepoints.small_lists import upload

HEADING = "序号,县,经度,纬度,监测时间\n"
ROW = "1,甲县,123.75,41.25,2023-10-07 13:21-13:26\n"
TITLED = "2023年9月7日卫星监测火点，共1个\n" + HEADING + ROW


def test_the_preview_shows_the_cells_as_they_stand_and_the_days(city):
    page = body(upload(client_of(city.clerk), HEADING + ROW, issuer="省厅", list_no="1"))
    assert "表中：监测时间 2023-10-07 13:21-13:26" in page
    assert "监测时间：北京时间" in page
    assert 'id="days"' in page
    assert "2023-10-07" in page.split('id="days"')[1]


def test_days_that_differ_from_the_title_are_confirmed_before_anything_is_written(city, tmp_path, capsys):
    page = body(upload(client_of(city.clerk), TITLED, issuer="省厅", list_no="1"))
    assert "标题写的是 2023-09-07" in page
    path = tmp_path / "火点.csv"
    path.write_text(TITLED, encoding="utf-8")
    order = ("ingest", str(path), "--source", "provincial_list", "--issuer", "省厅", "--list-no", "1", "--json")
    with pytest.raises(CommandError):
        call_command(*order)
    assert not ImportRun.objects.filter(state="committed").exists()
    capsys.readouterr()
    call_command(*order, "--dry-run")
    content = json.loads(capsys.readouterr().out)["preview"]
    assert content["days"]["first"] == "2023-10-07"
    assert [look["time_given"] for look in content["looks"]] == ["监测时间 2023-10-07 13:21-13:26"]
    call_command(*order, "--days-confirmed")
    assert ImportRun.objects.get().kept == 1


def test_the_period_of_the_order_states_days_too(city, tmp_path, capsys):
    path = tmp_path / "火点.csv"
    path.write_text(HEADING + ROW, encoding="utf-8")
    order = (
        "ingest",
        str(path),
        "--source",
        "provincial_list",
        "--issuer",
        "省厅",
        "--list-no",
        "1",
        "--json",
        "--dry-run",
    )
    for period, kinds in (("2023-10", []), ("2023-09", ["days"])):
        call_command(*order, "--period", period)
        questions = json.loads(capsys.readouterr().out)["preview"]["questions"]
        assert [question["kind"] for question in questions] == kinds
