"""`backup --to FOLDER`: database, files and a manifest with the head of the chain, while everything is in use."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from journal import backup


class Command(JinshaoCommand):
    help = "备份：把数据库和文件复制到 --to 下的新文件夹；链首请另外抄存"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, required=True, help="放备份的文件夹，不在 JINSHAO_HOME 里")

    def run(self, *, to: Path, **options: Any) -> dict[str, Any]:
        return backup.backup(to)
