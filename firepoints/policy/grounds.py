"""The sightings on which a charge can rest, each under the rulings and the rule of its own day (policy.md §2f)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from firepoints.models import Detection, Source
from firepoints.policy import charging, pins, rulings


@dataclass(slots=True)
class Grounds:
    """What the rulings and the rules say of each day, every day asked once; made anew for each act."""

    _values: dict[date, Mapping[str, Any]] = field(default_factory=dict)
    _has_rule: dict[date, bool] = field(default_factory=dict)

    def among(self, detections: Iterable[Detection]) -> list[Detection]:
        """The sightings that can be charged, in the order in which they came."""
        firm = [row for row in detections if row.source.source_class != Source.Class.LEAD]
        if days := {row.beijing_date for row in firm} - self._values.keys():
            self._values |= rulings.values_of(days)
        return [row for row in firm if charging.can_charge(row.source, self._values[row.beijing_date])]

    def in_order(self, detections: Iterable[Detection]) -> list[Detection]:
        """The sightings that can be charged, the one on which a charge rests first: on a day with a rule before one without,
        for no charge rests on a row that no rule reaches; then by ground, the earliest first."""
        possible = self.among(detections)
        if len({row.beijing_date for row in possible}) < 2:
            return charging.in_order(possible)
        return sorted(possible, key=lambda row: (not self._is_ruled(row), *charging.order_of(row)))

    def burning_date(self, detections: Iterable[Detection]) -> date:
        """The day of the sighting on which the charge rests; where none can be charged, the first that anything but a lead
        names, else the first of the leads."""
        detections = list(detections)
        if grounds := self.in_order(detections):
            return grounds[0].beijing_date
        firm = [row for row in detections if row.source.source_class != Source.Class.LEAD]
        return min(detection.beijing_date for detection in firm or detections)

    def _is_ruled(self, detection: Detection) -> bool:
        on = detection.beijing_date
        if on not in self._has_rule:
            facts = pins.PointFacts(0, on, charging.source_key(detection.source), payer_code="-", county_code="-")
            self._has_rule[on] = bool(pins.pin(facts).rule_ref)
        return self._has_rule[on]
