"""`report YYYY-MM --out DIR`: the month's workbook and 请示, batch or no batch (C13)."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from core.commands import month as month_text
from penalties.batches.reports import write_reports
from penalties.documents.report import check
from penalties.money import daxie, yuan


class Command(JinshaoCommand):
    help = "生成某月的扣缴汇总表和请示"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=month_text, help="YYYY-MM")
        parser.add_argument("--out", type=Path, required=True, help="写到哪个文件夹")

    def run(self, *, month: str, out: Path, **options: Any) -> dict[str, Any]:
        report, paths = write_reports(month=month, out=out)
        total = report.total
        return {
            "month": month,
            "batch": report.batch,
            "draft": report.is_draft,
            "points": total.count,
            "amount_fen": total.amount_fen,
            "amount_yuan": yuan(total.amount_fen),
            "amount_daxie": daxie(total.amount_fen),
            "cumulative_points": total.cumulative_count,
            "cumulative_fen": total.cumulative_fen,
            "proof": check(report),
            "journal_head": report.journal_head,
            "counties": [
                {
                    "code": row.code,
                    "name": row.name,
                    "points": row.figures.count,
                    "amount_fen": row.figures.amount_fen,
                    "cumulative_points": row.figures.cumulative_count,
                    "cumulative_fen": row.figures.cumulative_fen,
                }
                for row in report.rows
            ],
            "files": [str(path) for path in paths],
        }
