"""What each answer to a question does: to the points and numbers, to the money, to the county, to the people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from firepoints.life.answers import Choice
from firepoints.models import FirePoint
from firepoints.pages.questions.sites import Site, wan
from firepoints.steps import selectors
from firepoints.terms.states import DECIDED, LIVE, State

Lines = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Card:
    """One answer on the page: `missing` says why it is not open, `url` where its own form stands."""

    choice: Choice
    lines: Lines
    missing: Sequence[str] = ()
    url: str = ""


def cards_of(point: FirePoint, choices: Sequence[Choice], own: Site, other: Site | None, user: Any) -> list[Card]:
    """The answers with their consequences, in order."""
    open_now = {offer.transition.action: offer for offer in selectors.actions_for(point, user)}
    cards = []
    for choice in choices:
        offer = open_now.get(choice.action)
        missing = list(offer.missing) if offer else ["您的岗位现在不能这样答"]
        if choice.key == "same" and other is not None and other.point is not None:
            missing += _not_to_be_joined(other.point)
        url = reverse("firepoints:act", args=[point.pk, choice.action]) if choice.form_of else ""
        cards.append(Card(choice, _lines(choice.key, own, other), missing, url))
    return cards


def _not_to_be_joined(other: FirePoint) -> list[str]:
    if other.state not in LIVE:
        return [f"{other} {State(other.state).label}，不能再并入"]
    return [f"{other} 认定不计入：先“重新核实”那一处"] if other.counted is False else []


def _lines(key: str, own: Site, other: Site | None) -> Lines:
    point = own.point
    mine = f"仍是 1 处，最多 {wan(own.worth_fen)}"
    if other is not None and key in ("same", "apart", "again"):
        return _of_two(key, own, other)
    if key == "reopen":
        posted = "已入账的由下一批次退回" if own.worth_fen else "现在没有金额"
        return [
            ("火点", f"{own.name} 撤回认定，退给县（区）"),
            ("钱", f"{posted}；重新认定前 0 元"),
            ("县里", "重新核实，期限重新起算"),
        ]
    if key == "joint":
        return [
            ("火点", f"{own.name} 不归任何县（区）"),
            ("钱", f"{mine}，一个付款单位"),
            ("县里", "各县会同核实，由联合记录定"),
        ]
    if key == "split":
        return [
            ("火点", "留下的一处保留编号，其余另行派发"),
            ("钱", f"每处各自认定，每处最多 {wan(own.worth_fen)}"),
            ("县里", "原来的县（区）都还看得到"),
        ]
    if key == "relocate":
        return [
            ("火点", f"{own.name} 移到现场照片的位置"),
            ("钱", "落到别的县（区）的，付款单位由联合核实定"),
            ("县里", "按新位置的网格"),
        ]
    if key == "return":
        return [("火点", f"{own.name} 回到已派发"), ("钱", mine), ("县里", "补证，期限重新起算")]
    is_decided = point is not None and point.state in DECIDED
    stays = "认定不变" if is_decided else "照原样往下办"
    return [("火点", f"{own.name} {stays}"), ("钱", mine), ("县里", "不变"), ("责任人", "不变")]


def _of_two(key: str, own: Site, other: Site) -> Lines:
    both, most = own.worth_fen + other.worth_fen, max(own.worth_fen, other.worth_fen)
    if key == "same":
        people = (
            "按合起来后的起火日"
            if other.point is None or other.point.recognition is None
            else f"按 {other.name} 的认定"
        )
        return [
            ("火点", f"{own.name} 并入 {other.name}，编号停用留档"),
            ("钱", f"合为 1 处，最多 {wan(most)}"),
            ("县里", f"只在 {other.name} 上办理"),
            ("责任人", people),
        ]
    county = "要说清黑斑是不是新的" if key == "again" else "两处各自核实"
    return [
        ("火点", f"{own.name}、{other.name} 各是 1 处，以后不再问"),
        ("钱", f"各自认定，合计最多 {wan(both)}"),
        ("县里", county),
        ("责任人", "各按自己的起火日"),
    ]
