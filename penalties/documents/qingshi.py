"""The 请示 to the city government: one matter, ends with 妥否，请批示。 (C13, policy.md §7)."""

from papers.gongwen import Fonts, Gongwen
from penalties.documents import annexes
from penalties.documents.report import MonthReport, Sides, check
from penalties.documents.wording import (
    NO_NUMBER,
    bases_words,
    chinese_date,
    due_words,
    final_words,
    left_out_words,
    policy_cited,
    request_subject,
    title_lines,
    verb,
    waiver_lines,
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
    paper.title(*title_lines(report, subject))
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
    if report.points:
        paper.body(
            f"本期认定计入的秸秆焚烧火点共{len(report.points)}处，其中{bases_words(report)}（焚烧后黑斑视同火点）。"
            f"上述火点均已核实并由我局认定，其中{final_words(report)}。"
        )
        waivers = waiver_lines(report)
        if waivers:
            paper.body("书面放弃异议的文号：")
            for text in waivers:
                paper.body(text)
    else:
        paper.body("本期没有认定计入的秸秆焚烧火点。")
    if report.corrections:
        paper.body(
            f"以前批次扣缴的火点，有{len(report.corrections)}处不再计入，退回；原批次、日期、办理人和原因见附件3。"
        )
    paper.body(f"截至本期，累计{total.cumulative_count}处、{wan(total.cumulative_fen)}万元。")
    if report.unfinished:
        paper.body(f"{report.unfinished}；此后认定的火点列入以后的批次。")
    if report.left_out:
        paper.body(left_out_words(report))
    paper.level_1("二、扣缴意见")
    rate = f"按照每一处火点扣缴{wan(report.rate_fen)}万元的标准，" if report.rate_fen is not None else "按照规定标准，"
    paper.body((rate if report.points else "") + due_words(report))
    quiet = [row.name for row in report.rows if report.sides([row.code]) == Sides()]
    if quiet:
        paper.body(f"{'、'.join(quiet)}本期没有计入的火点，不扣缴。")
    paper.level_1("三、办理建议")
    paper.body(f"建议市政府同意后，由{titles.finance}通过体制结算直接对相关县（区）政府{verb(report)}。")
