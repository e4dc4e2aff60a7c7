"""The 请示 to the city government: one matter, ends with 妥否，请批示。 (C13, policy.md §7)."""

from papers.gongwen import Fonts, Gongwen
from penalties.documents import annexes
from penalties.documents.report import MonthReport, check
from penalties.documents.wording import (
    NO_NUMBER,
    amount_words,
    bases_words,
    chinese_date,
    left_out_words,
    policy_cited,
    request_subject,
    total_words,
)
from penalties.money import wan


def render(report: MonthReport, fonts: Fonts | None = None) -> bytes:
    """The editable .docx of the request. Raises ReportMismatch when the figures disagree.

    The number is left to the office system, the signatory and the seal to people.
    """
    checked = check(report)
    titles = report.titles
    subject = request_subject(report)
    paper = Gongwen(
        title=f"{titles.bureau}{subject}", author=titles.bureau, dated=report.issued_on, marks=report.marks, fonts=fonts
    )
    paper.red_head(f"{titles.bureau}文件", NO_NUMBER, "")
    paper.line("")
    head, _, tail = subject.partition(report.period)
    paper.title(f"{titles.bureau}{head}{report.period}", tail)
    paper.addressee(titles.government)
    _body(paper, report)
    paper.closing("妥否，请批示。")
    paper.attachments(annexes.annex_names(report))
    paper.signature(titles.bureau, chinese_date(report.issued_on))
    paper.footnote(f"（{report.contact or '联系人：　　　　，电话：　　　　　　'}）")
    annexes.summary(paper, report, "附件1")
    annexes.points(paper, report, "附件2")
    annexes.corrections(paper, report, "附件3")
    paper.small(f"核对：{checked}　　日志头：{report.journal_head}")
    return paper.save()


def _body(paper: Gongwen, report: MonthReport) -> None:
    titles, total = report.titles, report.total
    paper.body(
        f"根据{policy_cited(report)}规定，我局对{report.period}秸秆焚烧火点进行了核实认定，"
        f"提出了{titles.levy}扣缴意见。现将有关情况请示如下："
    )
    paper.level_1("一、火点认定情况")
    paper.body(
        f"本期认定计入的秸秆焚烧火点共{total.count}处，其中{bases_words(report)}（焚烧后黑斑视同火点）。"
        f"上述火点均已核实并由我局认定，异议期已结束。截至本期，累计{total.cumulative_count}处、"
        f"{wan(total.cumulative_fen)}万元。"
    )
    if report.unfinished:
        paper.body(f"{report.unfinished}；此后认定的火点列入以后的批次。")
    if report.left_out:
        paper.body(left_out_words(report))
    paper.level_1("二、扣缴意见")
    rate = f"按照每一处火点扣缴{wan(report.rate_fen)}万元的标准，" if report.rate_fen is not None else "按照规定标准，"
    spread = amount_words(report)
    paper.body(f"{rate}本期应扣缴{titles.levy}{total_words(report)}" + (f"。其中：{spread}。" if spread else "。"))
    quiet = [row.name for row in report.rows if not row.figures.count and not row.figures.amount_fen]
    if quiet:
        paper.body(f"{'、'.join(quiet)}本期没有计入的火点，不扣缴。")
    if report.corrections:
        back = -sum(item.amount_fen for item in report.corrections)
        paper.body(f"本期包含对以前批次的更正{len(report.corrections)}处，退回{wan(back)}万元，已在上述数字中扣除。")
    paper.level_1("三、办理建议")
    paper.body(f"建议市政府同意后，由{titles.finance}通过体制结算直接对相关县（区）政府扣缴。")
