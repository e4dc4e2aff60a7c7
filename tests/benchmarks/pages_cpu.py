"""What a page costs the processor, in this process: the demonstration's month, the test client, warm templates.

    python -m tests.benchmarks.pages_cpu [--beside CHECKOUT] [--home FOLDER] [--rounds 60] [--profile PAGE]

Processor time is that of the process alone, SQLite in it included; printed are the median and the least of each page, in
milliseconds. `--beside` measures another checkout on the same database, the two in turn, so that noise falls on both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TURNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--home", default="", help="a home with the demonstration in it")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--profile", default="", help="print where the time of a page goes")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(measured(arguments.rounds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        env = _env(arguments.home or folder)
        if not arguments.home:
            quickstart = [sys.executable, "manage.py", "quickstart", "--check"]
            subprocess.run(quickstart, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        if arguments.profile:
            os.environ.update(env)
            profile(arguments.profile, arguments.rounds)
            return
        checkouts = [ROOT, *([arguments.beside] if arguments.beside else [])]
        figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for _ in range(TURNS):
            for checkout in checkouts:
                for page, several in _child(checkout, env, arguments.rounds).items():
                    figures[page][str(checkout)] += several
        for page, by_checkout in figures.items():
            print(f"{page:12s}", *(_words(by_checkout[str(checkout)]) for checkout in checkouts), sep="   ")


def _words(several: list[float]) -> str:
    return f"median {statistics.median(several):6.1f}  least {min(several):6.1f}"


def _env(home: str) -> dict[str, str]:
    return {
        **os.environ, "JINSHAO_HOME": home, "JINSHAO_LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{Path(home) / 'jinshao.sqlite3'}", "ALLOWED_HOSTS": "testserver,127.0.0.1",
    }  # fmt: skip


def _child(checkout: Path, env: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """The measurement in a process whose code is the checkout's; this file is always our own."""
    command = [sys.executable, str(Path(__file__)), "--step", "measure", "--rounds", str(rounds)]
    env = {**env, "PYTHONPATH": str(checkout)}
    done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    answer: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return answer


def pages() -> dict[str, Callable[[], Any]]:
    """{page: a request for it}, each by a clerk of the bureau who is signed in."""
    import django

    django.setup()
    from django.test import Client

    from firepoints.models import FirePoint
    from grids.models import User

    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(username="clerk"), backend="django.contrib.auth.backends.ModelBackend")
    point = FirePoint.objects.filter(state="final").order_by("pk").first()
    assert point is not None
    addresses = {
        "home": "/", "point": f"/fire-points/{point.pk}/", "list": "/fire-points/", "penalties": "/penalties/",
        "api list": "/api/fire-points/",
    }  # fmt: skip

    def ask(address: str) -> Callable[[], Any]:
        return lambda: client.get(address)

    for name, address in addresses.items():
        status = client.get(address).status_code
        assert status == 200, (name, status)
    return {name: ask(address) for name, address in addresses.items()}


def measured(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of processor time of each request, the pages in turn."""
    requests = pages()
    figures: dict[str, list[float]] = {name: [] for name in requests}
    for at in range(rounds + 5):
        for name, request in requests.items():
            begun = time.process_time()
            request()
            if at >= 5:
                figures[name].append(round((time.process_time() - begun) * 1000, 2))
    return figures


def profile(page: str, rounds: int) -> None:
    """Where the time of one page goes, by function and by what is called from it."""
    import cProfile
    import pstats

    request = pages()[page]
    for _ in range(5):
        request()
    watch = cProfile.Profile()
    watch.enable()
    for _ in range(rounds):
        request()
    watch.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(watch).sort_stats(order).print_stats(45)


if __name__ == "__main__":
    main()
