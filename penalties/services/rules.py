"""The rules of this deployment, read from the table and turned into the pure engine's own shape (policy.md §8)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from firepoints.models import Recognition
from firepoints.pins import Pin, PinFacts
from journal.errors import Refused
from penalties.models import Rule
from penalties.rules import PointFacts, RuleDefinition, charge, ordinals, parse, rule_for


class NoRule(Refused):
    """A point is counted and no rule at all is loaded: nothing can be charged until one is."""

    code = "no_rule"


def definition(rule: Rule) -> RuleDefinition:
    """The engine's form of one stored rule; the row's own columns stand over what its JSON repeats."""
    return parse(rule.definition)


def rules_in_force() -> dict[str, tuple[Rule, RuleDefinition]]:
    """Every stored rule by its reference (`benxi-2022-29@1`)."""
    return {rule.ref: (rule, definition(rule)) for rule in Rule.objects.order_by("code", "version")}


def rule_on(day: date) -> Rule | None:
    """The rule that a fire of this Beijing date falls under (policy.md §2f); None when no rule covers it."""
    stored = rules_in_force()
    found = rule_for([parsed for _, parsed in stored.values()], day)
    return stored[found.ref][0] if found else None


def pin(facts: PinFacts) -> Pin:
    """What 认定 writes beside its decision: the rule of the burning date, and what one first point costs in fen.

    An empty pin without a rule: recognising stays possible, and building a batch says that a rule is missing.
    """
    rule = rule_on(facts.burn_date)
    if rule is None:
        return Pin()
    said = charge(definition(rule), _as_rule_facts(facts))
    return Pin(rule.ref, said.amount_fen)


def _as_rule_facts(facts: PinFacts) -> PointFacts:
    return PointFacts(
        point_id=str(facts.point_id),
        burning_date=facts.burn_date,
        source=facts.source,
        payer_code=facts.payer_code,
        county_code=facts.county_code,
        township_code=facts.township_code or None,
        order=facts.order,
    )


def facts_of(recognition: Recognition) -> PointFacts:
    """The facts that a rule may look at, all of them pinned by the 认定."""
    detection = recognition.charged_detection
    source = f"{detection.source.authority}:{detection.source.kind}" if detection else ""
    return PointFacts(
        point_id=str(recognition.point_id),
        burning_date=recognition.burn_date,
        source=source,
        payer_code=recognition.payer_code,
        county_code=recognition.attribution.county_code,
        township_code=recognition.attribution.township_code or None,
        order=f"{recognition.point_id:012d}",
    )


def assess(recognitions: Iterable[Recognition]) -> dict[int, tuple[Rule, int, str]]:
    """point id → (rule, fen, sentence) for every recognition under its pinned rule, ordinals counted over all of them.

    A point that burned before any rule is recorded and charged nothing: it is left out. Raises NoRule when a point is
    counted and no rule at all is loaded.
    """
    stored = rules_in_force()
    parsed_rules = [parsed for _, parsed in stored.values()]
    by_rule: dict[str, list[Recognition]] = defaultdict(list)
    for recognition in recognitions:
        if not stored:
            raise NoRule("还没有扣缴规则：先载入政策包（pack load），再编批次。")
        found = None if recognition.rule_ref in stored else rule_for(parsed_rules, recognition.burn_date)
        ref = recognition.rule_ref if recognition.rule_ref in stored else found.ref if found else ""
        if ref:
            by_rule[ref].append(recognition)
    assessed: dict[int, tuple[Rule, int, str]] = {}
    for ref, members in by_rule.items():
        rule, parsed = stored[ref]
        facts = [facts_of(recognition) for recognition in members]
        places = ordinals(parsed, facts)
        for recognition, fact in zip(members, facts, strict=True):
            said = charge(parsed, fact, places.get(fact.point_id, 1))
            assessed[recognition.point_id] = (rule, said.amount_fen, said.explanation)
    return assessed
