"""The fate of a finding, for whoever filed it too: the point where it is now, and how far that is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404

from firepoints.feedback.answers import trace_of
from firepoints.findings.intake import ONE_BY_ONE
from firepoints.models import Detection, FirePoint, HotlineReport, ImportRun, RawRow
from firepoints.pages.points import words
from firepoints.terms.states import State
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of

RECEIVED = "已收"
READ_ALL = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding with its fate. `point` is None where the reader may not see it; `is_received`: all that he is told is that
    it came in, whatever became of it in cells that are not his."""

    run: ImportRun
    sighting: Detection
    point: FirePoint | None
    is_received: bool
    report: HotlineReport | None

    @property
    def what(self) -> str:
        return f"{self.sighting.source.name} · {self.sighting.get_kind_display()}"

    @property
    def fate(self) -> str:
        """The fate in words, for the one who filed it: the state of the fire, not who decides what."""
        if self.run.state == ImportRun.State.WITHDRAWN:
            return "已撤回，不再算数"
        if self.sighting.is_outside:
            return "在本市网格之外，存档"
        if self.is_received:
            return RECEIVED
        if self.point is None:
            return "没有归入火点"
        if self.point.state == State.CLOSED:
            return f"线索已关闭：{self.point.closed_reason}"
        return str(words.label_of(self.point))


def findings_told(runs: Sequence[ImportRun], user: User) -> list[Finding]:
    """The findings of some runs, in their order; a constant number of queries."""
    detections = Detection.objects.filter(run__in=runs).select_related("source", "hotline_report")
    by_run = {detection.run_id: detection for detection in detections}
    trace = trace_of(detection.pk for detection in by_run.values())
    points = {pk: trace.points.get(trace.newest[pk], point) for pk, point in trace.points.items()}
    visible = FirePoint.objects.visible_to(user).filter(pk__in=[point.pk for point in points.values()])
    visible_ids = set(visible.values_list("pk", flat=True))
    reads_all = bool(roles_of(user) & READ_ALL)
    findings = []
    for run in runs:
        if (sighting := by_run.get(run.pk)) is not None:
            point = points.get(sighting.pk)
            is_open = point is not None and point.pk in visible_ids
            report = getattr(sighting, "hotline_report", None)
            findings.append(Finding(run, sighting, point if is_open else None, not is_open and not reads_all, report))
    return findings


def finding_or_404(uuid: UUID, user: User) -> Finding:
    """The finding of a run, for who filed it, who reads imports, and who sees its point; the same 404 otherwise."""
    run = ImportRun.objects.select_related("actor", "source").filter(uuid=uuid, filename=ONE_BY_ONE).first()
    findings = findings_told([run], user) if run else []
    finding = findings[0] if findings else None
    if finding is None or not (finding.point or finding.run.actor_id == user.pk or roles_of(user) & READ_ALL):
        raise Http404("没有这一件，或不在您的范围内。")
    return finding


def said_in(finding: Finding) -> dict[str, Any]:
    """The fields of a finding beside place and time (note, proof of the date, finder), from the row as it was stored."""
    row = RawRow.objects.filter(run=finding.run).order_by("pk").first()
    try:
        fields = json.loads(row.raw) if row else {}
    except ValueError:
        fields = {}
    return fields if isinstance(fields, dict) else {}
