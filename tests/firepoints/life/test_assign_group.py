"""指定组: groups without borders are legal; a fire is the village's by itself, and a person says whose group's (C2)."""

import pytest
import shapely

from core.errors import BadInput, Missing
from grids.models import Cell
from tests.factories import points as make
from tests.factories.city import WEST, City, person

VILLAGE = f"{WEST}001001"


def group(city: City, number: int, **given) -> Cell:
    village = city.edition.cells.get(code=VILLAGE)
    code = f"{VILLAGE}{number:02d}"
    return Cell.objects.create(
        edition=city.edition, level="group", code=code, name=f"{number}组", parent=village, **given
    )


@pytest.mark.embedded
def test_the_group_that_a_person_names_stands_in_a_new_row_with_its_people(city: City) -> None:
    one = group(city, 1)
    person("grouphead", "head", one.code, level="group", full_name="演示组长")
    point = make.dispatched(city)
    assert (point.village_code, point.group_code) == (VILLAGE, "")
    done = make.take(point, "assign_group", city.west, group=one.code, reason="核实在一组地里")
    assert (done.group_code, done.attribution.group_name, done.attribution.seq) == (one.code, "1组", 2)
    assert "演示组长" in [row.holder.full_name for row in done.attribution.people.all() if row.holder]


def test_a_group_of_another_village_or_with_borders_cannot_be_named(city: City) -> None:
    group(city, 1)
    drawn = group(city, 2, geometry=shapely.to_wkb(shapely.box(123.7, 41.2, 123.71, 41.21)))
    point = make.dispatched(city)
    for code in (drawn.code, f"{WEST}002001", "x"):
        with pytest.raises(BadInput):
            make.take(point, "assign_group", city.west, group=code, reason="试")


def test_where_there_is_no_group_to_choose_the_act_is_not_open(city: City) -> None:
    with pytest.raises(Missing):
        make.take(make.dispatched(city), "assign_group", city.west, group="x", reason="试")
