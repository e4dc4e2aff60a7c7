"""`point list | show | act`: a contract with scripts (one JSON object, exit codes 0, 1, 2)."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from firepoints.models import Evidence, FirePoint
from tests.factories import points as make
from tests.factories.city import City

pytestmark = pytest.mark.embedded


def point(*arguments: object) -> dict:
    out = io.StringIO()
    try:
        call_command("point", *map(str, arguments), "--json", stdout=out)
    except CommandError as error:
        return {**json.loads(out.getvalue()), "exit": error.returncode}
    return {**json.loads(out.getvalue()), "exit": 0}


def data(folder: Path, **content: object) -> Path:
    file = folder / "data.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.usefixtures("commands_decide")
def test_a_month_can_be_run_from_the_command_line(city: City, tmp_path: Path) -> None:
    pk = make.suspected().pk
    (tmp_path / "a.jpg").write_bytes(make.jpeg())
    photo = {"path": "a.jpg", "lon": 123.75, "lat": 41.25, "device_at": "2023-10-07T15:00:00+08:00"}

    number = point("act", pk, "dispatch", "--as", "clerk")["number"]
    report = data(tmp_path, conclusion="true", sites=1, is_new=True, burnt_mu=2.5, measured_by="walked", photos=[photo])
    assert point("act", number, "report", "--as", "west", "--data", report)["state"] == "verified"
    reason = data(tmp_path, reason="属实")
    done = point("act", number, "recognise", "--as", "recogniser", "--data", reason)

    assert (done["exit"], done["state"], done["recognition"]["payer_name"]) == (0, "recognised", "甲县")
    assert [step["action"] for step in done["steps"]] == ["dispatch", "report", "recognise"]
    assert Evidence.objects.get().footprint_distance_m == 0


def test_a_refusal_is_one_json_object_and_exit_code_1(city: City) -> None:
    pk = make.suspected().pk
    assert point("act", pk, "dispatch", "--as", "west")["error"] == "not_allowed"
    assert point("act", pk, "dispatch", "--as", "nobody-of-that-name")["exit"] == 1
    assert point("show", "999999")["error"] == "not_found"
    stale = point("act", pk, "dispatch", "--as", "clerk", "--expected-version", 7)
    assert (stale["exit"], stale["error"]) == (1, "stale_version")


def test_a_repeated_report_stores_its_photos_once(city: City, tmp_path: Path) -> None:
    found = make.dispatched(city)
    (tmp_path / "a.jpg").write_bytes(make.jpeg())
    bad = data(tmp_path, conclusion="maybe", photos=[{"path": "a.jpg", "no_position_reason": "无信号"}])
    for _ in range(2):
        assert point("act", found.pk, "report", "--as", "west", "--data", bad)["error"] == "bad_input"
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"photos": "a.jpg"}', '{"photos": [{"lon": 1}]}', '{"photos": [{"path": "no.jpg"}]}']
)
def test_a_bad_data_file_says_where(city: City, tmp_path: Path, content: str) -> None:
    found = make.dispatched(city)
    file = tmp_path / "data.json"
    file.write_text(content, encoding="utf-8")
    answer = point("act", found.pk, "report", "--as", "west", "--data", file)
    assert (answer["exit"], answer["error"]) == (1, "bad_input")


def test_lists_are_scoped_and_filtered(city: City) -> None:
    make.suspected()
    make.dispatched(city, at=(123.85, 41.25))
    assert point("list")["count"] == 2
    assert point("list", "--as", "west")["count"] == 1
    assert [one["number"] for one in point("list", "--state", "dispatched")["points"]] == ["HD2023-0001"]
    assert point("list", "--month", "2023-11")["points"] == []


def test_people_read_words(city: City) -> None:
    pk = make.dispatched(city).pk
    out = io.StringIO()
    call_command("point", "show", str(pk), "--as", "west", stdout=out)
    assert "已派发" in out.getvalue()
    assert "提交核实" in out.getvalue()
    call_command("point", "list", stdout=out)
    assert "共 1 处" in out.getvalue()


def test_a_mistyped_action_stores_no_file(city: City, tmp_path: Path) -> None:
    pk = make.dispatched(city).pk
    (tmp_path / "a.jpg").write_bytes(make.jpeg())
    file = data(tmp_path, photos=[{"path": "a.jpg", "lon": 123.75, "lat": 41.25}])
    assert point("act", pk, "raport", "--as", "west", "--data", file)["error"] == "unknown_action"
    assert not Evidence.objects.exists()
    assert FirePoint.objects.get().state == "dispatched"
