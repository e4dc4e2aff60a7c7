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
from grids.geo.parents import NO_COUNTY, ancestor_positions, county_positions

LEVELS: Final = ("county", "township", "village", "group")

COUNTY_OVERLAP: Final = 1
COUNTY_BORDER: Final = 2
LEAF_OVERLAP: Final = 4
LEAF_BORDER: Final = 8
LEAF_ELSEWHERE: Final = 16
"""On a level that was asked, the only cells that cover the point belong to another county (or to none): not
returned."""
INCOMPLETE: Final = 32
"""In a county, but the deepest level that this edition has gives no cell there."""

_KIND, _VERSION = "edition", 2
_PREFIX = f"{_KIND}-v{_VERSION}-"

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


@dataclass(frozen=True, slots=True)
class Places:
    """Positions by level (−1 where none; an index into `EditionIndex.codes(level)`, whose last entry is "") and
    flags."""

    positions: dict[str, IntArray]
    flags: Flags


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer: its index, its parent codes, the county of each cell, its ancestor in each layer between."""

    locator: Locator
    parents: store.PackedTexts
    county_of: IntArray
    above: dict[str, IntArray]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        links = {f"above_{upper}": positions for upper, positions in self.above.items()}
        return self.locator.arrays() | self.parents.arrays("parent") | {"county_of": self.county_of} | links

    @classmethod
    def of_arrays(cls, arrays: dict[str, npt.NDArray[Any]]) -> _Layer:
        above = {name.removeprefix("above_"): array for name, array in arrays.items() if name.startswith("above_")}
        parents = store.PackedTexts.of_arrays("parent", arrays)
        return cls(Locator.of_arrays(arrays), parents, arrays["county_of"], above)

    def digest(self) -> str:
        return store.join_digests([self.locator.digest, store.digest(self.parents.arrays("parent"))])


class EditionIndex:
    """All layers of one edition; immutable. `locators` are by level, for positions and single layers."""

    def __init__(self, layers: dict[str, _Layer], borders: Borders) -> None:
        self._layers = layers
        self._borders = borders
        self.locators = {level: layer.locator for level, layer in layers.items()}
        self._counties = self.locators["county"]
        self._lower = [level for level in reversed(LEVELS[1:]) if level in layers]
        self._codes: dict[str, npt.NDArray[np.object_]] = {}

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
        return cls(_linked(locators, parents), Borders.build(locators["county"].geometries))

    def codes(self, level: str) -> npt.NDArray[np.object_]:
        """The codes of a level by position, and "" at the end, so that position −1 reads it; [""] for an absent
        level."""
        if level not in self._codes:
            codes = self.locators[level].codes if level in self.locators else []
            self._codes[level] = np.array([*codes, ""], dtype=object)
        return self._codes[level]

    def locate_chain(self, lon: Numbers, lat: Numbers) -> Chain:
        """The chain of codes for WGS-84 points; arrays of the shape of the input.

        Raises ValueError for NaN and infinity.
        """
        places = self.locate_places(lon, lat)
        names = {level: self.codes(level)[places.positions[level]] for level in LEVELS}
        return Chain(**{level: np.asarray(codes, dtype=np.str_) for level, codes in names.items()}, flags=places.flags)

    def locate_places(self, lon: Numbers, lat: Numbers) -> Places:
        """`locate_chain` in positions, which for many points are much smaller than codes.

        From the deepest layer upwards, each layer is asked about the points for which those below it had no cell.
        Raises ValueError for NaN and infinity.
        """
        lons, lats = lonlat(lon, lat)
        x, y = lons.ravel(), lats.ravel()
        county, flags = self._counties.locate(x, y, flags=True)
        positions = {level: np.full(x.size, -1, dtype=np.int32) for level in LEVELS} | {"county": county}
        rest = np.arange(x.size) if self._lower else np.arange(0)
        for level in self._lower:
            cell, marks = self._inside(level, x[rest], y[rest], county[rest])
            flags[rest] |= marks
            located = cell >= 0
            at, own = rest[located], cell[located]
            positions[level][at] = own
            for upper, ancestors in self._layers[level].above.items():
                positions[upper][at] = ancestors[own]
            rest = rest[~located]
            if level == self._lower[0]:
                flags[rest[county[rest] >= 0]] |= INCOMPLETE
        return Places(
            {level: cells.reshape(lons.shape) for level, cells in positions.items()}, flags.reshape(lons.shape)
        )

    def _inside(self, level: str, x: FloatArray, y: FloatArray, county: IntArray) -> tuple[IntArray, Flags]:
        """The cells of one layer that belong to the counties found, and LEAF_* flags.

        The index answers for points within one cell of their own county. The others are asked of GEOS: on a border
        or in an overlap it may be the second cell that is the county's own.
        """
        layer = self._layers[level]
        cell, marks = layer.locator.locate(x, y, flags=True)
        doubt = np.flatnonzero((marks != 0) | ((cell >= 0) & (_at(layer.county_of, cell) != county)))
        flags = np.zeros(x.size, dtype=np.uint8)
        if doubt.size:
            cell[doubt], flags[doubt] = _own(layer, x[doubt], y[doubt], county[doubt])
        return cell, flags

    def border_distance_m(self, lon: Numbers, lat: Numbers) -> FloatArray:
        """Metres to the nearest county border, the outer border of the edition included. ValueError for NaN,
        infinity."""
        return self._borders.distance_m(lon, lat)

    def county_shares(self, polygon: shapely.Polygon) -> list[tuple[str, float]]:
        """(county code, share of the polygon's area in it), largest first; what is missing from 1 lies outside."""
        return self.county_shares_many([polygon])[0]

    def county_shares_many(self, polygons: Iterable[shapely.Polygon]) -> list[list[tuple[str, float]]]:
        """`county_shares` of many polygons in lon/lat; equal shares come in code order, shares of no area are left out.

        Areas are taken in degrees: within a footprint the scale is even, and a share has no unit.
        """
        areas = geometry_array(polygons)
        of, county, outlines = self._counties.meeting(areas)
        within = shapely.contains_properly(outlines, areas[of])
        common = areas[of]
        common[~within] = shapely.intersection(outlines[~within], areas[of[~within]])
        share = shapely.area(common) / shapely.area(areas)[of]
        answers: list[list[tuple[str, float]]] = [[] for _ in areas]
        for at, position, part in zip(of.tolist(), county.tolist(), share.tolist(), strict=True):
            if part > 0:
                answers[at].append((self._counties.codes[position], part))
        return [sorted(answer, key=lambda pair: (-pair[1], pair[0])) for answer in answers]

    @property
    def digest(self) -> str:
        """sha256 (hex) over all layers: the same contents have the same name everywhere."""
        return store.join_digests([f"{level} {layer.digest()}" for level, layer in self._layers.items()])

    def save(self, folder: str | Path) -> Path:
        """Store under `folder` in a directory named by format and content, unless it is there; return its path.

        Files are written with fsync, the directory appears by one rename, and nothing is ever rewritten.
        """
        parent = Path(folder)
        parent.mkdir(parents=True, exist_ok=True)
        target = parent / f"{_PREFIX}{self.digest}"
        if target.is_dir():
            return target
        draft = parent / f".{uuid.uuid4().hex}"
        draft.mkdir()
        try:
            self._write(draft)
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

    def _write(self, folder: Path) -> None:
        # Each file names all of them, so that a lost one is not read as an absent layer.
        levels = store.PackedTexts.of(self._layers).arrays("levels")
        for level, layer in self._layers.items():
            arrays = layer.arrays() | levels | (self._borders.arrays() if level == "county" else {})
            store.write(folder / f"{level}.idx", kind=_KIND, version=_VERSION, arrays=arrays)

    @classmethod
    def open(cls, path: str | Path) -> EditionIndex:
        """The index that `save` wrote, mapped. Raises FileNotFoundError, or store.IndexDamaged (then build and save it
        again)."""
        folder = Path(path)
        layers: dict[str, _Layer] = {}
        counties = store.read(folder / "county.idx", kind=_KIND, version=_VERSION)
        for level in store.PackedTexts.of_arrays("levels", counties).texts():
            file = folder / f"{level}.idx"
            if not file.exists():
                raise store.IndexDamaged(f"索引 {folder.name} 缺少 {file.name}，请重建")
            arrays = counties if level == "county" else store.read(file, kind=_KIND, version=_VERSION)
            layers[level] = _Layer.of_arrays(arrays)
        return cls(layers, Borders.of_arrays(counties))

    @classmethod
    def stored_in(cls, folder: str | Path) -> EditionIndex | None:
        """The index that `save` put into `folder`; None if there is nothing of this format, or nothing whole."""
        for path in sorted(Path(folder).glob(f"{_PREFIX}*")):
            try:
                return cls.open(path)
            except (store.IndexDamaged, OSError):
                continue
        return None


def discard(folder: str | Path) -> None:
    """Clear a folder of stored indexes, of any format. Who has one open keeps it; nobody sees one cut in half."""
    for path in Path(folder).glob(f"{_KIND}-*"):
        grave = path.with_name(f".{uuid.uuid4().hex}")
        os.rename(path, grave)
        shutil.rmtree(grave, ignore_errors=True)


def _linked(locators: dict[str, Locator], parents: dict[str, list[str]]) -> dict[str, _Layer]:
    links = {c: p for name in locators for c, p in zip(locators[name].codes, parents[name], strict=True)}
    counties, layers = locators["county"].codes, {}
    between = list(locators)[1:]
    for level, locator in locators.items():
        above = between[: between.index(level)] if level in between else []
        layers[level] = _Layer(
            locator,
            store.PackedTexts.of(parents[level]),
            county_positions(locator.codes, links, counties),
            {upper: ancestor_positions(locator.codes, links, locators[upper].codes) for upper in above},
        )
    return layers


def _own(layer: _Layer, x: FloatArray, y: FloatArray, county: IntArray) -> tuple[IntArray, Flags]:
    """The lowest of the cells that cover each point and belong to its county, by GEOS, and LEAF_* flags."""
    locator = layer.locator
    point, cell = locator.covering(x, y)
    # A cell without a county (NO_COUNTY) matches no point, not even one outside all counties (−1).
    own = layer.county_of[cell] == county[point]
    pairs = point[own], cell[own]
    lowest = locator.lowest(x.size, pairs)
    flags = np.where(lowest >= 0, locator.marks(x, y, pairs) << 2, 0).astype(np.uint8)
    elsewhere = point[~own]
    flags[elsewhere[lowest[elsewhere] < 0]] |= LEAF_ELSEWHERE
    return lowest, flags


def _at(county_of: IntArray, cell: IntArray) -> IntArray:
    """The county of each cell; NO_COUNTY for none, also where there are no cells at all."""
    if not len(county_of):
        return np.full(cell.shape, NO_COUNTY, dtype=np.int32)
    return county_of[cell]
