"""`fairness --world DIR`: score a simulated world by running it through the real product (docs/simulation.md)."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from core.errors import BadInput, Refused
from demo.fairness import home, play, score, stage, worldfile

LINES = (
    ("reported", "上报的真实秸秆火"),
    ("charges", "扣缴（处）"),
    ("double", "重复扣缴"),
    ("double_unasked", "其中扣缴前没有问过人"),
    ("wrong_county", "县（区）扣错（无联合记录）"),
    ("uncharged", "上报而未扣缴"),
    ("uncharged_machine", "其中没有问过人、由机器漏掉"),
    ("uncharged_honest", "其中核实人诚实"),
    ("not_straw", "不是秸秆却扣缴"),
    ("wrong_village", "村扣错"),
    ("asked", "交人处理（处）"),
    ("oracle", "神谕交人处理（处）"),
)


class Command(JinshaoCommand):
    """Judge one world or several."""

    help = "在一次性部署里跑完一个模拟世界，按真相打分"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--world", type=Path, action="append", required=True, help="模拟世界的文件夹，可重复")
        parser.add_argument("--keep", type=Path, help="留下这一个世界的部署（文件夹），以便查看")
        parser.add_argument("--prepare", action="store_true", help="内部使用：只准备一次性部署")
        parser.add_argument("--inside", action="store_true", help="内部使用：就在本部署里跑")

    def run(self, *, world: list[Path], keep: Path | None, prepare: bool, inside: bool, **_: Any) -> dict[str, Any]:
        if prepare or inside:
            return self._inside(worldfile.load(world[0]), prepare)
        if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise BadInput("文件夹不是空的，请换一个", where=str(keep), code="out_not_empty")
        results = []
        with home.homes() as homes:
            for at, folder in enumerate(world, start=1):
                results.append(homes.judge(folder, keep=keep if len(world) == 1 else None))
                print(f"{at}/{len(world)} {folder}", file=sys.stderr, flush=True)
        return {"together": score.together(results), "worlds": results}

    def _inside(self, world: worldfile.World, prepare: bool) -> dict[str, Any]:
        if not home.is_throw_away():
            raise Refused("这不是一次性部署：请不带 --inside 运行", code="not_throw_away")
        if prepare:
            stage.set_up(world)
            return {"prepared": True}
        return score.score(play.play(world))

    def show(self, result: dict[str, Any]) -> None:
        """The sums, and beside them the naive way's."""
        if "together" not in result:
            super().show(result)
            return
        total = result["together"]
        for key, name in LINES:
            naive = total["naive"].get(key)
            self.stdout.write(f"{name}: {total[key]}" + (f"（逐行扣缴：{naive}）" if naive is not None else ""))
        self.stdout.write(f"归并的调整兰德指数: {total['rand']}")
