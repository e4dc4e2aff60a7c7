"""The forms of the acts, one shape per kind of act; what they give is the `data` of services.act, no more."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from firepoints.forming.cuts import cut_words, cuts_of
from firepoints.models import Evidence, FirePoint, JointAttendance
from firepoints.pages.points import words
from firepoints.policy import charging
from firepoints.steps import selectors
from firepoints.steps.questions import FOR_REVIEW, open_by_point
from firepoints.steps.workflow import BY_ACTION, LIFE, form_of
from firepoints.terms.states import Basis, Cause, Conclusion
from grids import locating
from grids import selectors as grids
from grids.models import User
from grids.roles import LEVELS

BUREAU_ROW = "bureau"
_AREA = forms.Textarea(attrs={"rows": 3})


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
        self.fields["reason"] = forms.CharField(label=label, max_length=500, required=is_required, widget=_AREA)

    def data_of(self) -> dict[str, Any]:
        """The data of the act; empty values are left to the service's defaults."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "expected_version"}
        return {name: value for name, value in data.items() if value not in ("", None, [])}


@form_of("recognise")
class DecideForm(ActForm):
    """认定计入: the ground of the charge is the fixed order's unless another is chosen."""

    def build(self) -> None:
        super().build()
        detections = selectors.chargeable_detections(self.point, self.point.burn_date)
        bases = dict.fromkeys(charging.basis_of(detection) for detection in detections)
        if len(bases) > 1:
            first = next(iter(bases))
            choices = [("", f"按固定次序：{Basis(first).label}"), *((basis.value, basis.label) for basis in bases)]
            self.fields["basis"] = forms.ChoiceField(label="扣缴依据", choices=choices, required=False)


@form_of("waive")
class WaiveForm(ActForm):
    def build(self) -> None:
        self.fields["document_no"] = forms.CharField(
            label="书面放弃的文号", max_length=80, help_text="按原文填写，系统不编文号。"
        )
        super().build()


@form_of("merge", "merge_decided")
class MergeForm(ActForm):
    def build(self) -> None:
        self.fields["into"] = forms.CharField(
            label="并入哪一处", max_length=30, help_text="填编号；还没有编号的填“疑似-”和数字，例如 疑似-87。"
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


@form_of("report", "report_on_behalf", "verify_own")
class VerifyForm(ActForm):
    """核实, by whichever way: conclusion unselected until a person picks, evidence from what has arrived."""

    must_sign_hint = "报不属实必填：部门负责人姓名。"

    def build(self) -> None:
        self.fields["conclusion"] = forms.ChoiceField(
            label="结论",
            choices=[(Conclusion.TRUE, "属实：是露天焚烧秸秆（或黑斑）"), (Conclusion.FALSE, "不属实：不是秸秆焚烧")],
            widget=forms.RadioSelect,
            help_text="不属实要更多材料：至少三张照片（一张在像元内）、搜索轨迹、原因、部门负责人签字。",
        )
        self.fields["cause"] = forms.ChoiceField(
            label="不属实的原因", choices=[("", "属实不填"), *Cause.choices], required=False
        )
        self.fields["evidence"] = self.evidence_field()
        self.fields["signed_by"] = forms.CharField(
            label="部门负责人签字", max_length=60, required=False, help_text=self.must_sign_hint
        )
        self.fields["note"] = forms.CharField(
            label="情况说明", max_length=500, required=False, widget=_AREA, help_text="看到了什么、在哪里、怎样处理。"
        )

    def evidence_field(self) -> forms.MultipleChoiceField:
        pieces = list(selectors.evidence_for(self.point, self.user))
        return forms.MultipleChoiceField(
            label="所依据的佐证",
            choices=[(str(piece.uuid), evidence_words(piece)) for piece in pieces],
            initial=[str(piece.uuid) for piece in pieces if piece.uploader_id == self.user.pk],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "还没有佐证：先上传，再提交。"},
            help_text="" if pieces else "还没有佐证：先上传，再提交。",
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("conclusion") == Conclusion.FALSE and not data.get("cause"):
            self.add_error("cause", "报不属实要选原因")
        return data


@form_of("settle_jointly")
class JointForm(VerifyForm):
    """联合核实记录: the conclusion, one county, and for every party whether it came (C11).

    A dispute may end in a county that no pixel touches: the others can be chosen too, once it is said whether they came.
    """

    def build(self) -> None:
        super().build()
        del self.fields["signed_by"]
        others = self._others()
        self.fields["county_code"] = forms.ChoiceField(
            label="定为哪个县（区）",
            choices=[(code, name) for code, name, _ in self.counties]
            + [(code, f"{name}（另选）") for code, name in others],
            widget=forms.RadioSelect,
        )
        self.order_fields(["expected_version", "conclusion", "cause", "county_code", "evidence", "note"])
        self.parties = [(BUREAU_ROW, "", "市生态环境局"), *((code, code, name) for code, name, _ in self.counties)]
        self.others = [(code, code, name) for code, name in others]
        for key, _, name in self.parties:
            self._add_party(key, name)
        for key, _, name in self.others:
            self._add_party(key, name, is_required=False)

    @property
    def counties(self) -> list[tuple[str, str, float]]:
        """(code, name, share) of every county concerned."""
        where = self.point.attribution
        named = {candidate["code"]: candidate["name"] for candidate in where.candidates} if where else {}
        rows = list(self.point.counties.order_by("-share", "county_code"))
        if where:
            named |= grids.cell_names(where.edition, [row.county_code for row in rows])
        return [(row.county_code, named.get(row.county_code, row.county_code), row.share) for row in rows]

    def _others(self) -> list[tuple[str, str]]:
        """(code, name) of the city's other counties."""
        where = self.point.attribution
        if where is None:
            return []
        concerned = {code for code, _, _ in self.counties}
        near = {code[:4] for code in concerned}
        codes = [code for code in locating.index_for(where.edition).locators["county"].codes if code[:4] in near]
        names = grids.cell_names(where.edition, codes)
        return sorted((code, names.get(code, code)) for code in codes if code not in concerned)

    def _add_party(self, key: str, name: str, *, is_required: bool = True) -> None:
        outcomes = [("", "请选"), *JointAttendance.Outcome.choices]
        fields = {
            "outcome": forms.ChoiceField(label=f"{name} 到场情况", choices=outcomes, required=is_required),
            "signer": forms.CharField(label=f"{name} 签字人", max_length=60, required=False),
            "notices": forms.IntegerField(label=f"{name} 已通知次数", min_value=0, max_value=99, required=False),
            "dissent": forms.CharField(label=f"{name} 不同意见", max_length=300, required=False),
        }
        for part, field in fields.items():
            self.fields[f"party_{key}_{part}"] = field

    def plain_fields(self) -> list[Any]:
        """The fields outside the table of parties."""
        return [field for field in self.visible_fields() if not field.name.startswith("party_")]

    def party_rows(self) -> list[dict[str, Any]]:
        """For the table: {name, outcome, signer, notices, dissent} as bound fields."""
        return [self._party_row(key, name) for key, _, name in self.parties]

    def other_rows(self) -> list[dict[str, Any]]:
        """The same for the counties that need not have been asked."""
        return [self._party_row(key, name) for key, _, name in self.others]

    def _party_row(self, key: str, name: str) -> dict[str, Any]:
        parts = ("outcome", "signer", "notices", "dissent")
        return {"name": name, **{part: self[f"party_{key}_{part}"] for part in parts}}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        chosen = data.get("county_code", "")
        if chosen in {code for _, code, _ in self.others} and not data.get(f"party_{chosen}_outcome"):
            self.add_error(f"party_{chosen}_outcome", "定为这个县（区），要填它的到场情况")
            self.add_error("county_code", "另选的县（区）要在“其他县（区）”里填到场情况")
        return data

    def data_of(self) -> dict[str, Any]:
        data = {name: value for name, value in super().data_of().items() if not name.startswith("party_")}
        data["attendances"] = [
            {
                "party": name,
                "county_code": code,
                "outcome": self.cleaned_data[f"party_{key}_outcome"],
                "signer": self.cleaned_data[f"party_{key}_signer"],
                "notices_sent": self.cleaned_data[f"party_{key}_notices"] or 0,
                "dissent": self.cleaned_data[f"party_{key}_dissent"],
            }
            for key, code, name in [*self.parties, *self.others]
            if self.cleaned_data[f"party_{key}_outcome"]
        ]
        return data


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
