"""What the rows of one point contradict each other in: questions for a person, in words, never settled by the machine.

Pure but for the names of counties. A question blocks 认定 until somebody answers it (核对, 划分, 标记跨界 or 并入); only
what a row brings is asked, so that an answered question does not come back with the next row.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from firepoints.models import Detection, Source
from firepoints.sources.places import county_stem
from grids.geo.footprint import metres_per_degree

SITES_M = 200.0
"""Two findings on site this far apart, errors apart, are seldom one field: a phone is good to some ten metres."""
ACCURACY_M = 20.0
BETWEEN = "；"
OVERSIZE = "待人工划分"
SEVERAL = "疑为几处"
STATED = "表列县不符"
DATUM = "疑为坐标系有误"
EARLIER = "巡查发现早于过境而在像元内：与相邻的一处可能是同一处，请核对，同一处请并入"
FINDING_SHIFTED = f"{DATUM}：按火星坐标（GCJ-02）换算后落在同日另一处的像元内，请核对位置，同一处请并入"
PIXEL_SHIFTED = f"{DATUM}：同日一处巡查发现按火星坐标（GCJ-02）换算后落在本处像元内，请核对，同一处请并入"
TOUCHES = "的范围相接"
ZONE = re.compile("开发区|高新|经开|新区|新城|示范区|管委会")
MOST = 200  # characters of FirePoint.needs_person


def joined(*questions: str) -> str:
    """Several questions as one text, each once, as long as the column holds."""
    parts = [part for question in questions for part in question.split(BETWEEN) if part]
    return BETWEEN.join(dict.fromkeys(parts))[:MOST]


def without(text: str, *kinds: str) -> str:
    """The questions left when those of some kinds (how they begin) are answered."""
    return BETWEEN.join(part for part in text.split(BETWEEN) if part and not part.startswith(kinds))


def only(text: str, *kinds: str) -> str:
    """The open questions of some kinds (how they begin)."""
    return BETWEEN.join(part for part in text.split(BETWEEN) if part and part.startswith(kinds))


def after_division(text: str) -> str:
    """What is still open when a person has said which sightings are one site."""
    return without(text, OVERSIZE, SEVERAL)


def several_sites(detections: Sequence[Detection], fresh: Collection[int]) -> str:
    """Signs that a group is two fires, among pairs with at least one of `fresh`: findings on site far apart, or rows that
    the issuer itself holds apart (one list, one pass)."""
    far = _far_findings([one for one in detections if one.kind != Detection.Kind.SATELLITE], fresh)
    told = [f"巡查或黑斑相距 {far:.0f} 米"] if far else []
    told += [
        f"同一清单同一次过境列有 {len(rows)} 行（第 {_numbers(rows)} 行）" for rows in _same_pass(detections, fresh)
    ]
    return f"{SEVERAL}：{'，'.join(told)}，请现场看清后划分或核对" if told else ""


def _far_findings(found: Sequence[Detection], fresh: Collection[int]) -> float:
    """Metres between the two findings farthest apart, 0 where all may be one field."""
    far = 0.0
    for a, b in combinations(found, 2):
        if a.pk not in fresh and b.pk not in fresh:
            continue
        east, north = metres_per_degree((a.lat + b.lat) / 2)
        apart = float(np.hypot((a.lon - b.lon) * east, (a.lat - b.lat) * north))
        allowed = SITES_M + sum(max(accuracy_m(one) - ACCURACY_M, 0.0) for one in (a, b))
        far = max(far, apart if apart >= allowed else 0.0)
    return far


def accuracy_m(one: Detection) -> float:
    """What a finding says of its own error, else what a phone has outside under the sky."""
    return one.accuracy_m or ACCURACY_M


def _same_pass(detections: Iterable[Detection], fresh: Collection[int]) -> list[list[Detection]]:
    passes: dict[tuple[object, ...], list[Detection]] = defaultdict(list)
    for one in detections:
        if one.source.source_class == Source.Class.OFFICIAL_LIST and one.precision == "instant" and one.satellite:
            passes[(one.run_id, one.satellite, one.starts_at)].append(one)
    return [rows for rows in passes.values() if len(rows) > 1 and any(one.pk in fresh for one in rows)]


def _numbers(rows: Sequence[Detection]) -> str:
    return "、".join(str(number) for number in sorted(one.row_no for one in rows)[:4])


def other_county(detections: Iterable[Detection], code: str, names: Mapping[str, str]) -> str:
    """Rows that can be charged and that name, or lie in, another county than the point's own (`code`).

    `names`: {county code: name} of the point's edition. A development zone is not compared: it has no border of its own
    (policy.md §2e). A row that lies across but names the point's own county agrees with it.
    """
    own = county_stem(names.get(code, ""))
    if not own:
        return ""
    told: dict[str, None] = {}
    for one in detections:
        if one.source.source_class == Source.Class.LEAD:
            continue
        said = "" if ZONE.search(one.stated_county) else county_stem(one.stated_county)
        lies = names.get(one.county_code, "")
        who = "清单" if one.kind == Detection.Kind.SATELLITE else "巡查"
        if said and said != own:
            told[f"{who}写 {one.stated_county}，坐标在 {lies or names[code]}"] = None
        elif lies and one.county_code != code and said != own:
            told[f"{who}一行的坐标在 {lies}，火点定在 {names[code]}"] = None
    return f"{STATED}：{'，'.join(list(told)[:3])}，请核对或标记跨界" if told else ""
