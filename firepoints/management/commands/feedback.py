"""`feedback RUN [--out FILE]`: how far the answer to an issuer's list is, and its own file with our answers in it."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand
from core.errors import BadInput
from firepoints.feedback import sending
from firepoints.feedback.answers import answers_of
from firepoints.sightings.importing.order import run_named
from grids.selectors import system_user, user_named


class Command(JinshaoCommand):
    help = "反馈：把核实结果填进发布单位的原表（--out），并说明填到了哪里"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", metavar="RUN", help="清单的导入记录（UUID 或序号）")
        parser.add_argument("--out", help="填好的原表写到哪里；没有就只看进度")
        parser.add_argument("--as", dest="actor", help="以谁的身份；缺省为系统")

    def run(self, *, run: str, out: str | None, actor: str | None, **options: Any) -> dict[str, Any]:
        who = user_named(actor) if actor else system_user()
        import_run = run_named(run)
        sending.require_list(import_run)
        due_on, ground = sending.due_of(import_run)
        summary: dict[str, Any] = {"run": str(import_run.uuid), "due_on": due_on.isoformat(), "due_by": ground}
        if out is None:
            answers = answers_of(import_run)
            done = sum(row_answer.answer.is_final for row_answer in answers)
            return {**summary, "rows": len(answers), "answered": done, "open": len(answers) - done}
        filled = sending.feedback_file(run=import_run, actor=who)
        target = Path(out)
        target = target / filled.filename if target.is_dir() else target
        try:
            target.write_bytes(filled.data)
        except OSError as error:
            raise BadInput(f"写不进 {target.name}：{error.strerror}", where="--out") from error
        return {**summary, **filled.as_json(), "file": str(target)}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['rows']} 行，{result['answered']} 行有结论，{result['open']} 行还在办")
        self.stdout.write(f"期限 {result['due_on']}（{result['due_by']}）")
        if "file" in result:
            self.stdout.write(f"已填写 {result['cells_written']} 格：{result['file']}")
            for place in result["cells_left"]:
                self.stdout.write(f"  {place} 已有内容或公式，没有改")
