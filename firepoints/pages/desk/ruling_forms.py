"""The one form of every ruling: its value by shape and range, from when, by which document."""

from __future__ import annotations

from typing import Any

from django import forms

from firepoints.policy.ruling_kinds import RulingKind, Shape
from grids.pages.forms.people import DAY

BOOLS = (("yes", "是"), ("no", "否"))


class RulingForm(forms.Form):
    key = forms.CharField(widget=forms.HiddenInput)
    value = forms.CharField(label="值", max_length=40)
    valid_from = forms.DateField(
        label="自哪天起", widget=DAY, help_text="按起火日适用的，从这一天起火的算；不能早于已报送的批次。"
    )
    document_no = forms.CharField(label="依据文号", max_length=80)
    scan = forms.FileField(label="文件扫描件", help_text="PDF、JPG、PNG 或 TIFF，不超过 30 MB。")
    note = forms.CharField(label="说明", max_length=200, required=False)

    def __init__(self, kind: RulingKind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "ruling_%s", "initial": {"key": kind.key}, **kwargs})
        self.kind = kind
        self.fields["value"] = _value_field(kind)

    def clean_value(self) -> Any:
        """The value as it is stored."""
        value = self.cleaned_data["value"]
        return value == "yes" if self.kind.shape is Shape.BOOL else value

    def ruling(self) -> dict[str, Any]:
        """The keyword arguments of `ruling_propose`, but for the key."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        scan = data.pop("scan")
        return {**data, "scan": (scan.read(), scan.name or "裁定")}


def _value_field(kind: RulingKind) -> forms.Field:
    label = f"{kind.label}（{kind.unit}）" if kind.unit else kind.label
    if kind.shape is Shape.BOOL:
        return forms.ChoiceField(label=label, choices=BOOLS, widget=forms.RadioSelect)
    if kind.shape is Shape.CHOICE:
        return forms.ChoiceField(label=label, choices=kind.choices)
    if kind.shape is Shape.TEXT:
        return forms.CharField(label=label, max_length=6, help_text="1–6 个大写字母。")
    ends: dict[str, Any] = {"min_value": kind.lowest, "max_value": kind.highest}
    field = forms.IntegerField if kind.shape is Shape.INT else forms.FloatField
    return field(label=label, help_text=_range_words(kind), **ends)


def _range_words(kind: RulingKind) -> str:
    ends = [f"{end:g}" for end in (kind.lowest, kind.highest) if end is not None]
    return f"{'–'.join(ends)}" if len(ends) == 2 else ""
