"""`journal verify|seal|head`: prove, chain and show the record."""

from typing import Any

from django.core.management.base import CommandParser

from journal import sealing
from journal.commands import JinshaoCommand, Usage
from journal.errors import BadInput, Refused
from journal.verify import parse_head, verify


class Command(JinshaoCommand):
    help = "记录：verify 查验，seal 封存，head 显示链首"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="查验全部记录与链")
        check.add_argument("--expect", metavar="SEQ:HASH", help="外存（如印在文件上）的链首")
        verbs.add_parser("seal", help="封存尚未入链的记录")
        verbs.add_parser("head", help="链首 SEQ:HASH")

    def run(self, *, verb: str, expect: str | None = None, **options: Any) -> dict[str, Any]:
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
