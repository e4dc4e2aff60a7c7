"""Compressed answers: whatever is text, streamed or not, and nothing that is compressed already."""

import csv
import gzip
import io
import json

import pytest
from django.http import FileResponse, HttpResponse
from django.test import RequestFactory

from core.http.compressing import CompressMiddleware
from tests.factories import points
from tests.factories.city import City, build_city

pytestmark = pytest.mark.django_db
GZIP = {"HTTP_ACCEPT_ENCODING": "br;q=0.9, gzip"}


@pytest.fixture
def city(settings, tmp_path_factory) -> City:
    settings.JINSHAO_HOME = tmp_path_factory.mktemp("home")
    return build_city()


@pytest.mark.parametrize(
    "url", ["/", "/fire-points/?state=all", "/fire-points/points.geojson?state=all", "/api/fire-points/"]
)
def test_pages_json_and_geojson_come_compressed_to_who_takes_it(client, city: City, url: str) -> None:
    points.suspected(), points.dispatched(city)
    client.force_login(city.clerk)
    plain, small = client.get(url), client.get(url, **GZIP)
    assert "Content-Encoding" not in plain
    assert (small["Content-Encoding"], small.status_code) == ("gzip", 200)
    assert all("Accept-Encoding" in answer["Vary"] for answer in (small, plain))
    assert int(small["Content-Length"]) == len(small.content) < len(plain.content)
    unpacked = gzip.decompress(small.content)
    assert unpacked[:20] == plain.content[:20]
    if "json" in plain["Content-Type"]:
        assert json.loads(unpacked) == plain.json()


def test_a_streamed_csv_comes_compressed_whole_and_in_pieces(client, city: City) -> None:
    expected = [points.suspected().pk for _ in range(3)][::-1]
    client.force_login(city.clerk)
    answer = client.get("/api/fire-points/?format=csv", **GZIP)
    assert (answer["Content-Encoding"], answer.streaming, answer.has_header("Content-Length")) == ("gzip", True, False)
    text = gzip.decompress(b"".join(answer.streaming_content)).decode("utf-8-sig")
    assert [int(row["id"]) for row in csv.DictReader(io.StringIO(text))] == expected


def test_two_answers_of_the_same_text_differ_in_length(client, city: City) -> None:
    """So that a length tells nothing of what stands beside a stranger's text (BREACH)."""
    request = RequestFactory().get("/", **GZIP)
    middleware = CompressMiddleware(lambda _: HttpResponse("同样的内容" * 200))
    assert len({len(middleware(request).content) for _ in range(40)}) > 5


def test_pictures_and_workbooks_are_not_compressed_again() -> None:
    request = RequestFactory().get("/", **GZIP)
    for content_type in ("image/jpeg", "application/octet-stream", "application/vnd.openxmlformats-officedocument"):
        middleware = CompressMiddleware(
            lambda _, kind=content_type: FileResponse(io.BytesIO(b"0" * 999), content_type=kind)
        )
        assert "Content-Encoding" not in middleware(request)
