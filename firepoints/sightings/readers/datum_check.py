"""The check that a file's positions fit the datum that was declared for it, by its own stated counties and by the box (policy.md §6).

Pure: the caller gives positions as the file has them, and a function that says in which county they lie under a datum.
Of two datums the better one is told by the rows that agree with their stated county under one of them only: at Benxi
GCJ-02 moves a point by some 550 m, which puts about 2 % of points into another county: of simulated files over Liaoning
with 3 % of wrong names, 75 % of 300 rows and 98 % of 500 were found out, and no right one was doubted. What so few rows
cannot tell is UNKNOWN, and says so.
Nothing is ever corrected here: the verdict is words and figures for a person, before anything is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np
import numpy.typing as npt

from firepoints.sightings.readers.places import county_stem

Floats = npt.NDArray[np.float64]
CountyOf = Callable[[Floats, Floats, str], Sequence[str]]
FITS, DOUBTFUL, WRONG, SWAPPED, UNKNOWN = "fits", "doubtful", "wrong", "swapped", "unknown"
TRIED = ("wgs84", "gcj02", "bd09")  # CGCS2000 is WGS-84 here
SAID = {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02（高德、腾讯）", "bd09": "BD-09（百度）"}
ENOUGH, DOUBT, PROOF = 0.05, 0.02, 0.001  # chance that an even split would be as one-sided as this


@dataclass(frozen=True, slots=True)
class UnderDatum:
    """The counts under one datum: rows compared, rows whose stated county is the computed one."""

    datum: str
    compared: int
    agree: int

    @property
    def share(self) -> float:
        return self.agree / self.compared if self.compared else 0.0


@dataclass(frozen=True, slots=True)
class DatumCheck:
    """`better`: the datum that fits better than the declared one ("" where none does); `only_better`, `only_declared`:
    rows that agree under the one and not under the other; `chance`: how likely so one-sided a split is by accident.
    `in_box`, `in_box_turned`: rows in the area as given, and with longitude and latitude exchanged.
    """

    verdict: str
    declared: str
    rows: int
    in_box: int
    in_box_turned: int
    figures: tuple[UnderDatum, ...]
    better: str = ""
    only_better: int = 0
    only_declared: int = 0
    chance: float = 1.0
    words: str = ""


def check_datum(
    *,
    lon: Floats,
    lat: Floats,
    declared: str,
    stated: Sequence[str],
    county_of: CountyOf,
    counties: Collection[str] = (),
    area: tuple[float, float, float, float] | None = None,
) -> DatumCheck:
    """Compare the declared datum with the others. Degrees as given; `stated`: a county per row, "" where none.

    `county_of(lon, lat, datum)` gives the county's name of each position if it is read in `datum`, "" outside. `counties`:
    the names of all counties that it can give; a row of a county beyond them is compared only where it comes to lie
    inside. `area`: (west, south, east, north) of the deployment, degrees.
    """
    in_box, turned = (count_inside(x, y, area) for x, y in ((lon, lat), (lat, lon)))
    if area and turned > max(in_box, 1) and turned >= 0.5 * len(lon):
        words = f"全部 {len(lon)} 行中，照原样有 {in_box} 行在本地范围内，经纬度对调后有 {turned} 行：像是两列写反了"
        return DatumCheck(SWAPPED, declared, len(lon), in_box, turned, (), words=words + TURN)
    own = "wgs84" if declared == "cgcs2000" else declared
    datums = [own, *(datum for datum in TRIED if datum != own)]
    compared, agrees = agreement(lon, lat, datums, stated, county_of, counties)
    figures = tuple(UnderDatum(datum, int(compared.sum()), int(agrees[datum].sum())) for datum in datums)
    rivals = [_rival(agrees[own], agrees[datum], datum) for datum in datums[1:]]
    chance, better, only_better, only_declared = min(rivals)
    borne_out = max(one_sided(lost, won) for _, _, won, lost in rivals) < ENOUGH
    verdict = WRONG if chance < PROOF else DOUBTFUL if chance < DOUBT else FITS if borne_out else UNKNOWN
    check = DatumCheck(
        verdict, declared, len(lon), in_box, turned, figures,
        better if verdict in (WRONG, DOUBTFUL) else "", only_better, only_declared, chance,
    )  # fmt: skip
    return _with_words(check)


TURN = "。请核对；若确是写反，在列的对应里把经度和纬度互换，不必改原表"


def count_inside(lon: Floats, lat: Floats, area: tuple[float, float, float, float] | None) -> int:
    if area is None:
        return 0
    west, south, east, north = area
    return int(((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).sum())


def agreement(
    lon: Floats,
    lat: Floats,
    datums: Sequence[str],
    stated: Sequence[str],
    county_of: CountyOf,
    counties: Collection[str],
) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.bool_]]]:
    """(rows that can be compared, per datum the rows that agree), names compared by their stems."""
    stated_stems = np.array([county_stem(name) for name in stated], dtype=object)
    stems = {county_stem(name) for name in counties}
    computed = {
        datum: np.array([county_stem(name) for name in county_of(lon, lat, datum)], dtype=object) for datum in datums
    }
    inside = np.logical_or.reduce([computed[datum] != "" for datum in datums])
    ours = np.array([name in stems for name in stated_stems], dtype=bool)
    compared = (stated_stems != "") & (inside | ours)
    agrees = {
        datum: compared & ((computed[datum] == stated_stems) | ((computed[datum] == "") & ~ours & bool(stems)))
        for datum in datums
    }
    return compared, agrees


def _rival(own: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], datum: str) -> tuple[float, str, int, int]:
    won, lost = int((other & ~own).sum()), int((own & ~other).sum())
    return one_sided(won, lost), datum, won, lost


def one_sided(won: int, lost: int) -> float:
    """The chance that of won + lost tosses of a fair coin at least `won` fall one way (the sign test)."""
    tosses = won + lost
    if tosses > 1000:  # far beyond any doubt, and beyond floats
        return 0.0 if won - lost > 4 * tosses**0.5 else 1.0
    ways: int = sum(comb(tosses, k) for k in range(won, tosses + 1))
    return ways / int(2**tosses)


def _with_words(check: DatumCheck) -> DatumCheck:
    """The check with its sentence for a person: what was declared, what the counties say, and how many rows decide it."""
    own = check.figures[0]
    if not own.compared:
        return replace(check, words="表中没有可比的县（区）名，坐标系只能由人核对")
    name = SAID.get(check.declared, check.declared)
    sentence = f"按声明的 {name}，{own.compared} 行里有 {own.agree} 行（{own.share:.1%}）表列县与计算县一致"
    if check.verdict == UNKNOWN:
        deciding = check.only_better + check.only_declared
        return replace(check, words=f"{sentence}；换一种坐标系县就不同的只有 {deciding} 行，分辨不出坐标系")
    if check.verdict == FITS:
        return replace(check, words=sentence)
    other = next(figures for figures in check.figures if figures.datum == check.better)
    word = "坐标系很可能报错了" if check.verdict == WRONG else "坐标系可能报错了"
    words = (
        f"{sentence}；按 {SAID[other.datum]} 有 {other.agree} 行（{other.share:.1%}）。"
        f"只在后者下一致的 {check.only_better} 行，只在前者下一致的 {check.only_declared} 行：{word}，请向来文单位核实"
    )
    return replace(check, words=words)
