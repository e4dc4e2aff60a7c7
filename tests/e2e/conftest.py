"""A real browser for the pages: Debian's Chromium, else the one from npm; without either the tests skip (in CI they fail)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.city import City, build_city

ROOT = Path(__file__).resolve().parents[2]
# Where .ci/run puts the npm package when Debian's Chromium cannot be installed.
NPM_BROWSER = ROOT / ".venv" / "browser"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name that is not this machine: over plain HTTP the browser gives it no position, as it gives a bureau's none.
    "--host-resolver-rules=MAP jinshao.test 127.0.0.1",
]
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

# Playwright's synchronous API keeps an event loop on this thread, where Django would refuse the ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is e2e and may use the database of the live server."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker("e2e")


def chromium() -> str | None:
    """The executable of a Chromium on this machine; None when there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    node = shutil.which("node")
    if node and (NPM_BROWSER / "node_modules").is_dir():
        ask = "import('@sparticuz/chromium').then(async c => console.log(await c.default.executablePath()))"
        done = subprocess.run([node, "-e", ask], cwd=NPM_BROWSER, capture_output=True, text=True)
        return done.stdout.strip() or None
    return None


@pytest.fixture
def city(transactional_db, settings, tmp_path_factory) -> City:
    """A city with people, and a home folder of its own."""
    settings.JINSHAO_HOME = tmp_path_factory.mktemp("home")
    return build_city()


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """A running Chromium (Playwright's Browser); each test makes its own context.

    It goes with its module: while it runs, its event loop is this thread's, and a test that forks (tests/faults) would
    take it along.
    """
    path = chromium()
    if not path:
        reason = "no Chromium on this machine: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(params=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser, live_server) -> Iterator:
    """A blank page at desk and at phone size (two runs); a script error or a CSP refusal fails the test."""
    phone = request.param == "phone"
    context = browser.new_context(
        base_url=live_server.url, viewport=PHONE if phone else DESK, is_mobile=phone, has_touch=phone, locale="zh-CN"
    )
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield tab
    context.close()
    assert complaints == []
