"""Home, list, map and page of fire points, as the six roles meet them."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from firepoints.models import FirePoint, PointCounty
from firepoints.pages.desk.queue import SINGLES
from firepoints.pages.points import listing
from firepoints.pages.points.filters import VIEWS
from grids.models import Edition, User
from journal.models import Access
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, IN_WEST, ON_THE_BORDER, WEST, City, hold

MONTH = "2023-10"
HOME = f"/?month={MONTH}"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(answer) -> str:
    return answer.content.decode()


def detail(point: FirePoint) -> str:
    return reverse("firepoints:detail", args=[point.pk])


@pytest.fixture
def clerk(city: City) -> Client:
    return signed_in(city.clerk)


@pytest.mark.embedded
@pytest.mark.parametrize("who", ["clerk", "recogniser", "west", "inspector", "finance", "auditor"])
def test_every_role_gets_a_home_a_list_and_a_point(city: City, who: str) -> None:
    point = make.final(city)
    client = signed_in(getattr(city, who))
    for url in (reverse("firepoints:list"), detail(point)):
        answer = client.get(url)
        assert answer.status_code == 200
        assert "HD2023-0001" in text_of(answer)
    assert client.get(HOME).status_code == 200


def test_a_stranger_is_sent_to_sign_in_and_sees_nothing(city: City) -> None:
    point = make.final(city)
    urls = [HOME, reverse("firepoints:list"), detail(point), reverse("firepoints:map_geojson", args=[point.pk]),
            reverse("firepoints:points_geojson"), reverse("firepoints:review")]  # fmt: skip
    for url in urls:
        answer = Client().get(url)
        assert answer.status_code == 302
        assert "login" in answer["Location"]


def test_outside_the_scope_there_is_no_page_no_row_and_no_mark(city: City) -> None:
    mine, other = make.dispatched(city, at=IN_WEST), make.dispatched(city, at=IN_EAST)
    client = signed_in(city.west)
    for name in ("detail", "map_geojson", "report"):
        assert client.get(reverse(f"firepoints:{name}", args=[mine.pk])).status_code == 200
        assert client.get(reverse(f"firepoints:{name}", args=[other.pk])).status_code == 404
    assert client.get(reverse("firepoints:act", args=[other.pk, "report"])).status_code == 404
    shown = text_of(client.get(reverse("firepoints:list")))
    assert mine.number in shown
    assert other.number not in shown
    marks = client.get(reverse("firepoints:points_geojson")).json()["features"]
    assert [one["properties"]["number"] for one in marks] == [mine.number]


def test_an_account_without_a_post_sees_an_empty_house(city: City) -> None:
    make.final(city)
    client = signed_in(User.objects.create(username="nobody"))
    assert "还没有岗位" in text_of(client.get(HOME))
    assert "HD2023" not in text_of(client.get(reverse("firepoints:list")))


@pytest.mark.embedded
def test_every_number_of_the_home_page_leads_to_as_many_rows(city: City, clerk: Client) -> None:
    make.suspected(), make.dispatched(city), make.joint(city, at=ON_THE_BORDER), make.verified(city)
    make.negative(city, at=IN_EAST), make.recognised(city), make.final(city)
    make.take(make.verified(city), "exclude", city.recogniser, reason="不是秸秆")
    page = text_of(clerk.get(HOME))
    tiles = re.findall(r'class="tile[^"]*"\s+href="([^"]+)".*?class="n">(\d+)<', page, re.S)
    table = re.findall(r'<td class="r[^"]*"><a href="([^"]+)">(\d+)</a>', page)
    assert len(tiles) == 7
    assert table
    for url, number in [*tiles[:6], *table]:
        listed = text_of(clerk.get(unescape(url)))
        assert f"共 {number} 处" in listed, url


def test_the_county_table_lists_zeros_and_adds_up_to_the_tiles(city: City, clerk: Client) -> None:
    make.final(city, at=IN_EAST), make.joint(city, at=ON_THE_BORDER), make.dispatched(city, at=IN_EAST)
    page = clerk.get(HOME)
    rows = {row.name: (row.counted, row.working, row.excluded) for row in page.context["rows"]}
    assert rows == {"甲县": (0, 0, 0), "乙县": (1, 1, 0), "还没有定": (0, 1, 0), "合计": (1, 2, 0)}
    assert "甲县" in text_of(page)
    assert page.context["found"] == 3


def test_a_month_without_fires_says_so_and_shows_the_latest_with_some(city: City, clerk: Client) -> None:
    make.dispatched(city)
    page = text_of(clerk.get("/"))
    assert "2023年10月" in page
    assert "最近有火点的月份" in page
    assert "2023年9月" in page


@pytest.mark.embedded
def test_a_deployment_without_borders_says_what_to_do_first(db) -> None:
    user = User.objects.create(username="first")
    hold(user, "bureau", "2105", level="city")
    assert not Edition.objects.exists()
    page = text_of(signed_in(user).get("/"))
    assert "开始使用" in page
    assert 'aria-current="step"' in page
    assert "grid import" in page


def test_the_queue_puts_ones_own_work_first_and_the_late_before_that(city: City) -> None:
    late, waiting = make.dispatched(city), make.dispatched(city)
    FirePoint.objects.filter(pk=late.pk).update(due_at=clock.now() - timedelta(hours=5, minutes=12, seconds=30))
    make.suspected()
    items = signed_in(city.west).get(HOME).context["queue"]
    assert [one["title"] for one in items[:2]] == [f"核实 {late.number}", f"核实 {waiting.number}"]
    assert (items[0]["late"], items[0]["mine"]) == (True, True)
    assert items[0]["due"] == "超时 5 时 12 分"
    assert items[0]["url"] == reverse("firepoints:report", args=[late.pk])
    assert not items[-1]["mine"]


@pytest.mark.embedded
def test_the_queue_calls_what_waits_for_a_person_as_the_list_behind_it_does(city: City, clerk: Client) -> None:
    FirePoint.objects.filter(pk=make.suspected().pk).update(is_oversize=True)
    (pile,) = [line for line in clerk.get(HOME).context["queue"] if "state=person" in line["url"]]
    assert pile["title"] == "核对 1 处待人处理的"
    assert "火点 · 待人处理" in text_of(clerk.get(pile["url"]))


@pytest.mark.embedded
def test_an_overdue_point_is_listed_before_every_one_without_a_deadline(city: City, clerk: Client) -> None:
    late, waiting = make.dispatched(city), make.dispatched(city)
    FirePoint.objects.filter(pk=late.pk).update(due_at=clock.now() - timedelta(days=9, hours=7, minutes=1))
    for _ in range(SINGLES + 1):
        make.joint(city, at=ON_THE_BORDER)
    page = clerk.get(HOME)
    titles = [one["title"] for one in page.context["queue"]]
    assert titles[0] == f"催核实 {late.number}"
    assert f"催核实 {waiting.number}" in titles
    assert "另有 3 处待联合核实（共 7 处）" in titles
    assert not [one for one in titles if "另有" in one and "待核实" in one], "no dispatched point is left out"


@pytest.mark.embedded
def test_what_the_queue_leaves_out_is_counted_by_state_with_its_own_overdue(city: City, clerk: Client) -> None:
    late = [make.dispatched(city) for _ in range(SINGLES + 2)]
    FirePoint.objects.filter(pk__in=[one.pk for one in late]).update(due_at=clock.now() - timedelta(hours=3))
    make.joint(city, at=ON_THE_BORDER)
    make.dispatched(city)
    page = clerk.get(HOME)
    rest = {one["title"]: one for one in page.context["queue"] if "另有" in one["title"]}
    assert list(rest) == [f"另有 3 处待核实（共 {SINGLES + 3} 处）", "另有 1 处待联合核实（共 1 处）"]
    dispatched, joint = rest.values()
    assert (dispatched["due"], dispatched["late"]) == ("超时 2", True)
    assert (joint["due"], joint["late"]) == ("", False)
    assert f"共 {SINGLES + 3} 处" in text_of(clerk.get(dispatched["url"]))
    assert "共 1 处" in text_of(clerk.get(joint["url"]))


@pytest.mark.embedded
def test_header_tile_and_list_say_the_same_number_of_overdue_points(city: City, clerk: Client) -> None:
    late = [make.dispatched(city) for _ in range(SINGLES + 2)]
    FirePoint.objects.filter(pk__in=[one.pk for one in late]).update(due_at=clock.now() - timedelta(hours=3))
    page = clerk.get(HOME)
    (tile,) = [one for one in page.context["tiles"] if one["icon"] == "dispatched"]
    assert tile["side"] == f"超时 {SINGLES + 2}"
    link = re.search(r'<a[^>]*href="([^"]+)"[^>]*>超时 (\d+)</a>', text_of(page))
    assert link
    assert link[2] == str(SINGLES + 2)
    assert f"共 {link[2]} 处" in text_of(clerk.get(unescape(link[1])))


def test_the_recogniser_is_sent_to_the_desk(city: City) -> None:
    make.verified(city), make.negative(city)
    items = signed_in(city.recogniser).get(HOME).context["queue"]
    assert items[0]["title"] == "认定 2 处"
    assert "1 处报“不属实”" in items[0]["who"]
    assert items[0]["url"] == reverse("firepoints:review")


def test_the_list_is_narrowed_by_state_county_month_source_and_text(city: City, clerk: Client) -> None:
    west, east = make.dispatched(city, at=IN_WEST), make.final(city, at=IN_EAST, source="patrol")

    def found(query: str) -> set[str]:
        page = text_of(clerk.get(reverse("firepoints:list") + "?" + query))
        return set(re.findall(r'class="b" href="[^"]+">(HD[\d-]+)<', page))

    assert found("") == {west.number, east.number}
    assert found("state=dispatched") == {west.number}
    assert found(f"county={EAST}") == {east.number}
    assert found("month=2023-10") == {west.number, east.number}
    assert found("month=2023-09") == set()
    assert found("source=patrol") == {east.number}
    assert found(f"q={west.number}") == {west.number}
    assert found("q=乙县南乡") == {east.number}
    assert found("state=all&county=none") == set()


@pytest.mark.parametrize("query", ["month=十月", "state=nothing", "county=1", "month=0000-01", "month=2023-13"])
def test_a_filter_that_cannot_be_read_shows_nothing_rather_than_everything(
    city: City, clerk: Client, query: str
) -> None:
    point = make.dispatched(city)
    page = clerk.get(reverse("firepoints:list") + "?" + query)
    assert page.status_code == 200
    assert point.number not in text_of(page)
    assert clerk.get(reverse("firepoints:points_geojson") + "?" + query).status_code == 400


@pytest.mark.parametrize("view", VIEWS)
def test_every_named_view_can_be_asked_for(city: City, clerk: Client, view: str) -> None:
    make.dispatched(city)
    assert clerk.get(reverse("firepoints:list") + f"?state={view}").status_code == 200


@pytest.mark.parametrize("key", ["x", "1-", "-1", "9" * 30 + "-1", "1-" + "9" * 30, "²-1"])
def test_a_page_key_from_elsewhere_is_the_first_page(city: City, clerk: Client, key: str) -> None:
    point = make.dispatched(city)
    for name in ("before", "after"):
        assert point.number in text_of(clerk.get(reverse("firepoints:list"), {name: key}))


@pytest.mark.embedded
def test_pages_follow_each_other_by_key_forwards_and_back(city: City, clerk: Client, monkeypatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    points = [make.suspected() for _ in range(5)]  # all at one instant: only the id tells them apart

    def shown(query: str) -> tuple[list[int], dict[str, str]]:
        page = unescape(text_of(clerk.get(reverse("firepoints:list") + query)))
        links = dict(reversed(one) for one in re.findall(r'href="(\?[^"]*)" rel="(prev|next)"', page))
        return [int(one) for one in re.findall(r'class="b" href="/fire-points/(\d+)/"', page)], links

    newest = [point.pk for point in points][::-1]
    first, links = shown("?county=" + WEST)
    assert (first, set(links)) == (newest[:2], {"next"})
    second, links = shown(links["next"])
    assert (second, set(links)) == (newest[2:4], {"prev", "next"})
    last, ends = shown(links["next"])
    assert (last, set(ends)) == (newest[4:], {"prev"})
    assert shown(ends["prev"])[0] == second
    assert shown(links["prev"]) == (first, {"next": shown("?county=" + WEST)[1]["next"]})


def test_list_and_home_cost_the_same_for_one_point_and_for_many(
    city: City, clerk: Client, django_assert_max_num_queries
) -> None:
    for _ in range(3):
        make.dispatched(city), make.final(city), make.suspected(source="firms")
    clerk.get(
        HOME
    )  # the sign of the background work is some seconds old; one is the few counties that changed their code
    with django_assert_max_num_queries(16):
        clerk.get(reverse("firepoints:list"))
    with django_assert_max_num_queries(20):
        clerk.get(HOME)
    with django_assert_max_num_queries(9):
        clerk.get(reverse("firepoints:points_geojson"))


def test_the_page_of_a_point_costs_the_same_however_much_it_holds(
    city: City, clerk: Client, django_assert_max_num_queries
) -> None:
    point = make.final(city)
    for _ in range(6):
        make.photo(point, city.west)
    clerk.get(HOME)
    with django_assert_max_num_queries(30):
        clerk.get(detail(point))


@pytest.mark.embedded
def test_the_page_tells_the_whole_story_and_walks_from_the_yuan_to_the_row(city: City, clerk: Client) -> None:
    point = make.final(city)
    page = text_of(clerk.get(detail(point)))
    for word in ("2023-10-07 13:30", "2023-10-07 05:30 UTC", "省卫星", "演示版", "甲县 甲县南乡 南村", "属实", "证据充分",
                 "书面放弃异议", "文号 演示函〔2023〕1号", "像元内，距中心 0 米", "原样 41.25000, 123.75000"):  # fmt: skip
        assert word in page, word
    titles = re.findall(r'<li class="(?:open)?(?: sum)?">\s*<b>(?:<a[^>]*>)?([^<]+)', page)
    assert titles[-6:] == ["规则", "认定", "县（区）核实", "佐证", "像元", "原始行"]


def test_a_blocked_act_says_what_is_missing(city: City, clerk: Client) -> None:
    page = text_of(clerk.get(detail(make.suspected(at=ON_THE_BORDER))))
    assert "派发（还缺 2 项）" in page
    assert "先联合核实（四(一)）" in page
    assert "现场核实（还缺 3 项）" in page


def test_a_lead_is_marked_and_cannot_be_counted(city: City) -> None:
    point = make.verified(city, source="firms")
    page = text_of(signed_in(city.recogniser).get(detail(point)))
    assert "线索，不能单独扣缴" in page
    assert "认定计入（还缺 1 项）" in page


def test_phones_are_masked_until_asked_for_and_each_look_is_noted(city: City, clerk: Client) -> None:
    head = city.people["head"]
    User.objects.filter(pk=head.pk).update(phone="00012345678", full_name="演示乡长")
    point = make.dispatched(city)
    page = text_of(clerk.get(detail(point)))
    assert "演示乡长" in page
    assert "00012345678" not in page
    assert "000****5678" in page
    assert clerk.get(reverse("firepoints:phones", args=[point.pk])).status_code == 405
    revealed = clerk.post(reverse("firepoints:phones", args=[point.pk]))
    assert "00012345678" in text_of(revealed)
    assert "no-store" in revealed["Cache-Control"]
    noted = Access.objects.get(kind="phone")
    assert (noted.actor_id, noted.subject_id, noted.detail) == (city.clerk.pk, str(head.pk), f"火点 {point}")
    assert "00012345678" not in text_of(clerk.get(detail(point)))


@pytest.mark.parametrize("who", ["auditor", "finance"])
def test_who_only_reads_sees_no_full_number(city: City, who: str) -> None:
    point = make.final(city)
    client = signed_in(getattr(city, who))
    assert client.post(reverse("firepoints:phones", args=[point.pk])).status_code == 403
    assert not Access.objects.filter(kind="phone").exists()


def test_a_county_that_lost_the_point_keeps_only_what_it_filed(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    paper = make.scan(point, city.clerk)
    point = make.take(
        point, "settle_jointly", city.clerk, conclusion="true", county_code=EAST,
        attendances=make.attendance(), evidence=make.uuids(paper), note="定为乙县",
    )  # fmt: skip
    page = text_of(signed_in(city.west).get(detail(point)))
    assert "已不属您的县（区）" in page
    assert "定为乙县" not in page
    assert "扣缴依据" not in page
    assert "五级责任人" not in page
    assert "定为乙县" in text_of(signed_in(city.east).get(detail(point)))


def test_both_counties_of_a_cross_point_are_shown_with_their_shares(city: City, clerk: Client) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    assert PointCounty.objects.filter(point=point).count() == 2
    page = text_of(clerk.get(detail(point)))
    assert re.search(r"乙县 <span class=\"share a\">\d+%", page)
    assert re.search(r"甲县 <span class=\"share b\">\d+%", page)
    roles = [
        one["properties"] for one in clerk.get(reverse("firepoints:map_geojson", args=[point.pk])).json()["features"]
    ]
    assert {one["name"] for one in roles if one["role"] == "county"} == {"甲县", "乙县"}
    assert sum(one["share"] for one in roles if one["role"] == "county") == pytest.approx(1, abs=0.001)
    assert [one["role"] for one in roles].count("county_border") == 1


def test_the_map_draws_leads_apart_from_official_pixels_and_numbers_the_photos(city: City, clerk: Client) -> None:
    point = make.dispatched(city)
    make.photo(point, city.west), make.photo(point, city.west, at=(point.lon + 0.02, point.lat))
    features = clerk.get(reverse("firepoints:map_geojson", args=[point.pk])).json()["features"]
    of = {role: [one["properties"] for one in features if one["properties"]["role"] == role]
          for role in ("footprint", "photo", "detection", "cell")}  # fmt: skip
    assert [one["official"] for one in of["footprint"]] == [True]
    assert [(one["n"], one["inside"]) for one in of["photo"]] == [(1, True), (2, False)]
    assert of["detection"]
    assert of["cell"]
    lead = make.dispatched(city, source="firms")
    features = clerk.get(reverse("firepoints:map_geojson", args=[lead.pk])).json()["features"]
    assert [one["properties"]["official"] for one in features if one["properties"]["role"] == "footprint"] == [False]


def test_a_merged_point_leads_to_its_survivor(city: City, clerk: Client) -> None:
    gone, stays = make.dispatched(city), make.dispatched(city)
    make.take(gone, "merge", city.clerk, into=stays.number, reason="同一处")
    page = text_of(clerk.get(detail(gone)))
    assert "已并入" in page
    assert detail(stays) in page


def test_no_page_carries_inline_script_or_style(city: City, clerk: Client) -> None:
    point = make.final(city)
    for url in (HOME, reverse("firepoints:list"), detail(point)):
        answer = clerk.get(url)
        page = text_of(answer)
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=|javascript:", page)
        assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_a_demonstration_says_so(city: City, clerk: Client) -> None:
    from journal.models import Deployment

    Deployment.objects.update_or_create(pk=1, defaults={"is_demo": True, "title": "演示市秸秆禁烧管控"})
    assert "演示数据" in text_of(clerk.get(HOME))


def test_the_marks_of_the_overview_are_plain_geojson(city: City, clerk: Client) -> None:
    point = make.final(city)
    answer = clerk.get(reverse("firepoints:points_geojson") + f"?month={MONTH}")
    assert answer["Content-Type"] == "application/geo+json"
    (mark,) = json.loads(answer.content)["features"]
    assert mark["geometry"] == {"type": "Point", "coordinates": [123.75, 41.25]}
    told = mark["properties"]
    assert (told["number"], told["state"], told["counted"], told["county_name"]) == (
        point.number,
        "final",
        True,
        "甲县",
    )
