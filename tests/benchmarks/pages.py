"""What a page costs behind a long history: queries, pages of the database read, and seconds for many people at once.

    python -m tests.benchmarks.pages --server postgres://postgres@/postgres?host=… [--points 1000000] [--users 50] [--json]
    python -m tests.benchmarks.pages --sqlite [--points 100000] [--users 5] [--json]
    python -m tests.benchmarks.pages --url postgres://…/a_history_kept --home FOLDER

The history is that of `tests.benchmarks.history`. Each role opens each page once with its queries listed: their number,
the buffers that PostgreSQL read for them (EXPLAIN (ANALYZE, BUFFERS)), the tables that a plan read from end to end.
Then people sign in to gunicorn and click with one second between; printed are p50 and p95 of each page.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.benchmarks.history import MONTHS, ROOT, child, database

ROLES = ("clerk", "recogniser", "finance", "auditor", "county210521", "inspector1")
EVERYBODY = frozenset(ROLES)
CITY = frozenset({"clerk", "recogniser", "auditor"})
PAUSE_S = 1.0
WORKERS, THREADS = 3, 4
LARGE = 8_000
"""Rows from which a table is one that a history makes longer; the demonstration's own borders and people have fewer."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="", help="URL of a PostgreSQL database from which another can be made")
    parser.add_argument("--sqlite", action="store_true", help="SQLite in a folder of its own")
    parser.add_argument("--url", default="", help="a database that `history --keep` left")
    parser.add_argument("--home", default="", help="the home of that database")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", action="store_true", help="keep the database")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(walk()))
        return
    with world(arguments) as env:
        answer = {
            "points": arguments.points,
            "walk": _child(env),
            "load": load(env, arguments.users, arguments.seconds),
        }
    print(json.dumps(answer, ensure_ascii=False, indent=1) if arguments.json else _table(answer))


@contextmanager
def world(arguments: argparse.Namespace) -> Iterator[dict[str, str]]:
    """The environment of a deployment with that much history."""
    with tempfile.TemporaryDirectory() as folder:
        home = arguments.home or folder
        env = {**os.environ, "JINSHAO_HOME": home, "JINSHAO_LOG_LEVEL": "ERROR"}
        env |= {"DJANGO_SETTINGS_MODULE": "config.settings", "ALLOWED_HOSTS": "127.0.0.1,testserver"}
        if arguments.url:
            yield {**env, "DATABASE_URL": arguments.url}
        elif arguments.sqlite:
            yield _filled({**env, "DATABASE_URL": f"sqlite:///{Path(home) / 'jinshao.sqlite3'}"}, arguments.points)
        else:
            with database(arguments.server, f"pages_{arguments.points}", arguments.keep) as url:
                yield _filled({**env, "DATABASE_URL": url}, arguments.points)


def _filled(env: dict[str, str], points: int) -> dict[str, str]:
    quickstart = [sys.executable, "manage.py", "quickstart", "--check"]
    subprocess.run(quickstart, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    child("fill", points, env)
    return env


def _child(env: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.pages", "--step", "walk"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


# --- one person, one page ---------------------------------------------------------------------------------------------


def addresses() -> dict[str, tuple[str, frozenset[str]]]:
    """{page: (address, who opens it)}: what stands for each kind of page in the middle of the history."""
    from firepoints.models import FirePoint
    from penalties.models import Batch, LedgerEntry

    month = Batch.objects.order_by("-month").values_list("month", flat=True)[MONTHS // 2]
    batch = Batch.objects.filter(month=month).values_list("pk", flat=True)[0]
    charged = LedgerEntry.objects.filter(month=month).order_by("pk").values_list("point", flat=True)[0]
    own = FirePoint.objects.filter(counties__county_code="210521", burn_date__startswith=month)
    mine, number = own.order_by("pk").values_list("pk", "number")[0] if own.exists() else (charged, "")
    place = FirePoint.objects.filter(pk=mine).values_list("attribution__village_name", "village_code")[0]
    seeing = CITY | {"county210521"}
    money = CITY | {"finance", "county210521"}
    listed = {
        "state": "?state=counted", "county": "?county=210521", "month": f"?month={month}", "all": "?state=all",
        "source": "?source=firms", "person": "?state=person", "negative": "?state=negative", "heat": "?state=heat",
        "deep": "?state=all&before=1700000000000000-1", "several": f"?state=excluded&county=210521&month={month}",
    }  # fmt: skip
    searched = {"village": place[0], "code": place[1], "number": number or "1", "nothing": "没有这个地方"}
    return {
        "home": ("/", EVERYBODY), "home of a month": (f"/?month={month}", EVERYBODY),
        "point": (f"/fire-points/{mine}/", seeing), "point in JSON": (f"/api/fire-points/{mine}/", seeing),
        "map of a point": (f"/fire-points/{mine}/map.geojson", seeing),
        "list": ("/fire-points/", EVERYBODY),
        **{f"list by {name}": (f"/fire-points/{query}", EVERYBODY) for name, query in listed.items()},
        **{f"search {name}": (f"/fire-points/?state=all&q={text}", EVERYBODY) for name, text in searched.items()},
        "list in JSON": ("/api/fire-points/", EVERYBODY),
        "认定 desk": ("/recognition/", frozenset({"recogniser"})),
        "疑问": ("/questions/", CITY), "imports": ("/imports/", CITY), "journal": ("/journal/", CITY),
        "batches": ("/penalties/", money), "a batch": (f"/penalties/{batch}/", money),
        "entries": ("/penalties/entries/", money), "an account": (f"/penalties/points/{charged}/", CITY | {"finance"}),
        "通报": ("/penalties/circulars/", CITY),
    }  # fmt: skip


def walk() -> dict[str, Any]:
    """Every page as every role that opens it: {page: {role: figures}}."""
    import django

    django.setup()
    from django.test import Client
    from django.test.utils import setup_test_environment

    from grids.models import User

    setup_test_environment()
    answers: dict[str, Any] = {}
    for name, (url, roles) in addresses().items():
        for role in sorted(roles):
            client = Client(HTTP_HOST="127.0.0.1")
            client.force_login(User.objects.get(username=role), "django.contrib.auth.backends.ModelBackend")
            answers.setdefault(name, {})[role] = _cost(client, url)
    return answers


def _cost(client: Any, url: str) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    _read(client, url)  # what is cached in the process is read by now
    begun, worked = time.perf_counter(), time.process_time()
    status, size = _read(client, url)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
    with CaptureQueriesContext(connection) as captured:
        _read(client, url)
    reads = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
    figures = {"status": status, "kb": size // 1000, "ms": round(seconds * 1000), "cpu_ms": round(cpu * 1000)}
    return {**figures, "queries": len(captured), **(_plans(reads) if connection.vendor == "postgresql" else {})}


def _read(client: Any, url: str) -> tuple[int, int]:
    answer = client.get(url)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, len(body)


def _plans(reads: list[str]) -> dict[str, Any]:
    """The buffers of all reads, those of the dearest, and the growing tables that a plan reads from end to end."""
    from django.db import connection

    buffers, whole, dearest, large = 0, set(), (0, ""), _large()
    for sql in reads:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql.replace("%", "%%"), ())
            plan = cursor.fetchone()[0]
        top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
        own = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
        buffers += own
        dearest = max(dearest, (own, sql))
        whole |= set(_scanned(top, large))
    return {"buffers": buffers, "whole": sorted(whole), "dearest": dearest[0], "sql": dearest[1][:2000]}


def _scanned(node: dict[str, Any], large: Collection[str]) -> Iterator[str]:
    """The large tables that a plan reads from end to end."""
    if node["Node Type"] == "Seq Scan" and node.get("Relation Name", "") in large:
        yield node["Relation Name"]
    for part in node.get("Plans", ()):
        yield from _scanned(part, large)


def _large() -> set[str]:
    """The tables that have grown with the history."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [LARGE])
        return {name for (name,) in cursor.fetchall()}


# --- many people ------------------------------------------------------------------------------------------------------


def load(env: dict[str, str], users: int, seconds: int) -> dict[str, Any]:
    """Seconds of each page with that many people, one second between two clicks of one person: {page: p50, p95, n}."""
    cookies, pages = json.loads(_in_product(env, "sign_in"))
    with serving(env) as port:
        took: dict[str, list[float]] = defaultdict(list)
        ends = time.monotonic() + seconds
        people = [threading.Thread(target=_person, args=(port, at, cookies, pages, ends, took)) for at in range(users)]
        for person in people:
            person.start()
        for person in people:
            person.join()
    return {name: _spread(times) for name, times in sorted(took.items())}


def _spread(times: list[float]) -> dict[str, Any]:
    ordered = sorted(times)
    p95 = ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    return {"p50": round(statistics.median(ordered), 3), "p95": round(p95, 3), "n": len(ordered)}


def _person(port: int, at: int, cookies: Any, pages: Any, ends: float, took: Any) -> None:
    chance = random.Random(at)
    role = ROLES[at % len(ROLES)]
    mine = [(name, url) for name, (url, roles) in pages.items() if role in roles]
    time.sleep(chance.random() * PAUSE_S)
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    while time.monotonic() < ends:
        name, url = chance.choice(mine)
        begun = time.perf_counter()
        connection.request("GET", _ascii(url), headers={"Cookie": cookies[role], "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        took[name if answer.status == 200 else f"{name}: {answer.status}"].append(time.perf_counter() - begun)
        time.sleep(PAUSE_S)


def _ascii(url: str) -> str:
    from urllib.parse import quote

    return quote(url, safe="/?=&:-.")


def sign_in() -> str:
    """The cookies of a session of each role, and the pages."""
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    from grids.models import User

    cookies = {}
    for role in ROLES:
        client = Client()
        client.force_login(User.objects.get(username=role), "django.contrib.auth.backends.ModelBackend")
        cookies[role] = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    return json.dumps([cookies, {name: (url, sorted(roles)) for name, (url, roles) in addresses().items()}])


def _in_product(env: dict[str, str], name: str) -> str:
    code = f"from tests.benchmarks import pages; print(pages.{name}())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.splitlines()[-1]


@contextmanager
def serving(env: dict[str, str]) -> Iterator[int]:
    """The port of gunicorn, ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(WORKERS), "--threads", str(THREADS), "--timeout", "300", "--no-control-socket"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _table(answer: dict[str, Any]) -> str:
    lines = [f"{answer['points']} points, peak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB"]
    for name, by_role in answer["walk"].items():
        for role, row in by_role.items():
            figures = f"{row['status']} {row['queries']:4d} q {row['ms']:6d} ms {row.get('buffers', 0):8d} buffers"
            lines.append(f"{name:22s}{role:14s}{figures}  {' '.join(row.get('whole', ()))}")
    lines += [
        f"{name:36s}p50 {row['p50']:7.3f}  p95 {row['p95']:7.3f}  n {row['n']}" for name, row in answer["load"].items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
