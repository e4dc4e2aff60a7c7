"""What one burnt site costs: which rule holds on its date, its place in the count, and the amount (C12, policy.md §2f, §8).

Rules come parsed from ``penalties.rules.definitions``. Dates are Beijing dates, money is integer fen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from firepoints.policy.pins import PointFacts
from penalties.money import wan
from penalties.rules.definitions import SCOPES, Count, RuleDefinition, RuleError, RuleNotSupported, parse

__all__ = [
    "Assessment", "PointFacts", "RuleDefinition", "RuleError", "RuleNotSupported", "charge", "lacking", "ordinals",
    "parse", "parse_all", "rule_for",
]  # fmt: skip


@dataclass(frozen=True)
class Assessment:
    """What a rule says about one point: the amount and the sentence that the point's money page shows."""

    amount_fen: int
    explanation: str


def parse_all(items: Iterable[Mapping[str, Any]]) -> tuple[RuleDefinition, ...]:
    """All rules of a pack, in (code, version) order. Raises RuleError when two of them could charge the same day.

    A higher version of one code replaces the lower from its own first day; two different codes may not overlap.
    """
    rules = tuple(sorted((parse(item) for item in items), key=lambda rule: (rule.code, rule.version)))
    keys = [rule.ref for rule in rules]
    if len(set(keys)) != len(keys):
        raise RuleError("同一规则的同一版本出现了两次。")
    for rule in rules:  # an overlap, if any, begins on the first day of one of the two
        rule_for(rules, rule.valid_from)
    return rules


def rule_for(rules: Iterable[RuleDefinition], day: date) -> RuleDefinition | None:
    """The rule in force on a burning date (Beijing), or None: such a point is recorded and charged nothing.

    Raises RuleError when two different rules claim the day.
    """
    newest: dict[str, RuleDefinition] = {}
    for rule in rules:
        if rule.holds(day) and (rule.code not in newest or newest[rule.code].version < rule.version):
            newest[rule.code] = rule
    if len(newest) > 1:
        raise RuleError(f"{day:%Y-%m-%d} 同时有多条规则生效：{'、'.join(sorted(newest))}。")
    return next(iter(newest.values()), None)


def ordinals(rule: RuleDefinition, points: Sequence[PointFacts]) -> dict[int, int]:
    """The 1-based place of each point (by its id) within its count, by burning date and point id, not by arrival.

    Only points that the rule charges are counted; without a count every point is the first.
    """
    tally: dict[tuple[str, int], int] = {}
    places: dict[int, int] = {}
    for facts in sorted(points, key=lambda facts: (facts.burn_date, facts.point_id)):
        if _exempt(rule, facts) is not None:
            continue
        key = _count_key(rule, facts)
        tally[key] = tally.get(key, 0) + 1
        places[facts.point_id] = tally[key] if rule.count else 1
    return places


def charge(rule: RuleDefinition, facts: PointFacts, ordinal: int = 1) -> Assessment:
    """What the rule takes for one recognised point that is the ``ordinal``-th of its count (C12 for Benxi).

    Zero, with the reason, outside the rule's dates, seasons or sources, and without the place that it counts by.
    Raises ValueError for an ordinal below 1.
    """
    if ordinal < 1:
        raise ValueError("序次从 1 开始。")
    cite = f"{rule.document_no} {rule.clause}".strip()
    exempt = _exempt(rule, facts)
    if exempt is not None:
        return Assessment(0, f"{cite}：{exempt}，不扣缴。")
    large = rule.counts_as_first_mu is not None and (facts.area_mu or 0) >= rule.counts_as_first_mu
    amount = rule.base.amount_fen(1 if large else ordinal)
    parts = [_price_clause(rule, ordinal, amount)]
    if large:
        parts.append(f"连片 {facts.area_mu:g} 亩，达到 {rule.counts_as_first_mu} 亩，按首次计")
    if rule.cap_fen is not None and amount > rule.cap_fen:
        amount = rule.cap_fen
        parts.append(f"单处封顶 {wan(amount)} 万元")
    return Assessment(amount, f"{cite}：{'；'.join(parts)}。")


def lacking(rule: RuleDefinition, facts: PointFacts) -> str | None:
    """The place that the rule counts by, in words, where the point has none: such a point must not be 认定 before it has."""
    if rule.count is None or _place(rule.count, facts):
        return None
    return SCOPES[rule.count.scope]


def _price_clause(rule: RuleDefinition, ordinal: int, amount: int) -> str:
    if rule.base.kind == "fixed" or rule.count is None:
        return f"每一处扣缴 {wan(amount)} 万元"
    within = SCOPES[rule.count.scope] + ("本年度" if rule.count.reset == "year" else "")
    return f"{within}第 {ordinal} 处，扣缴 {wan(amount)} 万元"


def _exempt(rule: RuleDefinition, facts: PointFacts) -> str | None:
    if not rule.holds(facts.burn_date):
        return f"焚烧日期 {facts.burn_date:%Y-%m-%d} 不在规则有效期内"
    if rule.seasons and not any(season.holds(facts.burn_date) for season in rule.seasons):
        return f"焚烧日期 {facts.burn_date:%Y-%m-%d} 不在禁烧时段内"
    if rule.sources and facts.source not in rule.sources:
        return f"来源“{facts.source}”不是扣缴依据"
    if scope := lacking(rule, facts):
        return f"没有{scope}，无法按{scope}计次"
    return None


def _count_key(rule: RuleDefinition, facts: PointFacts) -> tuple[str, int]:
    if rule.count is None:
        return ("", 0)
    return (_place(rule.count, facts), facts.burn_date.year if rule.count.reset == "year" else 0)


def _place(count: Count, facts: PointFacts) -> str:
    codes = {"payer": facts.payer_code, "county": facts.county_code, "township": facts.township_code}
    return codes[count.scope]
