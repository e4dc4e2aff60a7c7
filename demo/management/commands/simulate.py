"""`simulate --seed N --fires K [--density …] --out DIR`: a world with known truth, as the files that importers read."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from core.errors import BadInput
from demo.simulation import world
from demo.simulation.land import Land
from demo.simulation.params import DENSITIES
from demo.simulation.recipe import MIXES, PLAIN, STYLES, Recipe

DIVISIONS = "packs/benxi/divisions.csv"


class Command(JinshaoCommand):
    """Write one simulated world."""

    help = "生成一个已知真相的模拟世界：导入用的文件、办理脚本、真相（docs/simulation.md）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, required=True, help="种子：同一种子，逐字节相同")
        parser.add_argument("--fires", type=int, default=40, help="真实火情数")
        parser.add_argument("--density", choices=sorted(DENSITIES), default="middle", help="密度")
        parser.add_argument("--style", choices=STYLES, help="清单的写法（默认由种子定）")
        parser.add_argument("--mix", choices=MIXES, help="核实人的性情（默认由种子定）")
        parser.add_argument("--plain", action="store_true", help="第 1 版格式，没有更正、撤回、迟到等情形")
        parser.add_argument("--out", type=Path, required=True, help="写到哪个文件夹（应为空或不存在）")
        parser.add_argument("--divisions", type=Path, help=f"区划表（默认 {DIVISIONS}）")

    def run(
        self, *, seed: int, fires: int, density: str, out: Path, divisions: Path | None, **options: Any
    ) -> dict[str, Any]:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise BadInput("文件夹不是空的，请换一个", where=str(out), code="out_not_empty")
        if not 2 <= fires <= 2000:
            raise BadInput("火情数应在 2 到 2000 之间", where="--fires")
        land = Land.of(divisions or Path(settings.BASE_DIR) / DIVISIONS)
        recipe = _recipe(seed, density, **options)
        simulated = world.build(seed=seed, fires=fires, density=density, land=land, recipe=recipe)
        world.write(simulated, out)
        rows = Counter(paper.source for paper in simulated.papers for _ in paper.rows)
        reported = {row.main for paper in simulated.papers for row in paper.rows if row.charges and row.readable}
        return {
            "seed": seed,
            "density": density,
            **({"style": recipe.style, "mix": recipe.mix} if recipe.has_families else {}),
            "fires": len(simulated.fires),
            "reported": sum(fire.id in reported for fire in simulated.fires),
            "files": len(simulated.papers),
            "rows": dict(sorted(rows.items())),
            "acts": len(simulated.acts),
            "out": str(out),
        }


def _recipe(
    seed: int, density: str, *, style: str | None = None, mix: str | None = None, plain: bool = False, **_: Any
) -> Recipe:
    if plain:
        return PLAIN
    drawn = Recipe.drawn(seed, density)
    return replace(drawn, style=style or drawn.style, mix=mix or drawn.mix)
