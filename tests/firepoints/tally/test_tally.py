"""The counts of the map: whatever happens to a point, they say what its rows say."""

import random

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Q

from core.db import kept, triggers
from firepoints import tasks
from firepoints.models import FirePoint, MapCount, PointCounty
from firepoints.models.tally import NAME, NOTED
from firepoints.tally import reading
from firepoints.terms import scope
from firepoints.terms.cells import DEPTH, EARTH, Tile, bounds_of, cell_at, column_and_row
from grids.models import User
from grids.roles import PostKind
from tests.factories import points as make
from tests.factories.city import CITY, EAST, IN_EAST, ON_THE_BORDER, WEST, City, hold, person

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
ANY = Q()
CONDITIONS = (
    Q(),
    Q(state="final"),
    Q(state__in=("suspected", "joint")) | Q(counted=True),
    Q(counted=False),
    ~Q(counted=True),
)


def seen(user: User, condition: Q = ANY, tile: Tile = EARTH, month: int = 0, level: int = 12) -> list[tuple]:
    """What the counts say of the user's points."""
    where = scope.counted_for(user)
    assert where is not None
    of_counts = reading.as_kept(condition)
    assert of_counts is not None
    sums = reading.kept_sums(
        tile, level, seen_by=where[0], month=month, condition=of_counts & reading.as_kept(where[1])
    )
    return rounded(sums)


def real(user: User, condition: Q = ANY, tile: Tile = EARTH, level: int = 12) -> list[tuple]:
    """What the rows of the user's points say."""
    return rounded(reading.sums_of(FirePoint.objects.visible_to(user).filter(condition), tile, level))


def rounded(sums) -> list[tuple]:
    return sorted(
        (row.cell, row.state, str(row.counted), row.points, round(row.lon, 4), round(row.lat, 4)) for row in sums
    )


def test_the_cell_of_a_point_is_the_one_that_lies_around_it(city: City) -> None:
    chance = random.Random(5)
    for _ in range(40):
        at = (round(chance.uniform(123.7, 123.9), 6), round(chance.uniform(41.2, 41.4), 6))
        point = make.suspected(at=at)
        point.refresh_from_db()
        assert point.cell == cell_at(*at)
        west, south, east, north = bounds_of(point.cell, DEPTH)
        assert west <= at[0] < east
        assert south <= at[1] < north


def test_a_tile_is_one_range_of_the_keys_inside_it() -> None:
    tile = Tile(10, *column_and_row(cell_at(123.75, 41.25) >> 20))
    first, after = tile.keys(DEPTH)
    assert after - first == 4**10
    west, south, east, north = bounds_of(tile.key, 10)
    side = 360 / 2**DEPTH / 2
    for lon, lat in ((west + side, south + side), (east - side, north - side), (west + side, north - side)):
        assert first <= cell_at(lon, lat) < after
    assert not first <= cell_at(east + side, south + side) < after


def test_the_counts_follow_every_act_before_and_after_folding(city: City) -> None:
    make.suspected(), make.dispatched(city, at=IN_EAST), make.joint(city, at=ON_THE_BORDER)
    make.final(city), make.negative(city, at=IN_EAST)
    closed = make.suspected(source="firms", at=(123.76, 41.35))
    make.take(closed, "close", city.clerk, reason="只是线索")
    users = (city.clerk, city.west, city.east, city.finance, city.system)
    for _ in range(2):
        for user in users:
            for condition in CONDITIONS:
                assert seen(user, condition) == real(user, condition), (user, condition)
        assert seen(city.clerk)
        assert kept.problems() == []
        kept.fold(NAME)
    assert not MapCount.objects.filter(level=NOTED).exists()


def test_a_month_and_a_tile_are_counted_by_themselves(city: City) -> None:
    make.suspected(), make.final(city, at=IN_EAST)
    kept.fold(NAME)
    point = FirePoint.objects.filter(state="suspected").get()
    month = int(f"{point.burn_date:%Y%m}")
    assert sum(row[3] for row in seen(city.clerk, month=month)) == 2
    assert seen(city.clerk, month=month + 1) == []
    tile = Tile(13, *column_and_row(point.cell >> 14))
    assert [row[1] for row in seen(city.clerk, tile=tile, level=15)] == ["suspected"]
    assert seen(city.clerk, tile=tile, level=15) == real(city.clerk, tile=tile, level=15)


def test_a_coarse_tile_is_added_up_from_the_coarsest_counts(city: City) -> None:
    make.suspected(), make.suspected(at=IN_EAST)
    kept.fold(NAME)
    assert seen(city.clerk, level=3) == real(city.clerk, level=3)


def test_what_moves_a_point_or_its_counties_by_any_door_moves_its_count(city: City) -> None:
    point = make.dispatched(city)
    kept.fold(NAME)
    FirePoint.objects.filter(pk=point.pk).update(lon=123.88, lat=41.38, burn_date="2024-02-03")
    PointCounty.objects.create(point=point, county_code=EAST)
    PointCounty.objects.filter(point=point, county_code=WEST).delete()
    assert seen(city.east, month=202402) == real(city.east) != []
    assert seen(city.west) == real(city.west) == []
    kept.fold(NAME)
    assert kept.problems() == []
    assert not MapCount.objects.filter(seen_by=WEST).exists()


def test_who_has_no_count_of_his_own_is_told_so(city: City) -> None:
    assert scope.counted_for(person("walker", PostKind.INSPECTOR, f"{WEST}001")) is None
    two = person("two", PostKind.COUNTY, WEST)
    hold(two, PostKind.COUNTY, EAST)
    assert scope.counted_for(two) is None
    assert scope.counted_for(User.objects.create(username="nobody")) is None
    assert scope.counted_for(person("auditor2", PostKind.AUDITOR, CITY)) == ("", Q())
    assert reading.as_kept(Q(state="final") & ~Q(is_cross=True)) is None


def test_counting_anew_gives_what_was_kept(city: City) -> None:
    make.final(city), make.joint(city, at=ON_THE_BORDER), make.suspected(at=IN_EAST)
    kept.fold(NAME)
    columns = [field.name for field in MapCount._meta.fields if field.name != "id"]
    before = sorted(MapCount.objects.values_list(*columns))
    MapCount.objects.filter(level=12).delete()
    call_command("point", "recount")
    assert sorted(MapCount.objects.values_list(*columns)) == before != []


def test_a_count_that_differs_raises_the_alarm_and_stays(city: City) -> None:
    make.suspected()
    tasks.fold_counts({})
    tasks.check_figures({})
    for level in (11, 15):
        MapCount.objects.filter(level=level, month=0, seen_by="").update(points=3)
        with pytest.raises(tasks.FigureAlarm, match=f"第 {level} 级"):
            tasks.check_figures({})
        assert MapCount.objects.filter(level=level, month=0, seen_by="", points=3).exists()
        kept.fill(NAME)


def test_triggers_that_are_gone_are_made_and_what_they_missed_is_counted(city: City) -> None:
    on_table = ' ON "fire_point"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "fire_point_kept_fire_map_count_ins"{on_table}')
    assert triggers.missing() == ["fire_point.fire_point_kept_fire_map_count_ins"]
    make.suspected()
    assert any("触发器" in problem for problem in kept.problems())
    assert triggers.ensure()
    assert not triggers.ensure()
    assert kept.problems() == []
    assert seen(city.clerk) == real(city.clerk) != []


@pytest.mark.django_db(transaction=True)
def test_a_populated_home_whose_points_are_rebuilt_counts_them_again(city: City) -> None:
    make.final(city), make.suspected(at=IN_EAST)
    try:
        call_command("migrate", "firepoints", "0027_sources_and_divisions", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert triggers.missing() == []
    assert kept.problems() == []
    assert seen(city.clerk) == real(city.clerk) != []
    make.suspected()
    assert seen(city.clerk) == real(city.clerk)
