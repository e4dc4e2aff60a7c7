"""The forms of the acts, one shape per kind of act; what they give is the `data` of services.act, no more."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from firepoints.forming.cuts import cut_words, cuts_of
from firepoints.life.recognise import price_of
from firepoints.models import Detection, Evidence, FirePoint
from firepoints.pages.points import words
from firepoints.policy import charging
from firepoints.steps import selectors
from firepoints.steps.questions import FOR_REVIEW, open_by_point
from firepoints.steps.workflow import BY_ACTION, LIFE, form_of
from firepoints.terms.states import Basis
from grids import selectors as grids
from grids.models import User
from grids.roles import LEVELS

AREA = forms.Textarea(attrs={"rows": 3})


class ActForm(forms.Form):
    """An act with a reason, required where the table says so; `expected_version` guards against a second hand."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, point: FirePoint, user: User, action: str, **kwargs: Any) -> None:
        self.point, self.user, self.transition = point, user, BY_ACTION[action]
        kwargs.setdefault("initial", {}).setdefault("expected_version", point.version)
        super().__init__(*args, **kwargs)
        self.build()

    def build(self) -> None:
        """Add the fields of this act."""
        is_required = self.transition.fields["reason"]
        label = "理由（写入通知与日志）" if is_required else "说明（可空）"
        self.fields["reason"] = forms.CharField(label=label, max_length=500, required=is_required, widget=AREA)

    def field_at(self, where: str) -> str | None:
        """The field beside which a refusal belongs that names `where` by the API's key; None: to the whole form."""
        return where if where in self.fields else None

    def data_of(self) -> dict[str, Any]:
        """The data of the act; empty values are left to the service's defaults."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "expected_version"}
        return {name: value for name, value in data.items() if value not in ("", None, [])}


def nothing_charged(point: FirePoint, detections: Sequence[Detection]) -> str:
    """The reason why the charge of a point that is to be recognised would be 0 yuan, on the first ground or another; ""."""
    first_of = {charging.basis_of(detection): detection for detection in reversed(detections)}
    reasons = [price_of(point, detection).nothing_because for detection in reversed(first_of.values())]
    return next((reason for reason in reasons if reason), "")


@form_of("recognise")
class DecideForm(ActForm):
    """认定计入: the ground of the charge is the fixed order's unless another is chosen."""

    def build(self) -> None:
        super().build()
        detections = selectors.chargeable_detections(self.point)
        bases = dict.fromkeys(charging.basis_of(detection) for detection in detections)
        if len(bases) > 1:
            first = next(iter(bases))
            choices = [("", f"按固定次序：{Basis(first).label}"), *((basis.value, basis.label) for basis in bases)]
            self.fields["basis"] = forms.ChoiceField(label="扣缴依据", choices=choices, required=False)
        if nothing_because := nothing_charged(self.point, detections):
            self.fields["zero_amount_confirmed"] = forms.BooleanField(
                label=f"计入以后是 0 元：{nothing_because}。已核对，仍然计入", required=False
            )


@form_of("waive")
class WaiveForm(ActForm):
    def build(self) -> None:
        self.fields["document_no"] = forms.CharField(
            label="书面放弃的文号", max_length=80, help_text="按原文填写，系统不编文号。"
        )
        super().build()


@form_of("merge", "merge_decided")
class MergeForm(ActForm):
    """并入: the point that lives on; once it is named, the page shows the two side by side."""

    def build(self) -> None:
        self.fields["into"] = forms.CharField(
            label="并入哪一处",
            max_length=30,
            initial=self.initial.get("into", ""),
            help_text="填编号；还没有编号的填“疑似-”和数字，例如 疑似-87。点“比较两处”看相距多远、怎样合并。",
        )
        super().build()


@form_of("review")
@form_of("stand")
class ReviewForm(ActForm):
    """核对完毕 and 复核后维持: the questions that are answered, all of the open ones unless some are left out."""

    def build(self) -> None:
        questions = [row for row in open_by_point([self.point])[self.point.pk] if row.kind in FOR_REVIEW]
        self.fields["questions"] = forms.TypedMultipleChoiceField(
            label="答复的问题",
            coerce=int,
            choices=[(row.pk, str(row)) for row in questions],
            initial=[row.pk for row in questions],
            widget=forms.CheckboxSelectMultiple,
        )
        super().build()


@form_of("split")
class SplitForm(ActForm):
    """划分: which burnt site each sighting belongs to, by a number; one number for all says that it is one site.

    `proposal`: what the machine would propose, in words; its numbers stand in the fields until a person changes them.
    """

    def build(self) -> None:
        self.sightings = selectors.active_detections(self.point)
        parts = cuts_of(self.sightings)
        number_of = {pk: n for n, part in enumerate(parts, 1) for pk in part.ids} if len(parts) > 1 else {}
        self.proposal = cut_words(parts)
        for sighting in self.sightings:
            when = words.when(sighting.starts_at, sighting.ends_at, sighting.precision)
            self.fields[f"part_{sighting.pk}"] = forms.IntegerField(
                label=f"{when} {sighting.source.name} {sighting.satellite}".strip(),
                min_value=1,
                max_value=99,
                initial=number_of.get(sighting.pk),
                help_text=f"{sighting.lat:.5f}°N {sighting.lon:.5f}°E，第几处",
            )
        super().build()

    def data_of(self) -> dict[str, Any]:
        parts: dict[int, list[int]] = {}
        for sighting in self.sightings:
            parts.setdefault(self.cleaned_data[f"part_{sighting.pk}"], []).append(sighting.pk)
        return {"groups": [parts[number] for number in sorted(parts)], "reason": self.cleaned_data["reason"]}


@form_of("relocate")
class RelocateForm(ActForm):
    """更正位置: to where one of the photos was taken."""

    def build(self) -> None:
        pieces = [piece for piece in selectors.evidence_for(self.point, self.user) if piece.lon is not None]
        self.fields["evidence"] = forms.ChoiceField(
            label="按哪一份佐证的位置",
            choices=[(str(piece.uuid), evidence_words(piece)) for piece in pieces],
            widget=forms.RadioSelect,
            error_messages={"required": "还没有带位置的照片：先上传。"},
            help_text="" if pieces else "还没有带位置的照片：先上传。",
        )
        super().build()


@form_of("assign_group")
class GroupForm(ActForm):
    """指定组: one of the village's groups without borders."""

    def build(self) -> None:
        where = self.point.attribution
        groups = grids.groups_to_choose(where.edition, where.village_code) if where and where.village_code else ()
        choices = [(group.code, group.name or group.code) for group in groups]
        self.fields["group"] = forms.ChoiceField(label="哪一组", choices=choices, widget=forms.RadioSelect)
        super().build()


@form_of("reattribute")
class ReattributeForm(ActForm):
    """按更正版边界重新归属: which of the open proposals is taken up."""

    def build(self) -> None:
        open_proposals = self.point.reattributions.filter(state="open").select_related("edition")
        self.fields["proposal"] = forms.ChoiceField(
            label="按哪一版",
            choices=[
                (
                    str(proposal.pk),
                    f"{proposal.edition}：{' '.join(proposal.names.get(level, '') for level in LEVELS[1:])}",
                )
                for proposal in open_proposals
            ],
            widget=forms.RadioSelect,
        )
        super().build()


def evidence_words(piece: Evidence) -> str:
    """A piece of evidence in one line of a check box."""
    at = f"{timezone.localtime(piece.device_at or piece.server_at):%m-%d %H:%M}"
    if piece.footprint_distance_m is None:
        where = f"没有定位：{piece.no_position_reason}" if piece.no_position_reason else ""
    else:
        where = "像元内" if piece.footprint_distance_m == 0 else f"像元外 {piece.footprint_distance_m:.0f} 米"
    parts: Sequence[str] = (
        f"{piece.get_kind_display()} {piece.caption or piece.filename}".strip(),
        at,
        where,
        str(piece.uploader),
    )
    return " · ".join(part for part in parts if part)


def form_class_of(action: str) -> type[ActForm]:
    """The form of an action; one that takes a reason alone needs none of its own."""
    return LIFE.forms.get(action) or ActForm
