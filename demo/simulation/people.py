"""The script of human acts: who does what and when. People are told what to do, not what they will find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from core.month import Month
from demo.simulation.fires import BEIJING, stream
from demo.simulation.params import TEMPERS
from demo.simulation.reports import Paper

Act = dict[str, Any]
AFTER_DAYS = 10
"""From the last paper to the last batch: the objection window and some days more."""


def temper_of(seed: int, about: str) -> str:
    """The temper of the person who goes to see one fire: the same for every row about it."""
    names, weights = [name for name, _ in TEMPERS], [share for _, share in TEMPERS]
    return stream(seed, f"temper {about}").choices(names, weights)[0]


def acts_of(seed: int, papers: Sequence[Paper]) -> list[Act]:
    """Every act in the order of time: {at, who, do, …}."""
    acts = [*_visits(seed, papers), *_office(papers)]
    return sorted(acts, key=lambda act: (act["at"], act["do"], act.get("row", "")))


def _visits(seed: int, papers: Sequence[Paper]) -> Iterator[Act]:
    """The visits: for each row that can be charged somebody of the county goes there, one to three days after it came."""
    for paper in papers:
        for row in paper.rows:
            if row.charges and row.readable:
                draw = stream(seed, f"visit {row.id}")
                day = paper.arrives.astimezone(BEIJING).date() + timedelta(days=draw.choice((1, 1, 2, 3)))
                at = datetime.combine(day, time(draw.randrange(9, 16), draw.randrange(60)), BEIJING)
                yield _act(at, "county", "visit", row=row.id, temper=temper_of(seed, row.main or row.id))


def _office(papers: Sequence[Paper]) -> Iterator[Act]:
    """The acts of the bureau: it looks at its list each morning and decides each evening; at the end the months are charged."""
    first = min(paper.arrives for paper in papers).astimezone(BEIJING).date()
    last = max(paper.arrives for paper in papers).astimezone(BEIJING).date() + timedelta(days=AFTER_DAYS)
    day = first
    while day <= last:
        yield _act(datetime.combine(day, time(8, 50), BEIJING), "clerk", "work")
        yield _act(datetime.combine(day, time(17, 0), BEIJING), "recogniser", "decide")
        day += timedelta(days=1)
    end = last + timedelta(days=7)
    months = [str(Month.of(paper.arrives.astimezone(BEIJING).date())) for paper in papers]
    for at, month in enumerate(_months(first, months)):
        yield _act(datetime.combine(end, time(9, at), BEIJING), "clerk", "charge", month=month)


def _months(first: date, months: Sequence[str]) -> list[str]:
    """The months of burning: those of the papers, and that of the first day."""
    return sorted({str(Month.of(first - timedelta(days=1))), *months})


def _act(at: datetime, who: str, do: str, **more: Any) -> Act:
    return {"at": at.isoformat(), "who": who, "do": do, **more}
