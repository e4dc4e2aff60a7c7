"""The search: what somebody writes is found among cells, people, files and papers, and the points by their codes and numbers."""

import pytest

from firepoints.models import Attribution, FirePoint, NumberSeries
from firepoints.steps.searching import matching
from grids.roles import PostKind
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, ON_THE_BORDER, WEST, City, person

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def found(text: str) -> set[int]:
    return set(FirePoint.objects.filter(matching(text)).values_list("pk", flat=True))


@pytest.fixture
def west(city: City) -> FirePoint:
    return make.dispatched(city)


@pytest.fixture
def east(city: City) -> FirePoint:
    return make.dispatched(city, at=IN_EAST)


def test_a_number_is_found_whole_by_its_beginning_and_by_its_serial(west: FirePoint, east: FirePoint) -> None:
    assert west.number == "HD2023-0001"
    assert found("HD2023-0001") == found("hd2023-0001") == found("2023-1") == found("1") == found("0001") == {west.pk}
    assert found("HD2023") == {west.pk, east.pk}
    assert NumberSeries.objects.count() == 1
    assert found("2022-1") == set()


def test_a_suspicion_is_found_as_pages_call_it(city: City, west: FirePoint) -> None:
    suspicion = make.suspected()
    assert found(str(suspicion)) == found(f"疑似{suspicion.pk}") == {suspicion.pk}


def test_places_are_found_by_name_and_by_code_at_every_level(west: FirePoint, east: FirePoint) -> None:
    where = Attribution.objects.get(point=west)
    names = (where.county_name, where.township_name, where.village_name)
    assert all(west.pk in found(name) for name in names)
    assert found(where.county_name) == found(where.township_name) == {west.pk}
    for code in (WEST, where.township_code, where.village_code):
        assert found(code) == {west.pk}
    assert found(where.village_code + "99") == set()
    assert found(EAST) == {east.pk}


def test_township_and_village_are_found_together_with_a_space_and_without(west: FirePoint, east: FirePoint) -> None:
    where = Attribution.objects.get(point=west)
    assert where.village_name == Attribution.objects.get(point=east).village_name
    assert found(where.village_name) == {west.pk, east.pk}
    assert found(f"{where.township_name} {where.village_name}") == {west.pk}
    assert found(f"{where.township_name}{where.village_name}") == {west.pk}


def test_a_point_that_nobody_owns_is_found_by_each_county_that_may(city: City) -> None:
    cross = make.suspected(at=ON_THE_BORDER)
    assert cross.county_code == ""
    assert found(WEST) == found(EAST) == {cross.pk}


def test_a_person_leads_to_the_points_of_the_cells(west: FirePoint, east: FirePoint) -> None:
    person("villager", PostKind.HEAD, east.township_code, full_name="欧阳某某")
    assert found("欧阳某某") == found("欧阳") == {east.pk}


def test_a_file_leads_to_its_points_and_a_row_of_a_list_to_its_own(city: City, lists) -> None:
    from tests.firepoints.small_lists import line

    run = lists(line(1), line(2, (123.77, 41.25)))
    points = dict(FirePoint.objects.values_list("memberships__detection__row_no", "pk"))
    assert len(set(points.values())) == 2
    assert found("清单.csv") == set(points.values())
    assert found(run.list_no) >= set(points.values())
    assert len(found(f"{run.list_no} 序号 2")) == 1
    assert found(f"{run.list_no} 序号 2") < set(points.values())


@pytest.mark.parametrize("text", ["", " ", "\0", "%", "_", "'", "没有这个地方", "9" * 40, "疑似-0", "0"])
def test_what_names_nothing_finds_nothing(west: FirePoint, text: str) -> None:
    assert found(text) == set()
