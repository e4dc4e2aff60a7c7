"""The rules of this deployment, read from the table and turned into the pure engine's own shape (policy.md §8)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from firepoints.models import Recognition
from journal.errors import Refused
from penalties.models import Rule
from penalties.rules import PointFacts, RuleDefinition, charge, ordinals, parse, rule_for


class NoRule(Refused):
    """A counted point burned on a date for which no rule is loaded: nothing can be charged until one is."""

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


def pin(*, burn_date: date) -> tuple[str, int]:
    """What 认定 writes beside its decision: the rule of the burning date, and what one first point costs in fen.

    ("", 0) without a rule: recognising must stay possible, and the batch says that a rule is missing.
    """
    rule = rule_on(burn_date)
    if rule is None:
        return "", 0
    parsed = definition(rule)
    return rule.ref, parsed.fixed_fen or parsed.base.amount_fen(1)


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

    Raises NoRule when a recognition has no rule pinned and none covers its date.
    """
    stored = rules_in_force()
    parsed_rules = [parsed for _, parsed in stored.values()]
    by_rule: dict[str, list[Recognition]] = defaultdict(list)
    for recognition in recognitions:
        ref = recognition.rule_ref
        if ref not in stored:
            found = rule_for(parsed_rules, recognition.burn_date)
            if found is None:
                raise NoRule(f"{recognition.burn_date:%Y-%m-%d} 没有扣缴规则：先载入政策包（pack load），再编批次。")
            ref = found.ref
        by_rule[ref].append(recognition)
    assessed: dict[int, tuple[Rule, int, str]] = {}
    for ref, members in by_rule.items():
        rule, parsed = stored[ref]
        facts = [facts_of(r) for r in members]
        places = ordinals(parsed, facts)
        for recognition, fact in zip(members, facts, strict=True):
            said = charge(parsed, fact, places.get(fact.point_id, 1))
            assessed[recognition.point_id] = (rule, said.amount_fen, said.explanation)
    return assessed
