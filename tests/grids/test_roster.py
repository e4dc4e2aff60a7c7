"""A roster changes what it says and nothing else, and says beforehand what it will change (C2)."""

import io
import uuid
from datetime import date

import openpyxl
import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.errors import BadInput
from grids.models import RosterImport, Term, User
from grids.people.roster import roster_import, roster_load
from grids.people.roster_file import COLUMNS, RosterFile
from grids.people.roster_plan import RosterRow, Verdict, roster_plan
from grids.roles import Level, PostKind
from grids.selectors import people_for
from journal.models import Access, Entry
from papers.tables import Table, workbook
from tests.factories.city import EAST, WEST, City, build_city

pytestmark = pytest.mark.django_db
JAN, MAR, JUN = date(2023, 1, 1), date(2023, 3, 1), date(2023, 6, 1)
TOWN = f"{WEST}002"


@pytest.fixture
def city(settings, tmp_path) -> City:
    settings.JINSHAO_HOME = tmp_path
    return build_city()


def row(full_name: str, *, phone: str = "", **given) -> RosterRow:
    facts = {"cell_code": TOWN, "level": Level.TOWNSHIP, "kind": PostKind.HEAD, "username": "", "line": 2} | given
    return RosterRow(full_name=full_name, phone=phone, **facts)


def load(city: City, *rows: RosterRow, starts: date = JAN) -> dict[str, int]:
    return roster_load(rows=rows, starts=starts, actor=city.clerk)


def holder(on: date) -> str:
    return next(one.holder.full_name if one.holder else "" for one in people_for({"township": TOWN}, on))


def verdict(one: RosterRow, starts: date = MAR) -> Verdict:
    return roster_plan(rows=[one], starts=starts, actor=None).rows[0].verdict


@pytest.mark.embedded
def test_a_new_name_on_a_held_post_is_a_succession_and_the_past_stays(city: City):
    load(city, row("演示甲"))
    assert verdict(row("演示乙")) == Verdict.SUCCESSION
    load(city, row("演示乙"), starts=MAR)
    assert (holder(JAN), holder(date(2023, 2, 28)), holder(MAR)) == ("演示甲", "演示甲", "演示乙")


def test_the_same_person_again_is_no_change_and_another_number_is_only_a_number(city: City):
    load(city, row("演示甲", phone="19900000001"))
    assert verdict(row("演示甲")) == Verdict.SAME
    assert verdict(row("演示甲", phone="19900000002")) == Verdict.PHONE
    made = load(city, row("演示甲", phone="19900000002"))
    assert (made["phones"], made["terms"], Term.objects.filter(post__cell_code=TOWN).count()) == (1, 0, 1)


def test_a_term_of_the_past_with_its_end_is_entered_late_and_one_without_is_refused(city: City):
    load(city, row("演示乙"), starts=MAR)
    late = row("演示甲", starts=JAN, ends=MAR)
    assert verdict(late) == Verdict.LATE
    load(city, late)
    assert (holder(JAN), holder(MAR)) == ("演示甲", "演示乙")
    with pytest.raises(BadInput, match="已有任期"):
        load(city, row("演示丙", starts=date(2023, 2, 1)))


def test_two_lines_for_one_post_follow_each_other_within_the_file(city: City):
    made = load(city, row("演示甲", starts=JAN), row("演示乙", starts=MAR))
    assert made["terms"] == 2
    assert (holder(JAN), holder(MAR)) == ("演示甲", "演示乙")


def test_one_person_in_two_posts_is_one_account_by_name_and_number(city: City):
    other = row("演示甲", phone="19900000001", cell_code=f"{WEST}001")
    made = load(city, row("演示甲", phone="19900000001"), other)
    assert (made["users"], made["terms"]) == (1, 2)
    assert not User.objects.get(full_name="演示甲").has_usable_password()


def test_two_people_of_one_name_without_numbers_stay_two(city: City):
    made = load(city, row("演示甲"), row("演示甲", cell_code=f"{WEST}001", title="书记"))
    assert made["users"] == 2


def test_an_account_that_is_another_persons_is_refused(city: City):
    assert verdict(row("演示甲", username="clerk")) == Verdict.REJECTED


def take_in(city: City, attempt: uuid.UUID) -> RosterImport:
    return roster_import(
        roster=RosterFile([row("演示甲")], [{"row": 3, "column": "姓名", "reason": "没有姓名"}]), starts=JAN,
        actor=city.clerk, content=b"x", filename="a.xlsx", uuid=attempt,
    )  # fmt: skip


def test_the_same_attempt_twice_is_one_import_that_keeps_what_it_sent_back(city: City):
    attempt = uuid.uuid4()
    assert take_in(city, attempt) == take_in(city, attempt)
    run = RosterImport.objects.get()
    assert (run.counts["rows"], run.counts["terms"], run.rejected[0]["row"]) == (2, 1, 3)
    assert "演示甲" not in str(Entry.objects.get(act="roster.loaded").after)


def test_padded_names_and_numbers_with_marks_are_one_person(city: City):
    totals = load(
        city,
        row("张三", phone="13800138000", cell_code=TOWN),
        row("张三", phone="138-0013-8000", cell_code=TOWN, title="林长"),
    )
    assert (totals["users"], totals["terms"]) == (1, 2)


def test_an_account_of_before_with_a_padded_name_is_the_person(city: City):
    before = User.objects.create(username="old", full_name="张 三", phone="138-0013-8000")
    assert load(city, row("张三", phone="13800138000"))["users"] == 0
    assert Term.objects.get(post__cell_code=TOWN).holder == before


@pytest.mark.parametrize(
    ("name", "phone", "who"),
    [
        ("张三", "13900139000", "张三（账号 old）"),
        ("张三丰", "13800138000", "张三（账号 old）"),
        ("李四", "13900139000", ""),
    ],
)
def test_a_new_account_for_somebody_who_may_have_one_is_asked_about(city: City, name: str, phone: str, who: str):
    User.objects.create(username="old", full_name="张三", phone="13800138000")
    plan = roster_plan(rows=[row(name, phone=phone)], starts=JAN, actor=city.clerk)
    assert [who in planned.likely for planned in plan.likely] == ([True] if who else [])


def test_who_may_not_read_an_account_is_not_told_of_it(city: City):
    User.objects.create(username="old", full_name="张三", phone="13800138000")
    for name, phone in (("张三", "13900139000"), ("李四", "13800138000")):
        assert roster_plan(rows=[row(name, phone=phone)], starts=JAN, actor=city.west).likely == []


def test_a_likely_same_person_must_be_answered_before_anything_is_written(city: City, client):
    User.objects.create(username="old", full_name="演示甲", phone="13800138000")
    client.force_login(city.clerk)
    upload_form = {"file": upload(cells(TOWN, "演示甲")), "starts": "2023-01-01"}
    page = client.post(reverse("grid-roster-preview"), upload_form)
    assert "演示甲（账号 old）" in page.content.decode()
    form = {name: page.context[name] for name in ("token", "filename", "attempt")} | {"starts": "2023-01-01"}
    refused = client.post(reverse("grid-roster-commit"), form)
    assert (refused.status_code, RosterImport.objects.count()) == (400, 0)
    assert "不是同一人" in refused.content.decode()
    client.post(reverse("grid-roster-commit"), form | {"likely_confirmed": "on"})
    assert RosterImport.objects.get().counts["users"] == 1


def test_a_merged_code_stands_for_every_row_that_it_covers(city: City, client):
    book = openpyxl.Workbook()
    for line in ([name for name, _ in COLUMNS], cells(TOWN, "演示甲"), cells("", "演示乙"), cells("", "演示丙")):
        book.active.append(line)
    book.active["D3"], book.active["D4"] = "主任", "林长"
    book.active["G4"] = "41234567"
    book.active.merge_cells("A2:A4")
    out = io.BytesIO()
    book.save(out)
    client.force_login(city.clerk)
    file = SimpleUploadedFile("名册.xlsx", out.getvalue())
    page = client.post(reverse("grid-roster-preview"), {"file": file, "starts": "2023-01-01"})
    assert "缺区号" in page.content.decode()
    form = {name: page.context[name] for name in ("token", "filename", "attempt")} | {"starts": "2023-01-01"}
    done = client.post(reverse("grid-roster-commit"), form | {"likely_confirmed": "on"}, follow=True)
    run = RosterImport.objects.get()
    assert (run.counts["terms"], run.rejected, run.notes[0]["row"]) == (3, [], 4)
    assert "缺区号" in done.content.decode()


def upload(*lines: list) -> SimpleUploadedFile:
    return SimpleUploadedFile("名册.xlsx", workbook(Table("名册", COLUMNS, lines)))


def cells(code: str, name: str) -> list:
    return [code, "", "主要负责人", "", "", name, "19900000001", "", "", "", "", ""]


def test_upload_preview_and_import_through_the_pages(city: City, client):
    client.force_login(city.west)
    upload_form = {"file": upload(cells(TOWN, "演示甲"), cells(f"{EAST}001", "演示乙")), "starts": "2023-01-01"}
    page = client.post(reverse("grid-roster-preview"), upload_form)
    assert page.status_code == 200
    assert not Term.objects.filter(post__cell_code=TOWN).exists()
    form = {name: page.context[name] for name in ("token", "filename", "attempt")} | {"starts": "2023-01-01"}
    done = client.post(reverse("grid-roster-commit"), form)
    again = client.post(reverse("grid-roster-commit"), form)
    run = RosterImport.objects.get()
    assert done.url == again.url == reverse("grid-roster-run", args=[run.uuid])
    assert run.counts["terms"] == 1
    assert "不在您的范围内" in run.rejected[0]["reason"]
    back = client.get(reverse("grid-roster-rejected", args=[run.uuid]))
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(back.content)).get_sheet_by_index(0).to_python()
    assert sheet[1][0] == f"{EAST}001"
    assert "区划代码" in sheet[1][-1]


def test_the_template_leaves_the_numbers_out_and_is_noted_as_an_export(city: City, client):
    load(city, row("演示甲", phone="19900000001"))
    client.force_login(city.clerk)
    content = client.get(reverse("grid-roster-template")).content
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert any("演示甲" in one for one in rows)
    assert "19900000001" not in str(rows)
    assert Access.objects.filter(kind="export").exists()


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04broken"])
def test_a_file_that_is_no_workbook_is_an_answer_not_a_crash(city: City, client, content: bytes):
    client.force_login(city.clerk)
    upload_form = {"file": SimpleUploadedFile("名册.xlsx", content), "starts": "2023-01-01"}
    assert client.post(reverse("grid-roster-preview"), upload_form).status_code == 400
