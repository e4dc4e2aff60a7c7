"""`recheck draw | list`: what of the counties' records the bureau visits again, and what it found."""

from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from firepoints.models import Recheck
from firepoints.rechecks.counties import named_counties
from firepoints.rechecks.draws import recheck_draw


class Command(JinshaoCommand):
    help = "复查：抽取、列表"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("draw", help="抽到上一个北京零点为止报的；什么时候抽、谁来抽，结果一样")
        verbs.add_parser("list", help="抽到的和结果")

    def run(self, *, verb: str, **options: Any) -> dict[str, Any]:
        if verb == "draw":
            draw = recheck_draw()
            drawn_rows = draw.rechecks.count() if draw else 0
            return {"drawn": draw is not None, "rechecks": drawn_rows, "seed": draw.seed if draw else ""}
        rows = Recheck.objects.select_related("visit").order_by("pk")
        return {
            "named": named_counties(),
            "rechecks": [
                {
                    "id": row.pk, "point": row.point_id, "county_code": row.county_code, "conclusion": row.conclusion,
                    "finding": row.visit.finding if hasattr(row, "visit") else None,
                }
                for row in rows
            ],
        }  # fmt: skip
