"""`ingest FILE --source NAME` and `ingest withdraw RUN --reason …`: files of sightings in, and back out (policy.md §6)."""

import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import CommandParser

from core import clock
from core.commands import JinshaoCommand, Usage
from core.errors import BadInput
from firepoints.models import ImportRun
from firepoints.sightings.importing.answers import CONFIRMED, SAID
from firepoints.sightings.importing.order import ImportOrder, run_named
from firepoints.sightings.importing.proposing import Outcome, withdraw_or_propose
from firepoints.sightings.importing.reading import DATUMS, ListName, source_named
from firepoints.sightings.importing.results import UNSURE, result_of
from firepoints.sightings.importing.start import import_file, import_run_now, import_start
from firepoints.sightings.importing.working import COMMITTED
from firepoints.sightings.lists.preview import preview
from firepoints.sightings.readers import observed
from firepoints.sightings.readers.base import SourceError
from grids.models import User
from grids.selectors import system_user, user_named
from journal.proposals import describe as describe_proposals

OUTCOMES = (
    ("kept", "入库"),
    ("identical", "相同"),
    ("superseded", "已被替代"),
    ("quarantined", "隔离"),
    ("outside", "界外"),
)
WIDE = 30  # characters of the bar
POINTS_AT_ONCE = 20_000  # rows kept; a larger file's points are formed by a worker after the command has answered


class Bar:
    """Progress on a terminal, at most ten times a second; and when what was done, for `--timing`."""

    def __init__(self, out: Any) -> None:
        self.out, self.begun, self.shown = out, perf_counter(), 0.0
        self.committed_at: float | None = None

    def __call__(self, words: str, done: int, total: int) -> None:
        now = perf_counter()
        if words == COMMITTED:
            self.committed_at = now
        if not sys.stderr.isatty() or (now - self.shown < 0.1 and done < total):
            return
        self.shown = now
        part = done / total if total else 1.0
        filled = "█" * round(part * WIDE)
        self.out.write(f"\r{words:　<7} {filled:░<{WIDE}} {part:4.0%}  {done:,} / {total:,}", ending="")
        if done >= total:
            self.out.write("")

    def timing(self) -> dict[str, float]:
        """Seconds to the commit and to the end."""
        seconds = perf_counter() - self.begun
        committed = seconds if self.committed_at is None else self.committed_at - self.begun
        return {"committed_s": round(committed, 3), "seconds": round(seconds, 3)}


class Command(JinshaoCommand):
    help = "导入监测或巡查文件；ingest withdraw RUN 撤回一次导入；ingest resume RUN 接着做中断的一次"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", metavar="FILE|withdraw|resume", help="文件；或 withdraw、resume")
        parser.add_argument("run_id", metavar="RUN", nargs="?", help="撤回、续做时：导入记录")
        parser.add_argument("--source", help="来源，例如 firms、national_list、provincial_list、patrol")
        parser.add_argument("--datum", choices=DATUMS, help="文件的坐标系；缺省按来源")
        parser.add_argument("--datum-confirmed", action="store_true", help="坐标系已经核对：有疑点也导入（记入日志）")
        parser.add_argument(
            "--hidden", choices=tuple(SAID), help="隐藏、划掉、作废的行：keep 读入，leave 不读、留作说明"
        )
        parser.add_argument("--total-confirmed", action="store_true", help="表里写的数与读到的不同，已经核对")
        parser.add_argument("--days-confirmed", action="store_true", help="各行的日期与表上写的不同，已经核对")
        parser.add_argument("--observed", default="", help=f"风云四号文本的观测时间，文件里没有时写；{observed.HOW}")
        parser.add_argument("--issuer", default="", help="清单的发布单位")
        parser.add_argument("--period", default="", help="清单的期次")
        parser.add_argument("--list-no", default="", help="清单号")
        parser.add_argument("--supersedes", help="替代哪一次导入（更正的清单）")
        parser.add_argument("--dry-run", action="store_true", help="只看结果，不写入")
        parser.add_argument("--later", action="store_true", help="只收下文件，由后台导入")
        parser.add_argument(
            "--wait", action="store_true", help="大文件也等到火点归并完（缺省：入库即返回，归并由后台做）"
        )
        parser.add_argument("--timing", action="store_true", help="另给出用时（秒）")
        parser.add_argument("--reason", default="", help="撤回的理由")
        parser.add_argument("--as", dest="actor", help="以谁的身份；缺省为系统")

    def run(self, *, what: str, run_id: str | None, **options: Any) -> dict[str, Any]:
        actor = user_named(options["actor"]) if options.get("actor") else system_user()
        bar = Bar(self.stderr)
        if what in ("withdraw", "resume"):
            if not run_id:
                raise Usage(f"要写明哪一次导入：ingest {what} RUN")
            if what == "resume":
                return import_run_now(run_named(run_id), progress=bar).as_json()
            outcome = withdraw_or_propose(run=run_id, actor=actor, reason=options["reason"], progress=bar)
            return _withdrawal(outcome, actor)
        if run_id:
            raise Usage(f"一次只导入一个文件，多余的参数：{run_id}")
        if not options["source"]:
            raise Usage("要写明来源：--source firms|national_list|provincial_list|patrol|…")
        order = ImportOrder(
            path=Path(what),
            source_code=options["source"],
            actor=actor,
            datum=options["datum"],
            name=ListName(options["issuer"], options["period"], options["list_no"]),
            supersedes=options["supersedes"],
            options=_ways_of_reading(options),
        )
        if options["dry_run"]:
            return preview(order).as_json()
        if options["later"]:
            return result_of(import_start(order)).as_json()
        at_once = None if options["wait"] else POINTS_AT_ONCE
        imported = import_file(order, progress=bar, points_at_once=at_once)
        pending = imported.run is not None and not imported.run.is_over
        done = {**imported.as_json(), "points_pending": pending}
        return {**done, "timing": bar.timing()} if options["timing"] else done

    def show(self, result: dict[str, Any]) -> None:
        if "proposal" in result:
            proposal = result["proposal"]
            self.stdout.write(f"还没有撤回，已提请（提请 {proposal['id']}）：{'；'.join(proposal['effects'])}")
            return
        if "rows" not in result:
            self.stdout.write(f"已撤回导入 {result['run']}：{result['reason']}")
            return
        outcome_counts = "，".join(f"{label} {result[key]}" for key, label in OUTCOMES)
        self.stdout.write(f"{result['rows']} 行：{outcome_counts}；另有 {result['notes']} 行不是数据")
        if unsure := result.get(UNSURE, 0):
            self.stdout.write(f"  {unsure} 行可能是另一条的同一像元（另一次处理），不能确定，两条都留着")
        for code, count in result["counties"].items():
            self.stdout.write(f"  {code}\t{count} 行入库")
        run = ImportRun.objects.filter(uuid=result["run"]).first() if result["run"] else None
        if run is None:
            self._show_preview(result.get("preview", {}))
        elif run.is_over:
            self.stdout.write(f"导入记录 {run.uuid}，涉及 {result['points']} 处火点")
        else:
            later = f"由后台继续；没有后台进程时：ingest resume {run.uuid}"
            self.stdout.write(f"导入记录 {run.uuid}：{run.progress.words}，{later}")

    def _show_preview(self, preview_json: dict[str, Any]) -> None:
        if doubt := preview_json.get("doubt"):
            self.stdout.write(f"坐标系可疑：{doubt}")
        for question in preview_json.get("questions", ()):
            for doubt in question["doubts"]:
                self.stdout.write(f"要回答（{question['switch']}）：{doubt['words']}")
        for remark in preview_json.get("remarks", ()):
            self.stdout.write(f"说明：{remark}")
        self.stdout.write("只是试算，没有写入")


def _withdrawal(outcome: Outcome, actor: User) -> dict[str, Any]:
    run = outcome.run
    if outcome.proposal is not None:
        proposal = describe_proposals.plain([outcome.proposal], actor)[0]
        return {"run": str(run.uuid), "state": run.state, "proposal": proposal}
    return {"run": str(run.uuid), "state": run.state, "reason": run.withdrawn_reason}


def _ways_of_reading(options: dict[str, Any]) -> dict[str, Any]:
    """The command's options that `ImportOrder.options` takes."""
    ways: dict[str, Any] = {}
    if options["observed"]:
        ways["observed"] = _observed(options["observed"], options["source"])
    ways |= {name: True for name in ("datum_confirmed", *CONFIRMED.values()) if options[name]}
    if options["hidden"]:
        ways["hidden"] = options["hidden"]
    return ways


def _observed(text: str, source: str) -> list[str]:
    try:
        return observed.from_text(text, parser=source_named(source).parser, now=clock.now())
    except SourceError as error:
        raise BadInput(f"{error.what}。{error.todo}", where="--observed", code=error.code) from error
