"""The month by county and by day: every county listed, zeros too, and the columns add up to the tiles."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from core.month import Month
from firepoints.models import FirePoint
from firepoints.pages.panels import MonthMoney
from firepoints.pages.points.filters import NOBODY, Wanted, answerable
from firepoints.steps.figures import COUNTED, EXCLUDED, WORKING, Figures
from firepoints.terms.states import LIVE
from grids import selectors as grids

Money = MonthMoney | None


@dataclass(frozen=True, slots=True)
class CountyRow:
    """A county (or who pays in its place): 处 counted, being worked on, excluded; money in words of 万元."""

    name: str
    counted: int
    working: int
    excluded: int
    money: str
    urls: dict[str, str]
    is_total: bool = False

    @property
    def found(self) -> int:
        return self.counted + self.working + self.excluded


def county_rows(figures: Figures, visible: QuerySet[FirePoint], month: Month, money: Money) -> list[CountyRow]:
    """Every payer of the month's last day, then those without a county, then the sum. `visible` says the names of payers that
    are no longer listed."""
    live = figures.only(state=tuple(LIVE))
    listed = [(row.code, row.name) for row in grids.payers_listed(month.last_day)]
    listed_codes = {code for code, _ in listed}
    strangers = [code for code in live.payers if code and code not in listed_codes]
    if strangers:
        named = _names(answerable(Wanted(month=str(month)).narrow(visible)), strangers)
        listed += [(code, named.get(code, code)) for code in strangers]
    amounts = dict(money.by_payer) if money else {}
    rows = [_row(code, name, live.only(answers_for=code), month, amounts.get(code, "0")) for code, name in listed]
    if "" in live.payers:
        rows.append(_row(NOBODY, "还没有定", live.only(answers_for=""), month, "0"))
    total = money.total if money else "0"
    return [*rows, _sum(rows, month, total)] if rows else []


def _row(code: str, name: str, figures: Figures, month: Month, money: str) -> CountyRow:
    urls = {
        view: Wanted(month=str(month), county=code, state=view).url() for view in ("", "counted", "working", "excluded")
    }
    counts = (figures.count(counted=COUNTED), figures.count(state=tuple(WORKING)), figures.count(counted=EXCLUDED))
    return CountyRow(name, *counts, money, urls_of(urls))


def urls_of(urls: dict[str, str]) -> dict[str, str]:
    """The addresses with "every" for the empty view: templates cannot name an empty key."""
    return {name or "every": url for name, url in urls.items()}


def _sum(rows: Iterable[CountyRow], month: Month, money: str) -> CountyRow:
    every = list(rows)
    urls = {view: Wanted(month=str(month), state=view).url() for view in ("", "counted", "working", "excluded")}
    return CountyRow(
        "合计",
        sum(row.counted for row in every),
        sum(row.working for row in every),
        sum(row.excluded for row in every),
        money,
        urls_of(urls),
        is_total=True,
    )


def _names(points: QuerySet[Any], codes: list[str]) -> dict[str, str]:
    """Names of payers that are no longer listed, as the decisions wrote them."""
    rows = points.filter(answers_for__in=codes).order_by()
    by_decision = rows.values_list("answers_for", "recognition__payer_name", "attribution__county_name").distinct()
    return {code: payer or county or code for code, payer, county in by_decision}


def day_rows(figures: Figures, month: Month) -> list[dict[str, Any]]:
    """Every day of the month with its 处, for the small chart and the table under it."""
    by_day: dict[date, list[Any]] = {}
    for row in figures.rows:
        by_day.setdefault(row["day"], []).append(row)
    return [_day(day, Figures(tuple(by_day.get(day, ())))) for day in month.days]


def _day(day: date, figures: Figures) -> dict[str, Any]:
    return {
        "day": day,
        "n_counted": figures.count(counted=COUNTED),
        "n_working": figures.count(state=tuple(WORKING)),
        "n_excluded": figures.count(counted=EXCLUDED),
    }
