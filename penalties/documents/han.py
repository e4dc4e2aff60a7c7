"""The 函 to the finance office, which may only follow the city government's approval (C13)."""

from papers.gongwen import Fonts, Gongwen
from penalties.documents import annexes
from penalties.documents.report import Approval, MonthReport, check
from penalties.documents.wording import (
    NO_NUMBER,
    chinese_date,
    due_words,
    letter_subject,
    policy_cited,
    title_lines,
    verb,
)


class NotApproved(ValueError):
    """A 函 to finance was to be made without the 批件: that would skip the city government."""

    code = "not_approved"


def render(report: MonthReport, fonts: Fonts | None = None) -> bytes:
    """The editable .docx of the letter. Raises NotApproved without a 批件, ReportMismatch when the figures disagree."""
    if report.approval is None:
        raise NotApproved("没有市政府批件，不能向财政部门发函（四（二））。")
    checked = check(report)
    titles = report.titles
    subject = letter_subject(report)
    paper = Gongwen(
        title=f"{titles.bureau}{subject}", author=titles.bureau, dated=report.issued_on, marks=report.marks, fonts=fonts
    )
    paper.letter_head(titles.bureau, NO_NUMBER)
    paper.title(*title_lines(report, subject))
    paper.addressee(titles.finance)
    _body(paper, report, report.approval)
    paper.closing("特此函达。")
    paper.attachments([*annexes.annex_names(report), "市政府批件（复印件）"])
    paper.signature(titles.bureau, chinese_date(report.issued_on))
    paper.footnote(f"（{report.contact or '联系人：　　　　，电话：　　　　　　'}）")
    annexes.summary(paper, report, "附件1")
    annexes.points(paper, report, "附件2")
    annexes.corrections(paper, report, "附件3")
    paper.small(f"核对：{checked}　　日志头：{report.journal_head}")
    return paper.save()


def _body(paper: Gongwen, report: MonthReport, approval: Approval) -> None:
    titles = report.titles
    paper.body(
        f"根据{policy_cited(report)}规定，我局已将{report.period}{titles.levy}{verb(report)}情况报市政府，"
        f"市政府已于{chinese_date(approval.dated)}批复同意。"
    )
    if approval.number:
        # On a line of its own: no line breaks the number.
        paper.body(f"批件文号：{approval.number}。")
    paper.body(due_words(report))
    paper.body(f"请贵局按照批件，通过体制结算直接对相关县（区）政府{verb(report)}，并将凭证反馈我局。")
