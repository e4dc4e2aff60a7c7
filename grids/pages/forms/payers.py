"""The forms of 扣缴单位: a payer, an area ruled to one, the end of such a ruling."""

from __future__ import annotations

from typing import Any

from django import forms

from grids import selectors
from grids.models import Payer
from grids.pages.forms.people import DAY


class PayerForm(forms.Form):
    """登记扣缴单位; `known` is the code of the one that is changed, empty for a new one."""

    known = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    code = forms.CharField(label="代码", max_length=20, help_text="县（区）用区划代码；别的单位自编，例如 G1。")
    name = forms.CharField(label="名称", max_length=80)
    group = forms.CharField(
        label="小计组", max_length=20, required=False, help_text="汇总表里一起小计的，例如 自治县、区。"
    )
    position = forms.IntegerField(
        label="表内次序", min_value=1, max_value=9999, required=False, help_text="空着排在最后。"
    )
    reason = forms.CharField(label="依据或说明", max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "payer_%s", **kwargs})


class AreaForm(forms.Form):
    """登记辖区: which cell is paid by whom, between which days, by which document."""

    cell_code = forms.CharField(label="网格代码", max_length=20, help_text="县（区）、乡镇、村的代码，见“网格”。")
    payer = forms.ModelChoiceField(label="扣缴单位", queryset=Payer.objects.all(), empty_label="请选")
    valid_from = forms.DateField(label="自哪天起火的", widget=DAY, help_text="前一条没有终止的，到这一天为止。")
    valid_to = forms.DateField(label="到哪天止（不含）", widget=DAY, required=False, help_text="空着就是一直有效。")
    document_no = forms.CharField(label="裁定文件", max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "area_%s", **kwargs})

    def clean_cell_code(self) -> str:
        """The code, if the edition of today has a cell of it."""
        code: str = self.cleaned_data["cell_code"].strip()
        edition = selectors.edition_now()
        if edition is None or not edition.cells.filter(code=code).exists():
            raise forms.ValidationError("今天启用的边界版本里没有这个代码的网格。")
        return code


class AreaEndForm(forms.Form):
    area = forms.IntegerField(widget=forms.HiddenInput)
    valid_to = forms.DateField(label="自哪天起不再由它承担", widget=DAY)
    reason = forms.CharField(label="依据或理由", max_length=200)


class SuccessionForm(forms.Form):
    """登记代码变更: a county that goes on under another code."""

    old_code = forms.CharField(label="原代码", max_length=20)
    new_code = forms.CharField(label="新代码", max_length=20)
    name = forms.CharField(
        label="新的名称", max_length=80, required=False, help_text="并入另一个县（区）的空着，用它自己的名称。"
    )
    valid_from = forms.DateField(label="自哪天起", widget=DAY, help_text="从这天起新旧代码是同一个政府。")
    document_no = forms.CharField(label="批准文件", max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "succession_%s", **kwargs})


class PayerDatesForm(forms.Form):
    """列入汇总表的起止."""

    code = forms.CharField(widget=forms.HiddenInput, max_length=20)
    valid_from = forms.DateField(label="自哪天起列入", widget=DAY, required=False)
    valid_to = forms.DateField(label="到哪天止（不含）", widget=DAY, required=False)
    reason = forms.CharField(label="依据或说明", max_length=200)
