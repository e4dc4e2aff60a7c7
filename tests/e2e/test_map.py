"""The map of many points in a real browser: it pans and zooms, and what it draws adds up to what it says."""

import pytest
from playwright.sync_api import expect

from core.db import kept
from firepoints.models.tally import NAME as MAP_COUNTS
from tests.e2e.test_fire_point_pages import fits, sign_in
from tests.factories.city import City
from tests.factories.crowds import crowd

pytestmark = [pytest.mark.django_db(transaction=True)]
MANY = 20_000


def figures(page) -> dict[str, int]:
    """What the map says of itself, when all that it asked for has come and is drawn."""
    page.wait_for_selector('[data-map][aria-busy="false"]')
    said = page.locator("[data-map]").evaluate("element => ({...element.dataset})")
    return {name: int(said[name]) for name in ("total", "inTiles", "drawn", "clusters")}


def to_the_end(page, way: str) -> None:
    """Zoom in or out until the map goes no further."""
    button = page.locator(f".leaflet-control-zoom-{way}")
    while "leaflet-disabled" not in button.get_attribute("class"):
        button.click()


def test_a_map_of_many_points_pans_and_zooms_and_counts_all(page, live_server, city: City) -> None:
    crowd(city, MANY)
    kept.fold(MAP_COUNTS)
    sign_in(page, live_server, city.clerk)
    page.goto("/?month=2023-10")
    page.wait_for_selector(".map[data-drawn]")
    whole = figures(page)
    assert whole["total"] == whole["inTiles"] == whole["drawn"] == MANY
    assert whole["clusters"] > 1
    expect(page.locator(".mapkey")).to_contain_text(f"共 {MANY} 处")
    expect(page.locator(".mapkey")).to_contain_text("点开放大")
    assert fits(page)
    box = page.locator(".map").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(6):
        page.locator(".leaflet-control-zoom-in").click()
        near = figures(page)
        assert near["drawn"] == near["inTiles"] <= MANY
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 90, middle[1] - 60, steps=6)
    page.mouse.up()
    page.wait_for_timeout(600)  # the map glides on
    moved = figures(page)
    assert 0 < moved["drawn"] == moved["inTiles"] < MANY
    to_the_end(page, "in")
    assert figures(page)["clusters"] == 0
    to_the_end(page, "out")
    back = figures(page)
    assert back["drawn"] == back["inTiles"] == MANY


def test_a_cluster_opens_when_it_is_touched(page, live_server, city: City) -> None:
    crowd(city, 400, span=0.004)
    sign_in(page, live_server, city.clerk)
    page.goto("/?month=2023-10")
    page.wait_for_selector(".map[data-drawn]")
    assert figures(page) == {"total": 400, "inTiles": 400, "drawn": 400, "clusters": 1}
    scale = page.locator(".leaflet-control-scale-line")
    from_afar = scale.text_content()
    page.locator(".map").click()  # its middle, where the city's middle and the crowd is
    expect(scale).not_to_have_text(from_afar)
    assert figures(page)["drawn"] == 400
    to_the_end(page, "in")
    assert figures(page)["clusters"] == 0


def test_the_map_of_a_list_is_drawn_when_it_is_opened_and_fits_its_points(page, live_server, city: City) -> None:
    crowd(city, 30)
    sign_in(page, live_server, city.clerk)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/fire-points/")
    page.wait_for_load_state("networkidle")
    assert not any("tiles" in url or "cells" in url for url in asked)
    page.locator("details.more summary").click()
    page.wait_for_selector(".map[data-drawn]")
    assert figures(page) == {"total": 30, "inTiles": 30, "drawn": 30, "clusters": 0}
    expect(page.locator(".leaflet-control-scale-line")).to_contain_text("公里")
    assert fits(page)
