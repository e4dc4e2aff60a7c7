"""One boundary edition, compiled: where a point is, how far from a county border, which counties a footprint touches.

The payer is found first (C12): the county comes from the county layer alone. The leaf is then sought inside that
county, from the deepest layer upwards, and the levels between are the leaf's own ancestors, so that the codes of one
answer are one chain (only where the leaf's chain does not pass through a level, that layer itself is asked). A leaf
that covers the point but belongs to another county is not returned: it is flagged.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo import store
from grids.geo.arrays import FloatArray, IntArray, Numbers, geometry_array, lonlat
from grids.geo.borders import Borders
from grids.geo.locator import Flags, Locator
from grids.geo.parents import ancestor_positions, county_positions

LEVELS: Final = ("county", "township", "village", "group")

COUNTY_OVERLAP: Final = 1
COUNTY_BORDER: Final = 2
LEAF_OVERLAP: Final = 4
LEAF_BORDER: Final = 8
LEAF_ELSEWHERE: Final = 16
"""On some level, the only cells that cover the point belong to another county (or to none): not returned."""
INCOMPLETE: Final = 32
"""In a county, but the deepest level that this edition has gives no cell there."""

_KIND, _VERSION = "edition", 1
_CHUNK = 1 << 18

Codes = npt.NDArray[np.str_]
Layer = tuple[Iterable[shapely.Geometry | None], Iterable[str], Iterable[str]]
"""Geometries, codes, parent codes ("" where there is none)."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Codes of each level for each point ("" where none), and what is to be said about the answer."""

    county: Codes
    township: Codes
    village: Codes
    group: Codes
    flags: Flags


class EditionIndex:
    """All layers of one edition; immutable. `locators` are by level, for positions and single layers."""

    def __init__(self, locators: dict[str, Locator], parents: dict[str, list[str]]) -> None:
        self.locators = locators
        self.parents = parents
        self._counties = locators["county"]
        self._borders = Borders(self._counties.geometries)
        self._lower = [level for level in reversed(LEVELS[1:]) if level in locators]
        links = {c: p for name in locators for c, p in zip(locators[name].codes, parents[name], strict=True)}
        self._county_of, self._above = {}, {}
        for depth, level in enumerate(self._lower):
            codes = locators[level].codes
            self._county_of[level] = county_positions(codes, links, self._counties.codes)
            self._above[level] = {
                upper: ancestor_positions(codes, links, locators[upper].codes) for upper in self._lower[depth + 1 :]
            }

    @classmethod
    def build(cls, levels: Mapping[str, Layer]) -> EditionIndex:
        """Compile an edition from its layers (keys of LEVELS; county is required, the others may be absent).

        Raises ValueError without a county layer, for an unknown level, or for lists of different length.
        """
        unknown = sorted(set(levels) - set(LEVELS))
        if unknown or "county" not in levels:
            raise ValueError(
                f"版本必须有 county 图层，可有 {'、'.join(LEVELS[1:])}；不认识: {'、'.join(unknown) or '无'}"
            )
        locators, parents = {}, {}
        for level in (name for name in LEVELS if name in levels):
            geometries, codes, above = levels[level]
            locators[level] = Locator.build(geometries, codes)
            parents[level] = [str(code or "") for code in above]
            if len(parents[level]) != len(locators[level].codes):
                raise ValueError(f"{level} 图层的上级代码数目与网格数目不一致")
        return cls(locators, parents)

    def locate_chain(self, lon: Numbers, lat: Numbers) -> Chain:
        """The chain of codes for WGS-84 points; arrays of the shape of the input.

        Raises ValueError for NaN and infinity.
        """
        x, y = lonlat(lon, lat)
        found = {level: np.full(x.size, -1, dtype=np.int32) for level in LEVELS}
        flags = np.zeros(x.size, dtype=np.uint8)
        for start in range(0, x.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            flags[part] = self._locate(x.ravel()[part], y.ravel()[part], {name: found[name][part] for name in found})
        names = {level: self._names(level)[found[level]].reshape(x.shape) for level in LEVELS}
        return Chain(**names, flags=flags.reshape(x.shape))

    def _locate(self, x: FloatArray, y: FloatArray, found: dict[str, IntArray]) -> Flags:
        """Fill `found` (views, −1 everywhere) level by level from the deepest; the flags of each point."""
        county, flags = self._counties.locate(x, y, flags=True)
        found["county"][:] = county
        for depth, level in enumerate(self._lower):
            locator = self.locators[level]
            point, cell = locator.covering(x, y)
            # A cell without a county (−2) matches no point, not even one outside all counties (−1).
            own = self._county_of[level][cell] == county[point]
            own_pairs = point[own], cell[own]
            leaf = locator.lowest(x.size, own_pairs)
            elsewhere = point[~own]
            flags[elsewhere[leaf[elsewhere] < 0]] |= LEAF_ELSEWHERE
            fresh = (found[level] < 0) & (leaf >= 0)
            flags[fresh] |= locator.marks(x, y, own_pairs)[fresh] << 2
            found[level][fresh] = leaf[fresh]
            for upper, ancestors in self._above[level].items():
                found[upper][fresh] = ancestors[leaf[fresh]]
            if depth == 0:
                flags[(county >= 0) & (leaf < 0)] |= INCOMPLETE
        return flags

    def _names(self, level: str) -> Codes:
        """Codes by position, with "" last, so that position −1 reads it."""
        return np.array([*(self.locators[level].codes if level in self.locators else ()), ""], dtype=np.str_)

    def border_distance_m(self, lon: Numbers, lat: Numbers) -> FloatArray:
        """Metres to the nearest county border, the outer border of the edition included. ValueError for NaN, infinity."""
        return self._borders.distance_m(lon, lat)

    def county_shares(self, polygon: shapely.Polygon) -> list[tuple[str, float]]:
        """(county code, share of the polygon's area in it), largest first; what is missing from 1 lies outside."""
        return self.county_shares_many([polygon])[0]

    def county_shares_many(self, polygons: Iterable[shapely.Polygon]) -> list[list[tuple[str, float]]]:
        """`county_shares` of many polygons in lon/lat; equal shares come in code order, shares of no area are left out.

        Areas are taken in degrees: within a footprint the scale is even, and a share has no unit.
        """
        areas = geometry_array(polygons)
        counties = self._counties
        of, county = counties._tree.query(areas, predicate="intersects")
        within = shapely.contains_properly(counties.geometries[county], areas[of])
        common = areas[of]
        common[~within] = shapely.intersection(counties.geometries[county[~within]], areas[of[~within]])
        share = shapely.area(common) / shapely.area(areas)[of]
        answers: list[list[tuple[str, float]]] = [[] for _ in areas]
        for at, position, part in zip(of.tolist(), county.tolist(), share.tolist(), strict=True):
            if part > 0:
                answers[at].append((counties.codes[position], part))
        return [sorted(answer, key=lambda pair: (-pair[1], pair[0])) for answer in answers]

    def touching_counties(self, polygon: shapely.Polygon) -> list[str]:
        """Codes of the counties that the polygon meets, be it in one point of the border; in code order."""
        met = self._counties._tree.query(polygon, predicate="intersects")
        return sorted(self._counties.codes[at] for at in met)

    def _arrays(self, level: str) -> dict[str, npt.NDArray[Any]]:
        levels = store.pack_texts("levels", self.locators)  # so that a lost file is not read as an absent layer
        return self.locators[level].arrays() | store.pack_texts("parent", self.parents[level]) | levels

    @property
    def digest(self) -> str:
        """sha256 (hex) over all layers: the same contents have the same name everywhere."""
        arrays = {f"{level}.{name}": a for level in self.locators for name, a in self._arrays(level).items()}
        return store.digest(arrays)

    def save(self, folder: str | Path) -> Path:
        """Store under `folder` in a directory named by format and content, unless it is there; return its path.

        Files are written with fsync, the directory appears by one rename, and nothing is ever rewritten.
        """
        parent = Path(folder)
        parent.mkdir(parents=True, exist_ok=True)
        target = parent / f"{_KIND}-v{_VERSION}-{self.digest}"
        if target.is_dir():
            return target
        draft = parent / f".{uuid.uuid4().hex}"
        draft.mkdir()
        try:
            for level in self.locators:
                store.write(draft / f"{level}.idx", kind=_KIND, version=_VERSION, arrays=self._arrays(level))
            # Another process may have won the race with the same contents; then its directory stays.
            if not target.is_dir():
                os.rename(draft, target)
                store.fsync_folder(parent)
        except OSError:
            if not target.is_dir():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return target

    @classmethod
    def open(cls, path: str | Path) -> EditionIndex:
        """Read what `save` wrote. Raises FileNotFoundError, or store.IndexDamaged (then delete it and build again)."""
        folder = Path(path)
        locators: dict[str, Locator] = {}
        parents: dict[str, list[str]] = {}
        expected = ["county"]
        while len(locators) < len(expected):
            level = expected[len(locators)]
            file = folder / f"{level}.idx"
            if level != "county" and not file.exists():
                raise store.IndexDamaged(f"索引 {folder.name} 缺少 {file.name}，请重建")
            arrays = store.read(file, kind=_KIND, version=_VERSION)
            expected = store.unpack_texts("levels", arrays)
            locators[level] = Locator(store.unpack_geometries("cell", arrays), store.unpack_texts("code", arrays))
            parents[level] = store.unpack_texts("parent", arrays)
        return cls(locators, parents)
