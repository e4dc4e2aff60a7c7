"""The 秸秆禁烧目标责任书 of one pair of adjacent levels, to be printed and signed (C3). Pure: data in, .docx out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from papers.gongwen import Gongwen, TableRow

# What the notice itself asks of every level; a city's own wording comes with its policy pack.
DUTIES = (
    "全域全天候禁止露天焚烧秸秆，做到不留死角、不留盲区。",
    "建立并落实本级网格，把责任细化到村、到组、到田块、到人头，与下一级签订目标责任书。",
    "落实控茬标准，签订控茬承诺书，发布控茬公告，组织控茬巡查；制定并组织实施离田还田计划。",
    "落实值班巡视制度，做到不间断巡视，及时制止焚烧行为；公布举报电话，落实24小时值班和举报受理制度。",
    "责任人保持24小时电话畅通，及时处理焚烧火点，按要求核实并上报佐证材料。",
    "开展宣传，把禁烧要求传达到每村、每户、每个人。",
)


@dataclass(frozen=True, slots=True)
class Party:
    """One side: the unit, its place, the post and the name of who signs ("" = left to be written by hand)."""

    unit: str
    place: str
    post: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class LetterPaper:
    """The contents of the paper. `below` = how many cells of each level the lower side answers for."""

    year: int
    upper: Party
    lower: Party
    basis: str
    below: Sequence[tuple[str, int]]
    printed_on: date
    duties: Sequence[str] = DUTIES
    marks: Sequence[str] = ()


def render(letter: LetterPaper) -> bytes:
    """The .docx; the same letter gives the same bytes."""
    paper = Gongwen(
        title=f"{letter.lower.place}{letter.year}年度秸秆禁烧目标责任书",
        author=letter.upper.unit,
        dated=letter.printed_on,
        marks=letter.marks,
    )
    paper.title(letter.lower.place, "秸秆禁烧目标责任书", f"（{letter.year}年度）")
    paper.body(
        f"为落实秸秆禁烧属地责任{f'，根据{letter.basis}' if letter.basis else ''}，"
        f"{letter.upper.unit}（甲方）与{letter.lower.unit}（乙方）签订本责任书。"
    )
    paper.level_1("一、责任范围")
    scope = "、".join(f"{number} 个{level}" for level, number in letter.below if number)
    paper.body(f"乙方主要负责人为{letter.lower.place}网格责任人，对辖区内{scope or '全部田块'}的秸秆禁烧工作负责。")
    paper.level_1("二、目标责任")
    for number, duty in enumerate(letter.duties, start=1):
        paper.body(f"{number}. {duty}")
    paper.level_1("三、其他")
    paper.body("责任人变动的，由接任者继续履行本责任书。本责任书一式两份，甲、乙双方各执一份。")
    paper.line("")
    paper.table(
        (22, 66, 66),
        (("", "甲方（上级）", "乙方（下级）"),),
        (
            TableRow(("单位（盖章）", letter.upper.unit, letter.lower.unit)),
            TableRow(("职务", letter.upper.post, letter.lower.post)),
            TableRow(("签字人", letter.upper.name, letter.lower.name)),
            TableRow(("签字", "", "")),
            TableRow(("日期", "　　年　　月　　日", "　　年　　月　　日")),
        ),
    )
    return paper.save()
