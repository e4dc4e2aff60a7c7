"""What must be answered before a file is written: hidden rows, totals that do not agree, days that do not (readers.base.Doubt)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import BadInput
from firepoints.sightings.readers.base import DAYS, HIDDEN, KEEP, LEAVE, TOTAL, Doubt, ParseResult

CONFIRMED = {TOTAL: "total_confirmed", DAYS: "days_confirmed"}
ANSWER_OPTIONS = ("hidden", *CONFIRMED.values())  # of ImportOrder.options; they are kept with the run and in its entry
SWITCHES = {
    HIDDEN: "--hidden keep（读入）或 leave（不读，留作说明）",
    TOTAL: "--total-confirmed",
    DAYS: "--days-confirmed",
}
TITLES = {HIDDEN: "隐藏、划掉、作废的行", TOTAL: "表里写的数和读到的不一样", DAYS: "各行的日期和表上写的不一样"}
SAID = {KEEP: "读入", LEAVE: "不读，留作说明"}
MOST_SAID = 20  # questions named in one refusal


class NeedsAnswer(BadInput):
    """The file leaves something open that a person must answer first; nothing was written."""

    code = "needs_answer"


@dataclass(frozen=True, slots=True)
class Question:
    """The doubts of one kind, and the answer as it stands: KEEP, LEAVE, "confirmed", or "" while there is none."""

    kind: str
    doubts: tuple[Doubt, ...]
    answer: str

    @property
    def title(self) -> str:
        return TITLES[self.kind]

    def as_json(self) -> dict[str, Any]:
        rows = [{"words": doubt.words, "sheet": doubt.sheet, "rows": list(doubt.rows)} for doubt in self.doubts]
        return {"kind": self.kind, "answer": self.answer or None, "switch": SWITCHES[self.kind], "doubts": rows}


def questions_of(doubts: tuple[Doubt, ...], options: Mapping[str, Any]) -> tuple[Question, ...]:
    """The questions of a file, one for each kind, with the answers that the order brings."""
    return tuple(
        Question(kind, of_kind, _answer(kind, options))
        for kind in SWITCHES
        if (of_kind := tuple(doubt for doubt in doubts if doubt.kind == kind))
    )


def _answer(kind: str, options: Mapping[str, Any]) -> str:
    if kind == HIDDEN:
        answer = options.get("hidden")
        return answer if answer in SAID else ""
    return "confirmed" if options.get(CONFIRMED[kind]) else ""


def checked(options: Mapping[str, Any]) -> None:
    """Raise BadInput where the answer about hidden rows is none that there is."""
    if options.get("hidden") not in (None, "", *SAID):
        raise BadInput(f"对隐藏的行只能答 {KEEP} 或 {LEAVE}", where="hidden")


def require_answers(result: ParseResult, options: Mapping[str, Any]) -> None:
    """Raise NeedsAnswer, with every open question and its switch, unless all were answered."""
    unanswered = [question for question in questions_of(result.doubts, options) if not question.answer]
    if not unanswered:
        return
    sentences = [doubt.words for question in unanswered for doubt in question.doubts]
    named = "；".join(sentences[:MOST_SAID]) + (f"；等 {len(sentences)} 条" if len(sentences) > MOST_SAID else "")
    switches = "，".join(f"{question.title}：{SWITCHES[question.kind]}" for question in unanswered)
    raise NeedsAnswer(
        f"没有写入，先要回答：{named}。在预览里选，或在命令里写明（{switches}）",
        details={"questions": [question.as_json() for question in unanswered]},
    )
