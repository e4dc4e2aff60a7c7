"""The whole API at once: its schema, every address as everybody, and generated requests."""

import contextlib
import os
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from rest_framework.test import APIClient
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from grids.models import TokenScope, User
from grids.people.tokens import token_issue
from tests.factories import points

pytestmark = [pytest.mark.django_db]

OPERATIONS = {
    *("me", "sightings_list", "sightings_report", "imports_list", "imports_create", "import_read", "import_rows"),
    *("import_withdraw", "fire_points_list", "fire_point_read", "fire_point_act", "evidence_store"),
    *("batches_list", "batches_build", "batch_read", "batch_step", "journal_entries_list"),
    *("entries_list", "entry_read"),
    *("outside_findings_list", "outside_finding_answer", "proposals_list", "proposal_answer"),
}
# By hand: JINSHAO_FUZZ_EXAMPLES=200 pytest tests/api/test_schema.py -k generated -s
EXAMPLES = int(os.environ.get("JINSHAO_FUZZ_EXAMPLES", "1"))
DEEP = EXAMPLES > 5
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = ("clerk", "recogniser", "west", "inspector", "finance", "auditor")


def _addresses(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern).removeprefix("^").removesuffix("$")
        found += _addresses(entry, path) if isinstance(entry, URLResolver) else [path]
        assert isinstance(entry, URLPattern | URLResolver)
    return found


def _api_addresses() -> list[str]:
    """Every address under /api/ with plausible parts filled in, but for the catch-all."""
    values = {
        "uuid": "7b0f2f0e-0000-4000-8000-000000000000",
        "point": "1",
        "batch_id": "1",
        "entry_id": "1",
        "path": "x",
        "pk": "1",
    }
    values["proposal_id"] = "1"
    found = [path for path in _addresses(get_resolver()) if path.startswith("api/") and ".*" not in path]
    return [re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values[part.group(1)], f"/{path}") for path in found]


def test_the_schema_has_no_warnings(settings, tmp_path):
    said = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"), stderr=said)


def test_operation_ids_are_a_contract():
    schema = SchemaGenerator().get_schema(public=True)
    ids = {one["operationId"] for path in schema["paths"].values() for one in path.values()}
    assert ids >= OPERATIONS
    problem = {"$ref": "#/components/schemas/Problem"}
    for path in schema["paths"].values():
        for one in path.values():
            assert one["responses"]["default"]["content"]["application/problem+json"]["schema"] == problem


def test_every_list_says_its_cursor_its_page_and_its_csv():
    lists = 0
    for path in SchemaGenerator().get_schema(public=True)["paths"].values():
        content = path.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "text/csv" in content:
            lists += 1
            assert {"cursor", "page_size", "format"} <= {one["name"] for one in path["get"]["parameters"]}
            assert "results" in str(content["application/json"]["schema"]) or "Paginated" in str(content)
    assert lists == 8


def test_nobody_gets_anything_without_signing_in(db):
    nobody = APIClient()
    addresses = _api_addresses()
    assert len(addresses) >= 15
    for address in addresses:
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(nobody, method)(address)
            assert answer.status_code in (401, 403), (method, address, answer.status_code)


@pytest.mark.parametrize("who", ROLES)
def test_no_address_fails_for_any_role(city, sign_in, who):
    point = points.verified(city)
    client = sign_in(getattr(city, who))
    for address in [*_api_addresses(), f"/api/fire-points/{point.pk}/", f"/api/fire-points/{point.number}/"]:
        for method in ("get", "post", "put", "patch", "delete", "options"):
            answer = getattr(client, method)(address)
            assert answer.status_code < 500, (method, address)
            if answer.status_code >= 400:
                assert answer.json()["code"], (method, address)


def test_the_docs_page_needs_no_inline_script_or_style(city, sign_in):
    page = sign_in(city.clerk).get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\bon\w+=|https?://", page)
    script = re.search(r'<script src="([^"]*script=[^"]*)"', page)
    assert script
    assert (
        sign_in(city.clerk)
        .get(script.group(1).replace("&amp;", "&"))["Content-Type"]
        .startswith("application/javascript")
    )


@pytest.fixture
def wsgi() -> Iterator[Any]:
    """The application as a server runs it, in the test's own transaction: as with Django's client, no request may close
    the connection that the test holds."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
def test_generated_requests_of_every_role_meet_no_server_error_and_the_answers_fit_the_schema(city, wsgi):
    """Each request is made once and sent by everybody: making it costs more than sending it."""
    point = points.verified(city)
    people = {who: getattr(city, who) for who in ROLES} | {"nobody": User.objects.create(username="nobody")}
    tokens = {
        who: token_issue(user=user, actor=user, label="试探", scopes=TokenScope.values)[1]
        for who, user in people.items()
    }
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
    schema.app = wsgi
    asked = 0
    for result in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            asked += _try(result.ok(), mode, point.pk, tokens)
    assert asked >= EXAMPLES * len(OPERATIONS) * len(tokens)
    print(f"{asked} requests by {len(tokens)} people")


def _try(operation: Any, mode: GenerationMode, point: int, tokens: dict[str, str]) -> int:
    """How many requests were sent."""
    asked = 0
    checks = CHECKS if mode == GenerationMode.POSITIVE else [not_a_server_error]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not DEEP,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        nonlocal asked
        if mode == GenerationMode.POSITIVE and "point" in (case.path_parameters or {}):
            case.path_parameters["point"] = str(point)
        headers = dict(case.headers or {})
        for who, token in tokens.items():
            asked += 1
            # The client that calls the application in this process asks for gzip and does not unpack it.
            case.headers = {**headers, "Authorization": f"Token {token}", "Accept-Encoding": "identity"}
            answer = case.call()
            assert answer.status_code < 500, (who, operation.label)
            case.validate_response(answer, checks=checks)

    with contextlib.suppress(Unsatisfiable):  # nothing about some operations can be wrong
        run()
    return asked
