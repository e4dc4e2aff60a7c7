"""The cells of points: many at once, each in the edition of its own Beijing date.

The index of an edition is built once, kept under JINSHAO_HOME/indexes in a folder named by edition id and content
hash (the geometry layer adds its format and digest), and mapped once per process. Which edition rules is read from
the database for every batch, so an activation takes effect at once; a process that is asked for an older edition
answers by that one. One process at a time builds an index: the others wait for its file.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import structlog
from django.conf import settings

from core.errors import Refused
from grids.editions.check import load_layers
from grids.geo.edition_index import LEVELS as LOCATED_LEVELS
from grids.geo.edition_index import EditionIndex, discard
from grids.models import Edition
from grids.roles import Level
from grids.selectors import cell_names, editions_in_force

log = structlog.get_logger(__name__)
Texts = npt.NDArray[np.object_]
_indexes: dict[tuple[int, str], EditionIndex] = {}
_names: dict[tuple[int, str], dict[str, Texts]] = {}
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class Located:
    """The answers for n points. `codes[level]` and `names[level]` are arrays of str, "" where there is no cell.

    `edition` is the position in `editions` (−1 where the coordinates were no numbers), `is_before_first` marks dates
    before the first edition, `flags` are those of grids.geo.edition_index.
    """

    editions: list[Edition]
    edition: npt.NDArray[np.int16]
    is_before_first: npt.NDArray[np.bool_]
    codes: dict[str, Texts]
    names: dict[str, Texts]
    flags: npt.NDArray[np.uint8]

    def chain(self, at: int) -> dict[str, str]:
        """{level: code} of one point, without the levels that it is not in."""
        return {level: str(codes[at]) for level, codes in self.codes.items() if codes[at]}


def index_for(edition: Edition) -> EditionIndex:
    """The compiled edition: from this process, else from its file, else built and stored.

    Raises Refused("no_county_layer") for an edition without counties.
    """
    key = (edition.pk, edition.content_hash)
    if key not in _indexes:
        with _making:
            if key not in _indexes:
                _indexes[key] = _open_or_build(edition)
    return _indexes[key]


def forget() -> None:
    """Drop what this process holds; the files stay. For tests and after a restore."""
    _indexes.clear()
    _names.clear()


def _open_or_build(edition: Edition) -> EditionIndex:
    folder = Path(settings.JINSHAO_HOME) / "indexes" / f"{edition.pk}-{edition.content_hash[:16]}"
    index = EditionIndex.stored_in(folder)
    if index is None:
        with _one_builder(folder):
            # Whoever was here before may have just built it.
            index = EditionIndex.stored_in(folder) or _build(edition, folder)
    return index


@contextmanager
def _one_builder(folder: Path) -> Iterator[None]:
    """Hold the lock of building: one process of this machine at a time. Where nothing can be written each builds its
    own, and keeps none."""
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context((folder / ".lock").open("a")), fcntl.LOCK_EX)
        except OSError as error:
            log.warning("locating.index_not_locked", error=f"{type(error).__name__}: {error}")
        yield


def _build(edition: Edition, folder: Path) -> EditionIndex:
    layers = [layer for layer in load_layers(edition) if layer.level in LOCATED_LEVELS]
    if not any(layer.level == Level.COUNTY for layer in layers):
        raise Refused(f"边界版本“{edition.name}”没有县（区）图层，无法定位。", code="no_county_layer")
    index = EditionIndex.build({layer.level: (layer.shapes, layer.codes, layer.parents) for layer in layers})
    try:
        discard(folder)  # damaged, or of an older format
        index.save(folder)
    except OSError as error:
        # A full disk is no reason not to answer: this process holds the index, the next one builds it again.
        log.warning("locating.index_not_kept", error=f"{type(error).__name__}: {error}")
    return index


def _names_for(edition: Edition) -> dict[str, Texts]:
    """The names of each level by position, as `EditionIndex.codes` has the codes."""
    key = (edition.pk, edition.content_hash)
    if key not in _names:
        by_code, index = cell_names(edition), index_for(edition)
        _names[key] = {
            level: np.array([by_code.get(code, "") for code in index.codes(level).tolist()], dtype=object)
            for level in LOCATED_LEVELS
        }
    return _names[key]


def edition_chooser() -> tuple[list[Edition], Callable[[date], tuple[int, bool]]]:
    """The editions in force and a function date → (position of its edition, is before the first).

    Raises Refused("no_edition") when none is active.
    """
    editions = editions_in_force()
    if not editions:
        raise Refused("还没有启用的边界版本，无法定位；请先 grid import，再 grid activate。", code="no_edition")
    starts = [edition.valid_from for edition in editions if edition.valid_from is not None]

    def choose(on: date) -> tuple[int, bool]:
        position = int(np.searchsorted(np.array(starts, dtype="datetime64[D]"), np.datetime64(on), side="right")) - 1
        return max(position, 0), position < 0

    return editions, choose


def locate(lon: npt.ArrayLike, lat: npt.ArrayLike, on: date | Sequence[date]) -> Located:
    """Locate WGS-84 points, each in the edition of its Beijing date (one for all, or one for each).

    A position that is not finite or not in degrees gets no cell and edition −1: the caller says why. Raises
    Refused("no_edition"), and ValueError for lists of different length.
    """
    x, y = np.atleast_1d(np.asarray(lon, dtype=np.float64)), np.atleast_1d(np.asarray(lat, dtype=np.float64))
    dates = None if isinstance(on, date) else list(on)
    if x.shape != y.shape or x.ndim != 1 or (dates is not None and len(dates) != len(x)):
        raise ValueError("经度、纬度、日期的个数不一致")
    editions, choose = edition_chooser()
    chosen = {day: choose(day) for day in ({on} if isinstance(on, date) else set(dates or ()))}
    of_each = [chosen[on]] * len(x) if isinstance(on, date) else [chosen[day] for day in dates or ()]
    position = np.array([edition for edition, _ in of_each], dtype=np.int16)
    early = np.array([is_early for _, is_early in of_each], dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        readable = np.isfinite(x) & np.isfinite(y) & (np.abs(x) <= 180) & (np.abs(y) <= 90)
    position[~readable] = -1
    return _fill(editions, position, early, x, y)


def _fill(
    editions: list[Edition],
    position: npt.NDArray[np.int16],
    early: npt.NDArray[np.bool_],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
) -> Located:
    codes: dict[str, Texts] = {level: np.full(len(x), "", dtype=object) for level in (Level.CITY, *LOCATED_LEVELS)}
    names: dict[str, Texts] = {level: np.full(len(x), "", dtype=object) for level in codes}
    flags = np.zeros(len(x), dtype=np.uint8)
    for at, rows in _by_edition(position):
        edition = editions[at]
        index, called = index_for(edition), _names_for(edition)
        places = index.locate_places(x[rows], y[rows])
        flags[rows] = places.flags
        for level in LOCATED_LEVELS:
            codes[level][rows] = index.codes(level)[places.positions[level]]
            names[level][rows] = called[level][places.positions[level]]
        _add_city(edition, rows, codes, names)
    return Located(editions, position, early, codes, names, flags)


def _by_edition(position: npt.NDArray[np.int16]) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    for at in np.unique(position).tolist():
        if at >= 0:
            yield at, np.flatnonzero(position == at)


def _add_city(edition: Edition, rows: npt.NDArray[np.intp], codes: dict[str, Texts], names: dict[str, Texts]) -> None:
    """Fill in the city of each county: its parent, where the edition has a city at all."""
    above = edition.cells.filter(level=Level.COUNTY, parent__level=Level.CITY)
    city = {code: (parent, name) for code, parent, name in above.values_list("code", "parent__code", "parent__name")}
    if city:
        cities = [city.get(county, ("", "")) for county in codes[Level.COUNTY][rows].tolist()]
        codes[Level.CITY][rows] = [code for code, _ in cities]
        names[Level.CITY][rows] = [name for _, name in cities]
