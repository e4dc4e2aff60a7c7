"""The score of a world: what each county should have paid and was charged, and every failure on the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demo.fairness import naive, rand
from demo.fairness.asked import Asked
from demo.fairness.denials import denials
from demo.fairness.fates import by_the_machine, fates_of
from demo.fairness.office import Office
from demo.fairness.truth import Truth
from demo.fairness.verifiers import OURS
from firepoints.models import Attribution, FirePoint, Recognition
from penalties.models import LedgerEntry

FEN_PER_POINT = 3_000_000
OPEN_TO_DOUBT = frozenset({"near", "days"})
"""Flags of the oracle that ask where silence may be right; the strict oracle leaves them out."""
DENIED = ("seen", "denied", "rechecked", "contradicted")
LISTED = (
    "double", "double_unasked", "not_straw", "uncharged", "uncharged_honest", "uncharged_machine", "wrong_county",
    "wrong_county_jointly", "before_the_rule",
)  # fmt: skip
"""The failures that are lists in the result of a world, and counts where worlds are added up."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge that stands: the point, who pays, where the product says that it burnt, and the fires it shows."""

    point: int
    county: str
    village: str
    jointly: bool
    fires: tuple[str, ...]
    at: datetime


def score(office: Office) -> dict[str, Any]:
    """The whole judgement of a world that was played, as JSON values; docs/simulation.md explains each figure."""
    truth = office.truth
    world = truth.world
    charges = list(_standing(truth))
    paid = _match(charges, world.reported | {name for name, fire in world.fires.items() if fire.straw})
    due = Counter(world.fires[name].county for name in world.reported)
    charged = Counter(charge.county for charge in charges)
    return {
        "made_by": dict(world.made_by),
        "fires": len(world.fires),
        "reported": len(world.reported),
        "reported_honest": sum(_who(office, name) == "honest" for name in world.reported),
        "charges": len(charges),
        "counties": {code: _county(name, due[code], charged[code]) for code, name in world.counties.items()},
        **_failures(office, charges, paid),
        "person": _asked(office),
        "denials": _denials(office),
        "rand": rand.indices(truth),
        "naive": naive.score(world),
        "refused": dict(sorted(office.hands.refused.items())),
    }


def _failures(office: Office, charges: Sequence[Charge], paid: Mapping[int, str]) -> dict[str, Any]:
    """What was charged and should not have been; `paid`: point → the fire that its charge pays for."""
    truth, world = office.truth, office.truth.world
    history = Asked()
    double = [charge for charge in charges if charge.point not in paid and _has_straw(truth, charge)]
    wrong = [
        charge
        for charge in charges
        if charge.point in paid and not _is_its(world.fires[paid[charge.point]], charge.county)
    ]
    return {
        "double": sorted(charge.point for charge in double),
        "double_unasked": _unasked(truth, history, double, charges),
        "not_straw": sorted(charge.point for charge in charges if not _has_straw(truth, charge)),
        **_uncharged(office, history, charges, world.reported - set(paid.values())),
        "before_the_rule": sorted(
            charge.point for charge in charges if charge.fires and set(charge.fires) <= world.before_the_rule
        ),
        "wrong_county": sorted(charge.point for charge in wrong if not charge.jointly),
        "wrong_county_jointly": sorted(charge.point for charge in wrong if charge.jointly),
        "wrong_village": sum(
            charge.point in paid and charge.village != world.fires[paid[charge.point]].village for charge in charges
        ),
    }


def _uncharged(office: Office, history: Asked, charges: Iterable[Charge], names: Iterable[str]) -> dict[str, Any]:
    uncharged = sorted(names)
    blame = {name: _who(office, name) for name in uncharged}
    fates = fates_of(uncharged, office.truth, history, {charge.point: charge.at for charge in charges})
    return {
        "uncharged": uncharged,
        "uncharged_by": dict(sorted(Counter(blame.values()).items())),
        "uncharged_fates": fates,
        "uncharged_machine": by_the_machine(fates),
        "uncharged_honest": sorted(name for name, who in blame.items() if who == "honest"),
    }


def _denials(office: Office) -> dict[str, dict[str, Any]]:
    """What each county denied, and what came of it when the bureau looked again."""
    nobody = {"rechecked": 0, "contradicted": 0, "named": False}
    rechecked = office.rechecks.score()
    counties = denials(office.truth)
    nothing = {"seen": 0, "denied": 0, "is_denying": False}
    return {
        code: counties.get(code, nothing) | nobody | rechecked.get(code, {}) for code in sorted({*counties, *rechecked})
    }


def _county(name: str, due: int, charged: int) -> dict[str, Any]:
    return {
        "name": name,
        "due": due,
        "charged": charged,
        "due_fen": due * FEN_PER_POINT,
        "charged_fen": charged * FEN_PER_POINT,
    }


def _standing(truth: Truth) -> Iterable[Charge]:
    balance: dict[int, int] = {}
    of: dict[int, tuple[int, datetime]] = {}
    for point, balance_fen, recognition, at in LedgerEntry.objects.order_by("point_id", "seq").values_list(
        "point_id", "balance_fen", "recognition_id", "at"
    ):
        balance[point], of[point] = balance_fen, (recognition, at)
    for point in sorted(pk for pk, balance_fen in balance.items() if balance_fen):
        recognition, at = of[point]
        pinned = Recognition.objects.select_related("attribution").get(pk=recognition)
        jointly = pinned.attribution.method == Attribution.Method.JOINT
        fires = tuple(truth.fires(truth.rows(point)))
        yield Charge(point, pinned.payer_code, pinned.attribution.village_code, jointly, fires, at)


def _match(charges: Iterable[Charge], payable: Iterable[str]) -> dict[int, str]:
    """point → the one fire that its charge pays for, as many as can be (augmenting paths)."""
    payable_fires, listed = set(payable), list(charges)
    point_of: dict[str, int] = {}
    by_point = {charge.point: [name for name in charge.fires if name in payable_fires] for charge in listed}

    def place(point: int, tried: set[str]) -> bool:
        for name in by_point[point]:
            if name not in tried:
                tried.add(name)
                if name not in point_of or place(point_of[name], tried):
                    point_of[name] = point
                    return True
        return False

    for charge in listed:
        place(charge.point, set())
    return {point: name for name, point in point_of.items()}


def _unasked(truth: Truth, history: Asked, double: Iterable[Charge], charges: Iterable[Charge]) -> list[dict[str, Any]]:
    """The charges for a fire that another one pays for, where no question that names both points was open before the later
    of the two; with the sorts of rows that the point was made of."""
    listed = list(charges)
    failures = []
    for charge in double:
        others = [other for other in listed if other.point != charge.point and set(other.fires) & set(charge.fires)]
        if any(history.about_both(charge.point, other.point, max(charge.at, other.at)) for other in others):
            continue
        rows = [row for row in truth.rows(charge.point) if row.charges]
        families = sorted({row.family or row.file.split("/")[-1].split("-")[0] for row in rows})
        failures.append({
            "point": charge.point, "others": [other.point for other in others], "fires": list(charge.fires),
            "families": families, "rows": [row.id for row in rows],
        })  # fmt: skip
    return failures


def _has_straw(truth: Truth, charge: Charge) -> bool:
    return any(truth.world.fires[name].straw for name in charge.fires)


def _is_its(fire: Any, county: str) -> bool:
    """Whether the fire may be charged to the county; one that lies over the border may be either's."""
    return bool(fire.counties.get(county, 0.0) >= OURS)


def _who(office: Office, fire: str) -> str:
    """The temper of whoever went to see a fire: cheating before lazy before honest."""
    rows = {row.id for row in office.truth.world.rows.values() if row.main == fire}
    tempers = {office.verifiers.temper[row] for row in rows if row in office.verifiers.temper}
    for point, point_tempers in office.verifiers.visited.items():
        if any(row.id in rows for row in office.truth.rows(point)):
            tempers |= point_tempers
    return next((temper for temper in ("cheating", "lazy") if temper in tempers), "honest")


def _asked(office: Office) -> dict[str, Any]:
    """Points sent to a person, beside those of an oracle that flags exactly the ambiguous ones."""
    truth, questions = office.truth, office.asked
    members = truth.members()
    now = {pk: truth.doubts(pk, members) for pk in members if pk not in questions}
    missed = {pk: why for pk, why in now.items() if why and any(row.charges for row in members[pk])}
    mine = {pk: question for pk, question in questions.items() if question["charges"]}
    needed = {pk for pk, question in mine.items() if question["doubts"]}
    oracle = len(needed) + len(missed)
    strict = sum(
        bool(set(why) - OPEN_TO_DOUBT)
        for why in [*(question["doubts"] for question in mine.values()), *missed.values()]
    )
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for question in mine.values():
        for why in question["why"]:
            reasons[why]["needed" if question["doubts"] else "not_needed"] += 1
    return {
        "points": FirePoint.objects.exclude(state="merged").count(),
        "asked": len(mine),
        "needed": len(needed),
        "missed": len(missed),
        "missed_why": dict(sorted(Counter(why for whys in missed.values() for why in whys).items())),
        "oracle": oracle,
        "ratio": round(len(mine) / oracle, 3) if oracle else None,
        "oracle_strict": strict,
        "ratio_strict": round(len(mine) / strict, 3) if strict else None,
        "why": {name: dict(count) for name, count in sorted(reasons.items())},
        "asked_leads": len(questions) - len(mine),
        "asked_beside": len(office.beside - set(questions)),
    }


def together(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The scores of several worlds as one: sums, shares, and whether each limit is kept."""
    total = {key: sum(result[key] for result in results) for key in ("fires", "reported", "reported_honest", "charges")}
    for key in LISTED:
        total[key] = sum(len(result[key]) for result in results)
    total["wrong_village"] = sum(result["wrong_village"] for result in results)
    for key in ("asked", "needed", "missed", "oracle", "oracle_strict", "asked_leads"):
        total[key] = sum(result["person"][key] for result in results)
    naively = {key: sum(result["naive"][key] for result in results) for key in results[0]["naive"]}
    honest = total["reported_honest"] or 1
    indices = {
        name: round(sum(result["rand"][name] for result in results) / len(results), 4) for name in results[0]["rand"]
    }
    ratio = total["asked"] / (total["oracle"] or 1)
    denied = [county for result in results for county in result["denials"].values()]
    denying, honest_ones = (_named(denied, is_denying=is_denying) for is_denying in (True, False))
    fates = Counter(fate for result in results for fate in result["uncharged_fates"].values())
    return {
        "worlds": len(results),
        **total,
        "uncharged_honest_share": round(total["uncharged_honest"] / honest, 4),
        "uncharged_fates": dict(sorted(fates.items())),
        "denials": {key: sum(county[key] for county in denied) for key in DENIED},
        "denying": denying,
        "not_denying": honest_ones,
        "ratio": round(ratio, 3),
        "ratio_strict": round(total["asked"] / (total["oracle_strict"] or 1), 3),
        "rand": indices,
        "naive": naively,
        "asks": {
            "double": total["double"] == 0,
            "wrong_county": total["wrong_county"] == 0,
            "uncharged_honest": total["uncharged_honest"] / honest <= 0.01,
            "person": ratio <= 1.5,
            "double_unasked": total["double_unasked"] == 0,
            "uncharged_machine": total["uncharged_machine"] <= 0.01 * total["reported"],
            "denying_named": denying["named"] >= 0.9 * denying["counties"],
            "not_denying_named": honest_ones["named"] <= 0.05 * honest_ones["counties"],
        },
    }


def _named(counties: Sequence[Mapping[str, Any]], *, is_denying: bool) -> dict[str, int]:
    """How many counties there are that deny one true fire in three, or that do not, and how many of them were named."""
    of = [county for county in counties if county["is_denying"] == is_denying]
    return {"counties": len(of), "named": sum(county["named"] for county in of)}
