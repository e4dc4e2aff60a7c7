"""`watch --once`: make the folders of the inbox and take in what lies there; without --once, again and again."""

import time
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from firepoints.sightings.feeds.watching import inbox, inbox_prepare, inbox_take

MARKS = {"done": "已入库", "failed": "失败", "waiting": "等待"}


class Command(JinshaoCommand):
    help = "收件夹：导入投放在 inbox/<来源>/ 的文件，再移到 done/ 或 failed/；后台任务每分钟也做一次"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="只看一遍")
        parser.add_argument("--every", type=float, default=10.0, help="不加 --once 时，隔几秒看一遍")

    def run(self, *, once: bool, every: float, **options: Any) -> dict[str, Any]:
        outcome = self._pass()
        while not once:
            self.show(outcome)
            time.sleep(max(every, 1.0))
            outcome = self._pass()
        return outcome

    def _pass(self) -> dict[str, Any]:
        sources = inbox_prepare()
        return {"inbox": str(inbox()), "sources": sources, **inbox_take()}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['inbox']}：{result['said']}")
        for file in result["files"]:
            self.stdout.write(f"  {file['source']}/{file['name']}\t{MARKS[file['state']]}\t{file['said']}")
