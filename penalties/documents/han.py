"""The 函 to the finance office, which may only follow the city government's approval (C13)."""

from papers.gongwen import Fonts, Gongwen
from penalties.documents import annexes
from penalties.documents.report import Approval, MonthReport, check
from penalties.documents.wording import (
    NO_NUMBER,
    amount_words,
    chinese_date,
    letter_subject,
    policy_cited,
    total_words,
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
    head, _, tail = subject.partition(report.period)
    paper.title(f"{titles.bureau}{head}{report.period}", tail)
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
    number = f"（{approval.number}）" if approval.number else ""
    paper.body(
        f"根据{policy_cited(report)}规定，我局已将{report.period}{titles.levy}扣缴情况报市政府，"
        f"市政府已于{chinese_date(approval.dated)}批复同意{number}。"
    )
    spread = amount_words(report)
    paper.body(f"本期应扣缴{titles.levy}{total_words(report)}" + (f"，其中：{spread}。" if spread else "。"))
    paper.body("请贵局按照批件，通过体制结算直接对相关县（区）政府扣缴，并将扣缴凭证反馈我局。")
