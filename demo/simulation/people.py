"""The script of human acts: who does what and when. People are told what to do, not what they will find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from core.month import Month
from demo.simulation.fires import BEIJING, Fire, stream
from demo.simulation.params import TEMPERS, FamilyParams
from demo.simulation.recipe import PLAIN, Recipe
from demo.simulation.reports import Paper, Row

Act = dict[str, Any]
FAMILIES = FamilyParams()
SEVERAL = 6
"""So many reported fires a county has that denies one in three of them, where there is such a county."""
AFTER_DAYS = 10
"""From the last paper to the last batch: the objection window and some days more."""
BUSY_DAYS, QUIET_EVERY = 9, 5
"""In format 2 offices work each day for so long after a paper, and every so many days where none has come."""


def temper_of(seed: int, about: str) -> str:
    """The temper of the person who goes to see one fire: the same for every row about it."""
    names, weights = [name for name, _ in TEMPERS], [share for _, share in TEMPERS]
    return stream(seed, f"temper {about}").choices(names, weights)[0]


@dataclass(frozen=True, slots=True)
class Denials:
    """The county that denies true fires, "" where none does, and the fires that it denies: one in three of its own."""

    county: str = ""
    fires: frozenset[str] = frozenset()

    @classmethod
    def drawn(cls, seed: int, recipe: Recipe, fires: Sequence[Fire], papers: Sequence[Paper]) -> Denials:
        """Drawn among the counties that have several reported fires to answer for, by how many these are."""
        if recipe.mix != "denying":
            return cls()
        of = {fire.id: next(iter(fire.counties)) for fire in fires if fire.straw and fire.counties}
        reported = sorted({row.main for paper in papers for row in paper.rows if row.charges and row.main in of})
        counted = Counter(of[name] for name in reported)
        several = {code: count for code, count in sorted(counted.items()) if count >= SEVERAL} or counted
        if not several:
            return cls()
        draw = stream(seed, "denying county")
        county = draw.choices(list(several), list(several.values()))[0]
        own = [name for name in reported if of[name] == county]
        return cls(county, frozenset(draw.sample(own, max(1, round(len(own) * FAMILIES.denies)))))


def acts_of(
    seed: int,
    papers: Sequence[Paper],
    recipe: Recipe = PLAIN,
    fires: Sequence[Fire] = (),
    denials: Denials | None = None,
) -> list[Act]:
    """Every act in the order of time: {at, who, do, …}."""
    visits = list(_visits(seed, papers, recipe, denials or Denials()))
    acts = [*visits, *_office(papers, recipe)]
    if recipe.has_families:
        acts += _appeals(seed, papers, visits, {fire.id for fire in fires if fire.straw})
    return sorted(acts, key=lambda act: (act["at"], act["do"], act.get("row", "")))


def _visits(seed: int, papers: Sequence[Paper], recipe: Recipe, denials: Denials) -> Iterator[Act]:
    """The visits: for each row that can be charged somebody of the county goes there, one to three days after it came."""
    for paper in papers:
        for row in paper.rows:
            if row.charges and row.readable:
                draw = stream(seed, f"visit {row.id}")
                day = paper.arrives.astimezone(BEIJING).date() + timedelta(days=draw.choice((1, 1, 2, 3)))
                at = datetime.combine(day, time(draw.randrange(9, 16), draw.randrange(60)), BEIJING)
                yield _act(at, "county", "visit", row=row.id, temper=_temper(seed, row, recipe, denials))


def _temper(seed: int, row: Row, recipe: Recipe, denials: Denials) -> str:
    about = row.main or row.id
    if not recipe.mix:
        return temper_of(seed, about)
    if recipe.mix == "lazy" and stream(seed, f"temper {about}").random() < FAMILIES.lazy:
        return "lazy"
    return "denying" if row.main in denials.fires else "honest"


def _appeals(seed: int, papers: Sequence[Paper], visits: Sequence[Act], straw: set[str]) -> Iterator[Act]:
    """The objections: some out of habit, some because what was confirmed from the desk was no straw."""
    tempers = {visit["row"]: visit["temper"] for visit in visits}
    for paper in papers:
        for row in paper.rows:
            if row.id not in tempers:
                continue
            share = FAMILIES.appeals if row.main in straw else FAMILIES.appeals_right * (tempers[row.id] == "lazy")
            if stream(seed, f"appeal {row.main or row.id}").random() < share:
                yield _act(paper.arrives.astimezone(BEIJING), "county", "appeal", row=row.id)


def _office(papers: Sequence[Paper], recipe: Recipe) -> Iterator[Act]:
    """The acts of the bureau: it looks at its list each morning and decides each evening; at the end the months are charged."""
    came = sorted({paper.arrives.astimezone(BEIJING).date() for paper in papers})
    first, last = came[0], came[-1] + timedelta(days=AFTER_DAYS)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        is_busy = any(timedelta(0) <= day - paper_day <= timedelta(days=BUSY_DAYS) for paper_day in came)
        if is_busy or not recipe.has_families or number % QUIET_EVERY == 0:
            yield _act(datetime.combine(day, time(8, 50), BEIJING), "clerk", "work")
            yield _act(datetime.combine(day, time(17, 0), BEIJING), "recogniser", "decide")
    months = [str(Month.of(day)) for day in came]
    if recipe.has_families:
        settled = recipe.first + timedelta(days=FAMILIES.settle_days)
        for at, month in enumerate(_months(first, [month for month in months if month < str(Month.of(settled))])):
            yield _act(datetime.combine(settled, time(18, at), BEIJING), "clerk", "settle", month=month)
    end = last + timedelta(days=7)
    for at, month in enumerate(_months(first, months)):
        yield _act(datetime.combine(end, time(9, at), BEIJING), "clerk", "charge", month=month)


def _months(first: date, months: Sequence[str]) -> list[str]:
    """The months of burning: those of the papers, and that of the first day."""
    return sorted({str(Month.of(first - timedelta(days=1))), *months})


def _act(at: datetime, who: str, do: str, **more: Any) -> Act:
    return {"at": at.isoformat(), "who": who, "do": do, **more}
