"""Proves over HTTP that a started deployment answers: what `quickstart --check` reports."""

from __future__ import annotations

import contextlib
import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from journal.record import sealing

TIMEOUT_S = 30


class Unproved(Exception):
    """Something did not answer as it must; the message says what was asked and what came."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer: status, final address, text."""

    status: int
    url: str
    text: str


class Visitor:
    """A browser of the simplest kind: keeps cookies, follows redirects, signs in by the form."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.cookies = http.cookiejar.CookieJar()
        # No proxy: the server is on this machine.
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def get(self, path: str) -> Answer:
        """GET a path of the deployment; an error status is an answer too."""
        return self._ask(urllib.request.Request(self.base + path))  # noqa: S310  our own server

    def sign_in(self, username: str, password: str) -> Answer:
        """Fill in the sign-in form; raises Unproved when the user is still not signed in."""
        path = reverse("login")
        page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if page.status != 200 or not token:
            raise Unproved(f"{path}: 没有登录表单 / no sign-in form ({page.status})")
        form = {"csrfmiddlewaretoken": token.group(1), "username": username, "password": password}
        request = urllib.request.Request(  # noqa: S310  our own server
            self.base + path, data=urllib.parse.urlencode(form).encode(), headers={"Referer": self.base + path}
        )
        answer = self._ask(request)
        if not any(cookie.name == settings.SESSION_COOKIE_NAME for cookie in self.cookies):
            raise Unproved(f"{path}: {username} 登录失败 / could not sign in ({answer.status})")
        return answer

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self.opener.open(request, timeout=TIMEOUT_S) as answer:
                return Answer(answer.status, answer.url, answer.read().decode("utf-8", errors="replace"))
        except urllib.error.HTTPError as error:
            return Answer(error.code, request.full_url, error.read().decode("utf-8", errors="replace"))


def prove(url: str, *, username: str, password: str) -> dict[str, int]:
    """Sign in as a person; the home page, what it loads and the API must answer. Returns path → status.

    Without a password (a later run has none to give) the person is let in by a session that is removed again: a check
    of an existing deployment changes nothing. Raises Unproved with the first thing that does not answer.
    """
    visitor = Visitor(url)
    if password:
        visitor.sign_in(username, password)
        return _tour(visitor)
    with _passing_session(username) as key:
        visitor.opener.addheaders.append(("Cookie", f"{settings.SESSION_COOKIE_NAME}={key}"))
        return _tour(visitor)


@contextlib.contextmanager
def _passing_session(username: str) -> Iterator[str]:
    user = get_user_model().objects.get(username=username)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    try:
        yield str(session.session_key)
    finally:
        session.delete()


def _tour(visitor: Visitor) -> dict[str, int]:
    _must(visitor, reverse("login"), {})
    statuses: dict[str, int] = {}
    home = _must(visitor, reverse("home"), statuses)
    if reverse("login") in home.url:
        raise Unproved("首页又转到登录页 / the home page sent us back to sign in")
    if "演示" not in home.text:
        raise Unproved("首页没有“演示”字样 / the home page does not say 演示")
    for asset in sorted(set(re.findall(r'(?:src|href)="(/static/[^"#]+)"', home.text))):
        _must(visitor, asset, statuses)
    for name in ("api-docs", "schema"):
        _must(visitor, reverse(name), statuses)
    for path in api_lists():
        _must(visitor, path, statuses)
    return statuses


def api_lists() -> list[str]:
    """The API addresses that take no argument: lists and single facts, read from the URL table itself."""
    paths = []
    for pattern in _flatten(get_resolver().url_patterns):
        if pattern.startswith("api/") and "<" not in pattern and "(" not in pattern:
            paths.append("/" + pattern)
    return sorted(set(paths) - {reverse("schema"), reverse("api-docs")})


def _flatten(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    routes: list[str] = []
    for item in patterns:
        route = prefix + str(item.pattern)
        routes += _flatten(item.url_patterns, route) if isinstance(item, URLResolver) else [route]
    return routes


def _must(visitor: Visitor, path: str, statuses: dict[str, int]) -> Answer:
    answer = visitor.get(path)
    statuses[path] = answer.status
    # 405: an address that only takes POST is there and says so.
    if answer.status not in (200, 405):
        raise Unproved(f"{path}: {answer.status}")
    return answer


def wait_for_worker(timeout_s: float = 30) -> dict[str, int]:
    """Wait until the worker answers over the broker and has sealed every entry of the journal.

    Returns how many workers answered and the head of the chain (seq); raises Unproved after `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    workers = 0
    while not workers or sealing.waiting():
        if time.monotonic() > deadline:
            raise Unproved(f"后台没有工作 / the worker does not work: {workers} answered, {sealing.waiting()} unsealed")
        workers = workers or len(current_app.control.ping(timeout=2, limit=1))
        time.sleep(0.1)
    return {"workers": workers, "sealed": sealing.head()[0]}
