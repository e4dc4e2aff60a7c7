"""How much of what the sensors saw a search track has covered, with honest gaps (policy.md §5)."""

import json
from uuid import uuid4

import pytest
import shapely

from core.errors import Missing
from firepoints.evidence.pieces import evidence_store
from firepoints.evidence.searching import Search, searched_share
from firepoints.models import Ruling
from grids.geo.footprint import footprint, from_local_xy
from tests.factories import points as make
from tests.factories.city import IN_WEST, City

LON, LAT = IN_WEST
SEARCH = Search(reach_m=100.0, gap_m=300.0)


def at(east_m: float, north_m: float) -> tuple[float, float]:
    lon, lat = from_local_xy(east_m, north_m, LON, LAT)
    return float(lon), float(lat)


def lane(north_m: float, half_m: float = 600, step_m: float = 50) -> list[tuple[float, float]]:
    count = int(2 * half_m / step_m)
    return [at(-half_m + n * step_m, north_m) for n in range(count + 1)]


def pixel(scan_km: float | None = 1.0, track_km: float | None = 1.0) -> shapely.Polygon:
    return footprint(LON, LAT, scan_km, track_km, 0.0, 0.0)


def test_a_walk_across_the_middle_of_a_square_covers_its_strip() -> None:
    assert searched_share(pixel(), [lane(0)], SEARCH) == pytest.approx(0.2, abs=0.01)


def test_two_tracks_count_once_where_they_overlap() -> None:
    assert searched_share(pixel(), [lane(0), lane(0)], SEARCH) == pytest.approx(0.2, abs=0.01)
    assert searched_share(pixel(), [lane(-250), lane(250)], SEARCH) == pytest.approx(0.4, abs=0.01)


def test_nobody_walked_where_the_positions_leave_a_gap() -> None:
    corners = [at(-380, 0), at(380, 0)]
    assert searched_share(pixel(), [corners], SEARCH) == pytest.approx(2 * 3.1416 * 0.01, abs=0.01)


def test_a_track_elsewhere_covers_nothing() -> None:
    assert searched_share(pixel(), [[at(50_000, 0), at(50_100, 0)]], SEARCH) == 0


@pytest.mark.parametrize(("scan_km", "track_km"), [(None, None), (4.2, 1.9), (0.39, 0.36)])
def test_a_disc_a_pixel_of_the_edge_and_a_small_one_can_each_be_searched(scan_km, track_km) -> None:
    area = pixel(scan_km, track_km)
    lanes = [lane(north, half_m=2500) for north in range(-1400, 1401, 200)]
    assert searched_share(area, lanes, SEARCH) > 0.95


def test_a_whole_footprint_of_the_largest_kind_need_not_be_walked() -> None:
    assert Search(share=0.3, most_km2=1.0).least(pixel(4.2, 1.9)) == pytest.approx(1 / (4.2 * 1.9), rel=0.02)
    assert Search(share=0.3, most_km2=1.0).least(pixel(0.4, 0.4)) == 0.3


def negative(city: City, point, track) -> None:
    pieces = [*(make.photo(point, city.west) for _ in range(3)), track]
    data = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": make.uuids(*pieces)}
    make.take(point, "report", city.west, **data)


def track_of(city: City, point, positions) -> object:
    content = json.dumps(positions).encode()
    return evidence_store(point=point, actor=city.west, uuid=uuid4(), file=content, kind="track")


@pytest.mark.embedded
def test_a_denial_needs_a_track_that_reaches_in_and_covers_its_share(city: City) -> None:
    point = make.dispatched(city)
    for positions, key, words in (
        ([at(50_000, 0), at(50_100, 0)], "track_inside", "没有进到像元"),
        ([at(0, 190), at(0, 400)], "search_share", "至少 30%"),
    ):
        with pytest.raises(Missing, match=words) as refused:
            negative(city, point, track_of(city, point, positions))
        assert [one["key"] for one in refused.value.details["lacking"]] == [key]
    negative(city, point, track_of(city, point, lane(0)))


def test_the_share_is_a_ruling(city: City) -> None:
    Ruling.objects.create(key="search_share", valid_from="2016-01-01", value=0.9, document_no="演示〔2016〕2号")
    with pytest.raises(Missing, match="至少 90%"):
        negative(city, point := make.dispatched(city), track_of(city, point, lane(0)))


def test_what_a_track_covers_is_kept_with_it(city: City) -> None:
    point = make.dispatched(city)
    assert track_of(city, point, lane(0)).searched_share > 0.3
    assert make.photo(point, city.west).searched_share is None
