"""Every address: nobody without sign-in, no 500 whatever is asked, a page that runs nothing of its own, no phone number."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from grids.models import User
from tests.safety.walk import HOSTILE_QUERIES, PUBLIC, WRONG, addresses, body, patterns, people, signed_in

pytestmark = pytest.mark.django_db

DATA_BLOCKS = {"application/json", "application/ld+json"}
ACTIONS = {"href", "src", "action", "formaction", "data", "poster", "srcset"}


class Strict(HTMLParser):
    """Notes everything that a strict content security policy would block, or that is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        if tag == "style":
            self.faults.append("<style>")
        self._in_script = tag == "script" and not told.get("src") and told.get("type") not in DATA_BLOCKS
        for name, value in attributes:
            text = (value or "").strip().lower()
            if name == "style" or name.startswith("on"):
                self.faults.append(f"<{tag} {name}=…>")
            if name in ACTIONS and text.startswith(("javascript:", "vbscript:", "data:text/html")):
                self.faults.append(f"<{tag} {name}={text}>")
            if name in ACTIONS - {"href"} and re.match(r"(https?:)?//", text):
                self.faults.append(f"<{tag} {name}={text}> from outside")
            if tag == "link" and name == "href" and re.match(r"(https?:)?//", text):
                self.faults.append(f"<link {text}> from outside")

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.faults.append("<script> with a text of its own")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def faults_of(html: str) -> list[str]:
    parser = Strict()
    parser.feed(html)
    return parser.faults


def is_strict(policy: str) -> bool:
    told = dict(([*part.strip().split(" ", 1), ""])[:2] for part in policy.split(";") if part.strip())
    if any(told.get(name) != "'self'" for name in ("default-src", "script-src", "style-src")):
        return False
    return "unsafe" not in policy and "*" not in policy and "http" not in policy and "'none'" in told["object-src"]


def test_the_parser_of_this_test_sees_what_it_must():
    assert faults_of('<p style="x"><script>a()</script><a href="javascript:x()" onclick=y><style>b{}</style>') == [
        "<p style=…>", "<script> with a text of its own", "<a href=javascript:x()>", "<a onclick=…>", "<style>",
    ]  # fmt: skip
    assert faults_of('<script src="//cdn.example/x.js"></script>')
    assert not faults_of('<script src="/static/x.js"></script><script type="application/json">{}</script>')
    assert not is_strict("default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self'; object-src 'none'")


def test_nobody_who_is_not_signed_in_gets_past_the_sign_in(scene):
    client = signed_in(None)
    for address in addresses(scene):
        for method in ("get", "post"):
            answer = getattr(client, method)(address.url)
            if address.name in PUBLIC:
                assert answer.status_code in (200, 405), address
                continue
            if address.name == "(unknown)":
                assert answer.status_code == 404, address
                continue
            said = (str(address), method, answer.status_code)
            if address.url.startswith("/api/"):
                assert answer.status_code in (401, 403), said
            else:
                assert answer.status_code == 302, said
                assert answer.headers["Location"].startswith("/login/"), said
    assert {name for name, _ in patterns()} >= PUBLIC


def test_no_address_breaks_for_anybody_with_what_is_there_and_what_is_not(scene):
    broken = []
    for role, user in people(scene).items():
        client = signed_in(user)
        asked = addresses(scene)
        # What cannot be a key at all is told apart before anyone's scope is asked: two people are enough for it.
        for wrong in range(len(WRONG) if role in ("bureau", "nobody") else 1):
            asked += [one for one in addresses(scene, wrong) if one.has_arguments]
        for address in asked:
            answer = client.get(address.url)
            body(answer)
            if answer.status_code >= 500:
                broken.append((role, str(address)[:120], answer.status_code))
    assert broken == []


def test_no_hostile_query_breaks_a_page_or_is_put_out_as_it_came(scene):
    broken = []
    for role in ("bureau", "auditor", "recogniser"):
        client = signed_in(people(scene)[role])
        for url in HOSTILE_QUERIES:
            answer = client.get(url)
            text = body(answer)
            if answer.status_code >= 500 or "<script>alert(1)" in text or "evil.example" in answer.get("Location", ""):
                broken.append((role, url[:120], answer.status_code))
    assert broken == []


def test_an_empty_or_garbled_post_is_refused_in_words_by_every_address(scene):
    broken = []
    for role in ("bureau", "recogniser", "finance", "auditor", "nobody"):
        client = signed_in(people(scene)[role])
        for address in addresses(scene):
            if address.name == "logout":
                continue
            for sent in ({"data": {}}, {"data": "{", "content_type": "application/json"}, GARBLED):
                answer = client.post(address.url, **sent)
                if answer.status_code >= 500:
                    broken.append((role, str(address), str(sent)[:60], answer.status_code))
    assert broken == []


GARBLED_FIELDS = (
    *("reason", "point", "expected_version", "month", "version", "uuid", "lon", "kind", "conclusion", "evidence"),
    *("into", "document_no", "next", "token", "source", "username", "password"),
)
GARBLED: dict[str, Any] = {
    "data": {**dict.fromkeys(GARBLED_FIELDS, "\x00²" + "9" * 5000), "decision": "return", "file": ""}
}


def test_a_null_character_in_an_act_is_refused_not_stored(scene):
    client = signed_in(scene.city.recogniser)
    answer = client.post(
        "/recognition/",
        {
            "point": scene.waiting.pk,
            "decision": "return",
            "reason": "退\x00回",
            "expected_version": scene.waiting.version,
        },
    )
    assert answer.status_code == 400
    told = {"action": "return", "version": scene.waiting.version, "data": {"reason": "退\x00回"}}
    url = f"/api/fire-points/{scene.waiting.pk}/transitions/"
    assert client.post(url, json.dumps(told), content_type="application/json").status_code == 400


def test_every_page_is_under_a_strict_policy_and_runs_nothing_of_its_own_and_shows_no_phone_number(scene):
    for user in User.objects.all():
        User.objects.filter(pk=user.pk).update(phone=f"1390000{user.pk % 10000:04d}")
    numbers = set(User.objects.values_list("phone", flat=True))
    seen, faults = 0, []
    for role, user in people(scene).items():
        client = signed_in(user)
        for address in addresses(scene):
            answer = client.get(address.url)
            text = body(answer)
            where = f"{role} {address}"
            faults += [f"{where}: phone {number}" for number in numbers if number in text]
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            seen += 1
            if not is_strict(answer.headers.get("Content-Security-Policy", "")):
                faults.append(f"{where}: policy {answer.headers.get('Content-Security-Policy')}")
            faults += [f"{where}: {fault}" for fault in faults_of(text)]
    assert faults == []
    assert seen > 50, "the walk has met the pages"
