"""A page asks the database as often for many rows as for few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from firepoints.models import FirePoint
from penalties.batches import steps
from tests.factories import points as make
from tests.factories.city import IN_EAST, IN_WEST, City
from tests.safety.walk import body, signed_in

pytestmark = pytest.mark.django_db

LISTS = {
    "clerk": (
        *("/", "/fire-points/?state=all", "/fire-points/points.geojson?state=all", "/journal/", "/penalties/"),
        *("/api/fire-points/", "/api/fire-points/?format=geojson", "/api/sightings/", "/api/batches/", "/imports/"),
    ),
    "recogniser": ("/recognition/",),
    "west": ("/", "/fire-points/?state=all", "/api/fire-points/"),
}


def asked(user, url: str) -> int:
    client = signed_in(user)
    body(client.get(url))  # what is cached per process is read by now
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(url)
        body(answer)
    assert answer.status_code == 200, url
    return len(queries)


def more(city: City, number: int) -> None:
    for at in range(number):
        aside = at * 0.001
        make.suspected(at=(IN_WEST[0] - 0.03, IN_WEST[1] - 0.03 + aside))
        make.verified(city, at=(IN_WEST[0] + 0.03, IN_WEST[1] - 0.03 + aside))
        make.final(city, at=(IN_EAST[0] + aside, IN_EAST[1]))


def test_no_list_asks_more_for_more_rows(city):
    more(city, 2)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    pages = [(who, url) for who, urls in LISTS.items() for url in urls] + [("clerk", f"/penalties/{batch.pk}/")]
    few = {(who, url): asked(getattr(city, who), url) for who, url in pages}
    more(city, 4)
    steps.batch_build(month="2023-10", actor=city.clerk)
    assert FirePoint.objects.count() == 18
    many = {(who, url): asked(getattr(city, who), url) for who, url in pages}
    assert {key: (few[key], many[key]) for key in few if many[key] > few[key]} == {}


def everything_open(city: City) -> FirePoint:
    """A point of every state with questions and a batch: whatever a page may have to tell of."""
    more(city, 2)
    point = make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    make.dispatched(city)
    FirePoint.objects.filter(state="dispatched").update(due_at="2023-10-08T00:00:00Z")
    make.joint(city)
    make.recognised(city)
    make.take(make.notified(city), "object", city.west, reason="不是本县的")
    make.notified(city)
    for other in (make.suspected(), make.suspected(), point):
        make.ask(other, "是不是同一处", other=FirePoint.objects.get(pk=other.pk - 1))
    make.photo(point, city.west)
    return point


BUDGET = 20
BUDGETS = {"/fire-points/{point}/": 30, "/recognition/": 34}
"""What a page may ask the database, of whatever size; a point is read with all that was ever said of it, and the desk shows
one beside the record of the counties."""
PAGES = (
    *(
        "/",
        "/?month=2023-10",
        "/fire-points/",
        "/fire-points/?state=all",
        "/fire-points/?q=HD2023",
        "/fire-points/?q=南村",
    ),
    *("/fire-points/{point}/", "/recognition/", "/penalties/", "/questions/", "/journal/", "/imports/", "/proposals/"),
    *("/api/fire-points/", "/fire-points/map.json", "/fire-points/points.geojson"),
)


@pytest.mark.parametrize("who", ["clerk", "recogniser", "west", "inspector", "finance", "auditor"])
def test_a_page_keeps_to_its_budget_of_queries_whatever_is_open(city, who):
    point = everything_open(city)
    client = signed_in(getattr(city, who))
    over = {}
    for page in PAGES:
        url = page.format(point=point.pk)
        body(client.get(url))
        with CaptureQueriesContext(connection) as queries:
            body(client.get(url))
        if len(queries) > BUDGETS.get(page, BUDGET):
            over[url] = len(queries)
    assert over == {}


def test_a_point_with_many_sightings_and_photos_is_shown_with_the_same_number_of_queries(city):
    def point(sightings: int, photos: int) -> FirePoint:

        found = [make.detection(at=IN_WEST) for _ in range(sightings)]
        made = make.take(make.create_point(detections=found, actor=city.system), "dispatch", city.clerk)
        for _ in range(photos):
            make.photo(made, city.west)
        return made

    small, large = point(1, 1), point(6, 6)
    for pattern in (
        "/fire-points/{}/",
        "/fire-points/{}/map.geojson",
        "/api/fire-points/{}/",
        "/fire-points/{}/report/",
    ):
        user = city.west if "report" in pattern else city.clerk
        few, many = asked(user, pattern.format(small.pk)), asked(user, pattern.format(large.pk))
        assert many <= few, (pattern, few, many)
