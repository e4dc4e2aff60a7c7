"""A term entered late: who answered for a fire is said anew in a further attribution row, and nothing is rewritten (C2).

The place stays as it was found, the row that a 认定 pinned stays pinned; the newest row tells who, as known today, held the
posts on the day of the fire.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from core import clock
from firepoints.forming.attribution import Names, chain_of, file_attributions
from firepoints.models import Attribution, AttributionPerson, FirePoint
from grids.people.changes import Change
from grids.roles import LEVELS
from grids.selectors import PersonRow, system_user
from journal.jobs import jobs
from journal.record import digests
from journal.record.services import record

JOB = "firepoints.people_changed"
A_CHUNK = 200
NOTE = "责任人任期补录后重列"

Held = tuple[str, str, int | None, int | None, bool]


def queue(changes: Sequence[Change]) -> None:
    """Have the fires of these days looked at, after the act commits and in small steps."""
    _enqueue([_plain(change) for change in changes], after=0)


def _plain(change: Change) -> dict[str, Any]:
    until = change.until.isoformat() if change.until else ""
    return {"level": change.level, "cell": change.cell_code, "since": change.since.isoformat(), "until": until}


def _enqueue(changes: list[dict[str, Any]], *, after: int) -> None:
    payload = {"changes": changes, "after": after}
    jobs.enqueue(JOB, digests.sha256([payload, digests.iso_utc(clock.real_now())]), payload)


def people_changed(payload: dict[str, Any]) -> int:
    """Go through the next fires of the changes, by id; queue the rest. Returns how many were said anew."""
    changes, after = _with_fires(payload["changes"]), payload["after"]
    renewals = done = 0
    while changes:
        points = list(_fires_of(changes[0]).filter(pk__gt=after).order_by("pk")[: A_CHUNK - done])
        renewals, done = renewals + say_anew(points), done + len(points)
        if done >= A_CHUNK:
            _enqueue(changes, after=points[-1].pk)
            break
        changes, after = changes[1:], 0
    return renewals


def _with_fires(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The changes of cells in which anything burned since the first of their days: of a whole roster, few. One query."""
    if not changes:
        return []
    since = date.fromisoformat(min(change["since"] for change in changes))
    paths = [f"attribution__{level}_code" for level in LEVELS]
    rows = FirePoint.objects.filter(burn_date__gte=since, attribution__isnull=False).values_list(*paths).distinct()
    burned = {code for row in rows for code in row}
    return [change for change in changes if change["cell"] in burned]


def _fires_of(change: dict[str, Any]) -> QuerySet[FirePoint]:
    fires = FirePoint.objects.filter(
        burn_date__gte=date.fromisoformat(change["since"]), **{f"attribution__{change['level']}_code": change["cell"]}
    )
    if change["until"]:
        fires = fires.filter(burn_date__lt=date.fromisoformat(change["until"]))
    return fires.select_related("attribution__edition")


@transaction.atomic
def say_anew(points: Sequence[FirePoint]) -> int:
    """Append an attribution to each point whose people, asked today for the day of the fire, differ from those on file."""
    names = Names()
    on_file: dict[int, list[Held]] = {}
    filed = AttributionPerson.objects.filter(attribution__in=[point.attribution_id for point in points]).order_by("pk")
    for person in filed:
        post_holder = (person.level, person.cell_code, person.post_id, person.holder_id, person.is_acting)
        on_file.setdefault(person.attribution_id, []).append(post_holder)
    rows: list[Attribution] = []
    for point in points:
        old = point.attribution
        if old is None:
            continue
        today = [_held(person) for person in names.answering(chain_of(old), point.burn_date)]
        if today != on_file.get(old.pk, []) and _take_place(point, old):
            rows.append(_again(point, old))
    file_attributions(rows, names)
    for row in rows:
        FirePoint.objects.filter(pk=row.point_id).update(attribution=row)
    if rows:
        after = {"points": [row.point_id for row in rows], "note": NOTE}
        record("fire_point.people_renewed", ("firepoints.firepoint", rows[0].point_id), system_user(), after=after)
    return len(rows)


def _held(row: PersonRow) -> Held:
    return (
        row.level,
        row.cell_code,
        row.post.pk if row.post else None,
        row.holder.pk if row.holder else None,
        row.is_acting,
    )


def _take_place(point: FirePoint, old: Attribution) -> bool:
    """Claim the point for the new row: someone who attributed it at this moment has listed the people already."""
    mine = FirePoint.objects.filter(pk=point.pk, attribution=old)
    return bool(mine.update(attribution=F("attribution")))


def _again(point: FirePoint, old: Attribution) -> Attribution:
    columns = {
        field.attname: getattr(old, field.attname)
        for field in Attribution._meta.concrete_fields
        if field.name not in ("id", "seq", "note", "at")
    }
    last = point.attributions.order_by("-seq").values_list("seq", flat=True)[0]
    return Attribution(**columns | {"seq": last + 1, "note": NOTE, "at": clock.now()})
