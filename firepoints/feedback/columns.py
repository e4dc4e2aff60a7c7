"""The columns of an issuer's list that take our answer: found by heading, else two new ones to the right of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from firepoints.feedback.words import Answer
from firepoints.sightings.readers.headings import BRACKETS
from firepoints.sightings.readers.text import compact

VERDICT = ("是否属实", "属实情况", "是否火点", "是否为火点", "是否秸秆焚烧", "是否为秸秆焚烧", "是否真实")
RESULT = (
    *("核实结果", "核实情况", "核实结论", "核查结果", "核查情况", "核查结论", "现场核实情况", "现场核查情况"),
    *("现场核实结果", "现场核查结果", "反馈结果", "反馈情况", "核实反馈", "核实情况说明"),
)
CAUSE = ("不属实原因", "查否原因", "不属实的原因")
DATE = ("核实时间", "核实日期", "核查时间", "核查日期")
REMARK = ("备注", "说明")
KINDS = {"verdict": VERDICT, "result": RESULT, "cause": CAUSE, "date": DATE, "remark": REMARK}
NEW = (("result", "核实结果"), ("remark", "核实说明"))


@dataclass(frozen=True, slots=True)
class Columns:
    """Kind of answer → column (0-based). `added` are the headings of new columns; `asks` are those found."""

    places: tuple[tuple[str, int], ...]
    added: tuple[tuple[int, str], ...]
    asks: tuple[str, ...]


def answer_columns(names: Sequence[str]) -> Columns:
    """The columns of the answer in a sheet with these headings. 备注 alone is the issuer's own: then columns are added."""
    column_of: dict[str, int] = {}
    for at, name in enumerate(names):
        plain = BRACKETS.sub("", compact(name))
        kind = next((kind for kind, words in KINDS.items() if plain in words), "")
        if kind:
            column_of.setdefault(kind, at)
    asks = tuple(names[column_of[kind]] for kind in ("verdict", "result") if kind in column_of)
    if asks:
        return Columns(tuple(column_of.items()), (), asks)
    width = max((at + 1 for at, name in enumerate(names) if name), default=0)
    added = tuple((width + step, heading) for step, (_, heading) in enumerate(NEW))
    places = tuple((kind, width + step) for step, (kind, _) in enumerate(NEW))
    existing = tuple((kind, at) for kind, at in column_of.items() if kind in ("cause", "date"))
    return Columns((*places, *existing), added, ())


def text_for(kind: str, answer: Answer, heading: str = "") -> str:
    """The text for a column of this kind. A heading that asks 是否… (but 属实) is answered 是 or 否."""
    if kind == "verdict":
        is_question = heading.startswith("是否") and "属实" not in heading and "真实" not in heading
        return {"属实": "是", "不属实": "否"}.get(answer.verdict, answer.verdict) if is_question else answer.verdict
    return {
        "result": answer.text,
        "cause": answer.cause if answer.verdict == "不属实" else "",
        "date": answer.on.isoformat() if answer.on else "",
        "remark": answer.remark,
    }[kind]
