"""`point list | show ID | act ID ACTION --as USER [--data FILE] | recount`: the life of fire points from the command line."""

import argparse
import hashlib
import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.clock import BEIJING
from core.commands import JinshaoCommand, month
from core.db import kept
from core.errors import BadInput
from firepoints.evidence.pieces import evidence_store
from firepoints.life.act import transition_of
from firepoints.life.export import export_points
from firepoints.life.proposing import act_or_propose
from firepoints.models import Evidence, FirePoint
from firepoints.steps import describe, selectors
from firepoints.terms.states import State
from grids.editions.vector_files import SUFFIX_WORDS
from grids.models import User
from grids.selectors import system_user, user_named
from journal.proposals import describe as describe_proposals

FILES = {"photos": Evidence.Kind.PHOTO, "scans": Evidence.Kind.SCAN, "tracks": Evidence.Kind.TRACK}
"""Evidence that the data file names by path; it is stored first and then listed in `evidence`."""

FILE_FIELDS = {"path", "uuid", "lon", "lat", "accuracy_m", "no_position_reason", "device_at", "caption"}
_NAMESPACE = uuid.UUID("6c1d4f8e-5b57-4c0e-9f55-6a2d1f0b7a10")


class Command(JinshaoCommand):
    help = "火点：列表、详情、办理"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="列表")
        listing.add_argument("--state", choices=State.values, default="")
        listing.add_argument("--county", default="", help="县（区）代码，含候选")
        listing.add_argument("--month", type=month, help="起火月份 YYYY-MM（北京）")
        listing.add_argument("--source", default="", help="来源")
        listing.add_argument("--limit", type=_count, default=1000)
        show = verbs.add_parser("show", help="详情")
        show.add_argument("id", help="火点 id 或编号")
        acting = verbs.add_parser("act", help="办理一步")
        acting.add_argument("id", help="火点 id 或编号")
        acting.add_argument("action", help="dispatch、report、recognise……")
        acting.add_argument("--data", type=Path, help="这一步的内容，JSON 文件")
        acting.add_argument("--expected-version", type=int, default=None)
        export = verbs.add_parser("export", help=f"导出为 {SUFFIX_WORDS}（WGS-84）")
        export.add_argument("--out", type=Path, required=True)
        export.add_argument("--month", type=month, help="起火月份 YYYY-MM（北京）")
        verbs.add_parser("recount", help="火点数或地图计数与火点不符时重新计数").set_defaults(actor="")
        for verb in (listing, show, export):
            verb.add_argument("--as", dest="actor", help="以谁的身份看；缺省为系统")
        acting.add_argument("--as", dest="actor", required=True, help="由谁办理")

    def run(self, *, verb: str, **options: Any) -> dict[str, Any]:
        if verb == "recount":
            return {"counts": {figures.table: kept.fill(name) for name, figures in kept.KEPT.items()}}
        actor = user_named(options["actor"]) if options["actor"] else system_user()
        if verb == "list":
            return self._list(actor, options)
        if verb == "show":
            return describe.full(selectors.fire_point_for(actor, options["id"]), actor)
        if verb == "export":
            by = selectors.PointFilter(month=options["month"] or "")
            points = selectors.filter_points(FirePoint.objects.visible_to(actor), by)
            return {"file": str(options["out"]), **export_points(points=points, out=options["out"], actor=actor)}
        return self._act(actor, options)

    def _list(self, actor: User, options: dict[str, Any]) -> dict[str, Any]:
        criteria: dict[str, Any] = {name: options[name] or "" for name in ("state", "county", "month", "source")}
        points = selectors.filter_points(FirePoint.objects.visible_to(actor), selectors.PointFilter(**criteria))
        points_listed = points.select_related("attribution")[: options["limit"]]
        return {"count": points.count(), "points": describe.briefs(list(points_listed))}

    def _act(self, actor: User, options: dict[str, Any]) -> dict[str, Any]:
        transition_of(options["action"])  # a mistyped action must not store files first
        data = _read(options["data"])
        point = selectors.fire_point_for(actor, options["id"])
        stored = [
            str(_store(point, actor, kind, file, options["data"].parent).uuid)
            for name, kind in FILES.items()
            for file in data.pop(name, [])
        ]
        if stored:
            data["evidence"] = [*data.get("evidence", []), *stored]
        outcome = act_or_propose(
            point_id=point.pk,
            action=options["action"],
            actor=actor,
            data=data,
            expected_version=options["expected_version"],
        )
        proposed = describe_proposals.plain([outcome.proposal], actor)[0] if outcome.proposal else None
        return describe.full(outcome.point, actor) | ({"proposal": proposed} if proposed else {})

    def show(self, result: dict[str, Any]) -> None:
        if "file" in result or "counts" in result:
            super().show(result)
            return
        if "points" in result:
            for point in result["points"]:
                self.stdout.write(
                    f"{point['id']}\t{point['number'] or '—'}\t{point['state_label']}\t{point['burn_date']}\t{point['place']}"
                )
            self.stdout.write(f"共 {result['count']} 处")
            return
        self.stdout.write(
            f"{result['number'] or result['id']}  {result['state_label']}  {result['burn_date']}  {result['place']}"
        )
        if proposal := result.get("proposal"):
            self.stdout.write(f"  还没有办理，已提请（提请 {proposal['id']}）：{'；'.join(proposal['effects'])}")
        for step in result["steps"]:
            self.stdout.write(
                f"  {_beijing(step['at'])}  {step['action']}  {step['from']} → {step['to']}  {step['reason']}"
            )
        for action in result["actions"]:
            lacking = f"（还缺：{'；'.join(action['missing'])}）" if action["missing"] else ""
            self.stdout.write(f"  可办：{action['label']}{lacking}")


def _beijing(at: Any) -> str:
    """Beijing time for people; the JSON keeps the UTC of the record."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError("应为不小于 0 的整数")
    return min(int(text), 1_000_000)


def _read(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"读不到文件：{error.strerror}", where=str(path)) from None
    except ValueError as error:
        raise BadInput(f"不是 JSON：{error}", where=str(path)) from None
    if not isinstance(data, dict) or not all(isinstance(data.get(name, []), list) for name in FILES):
        raise BadInput(f"应为 JSON 对象，{'、'.join(FILES)} 应为列表", where=str(path))
    return data


def _store(point: FirePoint, actor: User, kind: str, entry: Any, folder: Path) -> Evidence:
    """Store one named file. Without a UUID of its own it gets one from point and content, so that a repeated command
    stores nothing twice."""
    if not isinstance(entry, dict) or "path" not in entry or set(entry) - FILE_FIELDS:
        raise BadInput(f"每个文件要有 path，可有 {'、'.join(sorted(FILE_FIELDS - {'path'}))}", where=kind)
    path = folder / str(entry["path"])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"读不到文件：{error.strerror}", where=str(path)) from None
    fields = {name: value for name, value in entry.items() if name not in ("path", "uuid")}
    key = entry.get("uuid") or uuid.uuid5(
        _NAMESPACE, f"{point.pk}:{actor.pk}:{kind}:{hashlib.sha256(content).hexdigest()}:{path.name}"
    )
    return evidence_store(point=point, actor=actor, uuid=key, file=content, kind=kind, filename=path.name, **fields)
