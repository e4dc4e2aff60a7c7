"""The 通报 to the counties, copied to the city government (C14), and its public edition (C21).

The public edition names no village, no position and no number, and lists only what was 认定计入: a place under suspicion
is not exposed.
"""

from papers.gongwen import CENTRE, RIGHT, Fonts, Gongwen, Layout, TableRow
from penalties.circulars.report import STAGE_WORDS, CircularReport, PlaceRow, Tally, check
from penalties.documents.report import BASIS_WORDS, Titles
from penalties.documents.wording import MAP_NOTE, NO_NUMBER, chinese_date

PLACES_MM = (9, 50, 12, 12, 12, 11, 12, 13, 14, 12)
PLACES_HEADS = (
    ("序号", "{}", "合计\n（处）", "发现方式（处）", "<", "<", "办理情况（处）", "<", "<", "<"),
    ("", "", "", "卫星\n遥感", "巡查\n督查", "黑斑", "认定\n计入", "认定\n不计入", "已核实\n待认定", "未核实"),
)
POINTS_MM = (11, 32, 30, 38, 22, 30, 17, 30, 24)
POINTS_HEADS = (("序号", "编号", "县（区）", "地点", "焚烧时间", "发现来源", "发现\n方式", "核实和认定", "经纬度"),)
PUBLIC_MM = (12, 40, 45, 30, 33)
TITLE_LETTERS = 20
"""Of 22 pt on one line; digits take half of one, so that this is on the safe side."""
PUBLIC_HEADS = (("序号", "县（区）", "乡镇（街道）", "焚烧日期", "发现方式"),)


def subject(report: CircularReport) -> str:
    """``关于2025年10月秸秆焚烧火点情况的通报``."""
    return f"关于{report.period}秸秆焚烧火点情况的通报"


def render(report: CircularReport, *, is_public: bool = False, fonts: Fonts | None = None) -> bytes:
    """The editable .docx. Raises ReportMismatch when the figures disagree. Number and seal are the office's."""
    checked = check(report)
    titles = report.titles
    named = subject(report)
    paper = Gongwen(
        title=f"{titles.bureau}{named}", author=titles.bureau, dated=report.issued_on, marks=report.marks, fonts=fonts
    )
    paper.red_head(f"{titles.bureau}文件", "（公开版）" if is_public else NO_NUMBER, None)
    paper.line("")
    paper.title(*_title(titles.bureau, named))
    if not is_public:
        paper.addressee("各县（区）人民政府")
    _body(paper, report)
    paper.closing("特此通报。")
    names = [f"{report.period}秸秆焚烧火点情况汇总表"]
    names += ["认定计入的火点"] if is_public else [f"{report.period}乡镇（街道）火点情况表", "火点、焚烧痕迹明细表"]
    paper.attachments(names)
    paper.signature(titles.bureau, chinese_date(report.issued_on))
    _annexes(paper, report, names, is_public=is_public)
    paper.small(f"核对：{checked}　　日志头：{report.journal_head}")
    if not is_public:
        paper.imprint(titles.government, titles.bureau, chinese_date(report.issued_on))
    return paper.save()


def _title(bureau: str, named: str) -> tuple[str, ...]:
    """The title broken by sense: the office on a line of its own where the period is long."""
    head, mark, tail = named.partition("秸秆焚烧")
    rest = f"{mark}{tail}"
    return (f"{bureau}{head}", rest) if len(bureau) + len(head) <= TITLE_LETTERS else (bureau, head, rest)


def _body(paper: Gongwen, report: CircularReport) -> None:
    total = report.total
    paper.body(
        f"根据{_policy(report.titles)}规定，经市政府同意，现将{report.period}国家、省卫星遥感监测和巡查督查、"
        "市本级执法检查发现的秸秆焚烧火点、焚烧痕迹（黑斑）情况通报如下："
    )
    paper.level_1("一、总体情况")
    if not total.count:
        paper.body("期间没有发现火点和焚烧痕迹。")
        return
    paper.body(f"期间共发现{total.count}处，其中{_bases(total)}。截至通报之日，{_stages(total)}。")
    paper.level_1("二、各县（区）情况")
    paper.body("；".join(_county(row) for row in report.counties if row.tally.count) + "。")
    quiet = [row.name for row in report.counties if not row.tally.count]
    if quiet:
        paper.body(f"{'、'.join(quiet)}没有发现火点。")
    if total.open or total.verified:
        paper.level_1("三、有关要求")
    if total.open:
        cross = sum(point.is_cross and point.stage == "open" for point in report.points)
        jointly = f"；其中{cross}处跨界或者有争议，由我局会同相关县（区）共同核实" if cross else ""
        paper.body(f"未核实的{total.open}处由县（区）政府指定部门核实，佐证材料上报我局{jointly}。")
    if total.verified:
        paper.body(f"已核实、待认定的{total.verified}处由我局认定后另行通知。")


def _policy(titles: Titles) -> str:
    name = f"《{titles.policy.strip('《》')}》" if titles.policy else ""
    number = f"（{titles.policy_no}）" if titles.policy_no and name else titles.policy_no
    return f"{name}{number}" or "有关"


def _bases(tally: Tally) -> str:
    return "、".join(f"{word}{getattr(tally, basis)}处" for basis, word in BASIS_WORDS.items())


def _stages(tally: Tally) -> str:
    return "，".join(f"{word}{number}处" for key, word in STAGE_WORDS.items() if (number := getattr(tally, key)))


def _county(row: PlaceRow) -> str:
    return f"{row.name}{row.tally.count}处（{_stages(row.tally)}）"


def _annexes(paper: Gongwen, report: CircularReport, names: list[str], *, is_public: bool) -> None:
    paper.annex("附件1", names[0])
    paper.line("单位：处", Layout(align=RIGHT, size=12, exact=20))
    _places(paper, "县（区）", report.counties, report.total)
    if is_public:
        paper.annex("附件2", names[1])
        _public_points(paper, report)
        return
    paper.annex("附件2", names[1])
    paper.line("单位：处", Layout(align=RIGHT, size=12, exact=20))
    _places(paper, "乡镇（街道）", report.townships, None)
    paper.annex("附件3", names[2], landscape=True)
    _points(paper, report)
    for note in (MAP_NOTE, *report.notes):
        paper.small(note)


def _places(paper: Gongwen, word: str, rows: tuple[PlaceRow, ...], total: Tally | None) -> None:
    if not rows:
        paper.line("期间没有发现火点。", Layout(align=CENTRE))
        return
    heads = tuple(tuple(text.format(word) for text in line) for line in PLACES_HEADS)
    lines = [_tally(str(at), f"{row.county}{row.name}", row.tally) for at, row in enumerate(rows, start=1)]
    if total is not None:
        lines.append(_tally("", "合计", total, strong=True))
    paper.table(PLACES_MM, heads, lines)


def _tally(at: str, name: str, tally: Tally, *, strong: bool = False) -> TableRow:
    keys = ("count", *BASIS_WORDS, *STAGE_WORDS)
    cells = (at, name, *(str(getattr(tally, key)) for key in keys))
    return TableRow(cells, align_left=(1,), align_right=tuple(range(2, 10)), strong=strong)


def _points(paper: Gongwen, report: CircularReport) -> None:
    rows = [
        TableRow(
            (
                str(at), point.number, point.county or "待联合核实", f"{point.township}{point.village}",
                f"{point.burned_on:%Y-%m-%d}\n{point.burned_at}".strip(), point.source, BASIS_WORDS[point.basis],
                "\n".join(part for part in (point.finding, STAGE_WORDS[point.stage]) if part),
                f"{point.lon:.5f}\n{point.lat:.5f}",
            ),
            align_left=(3,),
        )
        for at, point in enumerate(report.points, start=1)
    ]  # fmt: skip
    if rows:
        paper.table(POINTS_MM, POINTS_HEADS, rows)
    else:
        paper.line("期间没有发现火点。", Layout(align=CENTRE))


def _public_points(paper: Gongwen, report: CircularReport) -> None:
    counted = [point for point in report.points if point.stage == "counted"]
    rows = [
        TableRow((str(at), point.county, point.township, f"{point.burned_on:%Y-%m-%d}", BASIS_WORDS[point.basis]))
        for at, point in enumerate(counted, start=1)
    ]
    if rows:
        paper.table(PUBLIC_MM, PUBLIC_HEADS, rows)
    else:
        paper.line("期间没有认定计入的火点。", Layout(align=CENTRE))
