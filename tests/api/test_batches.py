"""Batches over the API: every payer with its figures, and the steps in their only order."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from penalties.models import Batch
from tests.factories import points, scans
from tests.factories.city import EAST, WEST

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def _build(client, month="2023-10"):
    return client.post("/api/batches/", {"month": month})


def _step(client, batch, step, **given):
    body = {"step": step, "version": batch["version"], **given}
    has_file = "file" in given
    return client.post(f"/api/batches/{batch['id']}/steps/", body, format="multipart" if has_file else "json")


def _scan():
    return SimpleUploadedFile("批件.pdf", scans.pdf(), "application/pdf")


def test_a_built_batch_lists_every_payer_zeros_too(city, sign_in):
    points.final(city)
    clerk = sign_in(city.clerk)
    first = _build(clerk)
    told = first.json()
    assert first.status_code == 201
    assert [(line["payer_code"], line["points"], line["amount_fen"]) for line in told["lines"]] == [
        (WEST, 1, 3_000_000),
        (EAST, 0, 0),
    ]
    assert (told["amount_fen"], told["amount_yuan"], told["amount_daxie"]) == (3_000_000, "30,000.00", "叁万元整")
    assert told["steps"] == ["empty"], "another clerk freezes it"
    again = _build(clerk)
    assert (again.status_code, again.json()["id"]) == (200, told["id"])


def test_a_month_goes_through_every_step_to_the_voucher(city, sign_in, problem):
    points.final(city)
    clerk, finance = sign_in(city.clerk), sign_in(city.finance)
    batch = _build(clerk).json()
    problem(_step(clerk, batch, "submit"), 409, "out_of_order")
    problem(_step(clerk, batch, "freeze"), 403, "not_allowed")
    officer = sign_in(city.officer)
    batch = _step(officer, batch, "freeze").json()
    assert (batch["state"], len(batch["content_hash"])) == ("frozen", 64)
    batch = _step(clerk, batch, "submit", date="2023-11-05").json()
    told = problem(_step(officer, batch, "approve", doc_no="批〔2023〕1号"), 400, "missing")
    assert told["requirements"] == ["批件日期", "批件扫描件"]
    batch = _step(officer, batch, "approve", doc_no="批〔2023〕1号", date="2023-11-10", file=_scan()).json()
    assert (batch["state"], batch["approval_doc_no"]) == ("approved", "批〔2023〕1号")
    batch = _step(clerk, batch, "send", date="2023-11-12").json()
    assert sign_in(city.finance).get(f"/api/batches/{batch['id']}/").json()["steps"] == ["settle"]
    part = _step(finance, batch, "settle", doc_no="凭证1", date="2023-12-01", payer=WEST, amount_yuan="10000").json()
    assert (part["state"], part["settled_fen"]) == ("sent", 1_000_000)
    done = _step(finance, part, "settle", doc_no="凭证2", date="2023-12-02").json()
    assert (done["state"], done["settled_fen"]) == ("settled", 3_000_000)


def test_wrong_roles_stale_versions_and_wrong_papers_are_refused(city, sign_in, problem):
    points.final(city)
    clerk = sign_in(city.clerk)
    for user in (city.finance, city.auditor, city.west, city.inspector, city.recogniser):
        problem(_build(sign_in(user)), 403, "not_allowed")
    batch = _build(clerk).json()
    problem(_step(sign_in(city.finance), batch, "freeze"), 403, "not_allowed")
    problem(_step(sign_in(city.officer), {**batch, "version": 99}, "freeze"), 409, "stale_version")
    problem(_step(clerk, batch, "melt"), 400, "bad_input")
    problem(_build(clerk, "2023-13"), 400, "bad_input")
    problem(_build(clerk, "2023-11"), 409, "another_batch_open")
    problem(clerk.get("/api/batches/999999/"), 404, "not_found")
    problem(clerk.get(f"/api/batches/{'9' * 40}/"), 404, "no_such_address")
    batch = _step(clerk, _step(sign_in(city.officer), batch, "freeze").json(), "submit", date="2023-11-05").json()
    fake = SimpleUploadedFile("批件.pdf", b"hello", "application/pdf")
    problem(_step(sign_in(city.officer), batch, "approve", doc_no="1", date="2023-11-10", file=fake), 400, "bad_input")
    assert Batch.objects.get().state == "submitted"


def test_a_county_sees_frozen_batches_with_its_own_line_only(city, sign_in, problem):
    points.final(city)
    west, clerk = sign_in(city.west), sign_in(city.clerk)
    batch = _build(clerk).json()
    problem(west.get(f"/api/batches/{batch['id']}/"), 404, "not_found")
    _step(sign_in(city.officer), batch, "freeze")
    told = west.get(f"/api/batches/{batch['id']}/").json()
    assert [line["payer_code"] for line in told["lines"]] == [WEST]
    assert told["steps"] == []
    (listed,) = sign_in(city.east).get("/api/batches/").json()["results"]
    assert listed["amount_fen"] == 0
    assert sign_in(city.inspector).get("/api/batches/").json()["results"] == []


def test_the_list_costs_the_same_for_any_number(city, sign_in, django_assert_max_num_queries):
    clerk = sign_in(city.clerk)
    for month in ("2023-09", "2023-10", "2023-11"):
        _step(sign_in(city.officer), _build(clerk, month).json(), "freeze")
    with django_assert_max_num_queries(7):
        assert len(clerk.get("/api/batches/").json()["results"]) == 3


def test_a_batch_goes_back_over_the_api_with_its_ground(city, sign_in, problem):
    points.final(city)
    clerk = sign_in(city.clerk)
    batch = _step(sign_in(city.officer), _build(clerk).json(), "freeze").json()
    assert batch["steps"] == ["submit", "recall"]
    assert problem(_step(clerk, batch, "recall"), 400, "missing")["requirements"] == ["理由"]
    batch = _step(clerk, batch, "submit", date="2023-11-05").json()
    problem(_step(clerk, batch, "recall", reason="漏了一处"), 409, "out_of_order")
    problem(_step(sign_in(city.finance), batch, "return", reason="不同意", date="2023-11-06"), 403, "not_allowed")
    paper = {"doc_no": "退〔2023〕1号", "date": "2023-11-06", "reason": "不同意", "file": _scan()}
    told = _step(clerk, batch, "return", **paper).json()
    assert (told["state"], told["return_kind"], told["returned_on"]) == ("returned", "refused", "2023-11-06")
    assert (told["return_reason"], told["return_doc_no"], told["steps"]) == ("不同意", "退〔2023〕1号", [])
    again = _build(clerk).json()
    assert (again["seq"], again["amount_fen"]) == (2, 3_000_000)
