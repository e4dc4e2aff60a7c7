"""The throw-away deployment of a world: pack, borders, accounts; and taking its files in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from django.conf import settings

from core.errors import Refused
from demo.fairness.worldfile import File, World
from demo.names import invented_name
from firepoints.models import ImportRun, RawRow
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.start import import_file
from firepoints.sightings.readers.base import KEEP
from grids.editions.activating import edition_activate, edition_import
from grids.geo.footprint import from_local_xy
from grids.locating import index_for
from grids.models import Overlay, User
from grids.overlays.overlays import Place, overlay_load
from grids.people.posts import designate, post_create, term_start, user_create
from grids.roles import PostKind
from grids.selectors import root_code, system_user
from penalties.pack import pack_load

PACK = "benxi"
NAME = "模拟边界"
SINCE = date(2022, 1, 1)
CITY = {
    "clerk": (PostKind.BUREAU,),
    "officer": (PostKind.BUREAU,),
    "recogniser": (PostKind.RECOGNISER,),
    "chief": (PostKind.BUREAU, PostKind.RECOGNISER),  # merges into what was decided take a 认定人 of the bureau
    "finance": (PostKind.FINANCE,),
}
Cast = Mapping[str, User]
ANSWERS = {"hidden": KEEP, "total_confirmed": True, "days_confirmed": True}
WORKS_M = 1000.0
"""Around a works' place: 99 of 100 of its pixels have their centre there."""


def set_up(world: World) -> None:
    """Load pack, borders and accounts into an empty deployment, which becomes a demonstration."""
    system = system_user()
    pack_load(folder=Path(settings.BASE_DIR) / "packs" / PACK, actor=system, is_demo=True)
    edition_import(name=NAME, levels=world.cells, datum=world.datum, actor=system, note="模拟")
    edition, _ = edition_activate(name=NAME, valid_from=SINCE, actor=system, reason="模拟")
    index_for(edition)
    root = root_code(edition)
    for at, (name, kinds) in enumerate(CITY.items()):
        _account(name, at, kinds, root, system)
    for at, code in enumerate(world.counties, start=len(CITY)):
        _account(f"county{code}", at, (PostKind.COUNTY,), code, system)


def know_works(world: World) -> None:
    """The works of the world as fixed heat that a person has accepted, as a bureau has them that knows its city."""
    places = []
    for name, (lon, lat) in sorted(world.heat.items()):
        east, north = shapely.get_coordinates(shapely.Point(0, 0).buffer(WORKS_M)).T
        ring = np.stack(from_local_xy(east, north, lon, lat), axis=1)
        places.append(Place(name, shapely.Polygon(ring), note="模拟"))
    if places:
        overlay_load(kind=Overlay.Kind.FIXED_HEAT, places=places, valid_from=SINCE, actor=system_user())


def _account(name: str, at: int, kinds: tuple[PostKind, ...], cell: str, actor: User) -> None:
    # The fast hasher is not ours to choose here: a dozen accounts are not worth a setting.
    user, _ = user_create(username=name, full_name=invented_name(at), actor=actor)
    for kind in kinds:
        post = post_create(kind=kind, cell_code=cell, title=f"{name}岗", unit="模拟单位", actor=actor)
        term_start(post=post, holder=user, starts=SINCE, actor=actor)
        if kind == PostKind.COUNTY:
            designate(county_code=cell, post=post, document_no="模拟〔2022〕1号", valid_from=SINCE, actor=actor)


def cast_of() -> dict[str, User]:
    """Everybody by account name."""
    return {user.username: user for user in User.objects.all()}


def take_in(world: World, file: File, clerk: User, supersedes: str | None = None) -> tuple[ImportRun, dict[int, str]]:
    """Import one file as an office does: the run, and detection id → row id of the truth for the rows that were kept. What the
    preview asks (days unlike its period, totals, hidden rows) the clerk answers: these files are what they say.

    Raises Refused when the product does not take the file."""
    name = ListName(issuer=file.issuer, period=file.period, list_no=file.list_no)
    order = ImportOrder(
        path=file.path, source_code=file.source, actor=clerk, name=name, datum=file.datum, supersedes=supersedes,
        options=ANSWERS,
    )  # fmt: skip
    done = import_file(order)
    if done.run is None:  # only a dry run has none
        raise Refused("没有导入", code="import_failed")
    truth = {row.line: row.id for row in world.rows_of(file.again or file.name)}
    lines = RawRow.objects.filter(run=done.run, detection__isnull=False).values_list("row_no", "detection_id")
    return done.run, {detection: truth[line] for line, detection in lines if line in truth}
