"""Durable jobs that bring sightings in by themselves: FIRMS asked every half hour, the inbox looked at every minute."""

from typing import Any

import structlog

from core.errors import Refused
from firepoints.sightings.feeds.polling import firms_poll
from firepoints.sightings.feeds.watching import inbox_take
from journal.jobs import jobs

log = structlog.get_logger(__name__)
POLL = "firepoints.firms_poll"
WATCH = "firepoints.inbox"


@jobs.handler(POLL, lease_s=900, in_pieces=True, max_attempts=1, label="取 FIRMS 监测记录")
def poll(payload: dict[str, Any]) -> None:
    """Ask for every product; without a key or an edition it does nothing and says so."""
    try:
        found = firms_poll()
    except Refused as refused:
        found = {"polled": False, "said": refused.message}
    log.info("firms.polled" if found["polled"] else "firms.not_polled", said=found["said"])


@jobs.handler(WATCH, lease_s=900, in_pieces=True, max_attempts=1, label="收取投放的文件")
def watch(payload: dict[str, Any]) -> None:
    """Take in what was dropped into the inbox."""
    taken = inbox_take()["files"]
    if taken:
        log.info("inbox.taken", files=len(taken))


jobs.periodic(POLL, every_s=1800)
jobs.periodic(WATCH, every_s=60)
