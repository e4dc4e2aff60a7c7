"""The questions that the rows of one point raise by contradicting each other: for a person, never settled by the machine.

Pure but for the names of counties. A question blocks 认定 until somebody answers it (核对, 划分 or 并入); only what a row
brings is asked, so that an answered question does not come back with the next row.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations, pairwise

import numpy as np

from firepoints.models import Detection, Question, Source
from firepoints.sightings.readers.places import county_stem
from firepoints.steps.asking import THE_OTHER
from firepoints.terms.doubt import Doubt
from grids.geo.footprint import metres_per_degree

SITES_M = 200.0
"""Two findings on site this far apart, errors apart, are seldom one field: a phone is good to some ten metres."""
ACCURACY_M = 20.0
Kind = Question.Kind
EARLIER = "巡查发现早于过境而在像元内：与相邻的一处可能是同一处，请核对，同一处请并入"
FINDING_SHIFTED = "疑为坐标系有误：按火星坐标（GCJ-02）换算后落在同日另一处的像元内，请核对位置，同一处请并入"
PIXEL_SHIFTED = "疑为坐标系有误：同日一处巡查发现按火星坐标（GCJ-02）换算后落在本处像元内，请核对，同一处请并入"
NO_EDITION = "没有启用的边界版本，启用后重新定位"
OUTSIDE = "中心不在任何县（区）内"
NEW_COUNTY = "新的监测记录触及另一县（区），请考虑标记跨界"
ZONE = re.compile("开发区|高新|经开|新区|新城|示范区|管委会")
Origins = Mapping[int, int | None]
"""Sightings that have just come to a point: id → the point that they come from, None for those that had none."""


def earlier_finding(detection: int, beside: int) -> Doubt:
    """A finding inside a pixel before the satellite passed, asked of one of the two."""
    return Doubt(Kind.EARLIER_FINDING, EARLIER, detection=detection, beside=beside)


def shifted(detection: int, beside: int, *, is_finding: bool) -> Doubt:
    """A finding that a wrong datum may keep from its pixel, asked of the one that comes later."""
    return Doubt(Kind.DATUM, FINDING_SHIFTED if is_finding else PIXEL_SHIFTED, detection=detection, beside=beside)


def number_given_away(row: Detection, older: Detection) -> Doubt:
    """A row of a corrected list under the 序号 of one kilometres away, which is gone: asked of the new one."""
    east, north = (float(metres) for metres in metres_per_degree(row.lat))
    km = math.hypot((row.lon - older.lon) * east, (row.lat - older.lat) * north) / 1000
    words = f"更正的清单把 {THE_OTHER} 原来那一行的序号给了这一处，相距 {km:.1f} 公里：是同一处改了坐标请并入，另是一处请核对"
    return Doubt(
        Kind.NEAR, words, detection=row.pk, beside=older.pk, speaks_for="同一序号", speaks_against=f"相距 {km:.1f} 公里",
        stops_money=row.source.raises_before_money,
    )  # fmt: skip


def touches(other: int, name: str) -> Doubt:
    """A point that stands and that new sightings touch without joining it; `name` says how it stands."""
    return Doubt(Kind.TOUCHES, f"与 {name} 的范围相接：同一处请并入，新的焚烧另行派发", other=other)


def several_sites(detections: Sequence[Detection], came: Origins, pause_h: float) -> list[Doubt]:
    """Signs that a group is two fires, among pairs that have just come together: findings on site far apart, rows that the
    issuer itself holds apart (one list, one pass or day), or days running (`pause_h`: hours without a row after which a new
    date may be a new fire)."""
    signs = [_far_apart(detections, came), *_of_one_pass(detections, came), _running_days(detections, came, pause_h)]
    return [doubt for doubt in signs if doubt is not None]


def _are_new(a: Detection, b: Detection, came: Origins) -> bool:
    """Whether two sightings of a point meet for the first time: what came together from one point has met before."""
    if a.pk not in came and b.pk not in came:
        return False
    origins = came.get(a.pk), came.get(b.pk)
    return origins[0] is None or origins[0] != origins[1]


def _far_apart(detections: Sequence[Detection], came: Origins) -> Doubt | None:
    on_site = [detection for detection in detections if detection.kind != Detection.Kind.SATELLITE]
    far = max(
        ((metres, a, b) for a, b in combinations(on_site, 2) if _are_new(a, b, came) and (metres := _metres(a, b))),
        key=lambda pair: (pair[0], -pair[1].pk, -pair[2].pk),
        default=None,
    )
    if far is None:
        return None
    metres, a, b = far
    newer = max((finding for finding in (a, b) if finding.pk in came), key=lambda finding: finding.pk)
    grounds = f"巡查或黑斑相距 {metres:.0f} 米"
    return Doubt(Kind.SEVERAL_SITES, _several(grounds), detection=newer.pk, speaks_for=grounds)


def _metres(a: Detection, b: Detection) -> float:
    """Metres between two findings, 0 where they may be one field."""
    east, north = metres_per_degree((a.lat + b.lat) / 2)
    apart = float(np.hypot((a.lon - b.lon) * east, (a.lat - b.lat) * north))
    allowed = SITES_M + sum(max(accuracy_m(finding) - ACCURACY_M, 0.0) for finding in (a, b))
    return apart if apart >= allowed else 0.0


def _several(grounds: str) -> str:
    return f"疑为几处：{grounds}，请现场看清后划分或核对"


def accuracy_m(detection: Detection) -> float:
    """Metres by which a finding may be off, as it says, else as a phone has outside under the sky."""
    return detection.accuracy_m or ACCURACY_M


def _of_one_pass(detections: Iterable[Detection], came: Origins) -> list[Doubt]:
    """One question for each list that holds rows of one pass, or of one day, apart, with all of them in its words."""
    passes: dict[Pass, list[Detection]] = defaultdict(list)
    for detection in detections:
        if (of := pass_of(detection)) is not None:
            passes[of].append(detection)
    signs: dict[int, list[str]] = defaultdict(list)
    newest: dict[int, int] = {}
    for (run, *_), rows in passes.items():
        if any(_are_new(a, b, came) for a, b in combinations(rows, 2)):
            together = "同一次过境" if rows[0].precision == "instant" else "同一天"
            signs[run].append(f"同一清单{together}列有 {len(rows)} 行（第 {_numbers(rows)} 行）")
            newest[run] = max(newest.get(run, 0), *(detection.pk for detection in rows if detection.pk in came))
    return [
        Doubt(
            Kind.SEVERAL_SITES,
            _several("，".join(grounds)),
            detection=newest[run],
            run=run,
            speaks_for="，".join(grounds),
        )
        for run, grounds in signs.items()
    ]


Pass = tuple[int, str, datetime, datetime]


def pass_of(detection: Detection) -> Pass | None:
    """The list and the pass, or where it gives a date alone the day, in which the issuer lists a row; None for what is on no
    official list."""
    if detection.source.source_class != Source.Class.OFFICIAL_LIST:
        return None
    return detection.run_id, detection.satellite, detection.starts_at, detection.ends_at


def _running_days(detections: Iterable[Detection], came: Origins, pause_h: float) -> Doubt | None:
    """A question about a site that chargeable rows name on days running: told again, a new fire there, or several sites. A scar
    is found later, and says nothing of the kind; what burns through the night is one fire."""
    rows = [row for row in detections if row.source.raises_before_money and row.kind != Detection.Kind.SCAR]
    rows.sort(key=lambda row: (row.starts_at, row.ends_at, row.pk))
    newer: list[Detection] = []
    for a, b in pairwise(rows):
        is_vague = a.precision != "instant" or b.precision != "instant"
        paused = (b.starts_at - a.ends_at).total_seconds() > pause_h * 3600
        if a.beijing_date != b.beijing_date and (is_vague or paused):
            newer += [row for row in (a, b) if row.pk in came and _are_new(a, b, came)]
    if not newer:
        return None
    days = "、".join(f"{day:%m-%d}" for day in sorted({row.beijing_date for row in rows}))
    grounds = f"{days} 都有可扣缴的监测记录{'，只有日期' if any(row.precision != 'instant' for row in rows) else ''}"
    words = f"连日上报：{grounds}。同一处又报的核对完毕，再次焚烧或有几处的请划分"
    return Doubt(Kind.RUNNING_DAYS, words, detection=max(row.pk for row in newer), speaks_for=grounds)


def _numbers(rows: Sequence[Detection]) -> str:
    return "、".join(str(number) for number in sorted(row.row_no for row in rows))


def other_county(detections: Iterable[Detection], code: str, names: Mapping[str, str]) -> list[Doubt]:
    """A question for each row that can be charged and names, or lies in, another county than the point's own (`code`).

    `names`: {county code: name} of the point's edition. A development zone is not compared: it has no border of its own
    (policy.md §2e). A row that lies across but names the point's own county agrees with it.
    """
    own = county_stem(names.get(code, ""))
    if not own:
        return []
    questions = []
    for detection in detections:
        if detection.source.source_class == Source.Class.LEAD:
            continue
        stated = "" if ZONE.search(detection.stated_county) else county_stem(detection.stated_county)
        lies = names.get(detection.county_code, "")
        who = "清单" if detection.kind == Detection.Kind.SATELLITE else "巡查"
        if stated and stated != own:
            grounds = f"{who}写 {detection.stated_county}，坐标在 {lies or names[code]}"
        elif lies and detection.county_code != code and stated != own:
            grounds = f"{who}一行的坐标在 {lies}，火点定在 {names[code]}"
        else:
            continue
        words = f"表列县不符：{grounds}，请核对或标记跨界"
        weight = detection.source.raises_before_money
        questions.append(
            Doubt(Kind.STATED_COUNTY, words, detection=detection.pk, speaks_for=grounds, stops_money=weight)
        )
    return questions
