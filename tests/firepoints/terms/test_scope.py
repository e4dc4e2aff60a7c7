"""Who sees which points: from the posts held today, nothing by default."""

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser

from core.errors import NotThere
from core.month import Month
from firepoints.models import FirePoint
from firepoints.pages.desk import months
from firepoints.pages.desk.counties import county_rows
from firepoints.steps import describe, figures, selectors
from firepoints.terms import scope
from grids.models import Term, User
from tests.factories import points as make
from tests.factories.city import CITY, EAST, IN_EAST, ON_THE_BORDER, WEST, City, hold, person

pytestmark = pytest.mark.embedded


@pytest.fixture
def points(city: City) -> dict[str, FirePoint]:
    return {
        "west": make.suspected(),
        "east": make.suspected(at=IN_EAST),
        "border": make.suspected(at=ON_THE_BORDER),
        "north": make.suspected(at=(123.75, 41.35)),
        "counted": make.recognised(city),
        "excluded": make.take(make.negative(city), "exclude", city.recogniser, reason="荒草"),
    }


def seen(points: dict[str, FirePoint], user) -> set[str]:
    visible = set(FirePoint.objects.visible_to(user).values_list("pk", flat=True))
    return {name for name, point in points.items() if point.pk in visible}


def test_city_offices_see_all(city: City, points) -> None:
    for user in (city.clerk, city.recogniser, city.auditor, city.system, city.inspector):
        assert seen(points, user) == set(points)


def test_a_county_sees_its_own_and_where_it_is_a_candidate(city: City, points) -> None:
    assert seen(points, city.east) == {"east", "border"}
    assert seen(points, city.west) == {"west", "border", "north", "counted", "excluded"}


def test_an_inspector_sees_the_cell_of_the_post(city: City, points) -> None:
    south = {"west", "counted", "excluded"}
    assert seen(points, person("t", "inspector", "210590001")) == south
    assert seen(points, person("v", "inspector", "210590001001")) == south
    assert seen(points, person("c", "inspector", EAST)) == {"east", "border"}


def test_finance_sees_what_was_decided_and_counts(city: City, points) -> None:
    assert seen(points, city.finance) == {"counted"}


def test_nobody_else_sees_anything(city: City, points) -> None:
    nobody = User.objects.create(username="nobody", is_superuser=True, is_staff=True)
    former = person("former", "bureau", "2105")
    Term.objects.filter(holder=former).update(ends=date(2020, 1, 1))
    county_bureau = person("branch", "bureau", EAST)
    gone = person("gone", "bureau", "2105")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()
    for user in (nobody, former, county_bureau, gone, city.people["head"], AnonymousUser()):
        assert seen(points, user) == set()


def test_after_the_joint_record_both_counties_still_see_the_point(city: City, points) -> None:
    point = make.take(points["border"], "mark_cross", city.clerk, reason="跨两县")
    record = make.uuids(make.scan(point, city.clerk))
    told = {"conclusion": "true", "county_code": EAST, "attendances": make.attendance(), "evidence": record}
    make.take(point, "settle_jointly", city.clerk, **told)
    assert "border" in seen(points, city.west)
    assert "border" in seen(points, city.east)


@pytest.fixture
def lost(city: City) -> FirePoint:
    """A point that the joint record took from the western county; each county and the bureau had filed one piece."""
    point = make.joint(city, at=ON_THE_BORDER)
    make.photo(point, city.west), make.photo(point, city.east)
    record = make.uuids(make.scan(point, city.clerk))
    given = {"conclusion": "true", "county_code": EAST, "attendances": make.attendance(), "evidence": record}
    return make.take(point, "settle_jointly", city.clerk, **given)


SECOND_POSTS = [
    ("member", WEST),
    ("member", f"{WEST}001"),
    ("member", f"{WEST}001001"),
    ("inspector", WEST),
    ("inspector", f"{WEST}001"),
    ("head", WEST),
    ("deputy", f"{WEST}002"),
    ("bureau", WEST),
    ("auditor", WEST),
    ("finance", CITY),
    ("member", f"{EAST}002001"),
]


@pytest.mark.parametrize(("kind", "cell"), SECOND_POSTS)
def test_a_former_county_stays_former_whatever_else_it_holds(city: City, lost: FirePoint, kind: str, cell: str) -> None:
    hold(city.west, kind, cell)
    assert scope.is_former(city.west, lost)
    assert [piece.uploader for piece in selectors.evidence_for(lost, city.west)] == [city.west]
    description = describe.full(lost, city.west)
    assert (description["steps"], description["verification"], description["recognition"]) == ([], None, None)


@pytest.mark.parametrize(("kind", "cell"), [("bureau", CITY), ("auditor", CITY), ("inspector", CITY), ("county", EAST),
                                            ("member", EAST), ("inspector", f"{EAST}001001")])  # fmt: skip
def test_a_post_whose_own_cell_holds_the_point_shows_all_of_it(
    city: City, lost: FirePoint, kind: str, cell: str
) -> None:
    hold(city.west, kind, cell)
    assert not scope.is_former(city.west, lost)
    assert selectors.evidence_for(lost, city.west).count() == 3


@pytest.mark.parametrize("kind", ["member", "inspector"])
def test_someone_of_the_county_without_its_department_sees_no_more_than_the_department(city, lost, kind) -> None:
    worker = person("worker", kind, WEST)
    assert selectors.fire_point_for(worker, lost.pk) == lost
    assert scope.is_former(worker, lost)
    assert not selectors.evidence_for(lost, worker).exists()


def test_finance_sees_all_of_what_is_decided_and_counts_whatever_county_it_also_works_for(city, lost) -> None:
    hold(city.west, "finance", CITY)
    make.take(lost, "recognise", city.recogniser, reason="属实")
    lost.refresh_from_db()
    assert selectors.evidence_for(lost, city.west).count() == 3


def test_one_query_for_the_posts_one_for_changed_codes_and_one_for_the_list(
    city: City, points, django_assert_num_queries
) -> None:
    with django_assert_num_queries(3):
        list(FirePoint.objects.visible_to(city.west).select_related("attribution"))


def test_an_unseen_point_and_no_point_get_the_same_answer(city: City, points) -> None:
    for wanted in (points["west"].pk, 999_999, "HD2023-9999", "²", "9" * 30, ""):
        with pytest.raises(NotThere) as refused:
            selectors.fire_point_for(city.east, wanted)
        assert refused.value.http_status == 404


def test_lists_are_narrowed_by_what_is_given(city: City, points) -> None:
    every = FirePoint.objects.visible_to(city.clerk)

    def names(**wanted) -> set[str]:
        ids = set(selectors.filter_points(every, selectors.PointFilter(**wanted)).values_list("pk", flat=True))
        return {name for name, point in points.items() if point.pk in ids}

    assert names(county=EAST) == {"east", "border"}
    assert names(state="recognised") == {"counted", "excluded"}
    assert names(counted=False) == {"excluded"}
    assert names(is_cross=True) == {"border"}
    assert names(month="2023-10") == set(points)
    assert names(month="2023-11") == set()
    assert names(source="firms") == set()
    assert names(q="HD2023-0001") == {"counted"}


def test_the_months_numbers_add_up_in_one_query(city: City, points, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        of_month = figures.of_month(city.clerk, Month(2023, 10))
    numbers = months.month_numbers(city.clerk, Month(2023, 10), of_month)
    assert (numbers["found"], numbers["counted"], numbers["excluded"], numbers["cross"]) == (6, 1, 1, 1)
    assert numbers["basis_satellite"] == 1
    rows = county_rows(of_month, FirePoint.objects.visible_to(city.clerk), Month(2023, 10), None)
    assert {row.name: row.found for row in rows if row.found} == {
        "甲县": 4,
        "乙县": 1,
        "还没有定": 1,
        "合计": 6,
    }
