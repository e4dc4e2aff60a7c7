"""One person is one person, whatever the accounts: an identity kept as a keyed digest, and who looks like whom (policy.md §5)."""

import io
import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from core.errors import BadInput, Conflict, Missing, NotAllowed
from grids.models import User
from grids.people.identities import identity_set, normalised
from grids.people.posts import user_close, user_create
from grids.people.roster import roster_load
from grids.people.roster_file import without_numbers
from grids.people.roster_row import RosterRow
from grids.people.self_appointment import require_another
from grids.selectors import is_same_person, same_persons
from grids.selectors.persons import alike, alike_to, without_identity
from journal.models import Entry
from journal.proposals.register import SAME_PERSON
from papers.reading import Small, read_sheets
from tests.factories.city import CITY, WEST, City, build_city, hold, person

pytestmark = pytest.mark.django_db
ID = "11010519491231002X"


@pytest.fixture
def city() -> City:
    return build_city()


def account(name: str, **more: str) -> User:
    user, _ = user_create(username=name, full_name=more.pop("full_name", f"演示{name}"), actor=None, **more)
    return user


def command(*words: str, stdin: str = "", monkeypatch=None) -> dict:
    out = io.StringIO()
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    try:
        call_command(*words, "--json", stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return {**json.loads(out.getvalue()), "exit": error.returncode}
    return {**json.loads(out.getvalue()), "exit": 0}


@pytest.mark.embedded
@pytest.mark.parametrize(
    "spelling",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105-19491231-002x",
        "110105\u200b19491231002X",
    ],
)
def test_one_number_in_any_spelling_is_one_person(spelling: str):
    assert normalised(spelling) == ID
    account("p1", identity=ID)
    with pytest.raises(Conflict) as refused:
        account("p2", identity=spelling)
    assert refused.value.code == "identity_taken"
    assert not User.objects.filter(username="p2").exists()


@pytest.mark.parametrize("wrong", ["110105194912310021", "12", "张三", "x" * 60, "11010519491331002X"])
def test_a_number_that_is_none_is_refused(wrong: str):
    with pytest.raises(BadInput):
        account("p1", identity=wrong)


def test_a_staff_number_is_known_with_its_office_and_whatever_its_signs():
    assert normalised("市局：e-0012") == normalised("市局:E0012") == "市局:E0012"
    account("p1", identity="市局:E0012")
    account("p2", identity="县局:E0012")
    with pytest.raises(Conflict):
        account("p3", identity="市局：e 0012")


@pytest.mark.embedded
def test_the_number_itself_is_stored_nowhere(city: City):
    user = account("p1", identity=ID)
    user.refresh_from_db()
    assert ID not in user.identity
    assert len(user.identity) > 64
    told = json.dumps(list(Entry.objects.values("before", "after", "reason", "subject_id")), default=str)
    assert ID not in told
    assert Entry.objects.get(act="user.identity_set").subject_id == str(user.pk)


def test_the_database_holds_one_live_account_a_person():
    first, second = account("p1", identity=ID), account("p2")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=second.pk).update(identity=first.identity)


def test_who_comes_back_after_his_account_was_closed_is_still_that_person(city: City):
    first = account("p1", identity=ID)
    user_close(user=first, actor=city.clerk, reason="调离")
    second = account("p2", identity=ID)
    assert is_same_person(first, second)


@pytest.mark.embedded
def test_accounts_are_one_person_by_identity_else_by_name_and_number(city: City):
    one = account("a", full_name="演示乙", phone="000-0000-0001")
    two = account("b", full_name="演示 乙", phone="00000000001")
    other = account("c", full_name="演示丙", phone="000-0000-0001")
    assert is_same_person(one, one.pk)
    assert is_same_person(one.pk, two)
    assert not is_same_person(one, other)
    assert not is_same_person(one, None)
    assert not is_same_person(None, None)
    identity_set(user=one, identity="市局:0001", actor=city.clerk)
    assert is_same_person(one.pk, two.pk)
    identity_set(user=two, identity="市局:0002", actor=city.clerk)
    assert not is_same_person(one.pk, two.pk)
    assert same_persons(one, [two.pk, other.pk, one.pk, None]) == {one.pk}


def test_names_without_a_number_make_nobody_the_same(city: City):
    one, two = account("a", full_name="演示乙"), account("b", full_name="演示乙")
    assert not is_same_person(one, two)


def test_an_identity_is_set_by_the_bureau_and_changed_only_for_a_reason(city: City):
    user = account("p1")
    with pytest.raises(NotAllowed):
        identity_set(user=user, identity=ID, actor=city.west)
    identity_set(user=user, identity=ID, actor=city.clerk)
    assert identity_set(user=user, identity=ID, actor=city.clerk).identity
    assert Entry.objects.filter(act="user.identity_set").count() == 1
    with pytest.raises(Missing):
        identity_set(user=user, identity="市局:0001", actor=city.clerk)
    identity_set(user=user, identity="市局:0001", actor=city.clerk, reason="录错")
    with pytest.raises(NotAllowed):
        identity_set(user=city.clerk, identity="市局:0009", actor=city.clerk, reason="自己改")
    with pytest.raises(Conflict):
        identity_set(user=city.system, identity="市局:0003", actor=city.clerk)


def test_another_key_than_the_one_they_were_made_with_is_noticed(settings):
    account("p1", identity=ID)
    settings.IDENTITY_KEY = "another key of another home"
    with pytest.raises(Conflict) as refused:
        account("p2", identity=ID)
    assert refused.value.code == "identity_key_differs"


def test_the_command_takes_the_number_from_stdin_and_warns_of_who_looks_alike(city: City, monkeypatch):
    words = ("user", "add", "p1", "--full-name", "演示乙", "--phone", "000-0000-0001", "--identity", "-")
    assert command(*words, stdin=f"{ID}\n", monkeypatch=monkeypatch)["has_identity"]
    done = command("user", "add", "p2", "--full-name", "演示乙", "--phone", "00000000001")
    assert (done["exit"], done["has_identity"]) == (0, False)
    assert [row["user"] for row in done["alike"]] == ["p1"]
    assert "同名同号" in done["alike"][0]["why"]
    taken = command("user", "identity", "p2", stdin=f"{ID}\n", monkeypatch=monkeypatch)
    assert (taken["exit"], taken["error"]) == (1, "identity_taken")
    listed = command("user", "list", "--alike")
    assert {"p1", "p2"} <= {row["user"] for group in listed["alike"] for row in group["users"]}
    assert "clerk" in listed["without_identity"]
    assert ID not in json.dumps(listed, ensure_ascii=False)


def test_the_name_of_the_other_account_is_told_to_who_runs_the_office(city: City):
    account("p1", identity=ID, full_name="演示乙")
    with pytest.raises(Conflict) as refused:
        account("p2", identity=ID)
    assert "p1" in refused.value.message


@pytest.mark.embedded
def test_accounts_look_alike_by_number_and_by_name_in_one_unit(city: City):
    one, two = (
        account("a", full_name="演示乙", phone="13900000001"),
        account("b", full_name="演示丙", phone="+86 139 0000 0001"),
    )
    three, four = account("c", full_name="演示丁"), account("d", full_name="演示丁")
    five = account("e", full_name="演示丁")
    hold(three, "bureau", CITY)
    hold(four, "recogniser", CITY)
    groups = {(group.why, frozenset(user.username for user in group.users)) for group in alike()}
    assert ("同号", frozenset("ab")) in groups
    assert ("同名同单位", frozenset("cd")) in groups
    assert alike_to(two) == [(one, "同号")]
    assert alike_to(five) == []
    identity_set(user=one, identity="市局:0001", actor=city.clerk)
    identity_set(user=two, identity="市局:0002", actor=city.clerk)
    assert not [group for group in alike() if group.why == "同号"]


def test_who_holds_an_office_without_an_identity_is_listed(city: City):
    assert city.clerk in without_identity()
    identity_set(user=city.clerk, identity="市局:0001", actor=city.system)
    assert city.clerk not in without_identity()
    assert city.people["head"] not in without_identity()


def test_the_page_lists_them_and_the_bureau_sets_an_identity(client, city: City):
    account("p1", full_name="演示乙", phone="000-0000-0001")
    account("p2", full_name="演示乙", phone="000-0000-0001")
    client.force_login(city.clerk)
    page = client.get(reverse("accounts")).content.decode()
    assert [word for word in ("p1", "p2", "同名同号", city.recogniser.username) if word not in page] == []
    given = {"username": "p1", "identity": ID, "reason": ""}
    answer = client.post(reverse("accounts-identity"), given)
    assert answer.status_code == 302
    assert User.objects.get(username="p1").identity
    again = client.post(reverse("accounts-identity"), given | {"username": "p2"})
    assert (again.status_code, "一个人一个账号" in again.content.decode()) == (400, True)
    assert ID not in again.content.decode()
    client.force_login(city.west)
    assert client.get(reverse("accounts")).status_code == 403
    assert client.post(reverse("accounts-identity"), given).status_code == 403


def row(name: str, identity: str = "", **more: str) -> RosterRow:
    return RosterRow(
        cell_code=f"{WEST}001", level="township", kind="deputy", username="", full_name=name, identity=identity, **more
    )


def test_a_roster_of_the_bureau_brings_identities_and_finds_people_by_them(city: City):
    day = date(2024, 1, 1)
    roster_load(rows=[row("演示乙", ID)], starts=day, actor=city.clerk)
    one = User.objects.get(full_name="演示乙")
    assert one.identity
    moved = [RosterRow(f"{WEST}002", "township", "deputy", "", "演示乙", identity=ID, phone="13900000002")]
    roster_load(rows=moved, starts=day, actor=city.clerk)
    assert User.objects.filter(full_name="演示乙").count() == 1
    for wrong, who in (
        (row("演示丙", ID), city.clerk),
        (row("演示丁", "12"), city.clerk),
        (row("演示戊", "市局:0001"), city.west),
    ):
        with pytest.raises(BadInput):
            roster_load(rows=[wrong], starts=date(2024, 2, 1), actor=who)


def test_nobody_appoints_himself_under_another_account(client, city: City):
    twin = person("twin", "county", WEST, full_name="别名")
    identity_set(user=city.west, identity=ID, actor=city.clerk)
    user_close(user=city.west, actor=city.clerk, reason="换账号")
    identity_set(user=twin, identity=ID, actor=city.clerk)
    with pytest.raises(NotAllowed):
        require_another(twin, User.objects.get(pk=city.west.pk))


def test_the_workbook_that_is_filed_holds_no_number():
    sheets = [
        ("名册", [["区划代码", "岗位类别", "姓名", "工号"], [f"{WEST}001", "网格员", "演示乙", ID], ["", "", "", ""]]),
        ("说明", [["按名册填写"]]),
    ]
    again = [(sheet.name, sheet.rows) for sheet in read_sheets(without_numbers(sheets), Small())]
    assert ID not in json.dumps(again, ensure_ascii=False)
    assert again[0][1][1][:3] == sheets[0][1][1][:3]
    assert without_numbers([("名册", [["区划代码", "岗位类别", "姓名"], [f"{WEST}001", "网格员", "演示乙"]])]) is None


def test_who_asked_does_not_answer_under_another_account(city: City):
    asker, twin, other = account("a", identity=ID), account("b"), account("c")
    same = SAME_PERSON.get()
    assert (same(asker.pk, twin.pk), same(asker.pk, other.pk)) == (False, False)
    User.objects.filter(pk__in=[asker.pk, twin.pk]).update(full_name="演示乙", phone="13900000001")
    assert (same(asker.pk, twin.pk), same(asker.pk, other.pk)) == (True, False)
