"""The size of what is sent is refused by its header: nothing of it is read, whoever sends it and wherever to."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from django.conf import settings as deployment
from django.test import Client
from django.urls import reverse

from grids.people.tokens import token_issue
from tests.factories import points as make
from tests.safety.walk import patterns

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
KB, MB = 1024, 1024 * 1024
MULTIPART = "multipart/form-data; boundary=x"
JSON = "application/json"


class Unread:
    """A body of which the first read fails the test."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self, *size: int) -> bytes:
        self.reads += 1
        return b""

    readline = read


def send(
    client: Client, url: str, length: int | str, kind: str = MULTIPART, method: str = "POST", **headers: Any
) -> Any:
    """(answer, whether anything of the body was read)."""
    body = Unread()
    given = {"wsgi.input": body, "CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind, **headers}
    return client.generic(method, url, **given), bool(body.reads)


def strict() -> Client:
    """A client that is asked for its CSRF token, as a browser is."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32  # with a cookie the form is read for the token that belongs to it
    return client


def signed_in(user: Any) -> Client:
    client = strict()
    client.force_login(user)
    return client


@pytest.mark.parametrize("url", ["/login/", "/", "/penalties/build/", "/imports/new/", "/nowhere/", "/api/nowhere/"])
def test_a_stranger_sends_no_more_than_a_sign_in(city, url):
    for method in ("POST", "PUT", "PATCH", "DELETE", "GET"):
        answer, was_read = send(strict(), url, 600 * MB, method=method)
        assert (answer.status_code in (404, 413), was_read) == (True, False), (url, method)
    assert answer.status_code == (404 if url == "/nowhere/" else 413)


def test_pages_of_errors_read_nothing_either(city, settings, monkeypatch):
    client = signed_in(city.clerk)
    answer, was_read = send(client, "/nowhere/", 600 * MB)
    assert (answer.status_code, was_read) == (404, False)
    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr("grids.frame.body_limits._require_room", lambda *args: 1 / 0)
        answer, was_read = send(client, "/imports/new/", 600 * MB)
    assert (answer.status_code, was_read) == (500, False)
    settings.ALLOWED_HOSTS = ["jinshao.example"]
    answer, was_read = send(client, "/login/", 600 * MB, HTTP_HOST="elsewhere.example")
    assert (answer.status_code, was_read) == (400, False)


def test_signing_in_has_room_enough(city):
    city.clerk.set_password("演示密码-不外传-1")
    city.clerk.save()
    given = {"username": "clerk", "password": "演示密码-不外传-1", "next": "/?" + "a" * 2000}
    assert Client().post("/login/", given).status_code == 302


@pytest.mark.parametrize("cookie", ["", "invented", "ended"])
def test_a_cookie_that_is_no_session_makes_nobody_known(city, cookie):
    client = strict()
    if cookie == "ended":
        client.force_login(city.clerk)
        key = client.cookies["sessionid"].value
        client.session.flush()
        cookie = key
    client.cookies["sessionid"] = cookie
    answer, was_read = send(client, "/imports/new/", 70 * KB)
    assert (answer.status_code, was_read) == (413, False)
    assert "没有登录" in answer.content.decode()


def test_a_closed_account_is_a_stranger(city):
    client = signed_in(city.clerk)
    city.clerk.is_active = False
    city.clerk.save()
    assert send(client, "/imports/new/", 70 * KB)[0].status_code == 413


def uploads() -> dict[str, tuple[str, str]]:
    """{name of the address: (kind of files, address)}."""
    point = make.suspected()
    return {
        "imports:new": ("file", reverse("imports:new")),
        "edition-import": ("file", reverse("edition-import")),
        "grid-overlays-load": ("file", reverse("grid-overlays-load")),
        "grid-roster-preview": ("document", reverse("grid-roster-preview")),
        "firepoints:evidence_upload": ("photos", reverse("firepoints:evidence_upload", args=[point.pk])),
        "api imports": ("file", "/api/imports/"),
        "api evidence": ("document", f"/api/fire-points/{point.pk}/evidence/"),
    }


def test_each_upload_has_its_own_room_and_no_more(city):
    client = signed_in(city.clerk)
    for name, (kind, url) in uploads().items():
        most = deployment.BODY_LIMITS[kind]
        answer, was_read = send(client, url, most + 1)
        assert (answer.status_code, was_read) == (413, False), name
        answer, was_read = send(client, url, most)
        assert answer.status_code != 413, name
        assert was_read, f"{name}: within its room it is read"


def test_beside_an_upload_a_plain_form_and_json_have_no_more_room(city):
    client = signed_in(city.clerk)
    for name, (_, url) in uploads().items():
        most = deployment.BODY_LIMITS["api" if url.startswith("/api/") else "form"]
        for kind in ("application/x-www-form-urlencoded", JSON, "text/plain"):
            answer, was_read = send(client, url, most + 1, kind)
            assert (answer.status_code, was_read) == (413, False), (name, kind)


def test_everywhere_else_a_signed_in_person_has_the_room_of_a_form_or_of_json(city):
    client = signed_in(city.clerk)
    point = make.suspected()
    act = reverse("firepoints:act", args=[point.pk, "dispatch"])
    for url, limit in ((act, "form"), ("/logout/", "form"), ("/api/sightings/", "api"), ("/api/nowhere/", "api")):
        for kind in (MULTIPART, JSON):
            answer, was_read = send(client, url, deployment.BODY_LIMITS[limit] + 1, kind)
            assert (answer.status_code, was_read) == (413, False), (url, kind)


def test_every_page_that_reads_files_says_so(city):
    reading = {"imports:new", "edition-import", "grid-overlays-load", "grid-roster-preview"}
    saying = set()
    for name, pattern in patterns():
        view: Any = pattern.callback
        inner = getattr(view, "cls", None) or inspect.unwrap(view)
        source = inspect.getsource(inner)
        if "request.FILES" in source or "MultiPartParser" in source:
            reading.add(name)
        if getattr(view, "body_files", None) or getattr(getattr(view, "cls", None), "body_files", None):
            saying.add(name)
    # Their files are read in a function of the same module.
    reading |= {"grid-people-act", "imports:feedback_words"}
    assert saying == reading


def test_a_token_that_works_has_the_room_of_its_account_and_another_has_a_strangers(city):
    _, key = token_issue(user=city.clerk, label="演示设备", scopes=["import"], actor=city.clerk)
    url, client = "/api/imports/", strict()
    assert send(client, url, 5 * MB, HTTP_AUTHORIZATION=f"Token {key}")[0].status_code != 413
    assert send(client, url, 257 * MB, HTTP_AUTHORIZATION=f"Token {key}")[0].status_code == 413
    for other in ("Token jsh_invented", "Token", "Basic Y2xlcms6eA==", f"Nothing {key}"):
        answer, was_read = send(client, url, 5 * MB, HTTP_AUTHORIZATION=other)
        assert (answer.status_code, was_read) == (413, False), other
    answer, was_read = send(client, "/imports/new/", 5 * MB, HTTP_AUTHORIZATION=f"Token {key}")
    assert (answer.status_code, was_read) == (413, False), "a token signs nobody in to the pages"


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_TRANSFER_ENCODING": "gzip, chunked", "CONTENT_LENGTH": "5"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "12 34"},
        {"CONTENT_LENGTH": "６００"},
    ],
)
def test_a_body_of_which_nobody_knows_the_end_is_refused(city, headers):
    for client in (strict(), signed_in(city.clerk)):
        for url, media_type in (("/login/", "text/html"), ("/api/sightings/", "application/problem+json")):
            answer, was_read = send(client, url, "", **headers)
            assert (answer.status_code, was_read) == (411, False), url
            assert answer["Content-Type"].startswith(media_type)
            assert "Content-Length" in answer.content.decode()


def test_the_refusal_speaks_the_language_of_who_sent_it(city):
    page, _ = send(signed_in(city.clerk), "/logout/", 3 * MB)
    assert "一次最多 2 MB，这次有 3 MB" in page.content.decode()
    assert page["Content-Security-Policy"]
    script, _ = send(signed_in(city.clerk), "/logout/", 3 * MB, HTTP_ACCEPT=JSON)
    assert script.json()["error"] == "body_too_large"
    api, _ = send(signed_in(city.clerk), "/api/sightings/", 3 * MB, JSON)
    assert api["Content-Type"] == "application/problem+json"
    problem = api.json()
    assert (problem["code"], problem["status"], problem["most_bytes"]) == ("body_too_large", 413, MB)
    assert problem["title"] == "内容太大"


def test_the_limits_stand_before_all_other_middleware(settings):
    assert settings.MIDDLEWARE[0] == "grids.frame.body_limits.BodyLimits"
