"""认定: only the bureau's decision makes a point countable, and it pins all that the money will rest on (C9, C12)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from core import faults
from core.errors import BadInput, Conflict, Missing
from core.texts import required
from firepoints.forming.attribution import chain_of
from firepoints.forming.days import move_to_ground
from firepoints.models import Attribution, Detection, FirePoint, Recognition
from firepoints.policy import charging, pins, rulings
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.steps import selectors
from firepoints.steps.advancing import Opened, advance, next_seq, open_act
from firepoints.steps.workflow import act
from firepoints.terms.states import Basis, Conclusion
from grids import selectors as grids
from grids.editions.turns import hold_editions
from grids.models import User

faults.register({"act.recognise.decided": "nothing has happened: no decision without the state that it gives"})

YES = frozenset({"1", "true", "yes", "on"})


@act("recognise")
@transaction.atomic
def fire_point_recognise(
    *,
    point_id: int | str,
    actor: User,
    reason: str,
    basis: str = "",
    charged_detection: int | str | None = None,
    zero_amount_confirmed: bool | str = False,
    expected_version: int | None = None,
) -> FirePoint:
    """认定计入: one countable 处 (C9, C12). The ground of the charge is chosen by the fixed order unless given; the point burns
    on the day of that ground.

    Raises NotAllowed for the wrong role or the person who verified, Missing without a chargeable source or a true
    finding, BadInput for a ground that does not fit, Conflict for an amount of 0 that is
    not confirmed, StaleVersion.
    """
    reason = required(reason, "认定的理由")
    hold_editions()
    opened = open_act("recognise", point_id=point_id, actor=actor, expected_version=expected_version)
    charged = _charged(opened.point, basis, charged_detection)
    if charged.beijing_date != opened.point.burn_date:
        move_to_ground(opened.point, charged.beijing_date, actor)
    is_confirmed = str(zero_amount_confirmed).strip().lower() in YES
    return _decide(opened, counted=True, reason=reason, charged=charged, is_zero_confirmed=is_confirmed)


@act("exclude")
@transaction.atomic
def fire_point_exclude(
    *,
    point_id: int | str,
    actor: User,
    reason: str,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """认定不计入, with its reason; a new chargeable sighting later opens a review, never this decision.

    Raises as above, and NeedsAnother for what was found true and could be charged.
    """
    reason = required(reason, "不计入的理由")
    hold_editions()
    opened = open_act("exclude", point_id=point_id, actor=actor, expected_version=expected_version)
    case = Case(
        "exclude",
        is_found_true=opened.facts.conclusion == Conclusion.TRUE,
        is_chargeable=opened.facts.has_chargeable_source,
    )
    two = require_second(case, second, version=opened.version)
    return _decide(opened, counted=False, reason=reason, charged=None, two=two)


def price_of(point: FirePoint, charged: Detection) -> pins.Pin:
    """The rule and the amount of a point if its charge rests on this sighting, for whoever is about to decide."""
    facts = _point_facts(point, charged, point.county_code or "-")
    return pins.pin(replace(facts, burn_date=charged.beijing_date))


def _charged(point: FirePoint, basis: str, detection_id: int | str | None) -> Detection:
    """The sighting that the charge rests on: the one chosen, or the first in order of the chosen ground, or of all."""
    if basis and basis not in Basis.values:
        raise BadInput(f"依据只能是 {'、'.join(Basis.values)}", where="basis")
    possible = [
        detection
        for detection in selectors.chargeable_detections(point)
        if (not basis or charging.basis_of(detection) == basis)
        and detection_id in (None, "", detection.pk, str(detection.pk))
    ]
    if not possible:
        raise BadInput("这个火点没有这样的可扣缴来源", where="charged_detection" if detection_id else "basis")
    return possible[0]


def _decide(
    opened: Opened,
    *,
    counted: bool,
    reason: str,
    charged: Detection | None,
    is_zero_confirmed: bool = False,
    two: Mapping[str, Any] | None = None,
) -> FirePoint:
    """Append the decision with its pins: attribution, payer, burning date, ground, rule, amount, rulings."""
    point = opened.point
    attribution, verification = point.attribution, point.verification
    if attribution is None or verification is None:
        raise Missing(["属地", "核实记录"])
    payer_code, payer_name = _payer(attribution, point)
    price = pins.pin(_point_facts(point, charged, payer_code)) if charged else pins.Pin()
    if price.nothing_because and not is_zero_confirmed:
        raise Conflict(
            f"计入以后是 0 元：{price.nothing_because}。请先核对起火日和依据；确实要计入而不扣缴的，再确认一次",
            code="zero_amount",
            details={"confirm": "zero_amount_confirmed", "nothing_because": price.nothing_because},
        )
    recognition = Recognition.objects.create(
        point=point,
        seq=next_seq(Recognition, point),
        counted=counted,
        reason=reason[:500],
        verification=verification,
        verified_by_id=verification.verified_by_id,
        recognised_by=opened.actor,
        attribution=attribution,
        payer_code=payer_code,
        payer_name=payer_name,
        burn_date=point.burn_date,
        basis=charging.basis_of(charged) if charged else "",
        charged_detection=charged,
        rule_ref=price.rule_ref,
        amount_fen=price.amount_fen,
        rulings=rulings.rulings_on(point.burn_date),
    )
    faults.point("act.recognise.decided")
    zero = {"zero_amount_confirmed": True} if price.nothing_because else {}
    data = _pinned(recognition) | zero | dict(two or {})
    return advance(opened, reason=reason, data=data, recognition=recognition, counted=counted)


def _payer(attribution: Attribution, point: FirePoint) -> tuple[str, str]:
    code, name = grids.payer_for(chain_of(attribution), point.burn_date, attribution.edition)
    if not code:
        raise Missing(["扣缴单位：属地没有对应的县（区）政府"])
    return code, name


def _point_facts(point: FirePoint, charged: Detection, payer_code: str) -> pins.PointFacts:
    return pins.PointFacts(
        point_id=point.pk,
        burn_date=point.burn_date,
        source=f"{charged.source.authority}:{charged.source.kind}",
        payer_code=payer_code,
        county_code=point.county_code,
        township_code=point.township_code,
        area_mu=point.verification.area_mu if point.verification else None,
    )


def _pinned(recognition: Recognition) -> dict[str, Any]:
    return {
        "recognition": recognition.pk,
        "verification": recognition.verification_id,
        "attribution": recognition.attribution_id,
        "payer_code": recognition.payer_code,
        "burn_date": recognition.burn_date.isoformat(),
        "basis": str(recognition.basis),
        "charged_detection": recognition.charged_detection_id,
        "rule_ref": recognition.rule_ref,
        "amount_fen": recognition.amount_fen,
    }
