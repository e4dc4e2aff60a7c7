"""The form of 核实: the conclusion, what proves it, and what burnt."""

from typing import Any

from django import forms

from firepoints.pages.acts.forms import AREA, ActForm, evidence_words
from firepoints.steps import selectors
from firepoints.steps.workflow import form_of
from firepoints.terms.states import Cause, Conclusion


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
