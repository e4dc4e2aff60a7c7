"""Forms of the import pages. They check shape; reading the file and the roles are the services' matter."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from django import forms

from core import clock
from core.errors import BadInput
from firepoints.models import ImportRun, Source
from firepoints.sightings.importing.answers import CONFIRMED
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import PARSERS, ListName
from firepoints.sightings.lists import uploads
from firepoints.sightings.lists.mapping import checked_fields, remembered
from firepoints.sightings.lists.mending import MOST_CHARACTERS
from firepoints.sightings.readers import observed
from firepoints.sightings.readers.base import KEEP, LEAVE, SourceError
from firepoints.sightings.readers.passes import LINE
from grids.models import User

DATUM_LABELS = {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02（高德、腾讯）", "bd09": "BD-09（百度）"}
RECENT_RUNS = 100
_TEXT = {"autocomplete": "off"}
_MOMENT = {"type": "datetime-local"}
STOP, CONFIRM = "stop", "confirm"
HIDDEN_ANSWERS = ((LEAVE, "不读，留作说明（写明原因）"), (KEEP, "读入，和别的行一样"))
CONFIRM_ANSWERS = ((STOP, "先不写入，去核对"), (CONFIRM, "已经核对，照读到的写入"))
OBSERVED = ("observed_from", "observed_to")


class ReadingForm(forms.Form):
    """How a file is to be read and what it is known by; the same on the preview and on the commit."""

    source = forms.ModelChoiceField(
        Source.objects.none(),
        label="来源",
        to_field_name="code",
        empty_label="请选择",
        error_messages={"required": "请选择来源"},
    )
    datum = forms.ChoiceField(
        label="坐标系",
        required=False,
        help_text="不选就按来源的设置；不会自动猜",
        choices=[("", "按来源设置"), *DATUM_LABELS.items()],
    )
    issuer = forms.CharField(label="发布单位", required=False, max_length=80, widget=forms.TextInput(attrs=_TEXT))
    period = forms.CharField(label="期次", required=False, max_length=40, widget=forms.TextInput(attrs=_TEXT))
    list_no = forms.CharField(
        label="清单号",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs=_TEXT),
        help_text="官方清单用它认出同一份",
    )
    supersedes = forms.ChoiceField(label="替代哪次导入", required=False, help_text="更正清单时选，平时不选")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = Source.objects.filter(parser__in=PARSERS).exclude(kind=Source.Kind.HOTLINE)  # type: ignore[attr-defined]
        live = ImportRun.objects.filter(state=ImportRun.State.COMMITTED, mends__isnull=True)
        runs = live.values_list("uuid", "filename", "started_at")
        named = [
            (str(uuid), f"{at.astimezone(clock.BEIJING):%m-%d %H:%M} {name}") for uuid, name, at in runs[:RECENT_RUNS]
        ]
        self.fields["supersedes"].choices = [("", "不替代"), *named]  # type: ignore[attr-defined]

    def column_mapping(self) -> dict[str, str]:
        """Field → column: as chosen for this file, else as remembered for its source and issuer."""
        return remembered(self.cleaned_data["source"], self.cleaned_data["issuer"])

    def as_query(self) -> dict[str, str]:
        """The fields as text, for the address of the preview."""
        data = {**self.cleaned_data, "source": self.cleaned_data["source"].code}
        return {name: str(data[name]) for name in ReadingForm.base_fields if data[name]}


class UploadForm(ReadingForm):
    """Choose a file."""

    file = forms.FileField(
        label="文件",
        help_text="CSV、XLSX、XLS 或 JSON；FIRMS 的 zip、KML、Shapefile（zip）原样即可；不超过 100 MB；先预览，再写入",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.xls,.json,.txt"}),
        error_messages={"required": "请选择文件", "empty": "这个文件是空的"},
    )
    field_order = ("file", "source", "datum", "issuer", "period", "list_no", "supersedes")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > uploads.MAX_UPLOAD_BYTES:
            raise forms.ValidationError("文件超过 100 MB，请分成几个，或用命令行 ingest 导入")
        return file


class PreviewForm(ReadingForm):
    """An uploaded file by its token; `attempt` names the run that a commit makes, so that two clicks are one run.

    `mapping` is a JSON object field → heading for this file; without it the remembered one holds. `confirm`: a person
    has checked the datum that the figures call in question. `hidden`, `total` and `days` answer the questions of the same
    kinds (firepoints/sightings/importing/answers.py). `observed_from` and `observed_to` (Beijing time): when a file
    was taken that does not say it (firepoints/sightings/readers/observed.py).
    """

    token = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)
    name = forms.CharField(max_length=200, widget=forms.HiddenInput)
    attempt = forms.UUIDField(required=False, widget=forms.HiddenInput)
    mapping = forms.JSONField(required=False, widget=forms.HiddenInput)
    confirm = forms.BooleanField(required=False)
    hidden = forms.ChoiceField(choices=HIDDEN_ANSWERS, required=False, widget=forms.RadioSelect)
    total = forms.ChoiceField(choices=CONFIRM_ANSWERS, required=False, widget=forms.RadioSelect)
    days = forms.ChoiceField(choices=CONFIRM_ANSWERS, required=False, widget=forms.RadioSelect)
    observed_from = forms.DateTimeField(
        label="观测开始",
        required=False,
        widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"),
        help_text="北京时间；文件名或标题里的世界时要加 8 小时",
        error_messages={"invalid": "写成 2019-11-22 13:00"},
    )
    observed_to = forms.DateTimeField(
        label="观测结束",
        required=False,
        widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"),
        help_text="只知道一个时刻就不填",
        error_messages={"invalid": "写成 2019-11-22 13:15"},
    )

    def clean_mapping(self) -> dict[str, str] | None:
        mapping = self.cleaned_data["mapping"]
        if mapping is None:
            return None
        if not isinstance(mapping, dict) or not all(isinstance(text, str) for pair in mapping.items() for text in pair):
            raise forms.ValidationError("列对应读不懂")
        return mapping

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("mapping") and data.get("source"):
            try:
                checked_fields(data["source"], data["mapping"])
            except BadInput as error:
                self.add_error("mapping", error.message)
        self._check_observed(data)
        return data

    def _check_observed(self, data: dict[str, Any]) -> None:
        begin, end, source = (data.get(name) for name in (*OBSERVED, "source"))
        self.observed: list[str] = []
        if end and not begin and OBSERVED[0] not in self.errors:
            self.add_error("observed_from", "请写明观测开始")
        if not begin or not source:
            return
        try:
            self.observed = observed.told(begin, end, parser=source.parser, now=clock.now())
        except SourceError as error:
            self.add_error("observed_from", f"{error.what}，{error.todo}")

    def column_mapping(self) -> dict[str, str]:
        chosen: dict[str, str] | None = self.cleaned_data["mapping"]
        return super().column_mapping() if chosen is None else chosen

    def order(self, path: Path, actor: User) -> ImportOrder:
        """What the form hands in: the file at `path`. The datum is confirmed where a person has said so."""
        data = self.cleaned_data
        options: dict[str, Any] = {"observed": self.observed} if self.observed else {}
        if data["confirm"]:
            options["datum_confirmed"] = True
        if data["hidden"]:
            options["hidden"] = data["hidden"]
        options |= {option: True for kind, option in CONFIRMED.items() if data[kind] == CONFIRM}
        return ImportOrder(
            path=path,
            source_code=data["source"].code,
            actor=actor,
            datum=data["datum"] or None,
            name=ListName(issuer=data["issuer"], period=data["period"], list_no=data["list_no"]),
            supersedes=data["supersedes"] or None,
            mapping=self.column_mapping(),
            options=options,
            filename=data["name"],
            uuid=data["attempt"],
        )

    def as_query(self) -> dict[str, str]:
        data = self.cleaned_data
        query = {**super().as_query(), "token": data["token"], "name": data["name"]}
        if data["mapping"] is not None:
            query["mapping"] = json.dumps(data["mapping"], ensure_ascii=False, sort_keys=True)
        moments = {name: data.get(name) for name in OBSERVED}
        return query | {name: f"{at.astimezone(clock.BEIJING):%Y-%m-%dT%H:%M}" for name, at in moments.items() if at}


class MendForm(forms.Form):
    """The cells of one quarantined row, each to be corrected, and on what ground."""

    reason = forms.CharField(
        label="更正的依据",
        max_length=300,
        widget=forms.TextInput(attrs=_TEXT),
        help_text="例如：省厅电话答复，经纬度写反",
        error_messages={"required": "请写明更正的依据"},
    )

    def __init__(self, *args: Any, cells: Mapping[str, str], wrong: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = list(cells)
        self.wrong = wrong
        for at, (name, value) in enumerate(cells.items()):
            attrs = {**_TEXT, "data-wrong": ""} if name == wrong else _TEXT
            self.fields[f"cell-{at}"] = forms.CharField(
                label="整行" if name == LINE else name,
                required=False,
                max_length=MOST_CHARACTERS,
                initial=value,
                strip=False,
                widget=forms.TextInput(attrs=attrs),
                help_text="就是这一格读不了" if name == wrong else "",
            )
        self.order_fields([*(f"cell-{at}" for at in range(len(cells))), "reason"])

    def cells(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"cell-{at}"] for at, name in enumerate(self.names)}

    def field_of(self, column: str) -> str | None:
        """The field of a heading; None where that is none of this row's."""
        return f"cell-{self.names.index(column)}" if column in self.names else None


class DiscardForm(forms.Form):
    reason = forms.CharField(
        label="不再处理的理由",
        max_length=300,
        widget=forms.TextInput(attrs=_TEXT),
        help_text="例如：省厅确认是测试数据。反馈里写“无法核实”和这个理由",
        error_messages={"required": "请写明理由"},
    )


class DueForm(forms.Form):
    due_on = forms.DateField(label="反馈期限", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    document_no = forms.CharField(label="来文文号", required=False, max_length=80, widget=forms.TextInput(attrs=_TEXT))


class SentForm(forms.Form):
    sent_on = forms.DateField(label="报送日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    document_no = forms.CharField(
        label="文号", required=False, max_length=80, widget=forms.TextInput(attrs=_TEXT), help_text="办公系统给的文号"
    )


class WordForm(forms.Form):
    """The issuer's final word on one row."""

    row = forms.IntegerField(label="行号", min_value=1, max_value=2_000_000, help_text="原表里的行号")
    sheet = forms.CharField(label="工作表", required=False, max_length=60, help_text="只有一张表时不填")
    accepted = forms.ChoiceField(
        label="发布单位的意见",
        widget=forms.RadioSelect,
        choices=[("yes", "认可我们的反馈"), ("no", "不认可")],
        error_messages={"required": "请选择认可或不认可"},
    )
    document_no = forms.CharField(
        label="文号", max_length=80, widget=forms.TextInput(attrs=_TEXT), error_messages={"required": "请写来文文号"}
    )
    document_date = forms.DateField(label="文件日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    note = forms.CharField(label="理由", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def word(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "accepted": data["accepted"] == "yes",
            "document_no": data["document_no"],
            "document_date": data["document_date"],
            "note": data["note"],
        }


class ReturnedForm(forms.Form):
    """The issuer's table as it came back, with an opinion in each row."""

    file = forms.FileField(
        label="退回的表",
        help_text="XLSX 或 CSV，有“终审意见”“是否认可”之类的列；先预览，再登记",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.xls,.txt"}),
        error_messages={"required": "请选择文件", "empty": "这个文件是空的"},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > uploads.MAX_UPLOAD_BYTES:
            raise forms.ValidationError("文件超过 100 MB")
        return file


class WordsForm(forms.Form):
    """The document that brought the opinions of a returned table."""

    token = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)
    name = forms.CharField(max_length=200, widget=forms.HiddenInput)
    document_no = forms.CharField(
        label="文号", max_length=80, widget=forms.TextInput(attrs=_TEXT), error_messages={"required": "请写来文文号"}
    )
    document_date = forms.DateField(label="文件日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="撤回的理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写入记录；没有人办理过的疑似火点会关闭，办理过的交人处理",
        error_messages={"required": "请写明撤回的理由"},
    )


def plain_name(name: str) -> str:
    """The last part of an uploaded file's name."""
    return PurePosixPath(name.replace("\\", "/")).name[:200] or "未命名"
