"""The pictures of README and the user guide, from the demonstration: `python -m tests.docs.pictures [NAME …]` takes them anew.

Makes a demonstration in a folder of its own, serves it, signs in as each person with Chromium, and writes
docs/pictures/NAME.png with few colours, so that a picture stays small. Needs a Chinese font on the machine.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from demo.serving import reserve

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"
DESK = {"width": 1200, "height": 760}
PHONE = {"width": 390, "height": 844}
COLOURS = 64
PATIENCE_S = 300.0
README_BYTES, ALL_BYTES = 150_000, 600_000
"""The most that the README's picture, and all together, may weigh; a test holds them."""


@dataclass(frozen=True)
class Picture:
    """What is taken: signed in as `person`, at `address`, after a click on each of `clicks` (CSS); `part` of it or a screen."""

    name: str
    person: str
    address: str
    clicks: tuple[str, ...] = ()
    part: str = ""
    is_phone: bool = False


PICTURES = (
    Picture("home", "clerk", "/"),
    Picture("point", "clerk", "/fire-points/?state=suspected", ("table a[href*='/fire-points/']",)),
    Picture("import", "clerk", "/imports/new/"),
    Picture("review", "recogniser", "/recognition/"),
    Picture("report", "county210521", "/", ("a[href$='/report/']",), part="#upload", is_phone=True),
    Picture("finding", "inspector1", "/findings/new/", is_phone=True),
    Picture("batch", "finance", "/penalties/", ("main table th a",)),
)


@contextmanager
def demonstration(home: Path) -> Iterator[str]:
    """A served demonstration in an empty folder; gives its address. Raises RuntimeError when it does not answer in time."""
    with reserve("127.0.0.1", 0, insist=False) as at:
        port = at.getsockname()[1]
    environment = {**os.environ, "JINSHAO_HOME": str(home), "JINSHAO_BOOTSTRAPPED": "1"}
    environment.pop("DATABASE_URL", None)
    serving = subprocess.Popen(
        [sys.executable, "manage.py", "quickstart", "--port", str(port)], cwd=ROOT, env=environment, stdout=sys.stderr
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, serving)
        yield url
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(30)


def _wait_for(url: str, serving: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and serving.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(1)
    raise RuntimeError("the demonstration did not start: see what it says above")


def logins(home: Path) -> dict[str, str]:
    """{account: password} of a demonstration."""
    lines = (home / "logins.txt").read_text("utf-8").splitlines()
    return {line.split("\t")[0]: line.split("\t")[1] for line in lines if "\t" in line}


def take(browser: Any, url: str, picture: Picture, password: str) -> bytes:
    """The screen as PNG with few colours."""
    context = browser.new_context(
        base_url=url, viewport=PHONE if picture.is_phone else DESK, is_mobile=picture.is_phone,
        has_touch=picture.is_phone, locale="zh-CN", reduced_motion="reduce",
        permissions=["geolocation"], geolocation={"longitude": 124.377, "latitude": 41.211, "accuracy": 12},
    )  # fmt: skip
    try:
        page = context.new_page()
        page.goto("/login/")
        page.fill("input[name=username]", picture.person)
        page.fill("input[name=password]", password)
        page.click("main button[type=submit]")
        page.goto(picture.address)
        for target in picture.clicks:
            page.locator(target).first.click()
        page.wait_for_load_state("networkidle")
        screen = page.locator(picture.part).first if picture.part else page
        return small(screen.screenshot())
    finally:
        context.close()


def small(png: bytes) -> bytes:
    """The same picture with at most COLOURS colours."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def main(names: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    # Importing it sets the environment of a run of tests.
    from tests.e2e.conftest import ARGUMENTS, chromium

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, demonstration(Path(folder)) as url, sync_playwright() as playwright:
        passwords = logins(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, "--lang=zh-CN"])
        for picture in PICTURES:
            if not names or picture.name in names:
                (FOLDER / f"{picture.name}.png").write_bytes(take(browser, url, picture, passwords[picture.person]))
                print(f"docs/pictures/{picture.name}.png", file=sys.stderr)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
