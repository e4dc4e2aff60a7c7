"""The form of 核实: the conclusion, what proves it, and what burnt."""

from datetime import datetime
from typing import Any

from django import forms

from firepoints.life.burnt import MOST_SITES
from firepoints.models import Verification
from firepoints.pages.acts.forms import AREA, ActForm, evidence_words
from firepoints.steps import selectors
from firepoints.steps.workflow import form_of
from firepoints.terms.states import Cause, Conclusion

ANSWERED = {"sites": "报属实要数清有几处过火地块", "is_new": "报属实要答黑斑是不是这次新烧的"}
OPTIONAL = ("burnt_mu", "measured_by", "crop", "fire_position", "arrived_at", "out_at")
CROPS = ("玉米", "水稻", "大豆", "杂粮")
MINUTE = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ConclusionForm(ActForm):
    """A conclusion, unselected until a person picks, with its cause and the evidence that has arrived."""

    must_sign_hint = "报不属实必填：部门负责人姓名。"

    def build(self) -> None:
        self.fields["conclusion"] = forms.ChoiceField(
            label="结论",
            choices=[(Conclusion.TRUE, "属实：是露天焚烧秸秆（或黑斑）"), (Conclusion.FALSE, "不属实：不是秸秆焚烧")],
            widget=forms.RadioSelect,
            help_text="不属实要更多材料：至少三张照片（一张在像元内）、走过像元的搜索轨迹、原因、部门负责人签字。",
        )
        self.fields["cause"] = forms.ChoiceField(
            label="不属实的原因", choices=[("", "属实不填"), *Cause.choices], required=False
        )
        self.fields["evidence"] = self.evidence_field()
        self.fields["signed_by"] = forms.CharField(
            label="部门负责人签字", max_length=60, required=False, help_text=self.must_sign_hint
        )
        self.fields["note"] = forms.CharField(
            label="情况说明", max_length=500, required=False, widget=AREA, help_text="看到了什么、在哪里、怎样处理。"
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


@form_of("report", "report_on_behalf", "verify_own")
class VerifyForm(ConclusionForm):
    """核实, by whichever way: a conclusion, and what burnt; of that two questions are answered, the rest where it is known."""

    def build(self) -> None:
        super().build()
        self.crops = CROPS
        self.photo_positions = [
            f"{piece.lon:.6f}, {piece.lat:.6f}"
            for piece in selectors.evidence_for(self.point, self.user)
            if piece.lon is not None
        ]
        self.fields |= self._what_burnt()
        self.order_fields(["expected_version", "conclusion", *ANSWERED, "cause", "evidence", "signed_by", "note"])

    def _what_burnt(self) -> dict[str, forms.Field]:
        where = forms.TextInput(attrs={"list": "photo-positions", "autocomplete": "off"})
        crops = forms.TextInput(attrs={"list": "crops", "autocomplete": "off"})
        return {
            "sites": forms.IntegerField(
                label="有几处过火地块（属实必填）", min_value=1, max_value=MOST_SITES, required=False,
                help_text="连成一片的是一处；隔着没烧的地、路或沟的分开数。每一处各算一处，所以要数清。",
            ),
            "is_new": forms.ChoiceField(
                label="黑斑是这次新烧的吗（属实必填）", choices=[("true", "是，这次新烧的"), ("false", "不是，原来就有")],
                widget=forms.RadioSelect, required=False, help_text="以前烧过、已经算过的，不再算一次。",
            ),
            "burnt_mu": forms.CharField(
                label="过火面积（亩，知道才填）", max_length=20, required=False,
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            ),
            "measured_by": forms.ChoiceField(
                label="面积怎么量的", choices=[("", "没有量"), *Verification.MeasuredBy.choices], required=False
            ),
            "crop": forms.CharField(label="作物（可空）", max_length=20, required=False, widget=crops),
            "fire_position": forms.CharField(
                label="烧的位置（经度, 纬度，可空）", max_length=80, required=False, widget=where,
                help_text="点输入框可选照片的位置；小数或度分秒都行。",
            ),
            "arrived_at": forms.DateTimeField(label="到场时间（可空，北京时间）", required=False, widget=MINUTE),
            "out_at": forms.DateTimeField(label="扑灭时间（可空，北京时间）", required=False, widget=MINUTE),
        }  # fmt: skip

    def main_fields(self) -> list[forms.BoundField]:
        """The fields that everybody fills in."""
        return [field for field in self.visible_fields() if field.name not in OPTIONAL]

    def optional_fields(self) -> list[forms.BoundField]:
        """The fields that are filled in where it is known."""
        return [self[name] for name in OPTIONAL]

    def has_optional(self) -> bool:
        """Whether any of them is filled in or wrong, so that it must not be folded away."""
        return any(self[name].value() or self[name].errors for name in OPTIONAL)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("conclusion") == Conclusion.TRUE:
            for name, words in ANSWERED.items():
                if data.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, words)
        return data

    def data_of(self) -> dict[str, Any]:
        data = super().data_of()
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()}

    def field_at(self, where: str) -> str | None:
        return super().field_at(where.split(" ")[0])
