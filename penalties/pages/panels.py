"""The money on the pages of the fire points: answers to `firepoints.pages.panels`, in words and already scoped."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from firepoints.models import FirePoint, Recognition
from firepoints.pages.panels import RELATED, Card, MonthMoney, PointMoney
from firepoints.policy.pins import PointFacts
from firepoints.steps.figures import Figures
from firepoints.terms.states import LIVE, State
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from penalties.explaining.reach import entries_open_to, is_open_to
from penalties.ledger import figures
from penalties.models import Batch, BatchState, LedgerEntry, Rule
from penalties.money import wan
from penalties.rules import stored as rules
from penalties.rules.pricing import charge

Assessed = dict[int, tuple[Rule, int, str]]

# What a batch waits for, and whose turn it is (C13).
_TURNS = {
    BatchState.OPEN: ("审核并冻结", Role.BUREAU),
    BatchState.FROZEN: ("报送市政府", Role.BUREAU),
    BatchState.SUBMITTED: ("等市政府同意，登记批件", Role.BUREAU),
    BatchState.APPROVED: ("送财政", Role.BUREAU),
    BatchState.SENT: ("登记扣缴凭证", Role.FINANCE),
}


class LedgerPanel:
    """The money of points as the rules pinned at 认定 give it, with what is posted beside it."""

    def month(self, of_month: Figures, points: QuerySet[FirePoint]) -> MonthMoney:
        """The sum over the counted ones, by payer: as 认定 pinned it; the points are looked at where one pinned no rule, or a
        rule counts them one after another."""
        if not rules.rules_in_force():
            return MonthMoney(side="还没有规则")
        if rules.counts() or Recognition.objects.filter(counted=True, rule_ref="").exists():
            money, posted_fen = figures.standing(points), figures.posted_fen(points)
        else:
            money, posted_fen = figures.pinned(of_month)
        side = f"终局 {wan(money.final_fen)} · 入账 {wan(posted_fen)}" if money.total_fen else ""
        return MonthMoney(wan(money.total_fen), {code: wan(fen) for code, fen in money.by_payer.items()}, side)

    def point(self, point: FirePoint, user: User) -> PointMoney:
        """The sum, the rule, and the batch that holds the last entry, with its address if `user` may open it."""
        # What a returned batch posted and undid stands for nothing: the entry before it says where the money is.
        entries = LedgerEntry.objects.filter(point=point).exclude(batch__state=BatchState.RETURNED)
        last = entries.select_related("batch", "rule").order_by("-seq").first()
        recognition = point.recognition
        if recognition is None or not recognition.counted:
            rule_of_day = rules.rule_on(point.burn_date)
            return PointMoney(_nothing(point, last, rule_of_day), _rule_card(rule_of_day), _batch(last, user))
        assessed = _assess([recognition])
        if assessed is None or point.pk not in assessed:
            return PointMoney(
                Card("0 元", ("起火日没有生效的规则，只记录不扣缴",)),
                Card("规则", ("没有生效的规则",), is_open=True),
                _batch(last, user),
            )
        rule, fen, explanation = assessed[point.pk]
        is_final = point.state == State.FINAL
        lines = (f"付款 {recognition.payer_name}", "已终局" if is_final else "还没有终局，未入账")
        amount = Card(f"{wan(fen)} 万元", lines, is_open=not is_final)
        is_settled = bool(last and last.balance_fen and last.batch.state == BatchState.SETTLED)
        return PointMoney(amount, _rule_card(rule, explanation), _batch(last, user) or _waiting(), is_settled)

    def tasks(self, user: User) -> list[dict[str, Any]]:
        """The batches that wait for somebody, for those who may see batches."""
        roles = roles_of(user)
        if not roles & {Role.BUREAU, Role.FINANCE, Role.AUDITOR, Role.RECOGNISER}:
            return []
        waiting = Batch.objects.filter(state__in=_TURNS).order_by("month", "seq")[:4]
        return [_task(batch, roles) for batch in waiting]


def _assess(recognitions: list[Recognition]) -> Assessed | None:
    """{point id: …}, counted over every recognition where a rule counts; None without any rule."""
    stored = rules.rules_in_force()
    if not stored:
        return None
    if any(parsed.count for _, parsed in stored.values()):
        every = FirePoint.objects.filter(counted=True, state__in=LIVE).select_related(
            *(f"recognition__{name}" for name in RELATED)
        )
        recognitions = [point.recognition for point in every if point.recognition is not None]
    return rules.assess(recognitions)


def _nothing(point: FirePoint, last: LedgerEntry | None, rule: Rule | None) -> Card:
    """The card of a point for which nothing is due, yet or at all; `rule`: that of its burning date."""
    if point.recognition is not None:
        return Card("0 元", ("认定不计入，不扣缴",))
    if last is not None and last.balance_fen:
        return Card("0 元", (f"已入账 {wan(last.balance_fen)} 万元，由下一批次退回",), is_open=True)
    if rule is None:
        return Card("0 元", ("起火日没有生效的规则",), is_open=True)
    county = point.county_code or "-"  # nobody owns it yet: a first point of some county
    facts = PointFacts(point.pk, point.burn_date, "national:satellite", county, county, point.township_code or "-")
    fen = charge(rules.definition(rule), facts).amount_fen
    payer = "付款单位由认定时固定" if point.county_code else "付款：一县，由联合核实定"
    return Card("0 元", (f"认定计入后为 1 处 × {wan(fen)} 万元", payer), is_open=True)


def _rule_card(rule: Rule | None, explanation: str = "") -> Card:
    if rule is None:
        return Card("规则", ("起火日没有生效的规则",), is_open=True)
    price = explanation.rpartition("：")[2] or f"第 {rule.version} 版"
    return Card("规则", (f"{rule.document_no} {rule.clause}".strip(), price))


def _batch(last: LedgerEntry | None, user: User) -> Card | None:
    if last is None:
        return None
    opens = is_open_to(user, last) or entries_open_to(user).filter(point=last.point_id).exists()
    url = reverse("penalties:account", args=[last.point_id]) if opens else ""
    state = "已退回" if not last.balance_fen else last.batch.state_words
    count = f"共 {last.seq} 笔，看这一处的账" if opens else ""
    lines = tuple(line for line in (str(last.batch), state, count) if line)
    return Card("批次", lines, is_open=last.batch.state == BatchState.OPEN, url=url)


def _waiting() -> Card:
    return Card("批次", ("还没有编入批次",), is_open=True)


def _task(batch: Batch, roles: frozenset[Role]) -> dict[str, Any]:
    verb, role = _TURNS[BatchState(batch.state)]
    is_mine = role in roles
    who = "市局经办" if role == Role.BUREAU else "市财政局"
    return {
        "url": reverse("penalties:detail", args=[batch.pk]),
        "icon": "pay",
        "title": f"{verb}：{batch}",
        "due": batch.state_words,
        "who": f"轮到您 · {who}" if is_mine else who,
        "late": False,
        "mine": is_mine,
    }
