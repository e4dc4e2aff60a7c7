"""Durable jobs of this app."""

from typing import Any

import structlog

from core.db import kept
from core.errors import Refused
from firepoints.forming.people_change import JOB as PEOPLE_CHANGED
from firepoints.forming.people_change import people_changed
from firepoints.life.objections import lapse_due
from firepoints.life.reattribute import JOB as REATTRIBUTE
from firepoints.life.reattribute import look_at_fires
from firepoints.models import ImportRun
from firepoints.models.figures import NAME as FIGURES
from firepoints.models.tally import NAME as MAP_COUNTS
from firepoints.rechecks.draws import recheck_draw
from firepoints.sightings.feeds.polling import firms_poll
from firepoints.sightings.feeds.watching import inbox_take
from firepoints.sightings.fixed_heat import fixed_heat_propose
from firepoints.sightings.importing.start import JOB as IMPORT
from firepoints.sightings.importing.start import take_up
from journal.jobs import jobs

log = structlog.get_logger(__name__)
LAPSE = "firepoints.lapse"
POLL = "firepoints.firms_poll"
WATCH = "firepoints.inbox"
FIXED_HEAT = "firepoints.fixed_heat"
RECHECKS = "firepoints.rechecks"
RESUME = "firepoints.import_resume"
FOLD_COUNTS = "firepoints.fold_counts"
FOLD_FIGURES = "firepoints.figures_fold"
CHECK_FIGURES = "firepoints.figures_check"
A_CHUNK = 200


class FigureAlarm(RuntimeError):
    """The kept figures are not what the points come to; the job fails and stays visible until a person has looked."""


@jobs.handler(LAPSE, label="登记异议期满")
def lapse(payload: dict[str, Any]) -> None:
    """Record the objection windows that are over; what is left waits for the next slot."""
    lapse_due(limit=A_CHUNK)


@jobs.handler(IMPORT, lease_s=120, max_attempts=8, in_pieces=True, label="导入文件")
def import_run(payload: dict[str, Any]) -> None:
    """Load the file of a run, or go on where a dead worker stopped; put off while another import has the turn."""
    run = ImportRun.objects.filter(uuid=payload["run"]).first()
    if run is not None and not run.is_over and not take_up(run):
        raise jobs.Later("另一份文件正在导入", seconds=5)


@jobs.handler(RESUME, in_pieces=True, max_attempts=1, label="接着做中断的导入或撤回")
def resume(payload: dict[str, Any]) -> None:
    """Go on with whatever run holds the turn and is silent: a withdrawal, or an import whose own job has given up."""
    run = ImportRun.objects.at_work().first()
    if run is not None:
        take_up(run)


jobs.periodic(LAPSE, every_s=300)
jobs.periodic(RESUME, every_s=60)


@jobs.handler(FIXED_HEAT, label="提出固定热源")
def propose_fixed_heat(payload: dict[str, Any]) -> None:
    """Put what glowed on many days before a person, once a week."""
    fixed_heat_propose()


jobs.periodic(FIXED_HEAT, every_s=7 * 86400)


@jobs.handler(RECHECKS, label="抽取复查")
def draw_rechecks(payload: dict[str, Any]) -> None:
    """Draw among what the counties reported up to the last midnight; hourly, for the journal's head may come later."""
    recheck_draw()


jobs.periodic(RECHECKS, every_s=3600)


@jobs.handler(PEOPLE_CHANGED, label="补列责任人")
def say_people_anew(payload: dict[str, Any]) -> None:
    """Renew the people of fires of the days that a term entered late reaches back to."""
    people_changed(payload)


@jobs.handler(REATTRIBUTE, label="按更正版边界核对归属")
def look_at_fires_again(payload: dict[str, Any]) -> None:
    """Locate anew the fires of the days over which an edition has begun to rule."""
    look_at_fires(payload)


@jobs.handler(POLL, lease_s=900, in_pieces=True, max_attempts=1, label="取 FIRMS 监测记录")
def poll(payload: dict[str, Any]) -> None:
    """Ask for every product; without a key or an edition it does nothing and says so."""
    try:
        outcome = firms_poll()
    except Refused as refused:
        outcome = {"polled": False, "said": refused.message}
    log.info("firms.polled" if outcome["polled"] else "firms.not_polled", said=outcome["said"])


@jobs.handler(WATCH, lease_s=900, in_pieces=True, max_attempts=1, label="收取投放的文件")
def watch(payload: dict[str, Any]) -> None:
    """Take in what was dropped into the inbox."""
    files = inbox_take()["files"]
    if files:
        log.info("inbox.taken", files=len(files))


@jobs.handler(FOLD_FIGURES, label="并计火点数")
def fold_figures(payload: dict[str, Any]) -> None:
    """Add up the differences that acts have left beside the figures."""
    kept.fold(FIGURES)


@jobs.handler(CHECK_FIGURES, label="夜间核对火点数和地图计数")
def check_figures(payload: dict[str, Any]) -> None:
    """Compare the figures with the points: it alarms and mends nothing."""
    problems = kept.problems()
    if problems:
        log.error("figure_problems", count=len(problems), first=problems[:5])
        raise FigureAlarm("；".join(problems))


jobs.periodic(FOLD_FIGURES, every_s=600)
# 18:40 UTC is 02:40 in Beijing.
jobs.periodic(CHECK_FIGURES, every_s=86400, offset_s=18 * 3600 + 40 * 60)
jobs.periodic(POLL, every_s=1800)
jobs.periodic(WATCH, every_s=60)


@jobs.handler(FOLD_COUNTS, label="归总地图计数")
def fold_counts(payload: dict[str, Any]) -> None:
    """Put what has changed since into the counts of the map; a reader adds what still waits."""
    kept.fold(MAP_COUNTS)


jobs.periodic(FOLD_COUNTS, every_s=60)
