"""Files over the API: tried, imported, looked at row by row, taken back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from firepoints.models import Detection, FirePoint, ImportRun

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

FIRMS = (
    b"latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,daynight\n"
    b"41.25,123.75,330.1,0.39,0.36,2023-10-07,530,N20,VIIRS,n,2.0NRT,290.1,3.2,D\n"
    b"41.25,123.75,330.1,0.39,0.36,2023-10-07,530,N20,VIIRS,n,2.0NRT,290.1,3.2,D\n"
    b"41.25,120.00,330.1,0.39,0.36,2023-10-07,530,N20,VIIRS,n,2.0NRT,290.1,3.2,D\n"
    b"nonsense,123.75,330.1,0.39,0.36,2023-10-07,530,N20,VIIRS,n,2.0NRT,290.1,3.2,D\n"
)


def _upload(client, content=FIRMS, name="firms.csv", **given):
    body = {"source": "firms", "file": SimpleUploadedFile(name, content, "text/csv"), **given}
    return client.post("/api/imports/", body, format="multipart")


def test_a_dry_run_counts_and_writes_nothing(city, sign_in):
    answer = _upload(sign_in(city.clerk), dry_run="true")
    assert answer.status_code == 200
    assert (answer.json()["run"], answer.json()["kept"]) == (None, 1)
    assert not ImportRun.objects.exists()


def test_every_row_has_one_outcome_and_can_be_looked_at(city, sign_in):
    clerk = sign_in(city.clerk)
    answer = _upload(clerk)
    told = answer.json()
    assert answer.status_code == 201
    outcomes = ("kept", "identical", "superseded", "quarantined", "outside")
    assert [told[name] for name in outcomes] == [1, 1, 0, 1, 1]
    assert told["rows"] == 4
    detail = clerk.get(f"/api/imports/{told['run']}/").json()
    assert {name: detail[name] for name in outcomes} == {name: told[name] for name in outcomes}
    url = f"/api/imports/{told['run']}/rows/"
    rows = clerk.get(url).json()["results"]
    assert sorted(one["outcome"] for one in rows) == ["identical", "kept", "outside", "quarantined"]
    (bad,) = clerk.get(f"{url}?outcome=quarantined").json()["results"]
    assert (bad["row_no"], bool(bad["reason"])) == (5, True)
    assert [one["run"] for one in clerk.get("/api/imports/").json()["results"]] == [told["run"]]


def test_the_same_file_again_keeps_nothing(city, sign_in):
    clerk = sign_in(city.clerk)
    _upload(clerk)
    assert _upload(clerk).json()["kept"] == 0
    assert Detection.objects.count() == 2


def test_a_run_is_withdrawn_with_a_reason_and_its_points_close(city, sign_in, problem):
    clerk = sign_in(city.clerk)
    run = _upload(clerk).json()["run"]
    problem(clerk.post(f"/api/imports/{run}/withdraw/", {}), 400, "bad_input")
    told = clerk.post(f"/api/imports/{run}/withdraw/", {"reason": "坐标系错了"}).json()
    assert (told["state"], told["withdrawn_reason"]) == ("withdrawn", "坐标系错了")
    assert set(FirePoint.objects.values_list("state", flat=True)) == {"closed"}
    problem(clerk.post(f"/api/imports/{run}/withdraw/", {"reason": "再来"}), 409, "run_not_in_force")


SHORT = "2023年10月7日火点5个\n序号,县区,经度,纬度,日期,时间\n1,甲县,123.75,41.25,2023-10-07,13:05\n".encode()


def test_what_a_list_leaves_open_is_named_by_a_dry_run_and_answered_in_the_request(city, sign_in, problem):
    clerk = sign_in(city.clerk)
    given = {"content": SHORT, "name": "list.csv", "source": "provincial_list"}
    (question,) = _upload(clerk, **given, dry_run="true").json()["questions"]
    assert (question["kind"], question["answer"], question["doubts"][0]["rows"]) == ("total", None, [1])
    problem(_upload(clerk, **given), 400, "needs_answer")
    assert not ImportRun.objects.exists()
    assert _upload(clerk, **given, total_confirmed="true").status_code == 201
    assert ImportRun.objects.get().options["total_confirmed"] is True


def test_only_the_bureau_imports_and_withdraws(city, sign_in, problem):
    run = _upload(sign_in(city.clerk)).json()["run"]
    for user in (city.west, city.inspector, city.finance, city.auditor, city.recogniser):
        problem(_upload(sign_in(user)), 403, "not_allowed")
    problem(sign_in(city.auditor).post(f"/api/imports/{run}/withdraw/", {"reason": "x"}), 403, "not_allowed")
    problem(sign_in(city.west).post(f"/api/imports/{run}/withdraw/", {"reason": "x"}), 404, "not_found")
    problem(sign_in(city.west).get(f"/api/imports/{run}/rows/"), 404, "not_found")
    assert sign_in(city.west).get("/api/imports/").json()["results"] == []
    assert sign_in(city.auditor).get(f"/api/imports/{run}/").status_code == 200


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"content": b"a,b\n1,2\n"}, 400, "wrong_columns"),
        ({"content": b""}, 400, "bad_input"),
        ({"source": "nothing"}, 400, "no_source"),
        ({"source": "a b"}, 400, "bad_input"),
        ({"datum": "mars"}, 400, "bad_input"),
        ({"supersedes": "7b0f2f0e-0000-4000-8000-000000000000"}, 400, "no_run"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(city, sign_in, problem, given, status, code):
    problem(_upload(sign_in(city.clerk), **given), status, code)
    assert not ImportRun.objects.exists()


def test_the_lists_cost_the_same_for_any_number(city, sign_in, django_assert_max_num_queries):
    clerk = sign_in(city.clerk)
    run = _upload(clerk).json()["run"]
    for _ in range(3):
        _upload(clerk)
    with django_assert_max_num_queries(4):
        assert len(clerk.get("/api/imports/").json()["results"]) == 4
    with django_assert_max_num_queries(5):
        clerk.get(f"/api/imports/{run}/rows/")
