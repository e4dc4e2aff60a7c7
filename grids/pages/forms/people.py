"""The forms with which the people of a cell are kept: posts, terms, phones, letters, the designated department."""

from typing import Any

from django import forms

from core import clock
from grids.models import Post
from grids.roles import POST_KIND_LABELS, RESPONSIBLE_KINDS, PostKind

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AppointForm(forms.Form):
    """任职: who, from when, by which document; an existing post of that kind and title is taken over."""

    kind = forms.ChoiceField(label="岗位类别", choices=[(kind, POST_KIND_LABELS[kind]) for kind in RESPONSIBLE_KINDS])
    title = forms.CharField(
        label="岗位名称",
        max_length=80,
        required=False,
        help_text="例如 书记、镇长；同一类别有几个岗位时用来区分，可空。",
    )
    unit = forms.CharField(label="单位", max_length=80, required=False)
    full_name = forms.CharField(label="姓名", max_length=60)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    starts = forms.DateField(label="任职日期", widget=DAY, help_text="前任自这一天起离任。")
    ends = forms.DateField(label="离任日期", widget=DAY, required=False, help_text="只在补录以前的任期时填。")
    is_acting = forms.BooleanField(label="代理", required=False)
    document_no = forms.CharField(label="任免文号", max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("starts", clock.today_beijing())
        super().__init__(*args, **kwargs)


class EndForm(forms.Form):
    """离任: the first day no longer in office."""

    term = forms.IntegerField(widget=forms.HiddenInput)
    ends = forms.DateField(label="离任日期（这一天起不再任职）", widget=DAY)
    reason = forms.CharField(label="说明", max_length=200, required=False)


class PhoneForm(forms.Form):
    holder = forms.IntegerField(widget=forms.HiddenInput)
    phone = forms.CharField(label="新的电话", max_length=30)


class CallForm(forms.Form):
    """抽查电话: one call and whether it was answered."""

    holder = forms.IntegerField(widget=forms.HiddenInput)
    is_answered = forms.TypedChoiceField(
        label="结果",
        choices=[("yes", "接通"), ("no", "不通")],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label="说明", max_length=200, required=False)


class LetterForm(forms.Form):
    """登记目标责任书: the scan of what both sides signed."""

    year = forms.IntegerField(label="年度", min_value=2015, max_value=2100)
    signed_on = forms.DateField(label="签订日期", widget=DAY)
    upper_signer = forms.CharField(
        label="上级签订人", max_length=60, required=False, help_text="空着就是签订那天在任的主要负责人。"
    )
    signer = forms.CharField(label="下级签订人", max_length=60, required=False)
    scan = forms.FileField(label="扫描件", help_text="PDF、JPG、PNG 或 TIFF，不超过 30 MB。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("year", clock.today_beijing().year)
        super().__init__(*args, **kwargs)


class LettersBelowForm(forms.Form):
    """为全部下级登记: one bound scan of what a cell signed with everyone directly below it."""

    year = forms.IntegerField(label="年度", min_value=2015, max_value=2100)
    signed_on = forms.DateField(label="签订日期", widget=DAY)
    scan = forms.FileField(label="合订的扫描件", help_text="还没有签、且两边都有责任人的下级，各登记一份。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("year", clock.today_beijing().year)
        super().__init__(*args, **kwargs)


class VoidForm(forms.Form):
    letter = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label="作废原因", max_length=200)


class DesignateForm(forms.Form):
    """指定核实部门 (C10): which post verifies for the county, by which document."""

    document_no = forms.CharField(label="指定文件", max_length=80)
    valid_from = forms.DateField(label="自哪天起", widget=DAY)

    def __init__(self, *args: Any, county: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        posts = Post.objects.filter(kind=PostKind.COUNTY, cell_code=county).order_by("id")
        self.fields["post"] = forms.ModelChoiceField(label="核实岗位", queryset=posts, empty_label="请选")
        self.order_fields(["post", "document_no", "valid_from"])


class DesignationEndForm(forms.Form):
    """终止指定: the first day on which the department verifies no more, and by what."""

    designation = forms.IntegerField(widget=forms.HiddenInput)
    valid_to = forms.DateField(label="自哪天起不再核实", widget=DAY)
    reason = forms.CharField(label="依据或理由", max_length=200)


class RosterForm(forms.Form):
    """责任人名册: the workbook, and the day from which its rows hold that name none."""

    file = forms.FileField(label="名册文件", help_text=".xlsx；先下载模板，填好再上传。")
    starts = forms.DateField(label="任职日期（表里没写的行）", widget=DAY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("starts", clock.today_beijing())
        super().__init__(*args, **kwargs)
