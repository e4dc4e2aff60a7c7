"""The rules of this deployment, read from the table and turned into the pure engine's own shape (policy.md §8)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from core.errors import Missing, Refused
from core.page_memory import remembered
from firepoints.models import Recognition
from firepoints.policy.pins import Pin, PointFacts
from penalties.models import Rule
from penalties.rules.definitions import Count
from penalties.rules.pricing import RuleDefinition, charge, lacking, ordinals, parse, rule_for


class NoRule(Refused):
    """A point is counted and no rule at all is loaded: nothing can be charged until one is."""

    code = "no_rule"


def definition(rule: Rule) -> RuleDefinition:
    """The engine's form of one stored rule; the row's own columns stand over what its JSON repeats."""
    return parse(rule.definition)


def rules_in_force() -> dict[str, tuple[Rule, RuleDefinition]]:
    """Every stored rule by its reference (`benxi-2022-29@1`)."""
    rows = Rule.objects.order_by("code", "version")
    return remembered("rules in force", lambda: {rule.ref: (rule, definition(rule)) for rule in rows})


def counts() -> list[Count]:
    """How the stored rules count points one after another; empty where each point costs what it costs alone."""
    return [parsed.count for _, parsed in rules_in_force().values() if parsed.count]


def rule_on(day: date) -> Rule | None:
    """The rule that a fire of this Beijing date falls under (policy.md §2f); None when no rule covers it."""
    rules = rules_in_force()
    parsed = rule_for([parsed for _, parsed in rules.values()], day)
    return rules[parsed.ref][0] if parsed else None


def pin(facts: PointFacts) -> Pin:
    """The pin that 认定 writes beside its decision: the rule of the burning date, and what one first point costs in fen.

    An empty pin without a rule: recognising stays possible, and building a batch says that a rule is missing. Raises
    Missing where the rule counts by a place that the point does not have.
    """
    rule = rule_on(facts.burn_date)
    if rule is None:
        return Pin(nothing_because=_no_rule(facts.burn_date))
    parsed = definition(rule)
    if scope := lacking(parsed, facts):
        raise Missing(
            [scope], f"这条规则按{scope}计次，这一处还没有{scope}：先由联合核实写明烧在哪里，或更正位置，再认定"
        )
    assessment = charge(parsed, facts)
    return Pin(rule.ref, assessment.amount_fen, "" if assessment.amount_fen else assessment.explanation)


def _no_rule(day: date) -> str:
    """The sentence that no rule reaches a day, with the first day that one does; "" where none is loaded."""
    first = Rule.objects.order_by("valid_from").first()
    if first is None:
        return ""
    return f"起火日 {day.isoformat()} 没有生效的扣缴规则（最早的规则自 {first.valid_from.isoformat()} 起）"


def facts_of(recognition: Recognition) -> PointFacts:
    """The facts that a rule may look at, all of them pinned by the 认定."""
    detection, place = recognition.charged_detection, recognition.attribution
    return PointFacts(
        point_id=recognition.point_id,
        burn_date=recognition.burn_date,
        source=f"{detection.source.authority}:{detection.source.kind}" if detection else "",
        payer_code=recognition.payer_code,
        county_code=place.county_code,
        township_code=place.township_code,
        area_mu=recognition.verification.area_mu,
    )


def assess(recognitions: Iterable[Recognition]) -> dict[int, tuple[Rule, int, str]]:
    """point id → (rule, fen, sentence) for every recognition under its pinned rule, ordinals counted over all of them.

    A point that burned before any rule is recorded and charged nothing: it is left out. Raises NoRule when a point is
    counted and no rule at all is loaded.
    """
    rules = rules_in_force()
    by_ref: dict[str, list[Recognition]] = defaultdict(list)
    for recognition in recognitions:
        if not rules:
            raise NoRule("还没有扣缴规则：先载入政策包（pack load），再编批次。")
        ref = _ref_for(recognition, rules)
        if ref:
            by_ref[ref].append(recognition)
    assessed: dict[int, tuple[Rule, int, str]] = {}
    for ref, members in by_ref.items():
        rule, parsed = rules[ref]
        points = [facts_of(recognition) for recognition in members]
        places = ordinals(parsed, points)
        for facts in points:
            assessment = charge(parsed, facts, places.get(facts.point_id, 1))
            assessed[facts.point_id] = (rule, assessment.amount_fen, assessment.explanation)
    return assessed


def _ref_for(recognition: Recognition, rules: dict[str, tuple[Rule, RuleDefinition]]) -> str:
    """The rule that a 认定 pinned, else the one of its burning date; "" when neither is there."""
    if recognition.rule_ref in rules:
        return recognition.rule_ref
    parsed = rule_for([parsed for _, parsed in rules.values()], recognition.burn_date)
    return parsed.ref if parsed else ""
