"""The rulings of this city on the questions that the policy leaves open (policy.md §2), by date, with the document.

A default is what holds until a ruling is registered. What matters to money is pinned at 认定 by `rulings_on`, so a later
ruling never changes an earlier decision.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from core.page_memory import remembered
from firepoints.models import Ruling
from firepoints.policy.charge_matrix import CELLS

DEFAULTS: dict[str, Any] = {
    # policy.md §2a: charging self-reports kills reporting
    "self_found_counts": False,
    # policy.md §2b: 市本级执法检查 counts as 巡查
    "city_enforcement_counts": True,
    # policy.md §2h: a patrol or 督查 point with its own on-site evidence may be recognised without county 核实
    "patrol_needs_county_verification": False,
    # calendar days, to the second of the notice: the text names no objection window [R]
    "objection_days": 5,
    # hours from dispatch; overdue escalates and is never read as "true" (C10)
    "county_deadline_h": 24,
    # days from the import of a list to our answer to its issuer, where its document names no day [R]
    "feedback_days": 7,
    # hours in which a question is answered, from its asking; overdue heads the home page and answers nothing [R]
    "question_due_h": 72,
    # an objection is not upheld by the very person whose 认定 it is about; the text names nobody [R]
    "uphold_by_another": True,
    # policy.md §5: 制表 is another person than 审核, than who records the 批件, than who copies a voucher in; a ruling may
    # loosen it, and the papers say so [R]
    "freeze_by_another": True,
    "approve_by_another": True,
    "settle_by_another": True,
    # policy.md §5: the acts that take two persons (`policy.two_persons` says when); False lets one person do it, and
    # whatever is then done says so
    "two_persons.withdraw_list": True,
    "two_persons.discard_official": True,
    "two_persons.close_official": True,
    "two_persons.merge_official": True,
    "two_persons.merge_far": True,
    "two_persons.undo_final": True,
    "two_persons.relocate_far": True,
    "two_persons.exclude_found_true": True,
    # metres between the edges and hours between the times of two sites from which a merge takes the 认定人: the longest
    # extent of one 处, and the time in which the rule joins a scar [R]
    "merge_reach_m": 2000,
    "merge_reach_h": 168,
    # policy.md §5: what a 查否 must bring
    "negative_photos": 3,
    # policy.md §5: the share of the footprint that a search covers, and beyond how many km² it is enough [R]
    "search_share": 0.3,
    "search_most_km2": 1.0,
    # metres that a searcher sees to each side, and the step of a track beyond which nobody knows where he went [R]
    "search_reach_m": 100,
    "search_gap_m": 300,
    # bits of 64 in which the hashes of two photos may differ and still show the same picture, 7 at the most [R]
    "alike_bits": 5,
    # policy.md §5: the share of the counties' 查否 and 属实 that the bureau visits again, and of a county's 查否 in 30
    # days at least so many [R]
    "recheck_share_false": 0.15,
    "recheck_share_true": 0.05,
    "recheck_least": 6,
    # a county is named where an honest one, wrong in this share of its 查否, would be contradicted so often with a
    # chance below alpha, and never for one alone [R]
    "recheck_honest_error": 0.05,
    "recheck_alpha": 0.02,
    "recheck_least_named": 2,
    # C11: an absence counts after so many notices
    "joint_notices": 2,
    # policy.md §4: the share of the area (the footprint and the error of its position) in a second county from which a point
    # with a chargeable row is 跨界; 0 = any touch [R]
    "cross_min_share": 0.1,
    "number_prefix": "HD",
    # policy.md §4: one 处
    "group_window_h": 24,
    "group_modis_m": 1000,
    "group_himawari_m": 2000,
    "group_max_h": 48,
    "group_max_m": 2000,
    # policy.md §4, asking reaches farther than joining: kilometres between the nearest edges of two areas, days between their
    # times, kilometres in one pass, days in which a scar asks for what burnt there, kilometres from a pixel's area at which it
    # still does, metres between two findings (their errors apart), hours of pause after which a list's next day is asked about [R]
    "ask_km": 1.5,
    "ask_days": 3,
    "ask_pass_km": 3,
    "scar_days": 90,
    "ask_scar_km": 1.5,
    "ask_finding_m": 200,
    "ask_pause_h": 14,
    # a cell of 0.01° hit on so many days of the last so many is proposed as fixed heat [R]
    "fixed_heat_days": 5,
    "fixed_heat_window_d": 60,
}


def _latest(on: date) -> dict[str, Ruling]:
    return {row.key: row for row in _until(on)}


def _until(on: date) -> list[Ruling]:
    """The rulings up to a day, the oldest first: they are few, and a page asks for several days, so it reads them once."""
    rows = remembered("rulings", lambda: list(Ruling.objects.order_by("valid_from")))
    return [row for row in rows if row.valid_from <= on]


def ruling(key: str, on: date) -> Any:
    """The value of `key` in force on a Beijing date. Raises KeyError for a key that no code reads."""
    default = DEFAULTS[key]
    row = _latest(on).get(key)
    return default if row is None else row.value


def pause_on(on: date) -> float:
    """Hours without a row after which, on a new date, a person is asked whether it is a new fire: the ruling of a Beijing date."""
    return float(ruling("ask_pause_h", on))


def words(key: str, on: date) -> Any:
    """The words of the policy pack under a key of its own (titles, the duties of a 责任书), in force on a date, or None."""
    row = _latest(on).get(key)
    return row.value if row else None


def values_on(on: date) -> dict[str, Any]:
    """Every ruling in force on a Beijing date, {key: value}, in one query; the cells of `charge_matrix` among them."""
    return values_of([on])[on]


def values_of(days: Collection[date]) -> dict[date, dict[str, Any]]:
    """`values_on` of many dates, {date: values}, in one query."""
    rows = _until(max(days))
    latest_of = {on: {row.key: row for row in rows if row.valid_from <= on} for on in days}
    return {on: {key: pin[2] for key, pin in _pins(latest).items()} for on, latest in latest_of.items()}


def value_on(key: str, on: date) -> Any:
    """The value of a ruling, or of a cell of the matrix, in force on a Beijing date."""
    return values_on(on)[key]


def rulings_on(on: date) -> dict[str, list[Any]]:
    """The rulings that 认定 pins: {key: [valid_from, document_no, value]}; "" and "" where no ruling was registered.

    A cell of the matrix without a ruling of its own has that of the question that decides it.
    """
    return _pins(_latest(on))


def _pins(latest: Mapping[str, Ruling]) -> dict[str, list[Any]]:
    def pin(key: str, default: Any) -> list[Any]:
        row = latest.get(key)
        return [row.valid_from.isoformat(), row.document_no, row.value] if row else ["", "", default]

    answers = {key: pin(key, default) for key, default in DEFAULTS.items()}
    cells = {key: pin(key, default) for key, default in CELLS.items()}
    return answers | {key: answers[cell[2]] if isinstance(cell[2], str) else cell for key, cell in cells.items()}
