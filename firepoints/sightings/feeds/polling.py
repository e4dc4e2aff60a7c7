"""Asking FIRMS for what its satellites saw over the edition in force; what comes is imported as a file is.

The key is read from the environment when it is needed and stands nowhere else. Nothing here holds a transaction while
the network is awaited. A product that fails waits longer each time and stops no other.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from core import clock
from core.errors import BadInput, Refused
from firepoints.models import Feed
from firepoints.sightings.feeds.fetching import FetchFailed, fetch
from firepoints.sightings.importing.area import area_of_the_deployment, require_edition
from firepoints.sightings.importing.order import ImportOrder, run_named
from firepoints.sightings.importing.start import import_dry_run, import_start, is_known
from firepoints.sightings.readers import firms_area
from firepoints.sightings.readers.firms_area import NoAnswer
from grids.models import User
from grids.selectors import system_user
from journal.jobs import jobs

KEY = "FIRMS_MAP_KEY"
MOST_BYTES = 50_000_000  # of one answer
FIRST_WAIT_S, LONGEST_WAIT_S = 300, 6 * 3600
KEY_WAIT_S = 3600
SPANS_AT_ONCE = 6  # of standard products in one poll
STANDARD_FIRST_DAYS = 30  # how far back a standard product begins when it is asked for the first time


@dataclass(frozen=True, slots=True)
class Polled:
    """The result of one product: `state` ok, same (nothing new), none (no rows), waiting, failed or absent."""

    product: str
    state: str
    said: str
    rows: int = 0
    run: str = ""


def products_polled() -> tuple[str, ...]:
    """The products of the setting FIRMS_PRODUCTS. Raises BadInput for one that FIRMS does not have."""
    for product in settings.FIRMS_PRODUCTS:
        if product not in firms_area.PRODUCTS:
            raise BadInput(f"没有“{product}”；可用：{'、'.join(firms_area.PRODUCTS)}", where="FIRMS_PRODUCTS")
    return tuple(settings.FIRMS_PRODUCTS or firms_area.PRODUCTS)


def firms_poll(
    *, days: int = 2, dry_run: bool = False, actor: User | None = None, is_forced: bool = False
) -> dict[str, Any]:
    """Ask for every product once: {polled: bool, said, products: […]}. Without a key nothing is asked, and it says so.

    `days`: how many days (UTC) of near-real-time rows, today included. `is_forced`: also what is waiting after a failure.
    `dry_run` asks and reads, and writes nothing. Raises Refused without an edition, BadInput for wrong settings.
    """
    if not 1 <= days <= 30:
        raise BadInput("天数应在 1 到 30 之间", where="days")
    products = products_polled()
    key = os.environ.get(KEY, "").strip()
    if not key:
        return {"polled": False, "said": f"没有设置 {KEY}，不取 FIRMS", "products": []}
    if not key.isascii() or not key.isalnum():
        raise BadInput("密钥只能是字母和数字", where=KEY)
    require_edition()
    poll = _Poll(key, days, dry_run, actor or system_user(), area_of_the_deployment() or (0, 0, 0, 0))
    results = [poll.of(product, is_forced=is_forced) for product in products]
    failed = sum(result.state == "failed" for result in results)
    summary = f"{len(results)} 种产品" + (f"，{failed} 种没有取到" if failed else "")
    return {"polled": True, "said": summary, "products": [asdict(result) for result in results]}


@dataclass
class _Poll:
    """One round over the products, with one key over one box."""

    key: str
    days: int
    dry_run: bool
    actor: User
    box: firms_area.Box
    has: dict[str, tuple[date, date]] | None = None

    def of(self, product: str, *, is_forced: bool) -> Polled:
        jobs.renew()
        feed = Feed.objects.filter(name=product).first() or Feed(name=product)
        now = clock.real_now()
        if feed.not_before and feed.not_before > now and not is_forced:
            return Polled(product, "waiting", f"上次失败，{feed.not_before.astimezone(clock.BEIJING):%H:%M} 以后再取")
        try:
            spans = self._spans(product, feed)
            got = [self._take(product, first, days) for first, days in spans]
        except (FetchFailed, NoAnswer, Refused) as error:
            return self._failed(feed, now, error)
        return self._done(feed, now, spans, got)

    def _spans(self, product: str, feed: Feed) -> list[tuple[date, int]]:
        """The spans of days to ask for: the last days of near-real-time rows; of standard ones what is new since they were asked."""
        if product in firms_area.NEAR_REAL_TIME:
            last = clock.real_now().date()
            return firms_area.spans(last - timedelta(days=self.days - 1), last)
        if self.has is None:
            self.has = firms_area.available(self._get(firms_area.availability_url(settings.FIRMS_BASE_URL, self.key)))
        if product not in self.has:
            return []
        start, last = self.has[product]
        next_day = feed.up_to + timedelta(days=1) if feed.up_to else last - timedelta(days=STANDARD_FIRST_DAYS - 1)
        return firms_area.spans(max(start, next_day), last)[:SPANS_AT_ONCE]

    def _get(self, url: str) -> bytes:
        return fetch(url, secret=self.key, total_s=settings.FIRMS_TIMEOUT_S, most_bytes=MOST_BYTES)

    def _take(self, product: str, first: date, days: int) -> Polled:
        """Fetch one span and hand it to the import engine: what is in force already is not even noted."""
        body = self._get(firms_area.area_url(settings.FIRMS_BASE_URL, self.key, product, self.box, first, days))
        rows = firms_area.rows_in(body)
        if not rows:
            return Polled(product, "none", "没有火点")
        name = f"{product}_{first.isoformat()}_{days}d.csv"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(body)
            return self._imported(product, path, rows)

    def _imported(self, product: str, path: Path, rows: int) -> Polled:
        order = ImportOrder(path=path, source_code="firms", actor=self.actor, mapping={})
        if is_known(order):
            return Polled(product, "same", "与已导入的相同", rows)
        if self.dry_run:
            trial = import_dry_run(order)
            return Polled(product, "ok", f"试算：入库 {trial.kept}，相同 {trial.identical}", rows)
        run = import_start(order)
        return Polled(product, "ok", "已收下，由后台导入", rows, str(run.uuid))

    def _failed(self, feed: Feed, now: datetime, error: Exception) -> Polled:
        """Note the failure, without the key; the next time is asked for later and later, or when the server said."""
        message = str(error).replace(self.key, "***")[:300]
        wait_s = min(FIRST_WAIT_S * 2 ** min(feed.failures, 10), LONGEST_WAIT_S)
        if isinstance(error, FetchFailed) and error.wait_s is not None:
            wait_s = max(int(error.wait_s), 60)
        if isinstance(error, NoAnswer) and error.is_about_key:
            wait_s = max(wait_s, KEY_WAIT_S)
        if not self.dry_run:
            feed.tried_at, feed.error, feed.failures = now, message, feed.failures + 1
            feed.not_before = now + timedelta(seconds=wait_s)
            feed.save()
        return Polled(feed.name, "failed", message)

    def _done(self, feed: Feed, now: datetime, spans: list[tuple[date, int]], got: list[Polled]) -> Polled:
        new = [result for result in got if result.state == "ok"]
        rows, run = sum(result.rows for result in got), new[-1].run if new else ""
        if not spans and feed.name in firms_area.STANDARD and feed.name not in (self.has or {}):
            outcome = Polled(feed.name, "absent", "FIRMS 没有这种产品")
        elif new:
            outcome = Polled(feed.name, "ok", new[-1].said, rows, run)
        else:
            outcome = Polled(feed.name, "same" if rows or not got else "none", "没有新的", rows)
        if not self.dry_run:
            feed.tried_at = feed.succeeded_at = now
            feed.failures, feed.error, feed.not_before, feed.said = 0, "", None, f"{rows} 行，{outcome.said}"[:200]
            if run:
                feed.run = run_named(run)
            if spans and feed.name in firms_area.STANDARD:
                feed.up_to = spans[-1][0] + timedelta(days=spans[-1][1] - 1)
            feed.save()
        return outcome
