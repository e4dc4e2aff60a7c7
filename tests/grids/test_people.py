"""Rights follow from posts held on a date; who answered on a date is one question."""

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing
from grids import checks
from grids.models import Post, Term, User
from grids.people.posts import (
    designate,
    designation_end,
    post_create,
    term_end,
    term_start,
    user_create,
    user_password_set,
)
from grids.people.roster import RosterRow, roster_load
from grids.roles import Level, PostKind, Role
from grids.selectors import (
    designated_posts,
    is_designated,
    mask_phone,
    names_of,
    people_for,
    post_cells,
    posts_held,
    roles_of,
    scope_of,
    system_user,
)
from journal import access_rules
from journal.models import Entry
from journal.record import names
from tests.factories.city import CITY, EAST, WEST, build_city, person

pytestmark = pytest.mark.django_db
JAN, MAR, JUN = date(2023, 1, 1), date(2023, 3, 1), date(2023, 6, 1)


def user(name: str = "zhang") -> User:
    return user_create(username=name, full_name=f"演示{name}", actor=system_user())[0]


def post(kind: str = PostKind.BUREAU, cell: str = CITY, title: str = "") -> Post:
    return post_create(kind=kind, cell_code=cell, title=title, actor=system_user())


def start(one: Post, holder: User, on: date = JAN, **kwargs) -> Term:
    return term_start(post=one, holder=holder, starts=on, actor=system_user(), **kwargs)


@pytest.mark.embedded
def test_a_role_begins_with_the_term_and_ends_with_it():
    zhang = user()
    term = start(post(), zhang)
    term_end(term=term, ends=JUN, actor=system_user())
    assert roles_of(zhang, date(2022, 12, 31)) == frozenset()
    assert roles_of(zhang, JAN) == {Role.BUREAU}
    assert roles_of(zhang, date(2023, 5, 31)) == {Role.BUREAU}
    assert roles_of(zhang, JUN) == frozenset()


def test_a_superuser_without_a_post_has_no_role_and_sees_nothing():
    root = User.objects.create(username="root", is_superuser=True, is_staff=True)
    assert roles_of(root) == frozenset()
    assert not scope_of(root)
    assert not access_rules.may_read(root)


def test_an_anonymous_or_inactive_person_has_no_role():
    zhang = user()
    start(post(), zhang)
    zhang.is_active = False
    assert roles_of(zhang) == roles_of(AnonymousUser()) == roles_of(None) == frozenset()
    assert not posts_held(AnonymousUser()).exists()


def test_the_system_account_has_its_own_role_alone_and_cannot_sign_in_or_hold_a_post():
    system = system_user()
    assert roles_of(system) == {Role.SYSTEM}
    assert not system.has_usable_password()
    with pytest.raises(Conflict):
        start(post(), system)
    with pytest.raises(Conflict):
        user_password_set(user=system, actor=system)


def test_a_grid_member_is_an_inspector_of_the_cell_where_the_post_stands():
    zhang = user()
    start(post(PostKind.MEMBER, f"{WEST}001"), zhang)
    assert roles_of(zhang) == {Role.INSPECTOR}
    assert post_cells(zhang, Role.INSPECTOR) == {f"{WEST}001"}
    assert post_cells(zhang, Role.BUREAU) == frozenset()


def test_a_head_answers_for_a_cell_but_has_no_role_in_the_system():
    zhang = user()
    start(post(PostKind.HEAD, WEST), zhang)
    assert roles_of(zhang) == frozenset()


def test_a_successor_ends_the_open_term_and_terms_never_overlap():
    one, zhang, li = post(), user("zhang"), user("li")
    start(one, zhang, JAN)
    start(one, li, MAR)
    assert list(one.terms.order_by("starts").values_list("ends", flat=True)) == [MAR, None]
    with pytest.raises(Conflict) as refused:
        start(one, zhang, date(2023, 2, 1))
    assert refused.value.code == "term_overlaps"
    with pytest.raises(Conflict):
        start(one, zhang, MAR)


def test_a_second_open_term_on_one_post_is_impossible_by_sql_too():
    one, zhang, li = post(), user("zhang"), user("li")
    start(one, zhang, JAN)
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.create(post=one, holder=li, starts=MAR)


def test_a_term_cannot_end_before_it_began_or_twice():
    term = start(post(), user())
    with pytest.raises(Conflict):
        term_end(term=term, ends=JAN, actor=system_user())
    term_end(term=term, ends=MAR, actor=system_user())
    with pytest.raises(Conflict):
        term_end(term=term, ends=JUN, actor=system_user())


def test_the_people_of_a_chain_are_those_of_the_date_with_acting_holders_and_gaps():
    secretary, mayor = post(PostKind.HEAD, WEST, "书记"), post(PostKind.HEAD, WEST, "县长")
    empty = post(PostKind.MEMBER, f"{WEST}001", "网格员")
    zhang, li = user("zhang"), user("li")
    start(secretary, zhang, JAN)
    start(mayor, li, MAR, is_acting=True)
    chain = {Level.COUNTY: WEST, Level.TOWNSHIP: f"{WEST}001", Level.VILLAGE: f"{WEST}001001"}

    assert people_for(chain, MAR) == [
        (Level.COUNTY, WEST, secretary, zhang, False),
        (Level.COUNTY, WEST, mayor, li, True),
        (Level.TOWNSHIP, f"{WEST}001", empty, None, False),
        (Level.VILLAGE, f"{WEST}001001", None, None, False),
    ]
    assert people_for(chain, date(2023, 2, 1))[1] == (Level.COUNTY, WEST, mayor, None, False)


def test_people_of_a_chain_cost_two_queries(django_assert_max_num_queries):
    city = build_city()
    with django_assert_max_num_queries(2):
        people_for({Level.CITY: CITY, Level.COUNTY: WEST, Level.TOWNSHIP: f"{WEST}001"}, JAN)
    assert city


def test_only_the_designated_department_may_verify_and_only_between_the_dates():
    zhang, li = user("zhang"), user("li")
    one, other = post(PostKind.COUNTY, WEST, "环保分局"), post(PostKind.COUNTY, WEST, "农业农村局")
    start(one, zhang)
    start(other, li)
    row = designate(county_code=WEST, post=one, document_no="甲政办〔2023〕1号", valid_from=MAR, actor=system_user())
    designation_end(designation=row, valid_to=JUN, actor=system_user(), reason="甲政办〔2023〕5号")
    assert [is_designated(zhang, WEST, on) for on in (JAN, MAR, date(2023, 5, 31), JUN)] == [False, True, True, False]
    assert not is_designated(li, WEST, MAR)
    assert not is_designated(zhang, EAST, MAR)
    assert list(designated_posts(WEST, MAR)) == [one]


def test_a_designation_needs_its_document_and_a_post_of_the_right_kind():
    with pytest.raises(Missing):
        designate(county_code=WEST, post=post(PostKind.COUNTY, WEST), document_no=" ", valid_from=JAN, actor=None)
    with pytest.raises(BadInput):
        designate(county_code=WEST, post=post(PostKind.HEAD, WEST), document_no="1号", valid_from=JAN, actor=None)


def test_an_account_is_made_with_a_random_password_and_no_personal_data_in_the_journal():
    zhang, password = user_create(username="zhang", full_name="演示甲", phone="19900000001", actor=system_user())
    assert zhang.check_password(password)
    assert len(password) >= 12
    text = str(Entry.objects.get(act="user.added").after)
    assert "演示甲" not in text
    assert "19900000001" not in text
    with pytest.raises(Conflict):
        user("zhang")


def test_a_post_on_a_code_that_is_no_code_or_of_an_unknown_kind_is_refused():
    with pytest.raises(BadInput):
        post(PostKind.HEAD, "abc")
    with pytest.raises(BadInput):
        post("king", WEST)


def test_the_same_post_twice_is_one_post():
    assert post() == post()
    assert Entry.objects.filter(act="post.created").count() == 1


def test_a_roster_makes_accounts_posts_and_terms_with_one_entry_and_a_second_load_adds_nothing():
    rows = [
        RosterRow(WEST, Level.COUNTY, PostKind.HEAD, "w1", "演示甲", "19900000001", title="书记"),
        RosterRow(WEST, Level.COUNTY, PostKind.HEAD, "w2", "演示乙", "19900000002", title="县长"),
        RosterRow(f"{WEST}001", Level.TOWNSHIP, PostKind.HEAD, "w1", "演示甲"),
    ]
    made = {"users": 2, "posts": 3, "terms": 3, "phones": 0, "same": 0}
    assert roster_load(rows=rows, starts=JAN, actor=system_user()) == made
    again = {"users": 0, "posts": 0, "terms": 0, "phones": 0, "same": 3}
    assert roster_load(rows=rows, starts=JAN, actor=system_user()) == again
    assert Entry.objects.filter(act="roster.loaded").count() == 1
    assert "演示甲" not in str(Entry.objects.get(act="roster.loaded").after)
    assert not User.objects.get(username="w1").has_usable_password()


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("13812345678", "138****5678"), ("024-12345678", "024*****5678"), ("12345", "***45"), ("119", "***"), ("", "")],
)
def test_a_phone_is_masked(phone, shown):
    assert mask_phone(phone) == shown


def test_the_journal_is_read_by_the_bureau_and_the_auditor_and_names_its_actors():
    city = build_city()
    readers = {one.username for one in User.objects.all() if access_rules.may_read(one)}
    assert readers == {"clerk", "officer", "recogniser", "auditor"}
    assert names.actor_names([city.clerk.pk, 10**9]) == {city.clerk.pk: "演示clerk", 10**9: f"用户 {10**9}"}
    assert names_of([10**9]) == {}


def test_scope_is_the_city_for_its_offices_and_the_county_for_those_who_stand_in_one():
    city = build_city()
    member = person("member", PostKind.MEMBER, f"{EAST}002001")
    assert scope_of(city.clerk).everything
    assert scope_of(city.inspector).everything  # the post stands on the city cell
    assert scope_of(city.west).counties == {WEST}
    assert scope_of(member).counties == {EAST}
    assert scope_of(city.west).covers(WEST)
    assert not scope_of(city.west).covers(EAST)


def test_two_people_in_one_post_on_one_day_are_found_by_the_nightly_check_alone():
    zhang, wang, one = user("zhang"), user("wang"), post()
    start(one, zhang, JAN, ends=MAR)
    start(one, wang, MAR)
    assert checks.problems() == []
    Term.objects.filter(holder=zhang).update(ends=JUN)
    assert len(checks.problems()) == 1
    Term.objects.filter(holder=wang).update(starts=date(2024, 1, 1), ends=date(2024, 2, 1))
    assert checks.problems() == []
    Term.objects.filter(holder=zhang).update(ends=None)
    assert len(checks.problems()) == 1
