"""`pack load FOLDER`: make this deployment carry out one city's policy."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from grids.selectors import system_user
from penalties.pack import pack_load


class Command(JinshaoCommand):
    help = "载入政策包（规则、付款单位、裁定、文书名称）"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        load = actions.add_parser("load", help="载入一个政策包")
        load.add_argument("folder", type=Path)

    def run(self, *, folder: Path, **options: Any) -> dict[str, Any]:
        loaded = pack_load(folder=folder, actor=system_user())
        return {
            "pack": loaded.name,
            "rules": loaded.rules,
            "payers": loaded.payers,
            "payer_areas": loaded.payer_areas,
            "rulings": loaded.rulings,
            "sources": loaded.sources,
        }
