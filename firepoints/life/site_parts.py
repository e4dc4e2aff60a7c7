"""A record of several sites divides its point: one 处 for each, none of the sightings lost, none charged twice (policy.md §2d)."""

import json
from collections.abc import Sequence
from uuid import uuid4

from core.errors import Refused
from firepoints.life.sites import Site
from firepoints.life.split import fire_point_split
from firepoints.models import Detection, FirePoint, Membership
from firepoints.sightings.importing.reading import ListName, source_named
from firepoints.sightings.importing.start import import_sightings
from firepoints.sightings.in_force import Reach
from firepoints.sightings.readers.base import SCAR, ParseResult, Sighting
from firepoints.steps import selectors
from grids.models import User
from papers import filing

SOURCE = "enforcement"
"""What the bureau's officers find at a joint verification is 市本级执法检查 (policy.md §2b)."""


def divided(point: FirePoint, sites: Sequence[Site], actor: User) -> list[FirePoint]:
    """The points of the sites, in their order: `point` first, the others new, all of one site each.

    A site without a sighting of its own gets the finding of the record, of the fire's own day. Runs in the act's
    transaction. Raises as the division does.
    """
    if len(sites) == 1:
        return [point]
    findings = [finding.pk for finding in _findings(point, [site for site in sites[1:] if not site.detections], actor)]
    groups = [list(site.detections) or [findings.pop(0)] for site in sites[1:]]
    elsewhere = {pk for group in groups for pk in group}
    own = [detection.pk for detection in selectors.active_detections(point) if detection.pk not in elsewhere]
    reason = f"联合核实：查明 {len(sites)} 处"
    whole = fire_point_split(point_id=point.pk, actor=actor, groups=[own, *groups], reason=reason)
    ids = whole.steps.order_by("-seq").values_list("data__points", flat=True)[0]
    parts = FirePoint.objects.in_bulk(ids)
    return [parts[pk] for pk in ids]


def _findings(point: FirePoint, sites: Sequence[Site], actor: User) -> list[Detection]:
    """A finding on site for each of these sites, in force and at `point` until it is divided."""
    if not sites:
        return []
    own = selectors.active_detections(point)
    model = next((detection for detection in own if detection.beijing_date == point.burn_date), own[0])
    sightings = [_sighting(site, model, row_no) for row_no, site in enumerate(sites, start=1)]
    content = json.dumps([sighting.raw for sighting in sightings], ensure_ascii=False, sort_keys=True).encode()
    done = import_sightings(
        result=ParseResult(tuple(sightings), (), ()),
        source=source_named(SOURCE),
        actor=actor,
        name=ListName(),
        facts={
            "filename": f"{point} 联合核实记录"[:200],
            "sha256": filing.digest_of(content),
            "size_bytes": len(content),
            "stored_as": filing.store_bytes(content, kind="imports", suffix=".json"),
            "datum": "wgs84",
        },
        reach=Reach(forms_points=False),
    )
    findings = list(Detection.objects.filter(run=done.run).order_by("row_no")) if done.run else []
    if len(findings) != len(sites):
        raise Refused("联合核实查明的地点没有全部存下，请核对位置后重办")
    Membership.objects.bulk_create(
        Membership(point=point, detection=finding, why="联合核实查明的地点") for finding in findings
    )
    return findings


def _sighting(site: Site, model: Detection, row_no: int) -> Sighting:
    """The finding of a site, at the time that the point's own sighting says that it burnt."""
    raw = {"lon": site.lon, "lat": site.lat, "kind": SCAR, "note": "联合核实查明的地点"}
    return Sighting(
        row_no=row_no, sheet="", raw=raw, satellite="", instrument="patrol", starts_at=model.starts_at,
        ends_at=model.ends_at, precision=model.precision, lon_given=f"{site.lon}"[:40], lat_given=f"{site.lat}"[:40],
        lon=site.lon, lat=site.lat, kind=SCAR, note="联合核实查明的地点", uuid=str(uuid4()),
    )  # fmt: skip
