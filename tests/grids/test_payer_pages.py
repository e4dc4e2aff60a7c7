"""Who pays is set on a page by the bureau, with documents and days, and read by whoever holds a post (policy.md §2e)."""

from datetime import date

import pytest
from django.urls import reverse

from core import clock
from grids.models import Designation, Payer, PayerArea
from grids.selectors import is_designated, payer_for, payers_listed
from journal.models import Entry
from tests.factories.city import WEST, City, build_city, person

pytestmark = pytest.mark.django_db
TOWN = f"{WEST}001"
PAYER = {"code": "G1", "name": "高新区", "group": "区"}
AREA = {"cell_code": TOWN, "valid_from": "2023-01-01", "document_no": "演示〔2023〕1号"}


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.fixture
def clerk(client, city: City):
    client.force_login(city.clerk)
    return client


def send(client, url_name: str, **given):
    return client.post(reverse(url_name), given)


def listed(client) -> str:
    return client.get(reverse("grid-payers")).content.decode()


def test_a_payer_and_its_area_are_set_listed_and_ended_each_with_its_entry(clerk, city: City):
    assert send(clerk, "grid-payers-set", **PAYER).status_code == 302
    zone = Payer.objects.get()
    assert send(clerk, "grid-payers-area", payer=zone.pk, **AREA).status_code == 302
    assert [
        word for word in ("高新区", "甲县南乡", TOWN, "演示〔2023〕1号", "2023-01-01") if word not in listed(clerk)
    ] == []
    assert payer_for({"county": WEST, "township": TOWN}, date(2023, 5, 1))[0] == "G1"
    area = PayerArea.objects.get()
    ended = {"area": area.pk, "valid_to": "2023-06-01", "reason": "演示〔2023〕7号"}
    assert send(clerk, "grid-payers-area-end", **ended).status_code == 302
    assert "已终止" in listed(clerk)
    assert payer_for({"county": WEST, "township": TOWN}, date(2023, 6, 1))[0] == WEST
    acts = Entry.objects.filter(act__startswith="payer.").order_by("pk").values_list("act", "actor_id")
    assert list(acts) == [(act, city.clerk.pk) for act in ("payer.set", "payer.area_set", "payer.area_ended")]


def test_a_code_that_is_taken_is_changed_in_its_row_and_never_by_the_form_of_a_new_one(clerk):
    send(clerk, "grid-payers-set", **PAYER)
    assert send(clerk, "grid-payers-set", **PAYER | {"name": "经开区"}).status_code == 400
    assert Payer.objects.get().name == "高新区"
    assert send(clerk, "grid-payers-set", known="G1", **PAYER | {"name": "经开区"}).status_code == 302
    assert Payer.objects.get().name == "经开区"


@pytest.mark.parametrize(
    "given",
    [{"document_no": " "}, {"cell_code": "999999"}, {"valid_to": "2022-01-01"}, {"valid_from": ""}, {"payer": "0"}],
)
def test_an_area_that_is_wrong_says_so_and_nothing_is_set(clerk, given: dict):
    send(clerk, "grid-payers-set", **PAYER)
    answer = send(clerk, "grid-payers-area", **{"payer": Payer.objects.get().pk, **AREA, **given})
    assert answer.status_code == 400
    assert ("wrong" in answer.content.decode()) or ("没有保存" in answer.content.decode())
    assert not PayerArea.objects.exists()


def test_dates_that_overlap_are_refused_with_what_stands(clerk):
    send(clerk, "grid-payers-set", **PAYER)
    zone = Payer.objects.get().pk
    send(clerk, "grid-payers-area", payer=zone, **AREA)
    answer = send(clerk, "grid-payers-area", payer=zone, **AREA | {"valid_from": "2022-01-01"})
    assert (answer.status_code, "时间不能重叠" in answer.content.decode()) == (400, True)
    assert PayerArea.objects.count() == 1


def test_the_end_of_a_ruling_that_is_refused_says_why(clerk):
    for given in (
        {"area": 10**12, "valid_to": "2024-01-01", "reason": "演示"},
        {"area": "x", "valid_to": "", "reason": ""},
    ):
        answer = send(clerk, "grid-payers-area-end", **given)
        assert (answer.status_code, "没有保存" in answer.content.decode()) == (400, True)


@pytest.mark.parametrize("who", ["west", "inspector", "finance", "auditor", "recogniser"])
def test_the_others_read_it_and_set_nothing(client, city: City, who: str):
    zone = Payer.objects.create(code="G1", name="高新区")
    client.force_login(getattr(city, who))
    assert client.get(reverse("grid-payers")).status_code == 200
    assert "登记辖区" not in listed(client)
    assert send(client, "grid-payers-set", **PAYER | {"code": "G2"}).status_code == 403
    assert send(client, "grid-payers-area", payer=zone.pk, **AREA).status_code == 403
    assert send(client, "grid-payers-area-end", area=1, valid_to="2024-01-01", reason="x").status_code == 403
    assert (Payer.objects.count(), PayerArea.objects.count()) == (1, 0)


def test_the_bureau_ends_a_designation_and_from_that_day_the_department_verifies_no_more(client, city: City):
    row = Designation.objects.get(county_code=WEST)
    url = reverse("grid-people-act", args=[WEST, "designation-end"])
    given = {"designation": row.pk, "valid_to": str(clock.today_beijing()), "reason": "演示〔2024〕3号"}
    client.force_login(city.west)
    assert client.post(url, given).status_code == 400
    assert is_designated(city.west, WEST)
    client.force_login(city.clerk)
    for wrong in ({"reason": " "}, {"valid_to": "2015-01-01"}, {"designation": 10**12}, {"valid_to": ""}):
        answer = client.post(url, given | wrong)
        assert (answer.status_code, "没有保存" in answer.content.decode()) == (400, True), wrong
    assert client.post(url, given).status_code == 302
    assert not is_designated(city.west, WEST)
    entry = Entry.objects.get(act="county.designation_ended")
    assert (entry.subject_id, entry.actor_id, entry.reason) == (str(row.pk), city.clerk.pk, "演示〔2024〕3号")
    assert client.post(url, given).status_code == 400


def test_a_designation_of_another_county_is_not_ended_from_this_page(clerk, city: City):
    other = Designation.objects.exclude(county_code=WEST).get()
    url = reverse("grid-people-act", args=[WEST, "designation-end"])
    assert clerk.post(url, {"designation": other.pk, "valid_to": "2030-01-01", "reason": "x"}).status_code == 400
    other.refresh_from_db()
    assert other.valid_to is None


def test_somebody_without_a_post_reads_nothing(client, city: City):
    client.force_login(person("former", "bureau", "2105", since=date(2099, 1, 1)))
    assert client.get(reverse("grid-payers")).status_code == 403


SUCCESSION = {
    "old_code": WEST,
    "new_code": "210599",
    "name": "甲市",
    "valid_from": "2023-07-01",
    "document_no": "国函〔2023〕1号",
}


def test_a_changed_code_is_set_on_the_page_and_the_table_of_payers_follows(clerk, city: City):
    send(clerk, "grid-payers-set", **PAYER | {"code": WEST, "name": "甲县"})
    assert send(clerk, "grid-payers-succession", **SUCCESSION | {"document_no": " "}).status_code == 400
    assert send(clerk, "grid-payers-succession", **SUCCESSION).status_code == 302
    page = listed(clerk)
    assert [word for word in ("国函〔2023〕1号", "210599", "甲市", "2023-07-01") if word not in page] == []
    assert [row.code for row in payers_listed(date(2023, 7, 1))] == ["210599", "210591"]
    again = send(clerk, "grid-payers-succession", **SUCCESSION | {"new_code": "210598"})
    assert (again.status_code, "已由 210599 接续" in again.content.decode()) == (400, True)
    entry = Entry.objects.get(act="payer.succeeded")
    assert entry.actor_id == city.clerk.pk


def test_a_payer_is_listed_between_dates_with_its_ground(clerk, city: City):
    send(clerk, "grid-payers-set", **PAYER)
    dates = {"code": "G1", "valid_from": "2023-01-01", "valid_to": "2024-01-01", "reason": "演示〔2023〕2号"}
    for wrong in ({"reason": " "}, {"valid_to": "2022-01-01"}, {"code": "G9"}):
        answer = send(clerk, "grid-payers-dates", **dates | wrong)
        assert (answer.status_code, "没有保存" in answer.content.decode()) == (400, True)
    assert send(clerk, "grid-payers-dates", **dates).status_code == 302
    days = (date(2022, 12, 31), date(2023, 1, 1), date(2023, 12, 31), date(2024, 1, 1))
    codes = [[row.code for row in payers_listed(on)] for on in days]
    assert [("G1" in row) for row in codes] == [False, True, True, False]
    assert Entry.objects.get(act="payer.dated").reason == "演示〔2023〕2号"


@pytest.mark.parametrize("url_name", ["grid-payers-succession", "grid-payers-dates"])
def test_dates_of_payers_are_the_bureaus(client, city: City, url_name: str):
    client.force_login(city.west)
    assert send(client, url_name, **SUCCESSION).status_code == 403
