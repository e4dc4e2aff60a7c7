"""`ingest FILE --source NAME` and `ingest withdraw RUN --reason …`: files of sightings in, and back out (policy.md §6)."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from firepoints.models import ImportRun
from firepoints.services.ingest import import_file
from firepoints.services.reading import DATUMS, ListName
from firepoints.services.withdrawing import import_withdraw
from grids.selectors import system_user, user_named
from journal.commands import JinshaoCommand, Usage

OUTCOMES = (
    ("kept", "入库"),
    ("identical", "相同"),
    ("superseded", "已被替代"),
    ("quarantined", "隔离"),
    ("outside", "界外"),
)


class Command(JinshaoCommand):
    help = "导入监测或巡查文件；ingest withdraw RUN 撤回一次导入"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", metavar="FILE|withdraw", help="文件；或 withdraw")
        parser.add_argument("run_id", metavar="RUN", nargs="?", help="撤回时：导入记录")
        parser.add_argument("--source", help="来源，例如 firms、national_list、provincial_list、patrol")
        parser.add_argument("--datum", choices=DATUMS, help="文件的坐标系；缺省按来源")
        parser.add_argument("--issuer", default="", help="清单的发布单位")
        parser.add_argument("--period", default="", help="清单的期次")
        parser.add_argument("--list-no", default="", help="清单号")
        parser.add_argument("--supersedes", help="替代哪一次导入（更正的清单）")
        parser.add_argument("--dry-run", action="store_true", help="只看结果，不写入")
        parser.add_argument("--reason", default="", help="撤回的理由")
        parser.add_argument("--as", dest="actor", help="以谁的身份；缺省为系统")

    def run(self, *, what: str, run_id: str | None, **options: Any) -> dict[str, Any]:
        actor = user_named(options["actor"]) if options.get("actor") else system_user()
        if what == "withdraw":
            if not run_id:
                raise Usage("要写明撤回哪一次导入：ingest withdraw RUN --reason …")
            found = import_withdraw(run=run_id, actor=actor, reason=options["reason"])
            return {"run": str(found.uuid), "state": found.state, "reason": found.withdrawn_reason}
        if run_id:
            raise Usage(f"一次只导入一个文件，多余的参数：{run_id}")
        if not options["source"]:
            raise Usage("要写明来源：--source firms|national_list|provincial_list|patrol|…")
        done = import_file(
            path=Path(what),
            source_code=options["source"],
            actor=actor,
            datum=options["datum"],
            name=ListName(options["issuer"], options["period"], options["list_no"]),
            supersedes=options["supersedes"],
            dry_run=options["dry_run"],
            progress=self._progress,
        )
        return done.as_json()

    def _progress(self, word: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{word} {done:,} / {total:,}", ending="")

    def show(self, result: dict[str, Any]) -> None:
        if "rows" not in result:
            self.stdout.write(f"已撤回导入 {result['run']}：{result['reason']}")
            return
        said = "，".join(f"{label} {result[key]}" for key, label in OUTCOMES)
        self.stdout.write(f"{result['rows']} 行：{said}；另有 {result['notes']} 行不是数据")
        for code, count in result["counties"].items():
            self.stdout.write(f"  {code}\t{count} 行入库")
        run = ImportRun.objects.filter(uuid=result["run"]).first() if result["run"] else None
        self.stdout.write(f"导入记录 {run.uuid}，涉及 {result['points']} 处火点" if run else "只是试算，没有写入")
