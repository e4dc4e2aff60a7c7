"""Rows that come again: they replace a row of a point past suspicion, or come after its withdrawal. Each waits for a person at
that point and opens none of its own: else one fire would be charged twice (policy.md §4)."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from firepoints.forming import doubts
from firepoints.forming.scene import Scene
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Question, Supersession
from firepoints.steps import selectors
from firepoints.steps.advancing import claim
from firepoints.steps.asking import Asking, Kind
from firepoints.steps.standing import standing_words
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import LIVE, State
from grids.geo.footprint import distance_m
from grids.models import User
from journal.record.services import record

_NUMBERED = re.compile(r".*?\|#[^|]*\|")
REPLACES = "更正的清单用它替代这一处的一行"
SAME_FILE = "同一文件撤回以后又导入，这是这一处原来的那一行"
SAME_GROUP = "与又来的一行连成一处"
BESIDE = "它落在这一处已撤回或已更正的一行旁边"


@dataclass(frozen=True, slots=True)
class Tie:
    """The point to which a row came again, the row of it that is out of force, and why the two are tied; certain where the list
    or the file says so, not where it only lies beside."""

    point: int
    older: int
    why: str
    is_certain: bool = True


def ties_of(run: ImportRun, new: Collection[int]) -> dict[int, Tie]:
    """Of the new rows (ids) those that replace a row of a point past suspicion, or repeat one of a withdrawn import of the same
    file; what a person has answered is tied no more. At most six queries."""
    replaced = _replaced(run, new)
    repeated = _repeated(run, new)
    older = {
        **{pk: (of, SAME_FILE) for pk, of in repeated.items()},
        **{pk: (of, REPLACES) for pk, of in replaced.items()},
    }
    points = _points_of({of for of, _ in older.values()})
    ties = {pk: Tie(points[of], of, why) for pk, (of, why) in older.items() if of in points}
    settled = answered_pairs(ties)
    return {pk: tie for pk, tie in ties.items() if (pk, tie.point) not in settled}


def _replaced(run: ImportRun, new: Collection[int]) -> dict[int, int]:
    """New row → the row that it replaces, where that one is out of force."""
    pairs = Supersession.objects.filter(run=run, older__live_key__isnull=True).order_by("-older")
    return {newer: older for newer, older in pairs.values_list("newer_id", "older_id") if newer in new}


def far_of_their_number(run: ImportRun, new: Collection[int]) -> dict[int, Doubt]:
    """Of the new rows of a corrected list those whose 序号 was, in the list before, that of a row kilometres away that a point past
    suspicion holds: a fire of its own, as a list is read, or the same one put right. At most four queries."""
    if run.supersedes_id is None or not new:
        return {}
    mine = {base: pk for pk, key in _keys(run.pk) if pk in new and (base := _numbered(key))}
    for pk in _replaced(run, new):
        mine = {base: own for base, own in mine.items() if own != pk}
    older = {mine[base]: pk for pk, key in _keys(run.supersedes_id) if mine and (base := _numbered(key)) in mine}
    points = _points_of(set(older.values()))
    pairs = {pk: of for pk, of in older.items() if of in points}
    rows = Detection.objects.select_related("source").in_bulk([*pairs, *pairs.values()])
    return {
        pk: doubts.number_given_away(rows[pk], rows[of]) for pk, of in pairs.items() if rows[pk].key != rows[of].key
    }


def _keys(run: int) -> Iterable[tuple[int, str]]:
    return Detection.objects.filter(run=run, key__contains="|#").values_list("pk", "key")


def _numbered(key: str) -> str:
    """What a row's key says before its content: the list and the 序号; "" where it has none."""
    match = _NUMBERED.match(key)
    return match[0] if match else ""


def _repeated(run: ImportRun, new: Collection[int]) -> dict[int, int]:
    """New row → the same row of the same file as a withdrawn import brought it, whatever was declared about its datum."""
    withdrawn = ImportRun.objects.of_this_file(run.source, run.sha256).filter(state=ImportRun.State.WITHDRAWN)
    runs = list(withdrawn.exclude(pk=run.pk).order_by("pk").values_list("pk", flat=True)) if run.sha256 else []
    if not runs:
        return {}
    before = Detection.objects.filter(run__in=runs).order_by("pk")
    columns = ("row_no", "given_lon", "given_lat", "pk")
    row_of = {(row_no, lon, lat): pk for row_no, lon, lat, pk in before.values_list(*columns)}
    mine = Detection.objects.filter(run=run).values_list(*columns)
    return {pk: row_of[key] for row_no, lon, lat, pk in mine if pk in new and (key := (row_no, lon, lat)) in row_of}


def _points_of(rows: Collection[int]) -> dict[int, int]:
    """Row → the point past suspicion that holds it, or held it last."""
    if not rows:
        return {}
    memberships = Membership.objects.filter(detection__in=list(rows)).order_by("is_active", "pk")
    last = dict(memberships.values_list("detection_id", "point_id"))
    points = FirePoint.objects.select_related("merged_into").in_bulk(set(last.values()))
    survivors = {pk: selectors.survivor_of(point) for pk, point in points.items()}
    return {row: survivors[at].pk for row, at in last.items() if waits_at(survivors[at])}


def waits_at(point: FirePoint) -> bool:
    """Whether a row may wait at a point: people have acted on it, and it stands."""
    return point.state in LIVE and point.state != State.SUSPECTED


def answered_pairs(rows: Iterable[int]) -> set[tuple[int, int]]:
    """The pairs (row, point) of which a person has said what they are."""
    answered = Question.objects.filter(kind=Kind.CAME_AGAIN, detection__in=list(rows), answered_by__isnull=False)
    return {(row, at) for row, at in answered.values_list("detection_id", "point_id") if row and at}


def out_of_force(scene: Scene) -> set[int]:
    """The rows of the scene that points past suspicion keep though they are out of force."""
    acted_on = [pk for pk, at in scene.point_of.items() if scene.points[at].state != State.SUSPECTED]
    rows = Membership.objects.filter(point__in=list(scene.points), is_active=True)
    gone = rows.filter(detection__live_key__isnull=True).values_list("detection_id", flat=True)
    return set(acted_on) & set(gone)


def let_wait(rows: Mapping[int, Tie], detections: Mapping[int, Detection], scene: Scene, actor: User) -> int:
    """Ask at each point about the rows that came again to it; returns at how many points. Raises StaleVersion."""
    by_point: dict[int, list[int]] = defaultdict(list)
    for pk, tie in sorted(rows.items()):
        by_point[tie.point].append(pk)
    for at, ids in sorted(by_point.items()):
        point = scene.points.get(at) or FirePoint.objects.select_related("verification").get(pk=at)
        claim(point)
        scene.points[at] = point  # its version is this piece's own from here on
        older = Detection.objects.select_related("source").in_bulk([rows[pk].older for pk in ids])
        asking = Asking()
        asking.ask([(point, _doubt(point, detections[pk], older[rows[pk].older], rows[pk].why)) for pk in ids])
        record("question.asked", point, actor, after=asking.told())
    return len(by_point)


def _doubt(point: FirePoint, row: Detection, older: Detection, why: str) -> Doubt:
    words = (
        f"{row.source.name}又来一行（{_where(row)}）：{why}（原来一行 {_where(older)}）。"
        f"这一处{standing_words(point)}；答复前这一行不另成一处：同一处，或另是一处"
    )
    metres = round(float(distance_m(row.lon, row.lat, older.lon, older.lat)))
    minutes = round(abs((row.starts_at - older.starts_at).total_seconds()) / 60)
    alike = [f"与原来一行相距 {metres} 米、相差 {minutes} 分钟", *([why] if why != SAME_GROUP else [])]
    other = [] if row.beijing_date == older.beijing_date else ["日期不同"]
    return Doubt(
        Kind.CAME_AGAIN, words, detection=row.pk, speaks_for="；".join(alike), speaks_against="；".join(other),
        stops_money=row.source.raises_before_money,
    )  # fmt: skip


def _where(row: Detection) -> str:
    at = timezone.localtime(row.starts_at)
    when = f"{at:%Y-%m-%d %H:%M}" if row.precision == "instant" else f"{row.beijing_date}"
    return f"第 {row.row_no} 行，{when}，{row.lat:.5f}°N {row.lon:.5f}°E"


def tied(group: Sequence[int], ties: Mapping[int, Tie], *, has_point: bool) -> dict[int, Tie]:
    """The rows of a group that wait: those that came again, and where no point has the others yet all of it, for it is one
    fire. What only lies beside a row out of force does not leave a point that it has."""
    own = {pk: ties[pk] for pk in group if pk in ties and (ties[pk].is_certain or not has_point)}
    if not own or has_point:
        return own
    first = own[min(own)]
    return {pk: own.get(pk) or replace(first, why=SAME_GROUP) for pk in group}
