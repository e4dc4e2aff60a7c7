"""The area of the deployment, and the check of a file's positions against the datum that was declared for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from core.errors import BadInput, Refused
from firepoints.models import ImportRun
from firepoints.sightings.importing.preparing import Prepared
from firepoints.sightings.readers.datum_check import DOUBTFUL, WRONG, check_datum
from grids import locating
from grids.geo.datum import to_wgs84
from grids.selectors import cell_names, edition_now

Floats = npt.NDArray[np.float64]


class DatumDoubt(BadInput):
    """The positions of the file as a whole speak against the declared datum; a person may confirm it."""

    code = "datum_doubt"


def area_of_the_deployment() -> tuple[float, float, float, float] | None:
    """The box of the live edition, half a degree wider: a position whose swapped form alone lies in it was swapped."""
    edition = edition_now()
    if edition is None:
        return None
    counties = locating.index_for(edition).locators["county"].geometries
    west, south, east, north = (float(side) for side in shapely.total_bounds(counties))
    return west - 0.5, south - 0.5, east + 0.5, north + 0.5


def doubt_of(prepared: Prepared, *, datum: str) -> str:
    """Why the declared datum seems wrong, with figures; "" when nothing speaks against it.

    The counties that the file states are compared with those in which its positions lie, under each datum.
    """
    rows, edition = prepared.table.rest, edition_now()
    stated = [row.stated_county for row in rows or ()]
    if rows is None or edition is None or not any(stated):
        return ""
    index = locating.index_for(edition)
    codes = index.codes("county")
    names = cell_names(edition, codes.tolist())

    def county_of(lon: Floats, lat: Floats, under: str) -> list[str]:
        at = index.locate_places(*to_wgs84(lon, lat, under)).positions["county"]
        return [names.get(str(codes[position]), "") if position >= 0 else "" for position in at.tolist()]

    check = check_datum(
        lon=prepared.table.lon,
        lat=prepared.table.lat,
        declared=datum,
        stated=stated,
        county_of=county_of,
        counties=list(names.values()),
        area=area_of_the_deployment(),
    )
    return check.words if check.verdict in (WRONG, DOUBTFUL) else ""


def refuse_wrong_datum(prepared: Prepared, run: ImportRun) -> None:
    """Raise DatumDoubt before anything is stored, unless a person has confirmed the datum."""
    if prepared.begin or run.options.get("datum_confirmed"):
        return
    doubt = doubt_of(prepared, datum=run.datum)
    if doubt:
        details: dict[str, Any] = {"datum": run.datum}
        raise DatumDoubt(
            f"{doubt}。核对坐标系；确认无误的，在预览里勾选（命令加 --datum-confirmed）再导入", details=details
        )


def require_edition() -> None:
    """Raise Refused when no boundary edition is active: then nothing can be located, and the file is not taken in."""
    if edition_now() is None:
        raise Refused("还没有启用的边界版本：先 grid import，再 grid activate", code="no_edition")
