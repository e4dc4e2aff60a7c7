"""The pages of the fire points in a real browser, at desk and phone size: they draw, they fit, and they act."""

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from playwright.sync_api import expect

from firepoints.models import Evidence, FirePoint
from firepoints.terms.states import State
from grids.models import User
from tests.factories import points as make
from tests.factories.city import IN_EAST, ON_THE_BORDER, City

pytestmark = [pytest.mark.django_db(transaction=True)]
MONTH = "2023-10"


def sign_in(page, live_server, user: User) -> None:
    sign_in_at(page, live_server.url, user)


def sign_in_at(page, address: str, user: User) -> None:
    """Signs `user` in for the pages under an address."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": address}])


def fits(page) -> bool:
    """Nothing sticks out to the right: the page itself never scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_home_page_draws_its_map_and_fits(page, live_server, city: City) -> None:
    make.suspected(), make.final(city, at=IN_EAST), make.joint(city, at=ON_THE_BORDER)
    sign_in(page, live_server, city.clerk)
    page.goto(f"/?month={MONTH}")
    page.wait_for_selector(".map canvas")
    expect(page.locator(".mapkey")).to_contain_text("认定·计入 1")
    assert fits(page)
    page.locator(".tile").first.click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_page_of_a_point_draws_the_pixel_with_both_shares(page, live_server, city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    sign_in(page, live_server, city.clerk)
    page.goto(reverse("firepoints:detail", args=[point.pk]))
    page.wait_for_selector(".map canvas")
    expect(page.locator(".maplabel.pct")).to_have_count(2)
    assert fits(page)


def test_a_clerk_dispatches_after_being_asked_once(page, live_server, city: City) -> None:
    point = make.suspected()
    sign_in(page, live_server, city.clerk)
    page.goto(reverse("firepoints:detail", args=[point.pk]))
    page.get_by_role("button", name="派发").click()
    page.locator("dialog").get_by_role("button", name="派发").click()
    page.wait_for_selector(".note.good")
    assert FirePoint.objects.get(pk=point.pk).state == State.DISPATCHED


def say_what_burnt(page) -> None:
    """A conclusion of 属实 with the two answers that go with it: how many sites, and whether the black is new."""
    page.get_by_label("属实：是露天焚烧秸秆（或黑斑）").check()
    page.get_by_label("有几处过火地块（属实必填）").fill("1")
    page.get_by_label("是，这次新烧的").check()


def test_a_county_takes_a_photo_and_reports(page, live_server, city: City, tmp_path) -> None:
    point = make.dispatched(city)
    picture = tmp_path / "近景.jpg"
    picture.write_bytes(make.jpeg())
    sign_in(page, live_server, city.west)
    page.goto(reverse("firepoints:report", args=[point.pk]))
    page.locator("#report-file").set_input_files(str(picture))
    page.locator("#report-lon").fill(str(point.lon))
    page.locator("#report-lat").fill(str(point.lat))
    page.get_by_role("button", name="上传照片").click()
    page.wait_for_selector(".up .got")
    assert Evidence.objects.get().footprint_distance_m == 0
    # The link leads to this very page again: without waiting, the box that is ticked may be the old page's.
    with page.expect_navigation():
        page.get_by_role("link", name="继续").click()
    say_what_burnt(page)
    page.get_by_role("button", name="提交核实").click()
    page.wait_for_url(f"**{reverse('firepoints:detail', args=[point.pk])}")
    assert FirePoint.objects.get(pk=point.pk).state == State.VERIFIED
    assert fits(page)


def test_the_desk_decides_by_keys_and_only_when_told_to(page, live_server, city: City) -> None:
    point = make.verified(city)
    sign_in(page, live_server, city.recogniser)
    page.goto(reverse("firepoints:review"))
    page.wait_for_selector(".map canvas")
    expect(page.locator("input[name=decision]:checked")).to_have_count(0)
    page.keyboard.press("1")
    expect(page.locator("input[name=decision]:checked")).to_have_value("recognise")
    assert FirePoint.objects.get(pk=point.pk).state == State.VERIFIED
    page.locator("#why").fill("现场属实")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".note.good")
    assert FirePoint.objects.get(pk=point.pk).counted
    assert fits(page)


def test_the_desk_chooses_what_the_number_on_the_screen_says_though_an_option_is_closed(
    page, live_server, city: City
) -> None:
    make.negative(city)
    sign_in(page, live_server, city.recogniser)
    page.goto(reverse("firepoints:review"))
    options = page.locator("form[data-keys] .opt")
    expect(options).to_have_count(3)
    expect(options.nth(0)).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("1")
    expect(page.locator("input[name=decision]:checked")).to_have_count(0)
    for number, value in (("2", "exclude"), ("3", "return")):
        expect(options.filter(has=page.locator(f"kbd:text-is('{number}')")).locator("input")).to_have_value(value)
        page.keyboard.press(number)
        expect(page.locator("input[name=decision]:checked")).to_have_value(value)
