"""The demonstration deployment: everything by the real services, in order; a second run changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from core import clock
from demo import acts, story
from demo.plan import Plan, plan_of, plan_on
from demo.services import borders, logins, month, people, summary
from grids.locating import index_for
from grids.models import Edition
from grids.selectors import system_user
from journal.models import Entry
from journal.record import sealing
from journal.record.services import record
from penalties.batches.reports import write_reports
from penalties.pack import pack_load

PACK = "benxi"
Progress = Callable[[str], None]


def load_demo(progress: Progress | None = None, *, today: date | None = None) -> dict[str, Any]:
    """Make this deployment the demonstration, or say what it holds when that was done before.

    The month is chosen by `today` (a Beijing date, default the real one) at the first load and stands from then on. Safe
    to run again after it was cut short. Keys: those of `summary.summary`, and `is_new`, `logins` (passwords only of this
    run), `logins_file`, `reports` (folder), `files`, `seconds` by step. Raises Conflict ("deployment_in_use") on a
    deployment that is in real use.
    """
    say = progress or (lambda _: None)
    steps = _Steps(say)
    loaded = _noted(acts.LOADED)
    new_logins: list[logins.Login] = []
    is_new = loaded is None
    if loaded is None:
        new_logins = _load(steps, say, today)
        loaded = _noted(acts.LOADED) or {}
    plan, edition = plan_of(loaded["month"]), Edition.objects.get(pk=loaded["edition"])
    with steps("reports", "核对与报表 / checking, writing the reports"):
        out = Path(settings.JINSHAO_HOME) / "reports" / plan.month
        files = sorted(out.glob("*")) or _reports(plan, out)
        figures = summary.summary(edition, plan.month)
    new = {login.username for login in new_logins}
    earlier_logins = [
        logins.Login(login.username, "", login.role, login.name) for login in logins.read() if login.username not in new
    ]
    return {
        "is_new": is_new,
        **figures,
        "logins": [login.as_json() for login in (*new_logins, *earlier_logins)],
        "logins_file": str(logins.path()),
        "reports": str(out),
        "files": [path.name for path in files],
        "seconds": steps.seconds,
    }


def _load(steps: _Steps, say: Progress, today: date | None) -> list[logins.Login]:
    folder = Path(settings.BASE_DIR) / "packs" / PACK
    system = system_user()
    with steps("pack", "政策包 / policy pack"):
        pack_load(folder=folder, actor=system, is_demo=True)
        plan = begin(today or clock.today_beijing())
    with clock.simulated(plan.set_up) as hand:
        with steps("borders", "边界 / borders, tiled and checked"):
            edition = borders.edition_ready(divisions=folder / "divisions.csv", seed=story.SEED, actor=system)
            index_for(edition)
        with steps("people", "人员与账号 / people and accounts"):
            new_logins = people.people_ready(edition=edition, seed=story.SEED, actor=system)
            people.letters_ready(edition=edition, seed=story.SEED, actor=system)
        with steps("month", "一个月的办理 / one month of acts"):
            month.play(edition=edition, plan=plan, hand=hand, progress=say)
        _note(acts.LOADED, plan, {"edition": edition.pk})
    return new_logins


def begin(today: date) -> Plan:
    """The plan of this deployment: what the journal says was begun, else that of `today`, noted before anything else."""
    entry_after = _noted(acts.BEGUN)
    if entry_after is not None:
        return plan_of(entry_after["month"])
    plan = plan_on(today)
    with clock.simulated(plan.set_up):
        _note(acts.BEGUN, plan, {})
    return plan


def _noted(act: str) -> dict[str, Any] | None:
    entry_after: dict[str, Any] | None = Entry.objects.filter(act=act).values_list("after", flat=True).first()
    return entry_after


@transaction.atomic
def _note(act: str, plan: Plan, more: dict[str, Any]) -> None:
    record(act, ("demo", plan.month), system_user(), after={"month": plan.month, "seed": story.SEED, **more})


def _reports(plan: Plan, out: Path) -> list[Path]:
    """The month's papers, dated on the last day of the story."""
    with clock.simulated(plan.last_act):
        sealing.seal_all()
        _, paths = write_reports(month=plan.month, out=out, actor=system_user())
        sealing.seal_all()
    return paths


class _Steps:
    """Says what is being done and how long it took."""

    def __init__(self, say: Progress) -> None:
        self.say, self.seconds = say, dict[str, float]()

    @contextmanager
    def __call__(self, key: str, title: str) -> Iterator[None]:
        self.say(title)
        started = time.monotonic()
        yield
        self.seconds[key] = round(time.monotonic() - started, 2)
