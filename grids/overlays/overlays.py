"""The acts on overlays: loading places, proposing fixed heat, deciding on proposals, ending (C1, C15)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from django.db import transaction

from core import clock
from core.errors import BadInput, Conflict, Missing
from grids.models import Overlay, User
from journal.record import digests
from journal.record.services import record

BATCH = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A valid WGS-84 polygon (or several) with its name."""

    name: str
    shape: shapely.Geometry
    note: str = ""


@transaction.atomic
def overlay_load(
    *,
    kind: str,
    places: Sequence[Place],
    valid_from: date,
    actor: User,
    valid_to: date | None = None,
    document_no: str = "",
    load: uuid.UUID | None = None,
) -> int:
    """Add places of one kind, in force from a Beijing date; one entry with a digest. The same `load` twice is one.

    Returns how many were added. Raises BadInput for an unknown kind, no places, or dates the wrong way round.
    """
    _check(kind, places, valid_from, valid_to)
    load = load or uuid.uuid4()
    if Overlay.objects.filter(load=load).exists():
        return 0
    facts = {"kind": kind, "valid_from": valid_from, "valid_to": valid_to, "document_no": document_no.strip()[:80]}
    rows = [_row(place, load, decided_by=actor, state=Overlay.State.ACCEPTED, **facts) for place in places]
    Overlay.objects.bulk_create(rows, batch_size=BATCH)
    digest = digests.sha256([[row.name, bytes(row.geometry).hex()] for row in rows])
    record("overlay.loaded", ("grids.overlay", str(load)), actor, after=facts | {"places": len(rows), "digest": digest})
    return len(rows)


@transaction.atomic
def overlay_propose(*, kind: str, places: Sequence[Place], valid_from: date, actor: User) -> int:
    """Add proposals that mean nothing until someone accepts them. Returns how many."""
    if not places:
        return 0
    load = uuid.uuid4()
    facts = {"kind": kind, "valid_from": valid_from}
    Overlay.objects.bulk_create(
        [_row(place, load, state=Overlay.State.PROPOSED, **facts) for place in places], batch_size=BATCH
    )
    record("overlay.proposed", ("grids.overlay", str(load)), actor, after=facts | {"places": len(places)})
    return len(places)


@transaction.atomic
def overlay_decide(*, overlay_id: int, is_accepted: bool, actor: User, reason: str) -> Overlay:
    """Accept or reject a proposal, with a reason. Raises Missing without one, Conflict when it is decided already."""
    if not reason.strip():
        raise Missing(["理由"])
    state = Overlay.State.ACCEPTED if is_accepted else Overlay.State.REJECTED
    changed = Overlay.objects.filter(pk=overlay_id, state=Overlay.State.PROPOSED).update(
        state=state, decided_by=actor, note=reason.strip()[:200]
    )
    if not changed:
        raise Conflict("这一处已经有人定过了。", code="overlay_decided")
    row = Overlay.objects.get(pk=overlay_id)
    record("overlay.decided", row, actor, after={"kind": row.kind, "state": state}, reason=reason.strip()[:200])
    return row


@transaction.atomic
def overlay_end(*, overlay_id: int, valid_to: date, actor: User, reason: str) -> Overlay:
    """End a place on a Beijing date (the first day without). Raises Missing without a reason, Conflict when it has ended."""
    if not reason.strip():
        raise Missing(["理由"])
    changed = Overlay.objects.filter(
        pk=overlay_id, state=Overlay.State.ACCEPTED, valid_to__isnull=True, valid_from__lt=valid_to
    ).update(valid_to=valid_to)
    if not changed:
        raise Conflict("这一处已终止，或终止日期不晚于启用日期。", code="overlay_ended")
    row = Overlay.objects.get(pk=overlay_id)
    record("overlay.ended", row, actor, after={"valid_to": valid_to}, reason=reason.strip()[:200])
    return row


def _check(kind: str, places: Sequence[Place], valid_from: date, valid_to: date | None) -> None:
    if kind not in Overlay.Kind.values:
        raise BadInput(
            f"不认识的类别 {kind}；可用：{'、'.join(Overlay.Kind.values)}", where="类别", code="unknown_kind"
        )
    if not places:
        raise BadInput("没有可导入的图形", where="文件", code="empty_file")
    if valid_to is not None and valid_to <= valid_from:
        raise BadInput("终止日期须晚于启用日期", where="终止日期")


def _row(place: Place, load: uuid.UUID, **facts: object) -> Overlay:
    west, south, east, north = (float(value) for value in shapely.bounds(place.shape))
    return Overlay(
        name=place.name[:80],
        note=place.note[:200],
        geometry=shapely.to_wkb(place.shape),
        west=west,
        south=south,
        east=east,
        north=north,
        load=load,
        created_at=clock.now(),
        **facts,
    )
