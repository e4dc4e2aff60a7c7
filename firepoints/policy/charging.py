"""The sightings that can carry a charge, and their ground (C12, policy.md §3): sources are data, readings are rulings."""

from collections.abc import Iterable, Mapping
from typing import Any

from firepoints.models import Detection, Source
from firepoints.policy import charge_matrix
from firepoints.terms.states import Basis

PRIORITY = (Basis.SATELLITE, Basis.INSPECTION, Basis.SCAR)
"""The finance column of a point with several grounds: the official list first, then a fire seen, then a scar [R]."""


def can_charge(source: Source, rulings: Mapping[str, Any]) -> bool:
    """Whether a source may be charged under the rulings of the burning date (`rulings.values_on`): its cell of authority ×
    kind decides (policy.md §3). A lead (线索) never by itself, and no ruling makes it so (C12)."""
    if source.source_class == Source.Class.LEAD:
        return False
    key = charge_matrix.key_of(source.authority, source.kind)
    return bool(key and rulings[key])


def ends_in_a_decision(source: Source, rulings: Mapping[str, Any]) -> bool:
    """Whether what a source found must not go away but by a decision: an official list, an inspection, and whatever the
    rulings let be charged."""
    return source.source_class in (Source.Class.OFFICIAL_LIST, Source.Class.INSPECTION) or can_charge(source, rulings)


def basis_of(detection: Detection) -> Basis:
    """The finance column that a chargeable sighting falls under; 焚烧后黑斑视同火点."""
    if detection.kind == Detection.Kind.SCAR:
        return Basis.SCAR
    return Basis.SATELLITE if detection.kind == Detection.Kind.SATELLITE else Basis.INSPECTION


def source_key(source: Source) -> str:
    """The source as rules name it, authority:kind ("national:satellite")."""
    return f"{source.authority}:{source.kind}"


def order_of(detection: Detection) -> tuple[Any, ...]:
    """The rank of a chargeable sighting: by ground, then the earliest day that a row states, then the earliest, then by key."""
    return PRIORITY.index(basis_of(detection)), detection.beijing_date, detection.starts_at, detection.key


def in_order(detections: Iterable[Detection]) -> list[Detection]:
    """Chargeable sightings by rank, whatever rule their days have."""
    return sorted(detections, key=order_of)
