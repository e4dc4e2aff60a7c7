"""`journal verify|seal|head|restored`: prove, chain and show the record; say that a backup was restored."""

from typing import Any

from django.core.management.base import CommandParser

from core.commands import JinshaoCommand, Usage
from core.errors import BadInput, Refused
from journal import backup
from journal.record import sealing
from journal.record.verify import parse_head, verify


class Command(JinshaoCommand):
    help = "记录：verify 查验，seal 封存，head 显示链首，restored 登记恢复备份并开启新纪元"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="查验全部记录与链")
        check.add_argument("--expect", metavar="SEQ:HASH", help="外存（如印在文件上）的链首")
        verbs.add_parser("seal", help="封存尚未入链的记录")
        verbs.add_parser("head", help="链首 SEQ:HASH")
        restored = verbs.add_parser("restored", help="恢复备份之后、启动后台之前：开启新纪元，写明遗失的范围")
        restored.add_argument("--from-head", metavar="SEQ:HASH", help="外存的最新链首（文件上印的、备份时抄的）")
        restored.add_argument("--reason", required=True, help="为什么恢复、恢复的是哪一份")

    def run(self, *, verb: str, expect: str | None = None, **options: Any) -> dict[str, Any]:
        if verb == "restored":
            return self._restored(**options)
        if verb == "seal":
            return {"sealed": sealing.seal_all(), "head": sealing.head_text()}
        if verb == "head":
            seq, head_hash = sealing.head()
            return {"head": sealing.head_text(), "seq": seq, "hash": head_hash}
        try:
            report = verify(parse_head(expect) if expect else None)
        except BadInput as error:
            raise Usage(error.message) from error
        if not report.ok:
            summary = "查验未通过：\n" + "\n".join(f"- {problem}" for problem in report.problems)
            raise Refused(summary, code="journal_broken", details=report.as_json())
        return report.as_json()

    def _restored(self, *, reason: str, from_head: str | None = None, **options: Any) -> dict[str, Any]:
        try:
            last_head = parse_head(from_head) if from_head else None
        except BadInput as error:
            raise Usage(error.message.replace("--expect", "--from-head")) from error
        return backup.restored(last_head=last_head, reason=reason)
