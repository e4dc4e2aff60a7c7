"""The map of many points: tiles of points or of clusters, nothing cut unsaid, each person's own."""

from itertools import pairwise

import pytest
from django.test import Client
from django.urls import reverse

from core.db import kept
from firepoints.models import FirePoint
from firepoints.models.tally import NAME as MAP_COUNTS
from firepoints.pages.points import maps, tiles
from firepoints.pages.points.filters import VIEWS, FilterForm
from firepoints.terms.cells import DEPTH, Tile, column_and_row
from grids.models import User
from grids.roles import PostKind
from tests.factories import points as make
from tests.factories.city import BORDER_LON, EAST, IN_EAST, ON_THE_BORDER, WEST, City, person
from tests.factories.crowds import crowd

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def tile_url(z: int, at: tuple[float, float] = (123.75, 41.25), query: str = "") -> str:
    side = 360 / 2**z
    place = [z, int((at[0] + 180) // side), int((at[1] + 90) // side)]
    return reverse("firepoints:map_tile", args=place) + query


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def points_in(features: list[dict]) -> int:
    return sum(feature["properties"].get("points", 1) for feature in features)


def inside(client: Client, place: Tile, query: str) -> int:
    """The points in the tiles of the next level inside a tile."""
    parts = [(place.z + 1, 2 * place.x + dx, 2 * place.y + dy) for dx in (0, 1) for dy in (0, 1)]
    answers = [client.get(reverse("firepoints:map_tile", args=part) + query).json() for part in parts]
    assert all(points_in(answer["features"]) + answer["remaining"] == answer["total"] for answer in answers)
    return sum(answer["total"] for answer in answers)


def test_few_points_are_shown_one_by_one_as_before(city: City) -> None:
    point = make.final(city)
    make.suspected(at=IN_EAST)
    answer = signed_in(city.clerk).get(tile_url(7)).json()
    assert (answer["total"], answer["remaining"], len(answer["features"])) == (2, 0, 2)
    (mark,) = [feature for feature in answer["features"] if feature["properties"]["state"] == "final"]
    assert mark["geometry"] == {"type": "Point", "coordinates": [123.75, 41.25]}
    assert mark["properties"]["number"] == point.number
    assert mark["properties"]["url"] == reverse("firepoints:detail", args=[point.pk])


@pytest.mark.parametrize("is_folded", [True, False])
def test_many_points_are_clusters_that_add_up_on_every_level(city: City, is_folded: bool) -> None:
    crowd(city, 1500)
    if is_folded:
        kept.fold(MAP_COUNTS)
    client = signed_in(city.clerk)
    overview = client.get(reverse("firepoints:map")).json()
    assert (overview["total"], overview["marks"]) == (1500, {"suspected": 1500})
    whole = client.get(tile_url(0)).json()
    assert points_in(whole["features"]) == whole["total"] == 1500
    assert whole["features"][0]["properties"]["marks"] == {"suspected": 1500}
    place = Tile(7, *column_and_row(FirePoint.objects.first().cell >> 2 * (DEPTH - 7)))
    for z in range(place.z, 14):
        tile = Tile(z, *column_and_row(place.key << 2 * (z - place.z)))
        total = client.get(reverse("firepoints:map_tile", args=[tile.z, tile.x, tile.y])).json()["total"]
        assert inside(client, tile, "") == total


def test_a_cluster_lies_among_its_points_and_says_their_frame(city: City) -> None:
    crowd(city, 300)
    for feature in signed_in(city.clerk).get(tile_url(9)).json()["features"]:
        (lon, lat), (west, south, east, north) = feature["geometry"]["coordinates"], feature["properties"]["bounds"]
        assert west <= lon <= east
        assert south <= lat <= north


def test_points_in_one_place_beyond_the_limit_are_said_and_not_dropped_in_silence(city: City, monkeypatch) -> None:
    monkeypatch.setattr(tiles, "FEW", 3)
    monkeypatch.setattr(tiles, "MOST_DEEPEST", 5)
    crowd(city, 8, span=0.0)
    answer = signed_in(city.clerk).get(tile_url(tiles.DEEPEST, (BORDER_LON, 41.3))).json()
    assert (len(answer["features"]), answer["remaining"], answer["total"]) == (5, 3, 8)


def test_every_filter_and_everybody_sees_on_the_map_what_the_list_holds(city: City, monkeypatch) -> None:
    monkeypatch.setattr(tiles, "FEW", 1)
    make.suspected(), make.dispatched(city, at=IN_EAST), make.joint(city, at=ON_THE_BORDER)
    make.final(city), make.negative(city, at=IN_EAST), make.recognised(city, at=(123.72, 41.35))
    lead = make.suspected(source="firms", at=(123.76, 41.35))
    walker = person("walker", PostKind.INSPECTOR, f"{WEST}001")
    queries = [{"state": view} for view in ("", *VIEWS)]
    queries += [{"state": "all", "county": county} for county in (WEST, EAST, "none")]
    queries += [{"month": month} for month in ("2023-10", "2023-11")]
    queries += [{"source": "provincial_list"}, {"q": "甲县"}, {"state": "counted", "county": WEST, "month": "2023-10"}]
    queries += [{"run": str(lead.memberships.get().detection.run_id), "state": "all"}]
    for user in (city.clerk, city.west, city.east, city.finance, walker, User.objects.create(username="nobody")):
        client = signed_in(user)
        for query in queries:
            form = FilterForm(query)
            if not form.is_valid():
                continue
            expected = form.wanted().narrow(FirePoint.objects.visible_to(user)).count()
            assert client.get(reverse("firepoints:map"), query).json()["total"] == expected, (user, query)
            answer = client.get(tile_url(4), query).json()
            assert points_in(answer["features"]) + answer["remaining"] == answer["total"] == expected, (user, query)


def test_the_newest_marks_of_old_say_when_they_are_cut(city: City, monkeypatch) -> None:
    client = signed_in(city.clerk)
    crowd(city, 4)
    url = reverse("firepoints:points_geojson")
    answer = client.get(url).json()
    assert (answer["total"], answer["truncated"], len(answer["features"])) == (4, False, 4)
    monkeypatch.setattr(maps, "MOST_MARKS", 3)
    answer = client.get(url).json()
    assert (answer["total"], answer["truncated"], len(answer["features"])) == (4, True, 3)


def test_a_tile_is_sent_again_only_when_it_has_changed_and_is_nobody_elses(city: City) -> None:
    crowd(city, 3)
    client = signed_in(city.clerk)
    for url in (reverse("firepoints:map"), tile_url(9)):
        first = client.get(url)
        assert "private" in first["Cache-Control"]
        assert "Cookie" in first["Vary"]
        assert client.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
        make.suspected()
        assert client.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


def test_a_tile_beyond_the_earth_or_a_filter_that_cannot_be_read_is_refused(city: City) -> None:
    client = signed_in(city.clerk)
    for place in ((17, 0, 0), (3, 8, 0), (3, 0, 4), (1, 0, 1)):
        assert client.get(reverse("firepoints:map_tile", args=place)).status_code == 404
    for url in (reverse("firepoints:map"), tile_url(3)):
        assert client.get(url, {"month": "00"}).status_code == 400


def test_the_queries_of_a_tile_do_not_grow_with_its_points(city: City, django_assert_max_num_queries) -> None:
    crowd(city, 150)
    client = signed_in(city.clerk)
    for url in (reverse("firepoints:map"), tile_url(7), tile_url(0)):
        client.get(url)
        with django_assert_max_num_queries(12):
            client.get(url)


def test_the_keys_of_neighbouring_tiles_do_not_overlap() -> None:
    ranges = sorted(Tile(6, x, y).keys(DEPTH) for x in range(40, 50) for y in range(20, 30))
    assert all(after <= first for (_, after), (first, _) in pairwise(ranges))


def test_the_pages_with_a_map_open_on_both_databases(city: City) -> None:
    make.suspected()
    for user in (city.clerk, city.west):
        for url in (reverse("home"), reverse("firepoints:list")):
            assert signed_in(user).get(url).status_code == 200
