"""重新归属 as a workbook and a layer: where each point is filed now, and where the correcting edition has it (C2)."""

from __future__ import annotations

from collections.abc import Iterable

import shapely

from core.clock import BEIJING
from firepoints.models import Reattribution
from grids.editions.vector_files import file_content, layer_frame, plain, write_features
from grids.roles import LEVELS
from papers.tables import Table, Value, workbook

BELOW_CITY = LEVELS[1:]
OUTSIDE = "不在任何县（区）内"
COLUMNS = (("火点", 16), ("状态", 12), ("起火日", 12), ("经度", 11), ("纬度", 11), ("现在归", 34), ("现在的代码", 16),
           ("按更正版", 34), ("更正版的代码", 16), ("县（区）不同", 10), ("更正版", 24), ("处理", 10), ("理由", 30), ("经办人", 12),
           ("提出时间（北京）", 18))  # fmt: skip
FIELDS = ("point", "state", "burn_date", "lon", "lat", "place_now", "code_now", "place_new", "code_new", "other_county",
          "edition", "decision", "reason", "decided_by", "proposed_at")  # fmt: skip


def places(row: Reattribution) -> tuple[str, str]:
    """The place on file and the place by the edition, each as the names from the county down."""
    before = [str(getattr(row.attribution, f"{level}_name")) for level in BELOW_CITY]
    after = [str(row.names.get(level, "")) for level in BELOW_CITY]
    return " ".join(filter(None, before)), " ".join(filter(None, after)) or OUTSIDE


def reattributions_workbook(rows: Iterable[Reattribution], *, title: str) -> bytes:
    """One sheet. The rows come with point, attribution, edition and decided_by."""
    notes = ("采用之前什么都不变；认定过的先“重新核实”。坐标为 WGS-84，经度在前；示意图，不作划界依据。",)
    return workbook(Table("重新归属", COLUMNS, [_told(row) for row in rows], title=title, notes=notes))


def reattributions_layer(rows: Iterable[Reattribution], suffix: str) -> bytes:
    """The points as layer `moved_points`. Raises BadInput for a suffix not of FORMATS, or without a row."""
    lines = [_told(row) for row in rows]
    columns = {name: [plain(line[at]) for line in lines] for at, name in enumerate(FIELDS)}
    spots = [shapely.Point(lon, lat) for lon, lat in zip(columns["lon"], columns["lat"], strict=True)]
    return file_content(suffix, lambda out: write_features({"moved_points": layer_frame(columns, spots)}, out))


def _told(row: Reattribution) -> tuple[Value, ...]:
    point, old = row.point, row.attribution
    before, after = places(row)
    code_now = next((code for level in reversed(BELOW_CITY) if (code := getattr(old, f"{level}_code"))), "")
    code_new = next((code for level in reversed(BELOW_CITY) if (code := row.chain.get(level, ""))), "")
    return (str(point), point.get_state_display(), point.burn_date, point.lon, point.lat, before, code_now, after, code_new,
            "是" if row.is_other_county else "否", row.edition.name, row.get_state_display(), row.reason,
            row.decided_by.full_name if row.decided_by else "", f"{row.at.astimezone(BEIJING):%Y-%m-%d %H:%M}")  # fmt: skip
