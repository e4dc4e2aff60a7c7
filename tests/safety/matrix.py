"""Every address × everybody: what a GET and an empty POST are answered, in a world that is always the same.

`python -m tests.safety.matrix --write` renews tests/safety/url_roles.csv; a test holds the file to the code. A change in
it is a change of who may do what: read the difference before you commit it.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse

FILE = Path(__file__).with_name("url_roles.csv")
WRITE = "JINSHAO_WRITE_MATRIX"
ANYTHING = "–"
"""Not asked: a token opens nothing but the API."""

Row = dict[str, str]


class _Undo(Exception):
    """Takes back whatever a request has done, so that the next one meets the same world."""


def asked(client: Client, method: str, url: str) -> int:
    """The status of one request, whose effects are undone: the browser's too, or after /logout/ nobody is signed in."""
    status, cookies = 0, deepcopy(client.cookies)
    try:
        with transaction.atomic():
            answer = client.post(url) if method == "POST" else client.get(url)
            status = answer.status_code
            if answer.streaming:
                for _ in answer.streaming_content:
                    pass
            raise _Undo
    except _Undo:
        client.cookies = cookies
        return status


def clients(scene: Any) -> dict[str, Client]:
    """Everybody by the name of a column: nobody signed in, one person of each role, a token of each scope."""
    from grids.models import TokenScope
    from grids.people.tokens import token_issue
    from tests.safety.walk import people, signed_in

    found: dict[str, Client] = {"anonymous": signed_in(None)}
    found |= {role: signed_in(user) for role, user in people(scene).items()}
    for scope in TokenScope.values:
        _, key = token_issue(user=scene.city.clerk, actor=None, label=scope, scopes=[scope])
        found[f"token:{scope}"] = Client(raise_request_exception=False, headers={"Authorization": f"Token {key}"})
    return found


def rows(scene: Any) -> Iterator[Row]:
    """One row for each method, address and object, in the order of the addresses."""
    everybody = clients(scene)
    for pattern, told, url in sorted(_places(scene)):
        for method in ("GET", "POST"):
            if method == "POST" and _takes_no_post(everybody, url):
                continue
            row = {"method": method, "address": pattern, "object": told}
            for name, client in everybody.items():
                is_open = url.startswith("/api/") or not name.startswith("token:")
                row[name] = str(asked(client, method, url)) if is_open else ANYTHING
            yield row


def _takes_no_post(everybody: dict[str, Client], url: str) -> bool:
    """Whether the method itself is refused, to whoever gets as far as that."""
    return asked(everybody["bureau"], "POST", url) == 405 and asked(everybody["recogniser"], "POST", url) == 405


def _places(scene: Any) -> Iterator[tuple[str, str, str]]:
    """(pattern, which object, address); one of a point is asked for a point of either county and for one that the eastern
    county lost to the western one."""
    from firepoints.models import Evidence
    from tests.safety.walk import addresses, patterns

    shown = {name: str(pattern.pattern) for name, pattern in patterns()}
    by_point = {name for name, pattern in patterns() if {"point", "point_id"} & set(pattern.pattern.converters)}
    for address in addresses(scene):
        if address.name == "(unknown)":
            continue
        prefix = "api/" if address.url.startswith("/api/") else ""
        pattern = f"/{prefix}{shown[address.name].removeprefix('api/')}"
        yield pattern, "甲县的火点" if address.name in by_point else "", address.url
        if address.name in by_point:
            yield pattern, "乙县的火点", address.url.replace(f"/{scene.west.pk}/", f"/{scene.east.pk}/", 1)
            yield pattern, "乙县失去的火点", address.url.replace(f"/{scene.west.pk}/", f"/{scene.cross.pk}/", 1)
        elif address.name in ("firepoints:evidence", "firepoints:evidence_original"):
            piece = Evidence.objects.filter(point=scene.cross, kind="photo").first()
            assert piece is not None
            yield pattern, "乙县失去的火点", reverse(address.name, args=[piece.uuid])


def as_csv(found: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue()


def kept() -> list[Row]:
    """The file as it is checked in."""
    with FILE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main(argv: list[str], run: Callable[..., Any] = subprocess.run) -> int:
    """Have the test write what it finds: it needs the database and the world of the tests."""
    if argv != ["--write"]:
        sys.stderr.write("usage: python -m tests.safety.matrix --write\n")
        return 2
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", str(FILE.with_name("test_matrix.py"))]
    return int(run(command, env={**os.environ, WRITE: "1"}, check=False).returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
