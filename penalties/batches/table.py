"""The finance table: one row for every payer, zeros too, with the year's cumulative figures (policy.md §7)."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

from core.month import Month
from firepoints.terms.states import Basis
from grids.selectors import ListedPayer, governments_on, payers_listed
from penalties.documents.report import Figures, PayerRow
from penalties.ledger import figures
from penalties.ledger.difference import Movement
from penalties.ledger.figures import PayerSum, Sums, added, burned_in_year, by_government, live_batches
from penalties.models import Batch, BatchLine, LedgerEntry


def row_of(line: BatchLine) -> PayerRow:
    """A payer's row as it was frozen."""
    figures = Figures(
        count=line.count,
        satellite=line.satellite,
        inspection=line.inspection,
        scar=line.scar,
        amount_fen=line.amount_fen,
        cumulative_count=line.cumulative_count,
        cumulative_fen=line.cumulative_fen,
    )
    return PayerRow(code=line.payer_code, name=line.payer_name, group=line.group, figures=figures)


def line_of(batch: Batch, position: int, row: PayerRow) -> BatchLine:
    """The line that freezes a payer's row, not yet stored."""
    figures = row.figures
    return BatchLine(
        batch=batch,
        position=position,
        payer_code=row.code,
        payer_name=row.name,
        group=row.group,
        count=figures.count,
        satellite=figures.satellite,
        inspection=figures.inspection,
        scar=figures.scar,
        amount_fen=figures.amount_fen,
        cumulative_count=figures.cumulative_count,
        cumulative_fen=figures.cumulative_fen,
    )


def rows_of(own: Sums, year: Sums, *, on: date, listed: Iterable[ListedPayer] | None = None) -> list[PayerRow]:
    """A row for every payer of the date, then any other that money moves for; `year` = what its fires come to.

    `listed` are the payers of a table that was frozen; else those of the date. The rows of one group stand together.
    """
    listed = payers_listed(on) if listed is None else listed
    names = {payer.code: (payer.name, payer.group) for payer in listed}
    own, year = _lined_up([own, year], names, on)
    for code, payer_sum in (*year.items(), *own.items()):
        if any(payer_sum.counts.values()) or payer_sum.amount_fen or code in own:
            names.setdefault(code, (payer_sum.name, ""))
    groups = list(dict.fromkeys(group for _, group in names.values()))
    ordered = sorted(names.items(), key=lambda item: groups.index(item[1][1]))
    nothing = PayerSum("")
    return [
        PayerRow(code=code, name=name, group=group, figures=_figures(own.get(code, nothing), year.get(code, nothing)))
        for code, (name, group) in ordered
    ]


def _lined_up(several: Iterable[Sums], names: Mapping[str, object], on: date) -> list[Sums]:
    """The sums by line: a code that has no line of its own stands in that of its government."""
    several = list(several)
    if all(code in names for sums in several for code in sums):
        return several
    going_on = {old: new for old, new in governments_on(on).items() if old not in names}
    return [by_government(sums, going_on) for sums in several]


def _figures(own: PayerSum, year: PayerSum) -> Figures:
    """Counts in 处, where a reversal counts −1, and money in fen: of one payer's movements, and of the year."""
    return Figures(
        count=own.count,
        satellite=own.counts.get(Basis.SATELLITE, 0),
        inspection=own.counts.get(Basis.INSPECTION, 0),
        scar=own.counts.get(Basis.SCAR, 0),
        amount_fen=own.amount_fen,
        cumulative_count=year.count,
        cumulative_fen=year.amount_fen,
    )


def batch_rows(batch: Batch) -> list[PayerRow]:
    """The table of one batch: as frozen, or as its entries stand now while it is open."""
    lines = list(batch.lines.order_by("position"))
    if lines:
        return [row_of(line) for line in lines]
    entries = LedgerEntry.objects.filter(batch=batch)
    return rows_of(figures.of_entries(entries), figures.of_year(batch), on=Month.parse(batch.month).last_day)


def month_rows(month: str) -> list[PayerRow]:
    """The table of a month that has a batch of its own: the lines that were frozen, and what else its report tells.

    Lists the payers, and what the year comes to, as the last batch of the month does.
    """
    batches = list(live_batches().filter(month=month).order_by("pk"))
    tables = [batch_rows(batch) for batch in batches]
    _, of_others = figures.reported_in(month)
    elsewhere = figures.of_entries(figures.told_elsewhere(month))
    own = added(
        *(_own(rows) for rows in tables),
        figures.of_entries(of_others),
        {code: -payer_sum for code, payer_sum in elsewhere.items()},
    )
    last = tables[-1]
    listed = [ListedPayer(row.code, row.name, row.group) for row in last]
    return rows_of(own, _year(last), on=Month.parse(month).last_day, listed=listed)


def _own(rows: Iterable[PayerRow]) -> Sums:
    return {
        row.code: PayerSum(
            row.name, {basis: getattr(row.figures, basis) for basis in Basis.values}, row.figures.amount_fen
        )
        for row in rows
    }


def _year(rows: Iterable[PayerRow]) -> Sums:
    """What the year comes to, as a table says it: the grounds are not told apart, so that all stands under one."""
    return {
        row.code: PayerSum(row.name, {Basis.SATELLITE: row.figures.cumulative_count}, row.figures.cumulative_fen)
        for row in rows
    }


def draft_rows(month: str, own: Iterable[Movement], drafts: Iterable[Movement]) -> list[PayerRow]:
    """The table of a month without a batch: its own movements, posted or proposed, and what stands for the fires of its
    year until its end, as building would leave it."""
    until = burned_in_year(month[:4], until=month)
    posted = figures.of_entries(LedgerEntry.objects.filter(until, batch__in=live_batches()))
    in_time = (draft for draft in drafts if f"{month[:4]}-01" <= draft.month <= month)
    year = added(posted, figures.of_movements(in_time))
    return rows_of(figures.of_movements(own), year, on=Month.parse(month).last_day)


def span_rows(month: str, own: Iterable[Movement], batch: Batch) -> list[PayerRow]:
    """The table of a month inside the span of a batch: its own movements, and what the fires of its year until its end came
    to as of that batch."""
    until = figures.as_of(batch).filter(burned_in_year(month[:4], until=month))
    return rows_of(figures.of_movements(own), figures.of_entries(until), on=Month.parse(month).last_day)


class Lines:
    """The lines of a table by the codes under which money was posted: an old code stands in the line of its government."""

    def __init__(self, rows: Iterable[PayerRow], *, on: date) -> None:
        self._names = {row.code: row.name for row in rows}
        self._on = on

    def of(self, code: str) -> str:
        """The code of the line in which the money of a payer stands."""
        return code if code in self._names else self._going_on.get(code, code)

    @cached_property
    def _going_on(self) -> dict[str, str]:
        return governments_on(self._on)

    def named(self, code: str, name: str) -> tuple[str, str]:
        """(code, name) of that line; `name` is the payer's own."""
        line = self.of(code)
        return line, name if line == code else self._names.get(line, name)
