"""A keeper writes the people of his own county and nobody else's, nobody appoints himself, and each number has an entry."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from core.errors import BadInput, NotAllowed
from firepoints.terms import scope
from grids.models import Term, User
from grids.people.appointing import appoint
from grids.people.phones import phone_set
from grids.people.posts import designate, post_create, term_start
from grids.people.roster import RosterRow, roster_load
from grids.people.roster_plan import Verdict, roster_plan
from grids.roles import Level, PostKind
from grids.selectors.keeping import accounts_kept, keeper_scope
from journal.models import Entry
from tests.factories.city import CITY, EAST, WEST, City, build_city, hold, person

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
JAN = date(2023, 1, 1)
TOWN = f"{WEST}002"


@pytest.fixture
def city() -> City:
    return build_city()


def row(full_name: str, *, phone: str = "", cell: str = TOWN, kind: str = PostKind.HEAD, **more: Any) -> RosterRow:
    level = Level.TOWNSHIP if len(cell) == 9 else Level.VILLAGE
    return RosterRow(cell, level, kind, full_name=full_name, phone=phone, **{"username": "", **more})


def planned(actor: User, *rows: RosterRow) -> list[tuple[Verdict, str]]:
    return [(one.verdict, one.reason) for one in roster_plan(rows=rows, starts=JAN, actor=actor).rows]


def numbered(user: User, phone: str) -> User:
    User.objects.filter(pk=user.pk).update(phone=phone)
    user.refresh_from_db()
    return user


class TestAccountsOfOthers:
    @pytest.fixture
    def others(self, city: City) -> list[User]:
        """Accounts with a post elsewhere: of the city, of the other county, of both, of nowhere, of the city from tomorrow."""
        tomorrow = clock.today_beijing() + timedelta(days=1)
        both = person("both", PostKind.HEAD, f"{EAST}001")
        hold(both, PostKind.MEMBER, f"{WEST}001001")
        soon = person("soon", PostKind.MEMBER, f"{WEST}001001")
        hold(soon, PostKind.BUREAU, CITY, since=tomorrow)
        branch = person("branch", PostKind.AUDITOR, WEST)
        idle = User.objects.create(username="idle", full_name="演示idle")
        found = [city.clerk, city.east, both, soon, branch, idle, person("head2", PostKind.HEAD, f"{EAST}002")]
        return [numbered(user, f"1990000000{at}") for at, user in enumerate(found)]

    def test_a_county_takes_no_account_of_elsewhere_and_none_at_all_gets_the_same_answer(
        self, city: City, others
    ) -> None:
        rows = [row(user.full_name, username=user.username, phone="19911111111") for user in others]
        rows += [row("演示无", username="no-such-account"), row("别的名字", username="clerk")]
        assert len(set(planned(city.west, *rows))) == 1
        assert planned(city.west, rows[0])[0][0] == Verdict.REJECTED
        with pytest.raises(BadInput):
            roster_load(rows=rows, starts=JAN, actor=city.west)
        for user in others:
            before = user.phone
            user.refresh_from_db()
            assert user.phone == before

    def test_name_and_number_of_someone_elsewhere_open_an_account_of_its_own(self, city: City, others) -> None:
        rows = [row(user.full_name, phone=user.phone, title=f"网格员{user.pk}") for user in others]
        before = set(Term.objects.values_list("pk", flat=True))
        made = roster_load(rows=rows, starts=JAN, actor=city.west)
        assert (made["users"], made["phones"], made["terms"]) == (len(others), 0, len(others))
        assert not Term.objects.filter(holder__in=others).exclude(pk__in=before).exists()

    def test_the_bureau_takes_them_all(self, city: City, others) -> None:
        rows = [row(user.full_name, username=user.username, phone="19911111111") for user in others[1:2]]
        assert roster_load(rows=rows, starts=JAN, actor=city.clerk)["phones"] == 1

    def test_someone_who_also_serves_elsewhere_stays_as_he_is_and_his_number_is_the_bureaus(
        self, city: City, client
    ) -> None:
        both = numbered(person("both", PostKind.HEAD, f"{EAST}001"), "19900000001")
        post = post_create(kind=PostKind.HEAD, cell_code=TOWN, actor=None)
        term_start(post=post, holder=both, starts=JAN, actor=None)
        assert planned(city.west, row(both.full_name, username="both"))[0][0] == Verdict.SAME
        for one in (
            row(both.full_name, username="both", phone="19911111111"),
            row(both.full_name, phone="19911111111"),
        ):
            assert planned(city.west, one)[0][0] == Verdict.REJECTED
        client.force_login(city.west)
        given = {"holder": both.pk, "phone": "19911111111"}
        assert client.post(reverse("grid-people-act", args=[TOWN, "phone"]), given).status_code == 400
        both.refresh_from_db()
        assert both.phone == "19900000001"
        client.force_login(city.clerk)
        assert client.post(reverse("grid-people-act", args=[TOWN, "phone"]), given).status_code == 302

    def test_a_term_that_is_over_is_no_way_to_another_number(self, city: City) -> None:
        moved = person("moved", PostKind.BUREAU, CITY)
        post = post_create(kind=PostKind.HEAD, cell_code=TOWN, actor=None)
        term_start(post=post, holder=moved, starts=JAN, ends=date(2023, 6, 1), actor=None)
        again = RosterRow(TOWN, Level.TOWNSHIP, PostKind.HEAD, "moved", moved.full_name, "19911111111", starts=JAN,
                          ends=date(2023, 6, 1))  # fmt: skip
        assert planned(city.west, again)[0][0] == Verdict.REJECTED
        with pytest.raises(NotAllowed):
            phone_set(user=moved, phone="19911111111", actor=city.west)

    def test_someone_who_came_from_elsewhere_is_kept_by_where_he_serves_now(self, city: City) -> None:
        mover = person("mover", PostKind.HEAD, f"{EAST}001")
        Term.objects.filter(holder=mover).update(ends=JAN)
        hold(mover, PostKind.HEAD, f"{WEST}001", since=JAN)
        assert accounts_kept(keeper_scope(city.west), [mover.pk]) == {mover.pk}
        assert not accounts_kept(keeper_scope(city.east), [mover.pk])

    def test_a_post_on_a_code_of_no_edition_is_nobodys_but_the_bureaus(self, city: City) -> None:
        lost = person("lost", PostKind.HEAD, "219999001")
        assert not accounts_kept(keeper_scope(city.west), [lost.pk])
        assert accounts_kept(keeper_scope(city.clerk), [lost.pk]) == {lost.pk}


class TestNobodyAppointsHimself:
    @pytest.mark.parametrize("who", ["west", "clerk"])
    @pytest.mark.parametrize(
        "phone", ["19900000001", "199 0000 0001", "+8619900000001", "１９９００００0001", "0-19900000001"]
    )
    def test_by_name_and_number_in_a_roster_or_on_the_page(self, city: City, who: str, phone: str) -> None:
        actor = numbered(getattr(city, who), "19900000001")
        one = row(actor.full_name, phone=phone, cell=f"{WEST}001001", kind=PostKind.MEMBER)
        assert planned(actor, one)[0][0] == Verdict.REJECTED
        with pytest.raises(BadInput, match="不能给自己登记任职"):
            appoint(row=replace(one, full_name=f" {actor.full_name} ", starts=JAN), actor=actor)
        assert not Term.objects.filter(post__cell_code=one.cell_code).exists()

    @pytest.mark.parametrize("sign", ["\u200b", "\ufeff", "\u00ad", "\u2060"])
    def test_by_a_name_with_a_sign_that_nobody_sees(self, city: City, sign: str) -> None:
        actor = numbered(city.west, "19900000001")
        name = f"{actor.full_name[:1]}{sign}{actor.full_name[1:]}"
        assert planned(actor, row(name, phone=actor.phone))[0][0] == Verdict.REJECTED

    def test_by_account(self, city: City) -> None:
        one = row(city.west.full_name, username="west", kind=PostKind.MEMBER)
        assert planned(city.west, one)[0][0] == Verdict.REJECTED
        post = post_create(kind=PostKind.INSPECTOR, cell_code=WEST, actor=city.west)
        with pytest.raises(NotAllowed) as refused:
            term_start(post=post, holder=city.west, starts=JAN, actor=city.west)
        assert refused.value.code == "self_appointed"

    def test_by_a_second_account_of_the_same_name_and_number(self, city: City) -> None:
        numbered(city.clerk, "19900000001")
        second = User.objects.create(username="second", full_name=city.clerk.full_name, phone="19900000001")
        post = post_create(kind=PostKind.RECOGNISER, cell_code=CITY, actor=city.clerk)
        with pytest.raises(NotAllowed):
            term_start(post=post, holder=second, starts=JAN, actor=city.clerk)

    def test_by_designating_a_post_that_he_holds(self, city: City) -> None:
        hold(city.clerk, PostKind.COUNTY, WEST)
        post = Term.objects.get(holder=city.clerk, post__kind=PostKind.COUNTY).post
        with pytest.raises(NotAllowed):
            designate(county_code=WEST, post=post, document_no="演示〔2024〕1号", valid_from=JAN, actor=city.clerk)

    def test_a_namesake_with_another_number_is_another_person(self, city: City) -> None:
        numbered(city.west, "19900000001")
        one = row(city.west.full_name, phone="19900000002", kind=PostKind.MEMBER)
        assert planned(city.west, one)[0][0] == Verdict.NEW

    def test_what_he_holds_already_may_stand_in_his_own_roster(self, city: City) -> None:
        hold(city.west, PostKind.HEAD, TOWN)
        title = f"{PostKind.HEAD}-west"
        one = RosterRow(TOWN, Level.TOWNSHIP, PostKind.HEAD, "west", city.west.full_name, title=title)
        assert planned(city.west, one)[0][0] == Verdict.SAME

    def test_the_village_post_that_gave_a_lost_point_back_is_refused_on_the_page(self, city: City, client) -> None:
        numbered(city.west, "19900000001")
        client.force_login(city.west)
        given = {"kind": "member", "full_name": city.west.full_name, "phone": "19900000001", "starts": "2023-01-01"}
        answer = client.post(reverse("grid-people-act", args=[f"{WEST}001001", "appoint"]), given)
        assert (answer.status_code, "不能给自己登记任职" in answer.content.decode()) == (400, True)
        assert scope.own_counties(city.west) == {WEST}


class TestOneEntryForEachNumber:
    def rows(self, count: int, stem: str) -> list[RosterRow]:
        return [
            row(f"演示人{at}", phone=f"{stem}{at:04d}", cell=f"{WEST}001001", kind=PostKind.MEMBER, title=f"网格员{at}")
            for at in range(count)
        ]

    def load(self, city: City, count: int, stem: str) -> dict[str, int]:
        return roster_load(rows=self.rows(count, stem), starts=JAN, actor=city.west)

    def test_of_the_person_and_without_the_number(self, city: City) -> None:
        self.load(city, 3, "1990000")
        assert not Entry.objects.filter(act="user.phone_set").exists()
        assert self.load(city, 3, "1991111")["phones"] == 3
        entries = Entry.objects.filter(act="user.phone_set")
        people = User.objects.filter(full_name__startswith="演示人")
        assert {entry.subject_id for entry in entries} == {str(user.pk) for user in people}
        assert {(entry.subject_type, entry.actor_id) for entry in entries} == {("grids.user", city.west.pk)}
        for entry in entries:
            assert entry.before["phone"] != entry.after["phone"]
            assert not re.search(r"199\d{8}", f"{entry.before}{entry.after}{entry.reason}")
        assert self.load(city, 3, "1991111")["phones"] == 0
        assert Entry.objects.filter(act="user.phone_set").count() == 3

    def test_at_a_bounded_number_of_queries(self, city: City) -> None:
        self.load(city, 40, "1990000")
        with CaptureQueriesContext(connection) as few:
            assert self.load(city, 2, "1991111")["phones"] == 2
        with CaptureQueriesContext(connection) as many:
            assert self.load(city, 40, "1992222")["phones"] == 40
        assert len(many) == len(few)
