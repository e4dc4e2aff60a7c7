"""The forms of the batch pages: one for each step of C13. What they check is shape; the services decide."""

from pathlib import Path
from typing import Any

from django import forms

from core import clock
from core.validators import MONTH
from papers import filing
from penalties.batches.life import LIFE
from penalties.batches.lines import Line
from penalties.explaining.reach import KINDS
from penalties.models import Batch
from penalties.money import fen_from_yuan, yuan

ALL_PAYERS = "*"
form_of = LIFE.form_of


def _day(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def _number(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    attrs = {"autocomplete": "off"}
    return forms.CharField(
        label=label, required=required, max_length=80, help_text=help_text, widget=forms.TextInput(attrs=attrs)
    )


class ScanField(forms.FileField):
    """A scan as a file of at most 30 MB; what it is, the service tells by its content."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        scan = super().clean(data, initial)
        if scan and scan.size > filing.MAX_SCAN_BYTES:
            raise forms.ValidationError("扫描件不能超过 30 MB")
        return scan


def _scan(label: str, *, required: str = "", help_text: str = "") -> ScanField:
    """The field of a scan; `required` is the sentence where there is none."""
    return ScanField(
        label=label,
        required=bool(required),
        help_text="；".join(filter(None, (help_text, "PDF、JPG、PNG 或 TIFF，不超过 30 MB"))),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.tif,.tiff"}),
        error_messages={"empty": "这个文件是空的", "required": required},
    )


def _reason(label: str) -> forms.CharField:
    return forms.CharField(label=label, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


def _month(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    attrs = {"type": "month", "autocomplete": "off", "placeholder": "2023-10"}
    return forms.CharField(
        label=label, required=required, strip=False, validators=[MONTH], help_text=help_text,
        widget=forms.TextInput(attrs=attrs),
    )  # fmt: skip


class BuildForm(forms.Form):
    """The months to build: one with what is late from before, or a span of its own."""

    month = _month("起火月份（北京）")
    first_month = _month("自（跨月结算）", required=False, help_text="不填：这个月和以前没有入账的")


class EntryForm(forms.Form):
    """By what the list of entries is narrowed; what cannot be read narrows nothing and is said."""

    month = forms.CharField(
        label="起火月份", required=False, validators=[MONTH], widget=forms.TextInput(attrs={"type": "month"})
    )
    kind = forms.ChoiceField(label="扣或退", required=False, choices=[("", "都列"), *KINDS.items()])
    payer = forms.CharField(label="付款单位代码", required=False, max_length=20)
    batch = forms.IntegerField(label="批次", required=False, min_value=1, max_value=10**15, widget=forms.HiddenInput)

    def criteria(self) -> dict[str, Any]:
        """The fields that are filled and readable."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class StepForm(forms.Form):
    """The fields of every step: the version of the batch that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, batch: Batch, lines: list[Line], payer: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("initial", {})
        kwargs["initial"] = {**self.suggested(payer), "version": batch.version, **kwargs["initial"]}
        # A label must find its own control, also when two forms stand on one page.
        kwargs.setdefault("auto_id", "step_%s")
        super().__init__(*args, **kwargs)
        self.lines = lines
        self.prepare()

    def suggested(self, payer: str) -> dict[str, Any]:
        return {}

    def prepare(self) -> None:
        """Choices that follow from the batch."""

    def facts(self) -> dict[str, Any]:
        """Arguments for the service."""
        return {}


@form_of("freeze")
class FreezeForm(StepForm):
    """The version alone: freezing takes no other fact."""


@form_of("submit")
class SubmitForm(StepForm):
    submitted_on = _day("报送日期")
    doc_no = _number("请示文号", required=False, help_text="由办公系统编发；还没有可以不填，本系统不编号")

    def suggested(self, payer: str) -> dict[str, Any]:
        return {"submitted_on": clock.today_beijing()}

    def facts(self) -> dict[str, Any]:
        return {"submitted_on": self.cleaned_data["submitted_on"], "doc_no": self.cleaned_data["doc_no"]}


@form_of("approve")
class ApproveForm(StepForm):
    doc_no = _number("批件文号")
    approved_on = _day("批件日期")
    file = _scan("批件扫描件", required="没有批件扫描件，不能登记同意")

    def facts(self) -> dict[str, Any]:
        return {"approved_on": self.cleaned_data["approved_on"], "doc_no": self.cleaned_data["doc_no"]}


@form_of("send")
class SendForm(StepForm):
    sent_on = _day("送财政日期")
    doc_no = _number("函文号", required=False, help_text="由办公系统编发；还没有可以不填，本系统不编号")

    def suggested(self, payer: str) -> dict[str, Any]:
        return {"sent_on": clock.today_beijing()}

    def facts(self) -> dict[str, Any]:
        return {"sent_on": self.cleaned_data["sent_on"], "doc_no": self.cleaned_data["doc_no"]}


@form_of("settle")
class SettleForm(StepForm):
    payer = forms.ChoiceField(label="付款单位")
    voucher_no = _number("凭证号")
    settled_on = _day("扣缴日期")
    amount = forms.CharField(
        label="金额（元）",
        required=False,
        max_length=30,
        help_text="不填就是该单位余下的全部；分次扣缴时填本次金额",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    file = _scan("凭证扫描件", help_text="市局代录的要有；财政登记的可以不传")

    def suggested(self, payer: str) -> dict[str, Any]:
        return {"settled_on": clock.today_beijing(), "payer": payer}

    def prepare(self) -> None:
        waiting = [line for line in self.lines if line.open_fen]
        choices = [("", "请选择")]
        choices += [(line.row.code, f"{line.row.name}（余 {yuan(line.open_fen)} 元）") for line in waiting]
        if len(waiting) > 1:
            choices.append((ALL_PAYERS, f"全部待凭证的 {len(waiting)} 个单位，同一凭证"))
        self.fields["payer"].choices = choices  # type: ignore[attr-defined]

    def clean_amount(self) -> int | None:
        amount = self.cleaned_data["amount"].strip()
        try:
            return fen_from_yuan(amount) if amount else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def facts(self) -> dict[str, Any]:
        payer = self.cleaned_data["payer"]
        return {
            "voucher_no": self.cleaned_data["voucher_no"],
            "settled_on": self.cleaned_data["settled_on"],
            "payer_code": "" if payer == ALL_PAYERS else payer,
            "amount_fen": self.cleaned_data["amount"],
        }


@form_of("empty", "recall")
class ReasonForm(StepForm):
    """A way back before the batch has left the house: why."""

    reason = _reason("理由")

    def facts(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"]}


@form_of("return")
class ReturnForm(StepForm):
    """What the city government sent back: when, why, with which paper."""

    returned_on = _day("退回日期")
    reason = _reason("市政府的意见")
    doc_no = _number("退件文号", required=False, help_text="没有退件的可以不填")
    file = _scan("退件扫描件")

    def suggested(self, payer: str) -> dict[str, Any]:
        return {"returned_on": clock.today_beijing()}

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("returned_on", "reason", "doc_no")}


class ReplyForm(forms.Form):
    """Finance's own workbook of vouchers."""

    file = forms.FileField(
        label="财政回执（Excel）",
        help_text="表头要有凭证号、扣缴日期、县（区）、金额（元或万元）；一张凭证结几批的，另有“批次”一列",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={"empty": "这个文件是空的", "required": "请选择文件"},
    )


def scan_name(name: str) -> str:
    """The last part of an uploaded file's name, fit for a download later."""
    return Path(name.replace("\\", "/")).name[:200] or "批件"
