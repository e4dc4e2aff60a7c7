"""circular make | list | show | issue: the 通报 of a period, batch or no batch (C14)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from core.commands import JinshaoCommand
from core.errors import Refused
from grids.management.options import acting_user, beijing_date
from grids.selectors import system_user
from penalties.circulars import making
from penalties.models import Circular


class Command(JinshaoCommand):
    help = "通报：国家、省遥感，巡查督查，市本级执法检查发现的火点和焚烧痕迹"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        make = verbs.add_parser("make", help="生成一段时间的通报，入档")
        make.add_argument("--from", required=True, dest="starts", metavar="YYYY-MM-DD")
        make.add_argument("--to", required=True, dest="ends", metavar="YYYY-MM-DD", help="最后一天（含）")
        make.add_argument("--as", dest="username", required=True, metavar="USER")
        make.add_argument("--out", type=Path, help="另写一份到文件夹")
        verbs.add_parser("list", help="列出通报")
        show = verbs.add_parser("show", help="一份通报，--out 取出文书")
        show.add_argument("id", type=int, metavar="ID")
        show.add_argument("--out", type=Path)
        issue = verbs.add_parser("issue", help="登记文号、印发和报送市政府的日期")
        issue.add_argument("id", type=int, metavar="ID")
        issue.add_argument("--doc-no", required=True)
        issue.add_argument("--date", required=True, metavar="YYYY-MM-DD", help="印发日期")
        issue.add_argument("--reported", required=True, metavar="YYYY-MM-DD", help="报送市政府日期")
        issue.add_argument("--as", dest="username", required=True, metavar="USER")

    def run(self, *, verb: str, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self, f"_{verb}")(**options)
        return answer

    def _make(self, *, starts: str, ends: str, username: str, out: Path | None, **_: Any) -> dict[str, Any]:
        actor = acting_user(username)
        row = making.circular_make(
            starts_on=beijing_date(starts, "--from"), ends_on=beijing_date(ends, "--to"), actor=actor
        )
        files = making.write_papers(row, out, actor) if out else []
        return _circular_json(row) | {"files": [str(path) for path in files]}

    def _list(self, **_: Any) -> dict[str, Any]:
        return {"circulars": [_circular_json(row) for row in Circular.objects.select_related("issue").defer("content")]}

    def _show(self, *, id: int, out: Path | None, **_: Any) -> dict[str, Any]:
        row = _circular(id)
        files = making.write_papers(row, out, system_user()) if out else []
        tables = {key: row.content[key] for key in ("counties", "townships", "points")}
        return _circular_json(row) | tables | {"files": [str(path) for path in files]}

    def _issue(self, *, id: int, doc_no: str, date: str, reported: str, username: str, **_: Any) -> dict[str, Any]:
        row = _circular(id)
        making.circular_issue(
            circular=row,
            doc_no=doc_no,
            issued_on=beijing_date(date, "--date"),
            reported_on=beijing_date(reported, "--reported"),
            actor=acting_user(username),
        )
        return _circular_json(_circular(id))


def _circular(pk: int) -> Circular:
    row: Circular | None = Circular.objects.select_related("issue").filter(pk=pk).first()
    if row is None:
        raise Refused(f"没有第 {pk} 号通报", code="no_circular")
    return row


def _circular_json(row: Circular) -> dict[str, Any]:
    issue = getattr(row, "issue", None)
    return {
        "id": row.pk,
        "title": row.title,
        "from": row.starts_on.isoformat(),
        "to": row.ends_on.isoformat(),
        "points": row.points,
        "content_hash": row.content_hash,
        "journal_head": row.journal_head,
        "doc_no": issue.doc_no if issue else "",
        "issued_on": issue.issued_on.isoformat() if issue else None,
        "reported_on": issue.reported_on.isoformat() if issue else None,
    }
