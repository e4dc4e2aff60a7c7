"""A patrol finding from the page or the API: stored as a file's row is, by the same path (C12, policy.md §3)."""

import json
from collections.abc import Mapping
from typing import Any

from firepoints.models import FirePoint
from firepoints.services import ingest, storing
from firepoints.services.reading import ListName, source_named
from firepoints.sources.base import ParseOptions, ParseResult, Rejected
from firepoints.sources.patrol import patrol_finding
from grids.models import User
from grids.roles import Level, PostKind, Role
from grids.selectors import posts_held, roles_of
from journal import clock
from journal.errors import BadInput, NotAllowed

# Who may report under which source: a county's own finding is 自查 whatever it is called (policy.md §2a).
_BUREAU_ONLY = frozenset({Role.BUREAU})
OPEN_TO = {
    "patrol": _BUREAU_ONLY,
    "supervision": _BUREAU_ONLY,
    "enforcement": _BUREAU_ONLY,
    "self_found": frozenset({Role.BUREAU, Role.COUNTY, Role.INSPECTOR}),
    "hotline": frozenset({Role.BUREAU, Role.COUNTY}),
}


def finding_record(
    *, data: Mapping[str, Any], actor: User, source_code: str = "patrol", datum: str = "wgs84"
) -> tuple[ingest.Import, FirePoint | None]:
    """Record one finding; the same UUID again adds nothing. Returns the import and the point that it belongs to now.

    Raises NotAllowed when the actor's post may not report under this source, BadInput naming the field at fault.
    """
    allowed = OPEN_TO.get(source_code)
    if allowed is None:
        raise BadInput(f"“{source_code}”不能逐条上报", where="source")
    if not (roles_of(actor) & allowed or (allowed == _BUREAU_ONLY and _inspects_for_the_city(actor))):
        raise NotAllowed("您的岗位不能以这个来源上报；县、乡、村发现的请选“自查”")
    source = source_named(source_code)
    found = patrol_finding(data, options=ParseOptions(datum=datum, now=clock.now()))
    if isinstance(found, Rejected):
        raise BadInput(found.reason, where=found.column, code=found.code)
    content = json.dumps(dict(data), ensure_ascii=False, sort_keys=True, default=str).encode()
    done = ingest.import_sightings(
        result=ParseResult((found,), (), ()),
        source=source,
        actor=actor,
        name=ListName(),
        facts={
            "filename": "逐条上报",
            "sha256": storing.digest_of(content),
            "size_bytes": len(content),
            "stored_as": storing.store_bytes(content, kind="imports", suffix=".json"),
            "datum": datum,
        },
    )
    return done, _point_of(done)


def _inspects_for_the_city(actor: User) -> bool:
    """A patrol of the city itself; the inspectors of counties, townships and villages find for themselves (自查)."""
    return posts_held(actor).filter(kind=PostKind.INSPECTOR, level=Level.CITY).exists()


def sources_open_to(actor: User) -> list[str]:
    """The codes of the sources under which this person may report, in the order of the table."""
    held = roles_of(actor)
    is_city = _inspects_for_the_city(actor)
    return [code for code, roles in OPEN_TO.items() if held & roles or (is_city and roles == _BUREAU_ONLY)]


def _point_of(done: ingest.Import) -> FirePoint | None:
    row = done.run.raw_rows.exclude(detection=None).select_related("detection").first() if done.run else None
    if row is None or row.detection is None:
        return None
    member = row.detection.memberships.filter(is_active=True).select_related("point").first()
    return member.point if member else None
