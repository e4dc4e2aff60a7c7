"""The inspector's and the county's pages on a bad net: nothing typed or photographed is lost, doubled or displaced."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, Route, expect

from core import clock
from firepoints.models import Detection, Evidence, FirePoint, RawRow
from firepoints.terms.states import State
from tests.e2e.conftest import PHONE
from tests.e2e.test_fire_point_pages import fits, say_what_burnt
from tests.e2e.test_fire_point_pages import sign_in_at as sign_in
from tests.factories import points as make
from tests.factories.city import IN_WEST, City

pytestmark = [pytest.mark.django_db(transaction=True)]
AWAY = (124.2, 41.3)
PASSWORD = "一个够长的口令-2023"


@pytest.fixture
def phone(browser, live_server) -> Iterator[Page]:
    """A phone whose position and net the test moves; failed requests are the subject here, so the console may say so."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport=PHONE,
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        permissions=["geolocation"],
    )
    yield context.new_page()
    context.close()


def stand(context: BrowserContext, at: tuple[float, float], accuracy: float = 8) -> None:
    context.set_geolocation({"longitude": at[0], "latitude": at[1], "accuracy": accuracy})


def picture(tmp_path, name: str = "近景.jpg") -> str:
    path = tmp_path / name
    path.write_bytes(make.jpeg())
    return str(path)


def fail_once(page: Page, path: str, how: str) -> None:
    """The next POST to `path` goes wrong as `how` says; those after it go through."""
    gone_wrong: list[str] = []

    def handle(route: Route) -> None:
        if route.request.method != "POST" or gone_wrong:
            route.continue_()
            return
        gone_wrong.append(how)
        if how == "answer lost":
            route.fetch(max_redirects=0)
        if how.isdecimal():
            route.fulfill(status=int(how), content_type="text/html", body="<h1>Error</h1>")
        else:
            route.abort("connectionreset")

    page.route(lambda url: urlsplit(url).path == path, handle)


def fill_finding(page: Page, tmp_path) -> None:
    page.goto(reverse("imports:finding"))
    page.get_by_label("明火").check()
    if page.locator("input[name=source]:checked").count() == 0:
        page.locator("input[name=source]").first.check()
    page.get_by_label("说明").fill("村东头三堆")
    page.locator("input[name=photo]").set_input_files(picture(tmp_path))
    expect(page.locator("[data-photo-place]")).to_contain_text("照片的位置")
    expect(page.locator("input[name=lon]")).to_have_value(f"{IN_WEST[0]:.6f}")


@pytest.mark.parametrize("sent_from", ["elsewhere", "the pixel"])
def test_a_photo_is_stored_where_it_was_taken_not_where_it_was_sent(
    phone: Page,
    live_server,
    city: City,
    tmp_path,
    sent_from: str,
) -> None:
    point = make.dispatched(city)
    here = (point.lon, point.lat)
    taken, sent = (here, AWAY) if sent_from == "elsewhere" else (AWAY, here)
    sign_in(phone, live_server.url, city.west)
    stand(phone.context, taken)
    phone.goto(reverse("firepoints:report", args=[point.pk]))
    phone.locator("#report-file").set_input_files(picture(tmp_path))
    expect(phone.locator(".up")).to_contain_text(f"{taken[1]:.6f}")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="上传照片").click()
    expect(phone.locator(".up .err")).to_be_visible()
    stand(phone.context, sent, accuracy=50)
    expect(phone.locator("[data-where]")).to_contain_text(f"{sent[1]:.6f}")
    phone.context.set_offline(False)
    expect(phone.locator(".up .got")).to_be_visible()
    stored = Evidence.objects.get()
    assert (stored.lon, stored.lat) == pytest.approx(taken, abs=1e-6)
    assert stored.accuracy_m == 8
    assert abs(stored.device_at - clock.now()) < timedelta(minutes=2)
    assert (stored.footprint_distance_m == 0) == (taken == here)


def test_each_photo_of_a_queue_keeps_its_own_place(phone: Page, live_server, city: City, tmp_path) -> None:
    point = make.dispatched(city)
    sign_in(phone, live_server.url, city.west)
    places = [(point.lon, point.lat), AWAY]
    for at, name in zip(places, ("一.jpg", "二.jpg"), strict=True):
        stand(phone.context, at)
        if name == "一.jpg":
            phone.goto(reverse("firepoints:report", args=[point.pk]))
        expect(phone.locator("[data-where]")).to_contain_text(f"{at[1]:.6f}")
        phone.locator("#report-file").set_input_files(picture(tmp_path, name))
    phone.get_by_role("button", name="上传照片").click()
    expect(phone.locator(".up .got")).to_have_count(2)
    stored = Evidence.objects.order_by("pk").values_list("lon", "lat")
    assert [pytest.approx(at, abs=1e-6) for at in places] == list(stored)
    assert fits(phone)


@pytest.mark.parametrize("how", ["cut", "answer lost", "500", "413", "429"])
def test_a_report_survives_whatever_the_line_does_and_arrives_once(
    phone: Page,
    live_server,
    city: City,
    tmp_path,
    how: str,
) -> None:
    sign_in(phone, live_server.url, city.inspector)
    stand(phone.context, IN_WEST)
    fill_finding(phone, tmp_path)
    stand(phone.context, AWAY)
    fail_once(phone, reverse("imports:finding"), how)
    phone.get_by_role("button", name="上报", exact=True).click()
    expect(phone.locator("[data-said]")).to_contain_text("再点一次不会重复")
    expect(phone.get_by_label("说明")).to_have_value("村东头三堆")
    assert fits(phone)
    phone.get_by_role("button", name="上报", exact=True).click()
    phone.wait_for_selector("main.fpt")
    finding, photo = Detection.objects.get(), Evidence.objects.get()
    assert (finding.lon, finding.lat) == pytest.approx(IN_WEST, abs=1e-6)
    assert (photo.lon, photo.lat) == pytest.approx(IN_WEST, abs=1e-6)
    assert photo.accuracy_m == 8


def test_a_report_survives_the_end_of_the_session(phone: Page, live_server, city: City, tmp_path) -> None:
    city.inspector.set_password(PASSWORD)
    city.inspector.save()
    sign_in(phone, live_server.url, city.inspector)
    stand(phone.context, IN_WEST)
    fill_finding(phone, tmp_path)
    phone.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)
    phone.get_by_role("button", name="上报", exact=True).click()
    expect(phone.locator("[data-said]")).to_contain_text("登录已过期：请在另一页登录，再点一次")
    other = phone.context.new_page()
    other.goto(reverse("login"))
    other.locator("input[name=username]").fill(city.inspector.username)
    other.locator("input[name=password]").fill(PASSWORD)
    other.locator("form button[type=submit]").first.click()
    other.wait_for_url("**/")
    other.close()
    phone.get_by_role("button", name="上报", exact=True).click()
    phone.wait_for_selector("main.fpt")
    assert "村东头三堆" in RawRow.objects.get().raw
    assert Evidence.objects.count() == 1


def test_a_refused_report_says_why_beside_the_field_and_keeps_the_photo(
    phone: Page,
    live_server,
    city: City,
    tmp_path,
) -> None:
    sign_in(phone, live_server.url, city.inspector)
    stand(phone.context, IN_WEST)
    fill_finding(phone, tmp_path)
    phone.locator("input[name=lat]").fill("41.3.9")
    phone.get_by_role("button", name="上报", exact=True).click()
    expect(phone.locator(".fld.wrong .err")).to_contain_text("41°3′9″")
    assert phone.evaluate("document.querySelector('input[name=photo]').files.length") == 1
    phone.locator("input[name=lat]").fill(str(IN_WEST[1]))
    phone.get_by_role("button", name="上报", exact=True).click()
    phone.wait_for_selector("main.fpt")
    assert Evidence.objects.count() == Detection.objects.count() == 1


@pytest.mark.parametrize("how", ["cut", "answer lost"])
def test_a_conclusion_survives_a_cut_line_and_is_filed_once(
    phone: Page,
    live_server,
    city: City,
    how: str,
) -> None:
    point = make.dispatched(city)
    make.photo(point, city.west)
    sign_in(phone, live_server.url, city.west)
    stand(phone.context, IN_WEST)
    phone.goto(reverse("firepoints:report", args=[point.pk]))
    say_what_burnt(phone)
    phone.locator("#conclusion textarea[name=note]").fill("稻茬，约两亩")
    fail_once(phone, reverse("firepoints:act", args=[point.pk, "report"]), how)
    phone.get_by_role("button", name="提交核实").click()
    expect(phone.locator("#conclusion [data-said]")).to_contain_text("再点一次不会重复")
    expect(phone.locator("#conclusion textarea[name=note]")).to_have_value("稻茬，约两亩")
    phone.get_by_role("button", name="提交核实").click()
    phone.wait_for_selector(".note.good")
    point = FirePoint.objects.get(pk=point.pk)
    assert point.state == State.VERIFIED
    assert [record.note for record in point.verifications.all()] == ["稻茬，约两亩"]


def test_a_server_that_never_answers_blocks_nothing(phone: Page, live_server, city: City, tmp_path) -> None:
    point = make.dispatched(city)
    sign_in(phone, live_server.url, city.west)
    stand(phone.context, (point.lon, point.lat))
    phone.clock.install()
    phone.goto(reverse("firepoints:report", args=[point.pk]))
    upload = reverse("firepoints:evidence_upload", args=[point.pk])
    hanging: list[Route] = []
    phone.route(
        lambda url: urlsplit(url).path == upload, lambda route: route.continue_() if hanging else hanging.append(route)
    )
    phone.locator("#report-file").set_input_files([picture(tmp_path, "一.jpg"), picture(tmp_path, "二.jpg")])
    expect(phone.locator(".up .mut").last).to_contain_text("±8 米")
    phone.get_by_role("button", name="上传照片").click()
    expect(phone.locator(".up").first).to_contain_text("正在上传")
    while not hanging:
        phone.wait_for_timeout(50)
    phone.clock.fast_forward(125_000)
    expect(phone.locator(".up .err")).to_have_count(1)
    expect(phone.locator(".up .got")).to_have_count(1)
    phone.get_by_role("button", name="上传照片").click()
    expect(phone.locator(".up .got")).to_have_count(2)
    assert len(hanging) == 1
    assert Evidence.objects.count() == 2


def test_plain_http_says_why_there_is_no_position(phone: Page, live_server, settings, city: City) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    point = make.dispatched(city)
    address = live_server.url.replace("localhost", "jinshao.test").replace("127.0.0.1", "jinshao.test")
    for user, url in (
        (city.inspector, reverse("imports:finding")),
        (city.west, reverse("firepoints:report", args=[point.pk])),
    ):
        sign_in(phone, address, user)
        phone.goto(f"{address}{url}")
        expect(phone.get_by_text("不是 https 网址，浏览器不给定位").first).to_be_visible()
        expect(phone.get_by_role("button", name="用手机现在的位置")).to_have_count(0)


def test_without_javascript_a_report_is_an_ordinary_form(browser, live_server, city: City, tmp_path) -> None:
    context = browser.new_context(base_url=live_server.url, viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server.url, city.inspector)
    page.goto(reverse("imports:finding"))
    page.get_by_label("明火").check()
    if page.locator("input[name=source]:checked").count() == 0:
        page.locator("input[name=source]").first.check()
    page.locator("input[name=lon]").fill(str(IN_WEST[0]))
    page.locator("input[name=lat]").fill(str(IN_WEST[1]))
    page.locator("input[name=photo]").set_input_files(picture(tmp_path))
    page.get_by_role("button", name="上报", exact=True).click()
    page.wait_for_selector(".note.good")
    assert Detection.objects.count() == Evidence.objects.count() == 1
    context.close()
