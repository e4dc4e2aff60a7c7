"""locate < points.csv > located.csv: the cells of many points, row by row."""

import gc
import io
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from core.commands import JinshaoCommand
from grids.editions.files import DATUMS
from grids.located_csv import Tally, as_csv, located_rows


class Command(JinshaoCommand):
    help = "标准输入 lon,lat[,date]，标准输出同样的行加上 county,township,village,group 与 *_name；date 为北京日期，缺省为今天"

    as_json = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--datum", choices=DATUMS, default="wgs84", help="坐标的坐标系（声明，不猜）")

    def handle(self, *args: Any, **options: Any) -> None:
        # Without --json the table itself is the answer and must reach stdout piece by piece.
        self.as_json = bool(options.get("as_json"))
        # Millions of small strings and no cycles: the collector would double the time for nothing.
        gc.disable()
        try:
            super().handle(*args, **options)
        finally:
            gc.enable()

    def run(self, *, datum: str, **_: Any) -> dict[str, Any]:
        tally = Tally()
        header: list[str] = []
        points: list[dict[str, str]] = []
        for rows in located_rows(_input(), tally, datum=datum):
            if not self.as_json:
                self.stdout.write(as_csv(rows), ending="")
            elif not header:
                header = rows[0]
            else:
                points += [dict(zip(header, row, strict=False)) for row in rows if row]
        self._warn(tally)
        counts = {"rows": tally.rows, "located": tally.located, "outside": tally.outside, "errors": tally.unreadable}
        problems = [{"line": number, "message": message} for number, message in tally.problems]
        facts = {"before_first_edition": tally.before_first, "editions": sorted(tally.editions)}
        return counts | facts | {"problems": problems, "points": points}

    def show(self, result: dict[str, Any]) -> None:
        """Nothing: stdout has had the table."""

    def _warn(self, tally: Tally) -> None:
        for number, message in tally.problems:
            self.stderr.write(f"第 {number} 行：{message}")
        if tally.before_first:
            self.stderr.write(f"{tally.before_first} 行的日期早于第一个边界版本，按第一个版本定位。")


def _input() -> Iterable[str]:
    """stdin as text whatever the locale; bytes that are no UTF-8 come out as they went in."""
    raw = getattr(sys.stdin, "buffer", None)
    return io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") if raw else sys.stdin
