"""The finance table on the page of a batch: one line for every payer with its vouchers, subtotals, and both sides apart."""

from dataclasses import dataclass
from datetime import date

from penalties.batches.lines import Line
from penalties.documents.report import Figures, MonthReport, Sides
from penalties.models import Batch, BatchState
from penalties.money import wan

WITH_FINANCE = (BatchState.SENT, BatchState.SETTLED)
SETTLED, WAITING, PARTLY, NOTHING, NOT_SENT = "settled", "waiting", "partly", "nothing", "not_sent"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of the finance table as shown; `sub` marks a 小计. Money as 万元 text."""

    no: str
    name: str
    figures: Figures
    rate: str
    voucher: str = ""
    voucher_on: date | None = None
    voucher_share: str = ""
    settle_url: str = ""
    points_url: str = ""
    sub: bool = False
    sides: Sides | None = None

    @property
    def counts(self) -> tuple[int, ...]:
        """火点 and its grounds; with corrections of what is charged, and what goes back at the end."""
        if self.sides:
            charged = (self.sides.charged, self.sides.satellite, self.sides.inspection, self.sides.scar)
            return (*charged, self.sides.returned)
        return (self.figures.count, self.figures.satellite, self.figures.inspection, self.figures.scar)

    @property
    def amounts(self) -> tuple[str, ...]:
        """The amount; with corrections what is due and what goes back."""
        fens = (self.sides.due_fen, self.sides.back_fen) if self.sides else (self.figures.amount_fen,)
        return tuple(map(wan, fens))

    @property
    def cumulative(self) -> str:
        return wan(self.figures.cumulative_fen)


def signed(fen: int) -> str:
    """An amount in 万元; what goes back says so instead of a minus."""
    return f"退 {wan(-fen)}" if fen < 0 else wan(fen)


def table_rows(
    report: MonthReport, batch: Batch, lines: list[Line], *, whole: bool, may_settle: bool
) -> list[TableRow]:
    by_payer = {line.row.code: line for line in lines}
    charged = {point.payer_code for point in report.points}
    rows, number = [], 0
    for group, payers, subtotal in report.subtotals:
        for payer in payers:
            number += 1
            line = by_payer[payer.code]
            rate = "按规则" if payer.rate_fen is None else wan(payer.rate_fen)
            settle = may_settle and line.open_fen and batch.state == BatchState.SENT
            rows.append(
                TableRow(
                    no=str(number),
                    name=payer.name,
                    figures=payer.figures,
                    rate=rate,
                    voucher=_voucher(batch, line),
                    voucher_on=line.settled_on,
                    voucher_share=f"{signed(line.settled_fen)} / {signed(line.row.figures.amount_fen)}",
                    sides=report.sides([payer.code]) if report.corrections else None,
                    settle_url=f"?payer={payer.code}#next" if settle else "",
                    points_url=f"#payer-{payer.code}" if payer.code in charged else "",
                )
            )
        # A county that sees its own line alone has no group to add up.
        if group and whole:
            sides = report.sides([payer.code for payer in payers]) if report.corrections else None
            rows.append(TableRow(no="", name=f"{group}小计", figures=subtotal, rate="—", sub=True, sides=sides))
    return rows


def _voucher(batch: Batch, line: Line) -> str:
    if not line.row.figures.amount_fen:
        return NOTHING
    if batch.state not in WITH_FINANCE:
        return NOT_SENT
    if not line.open_fen:
        return SETTLED
    return PARTLY if line.settlements else WAITING
