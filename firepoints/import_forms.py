"""Forms of the import and finding pages. They check shape; reading the file and the roles are the services' matter."""

from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone

from firepoints.models import Detection, ImportRun, Source
from firepoints.services import uploads
from firepoints.services.intake import OPEN_TO, sources_open_to
from firepoints.services.reading import PARSERS, ListName
from grids.models import User
from journal import clock

DATUM_LABELS = {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02（高德、腾讯）", "bd09": "BD-09（百度）"}
RECENT_RUNS = 100
_TEXT = {"autocomplete": "off"}


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
        self.fields["source"].queryset = Source.objects.filter(parser__in=PARSERS)  # type: ignore[attr-defined]
        runs = ImportRun.objects.filter(state=ImportRun.State.COMMITTED).values_list("uuid", "filename", "started_at")
        named = [
            (str(uuid), f"{at.astimezone(clock.BEIJING):%m-%d %H:%M} {name}") for uuid, name, at in runs[:RECENT_RUNS]
        ]
        self.fields["supersedes"].choices = [("", "不替代"), *named]  # type: ignore[attr-defined]

    def how(self) -> dict[str, Any]:
        """Arguments of ingest.import_file."""
        data = self.cleaned_data
        return {
            "source_code": data["source"].code,
            "datum": data["datum"] or None,
            "name": ListName(issuer=data["issuer"], period=data["period"], list_no=data["list_no"]),
            "supersedes": data["supersedes"] or None,
        }

    def as_query(self) -> dict[str, str]:
        """The fields as text, for the address of the preview."""
        given = {**self.cleaned_data, "source": self.cleaned_data["source"].code}
        return {name: str(given[name]) for name in ReadingForm.base_fields if given[name]}


class UploadForm(ReadingForm):
    """Choose a file."""

    file = forms.FileField(
        label="文件",
        help_text="CSV、XLSX、XLS 或 JSON，不超过 100 MB；先预览，再写入",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.xls,.json,.txt"}),
        error_messages={"required": "请选择文件", "empty": "这个文件是空的"},
    )
    field_order = ("file", "source", "datum", "issuer", "period", "list_no", "supersedes")

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        if given.size > uploads.MAX_UPLOAD_BYTES:
            raise forms.ValidationError("文件超过 100 MB，请分成几个，或用命令行 ingest 导入")
        return given


class PreviewForm(ReadingForm):
    """An uploaded file by its token; `attempt` names the run that a commit makes, so that two clicks are one run."""

    token = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)
    name = forms.CharField(max_length=200, widget=forms.HiddenInput)
    attempt = forms.UUIDField(required=False, widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="撤回的理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写入记录；没有人办理过的疑似火点会关闭，办理过的交人处理",
        error_messages={"required": "请写明撤回的理由"},
    )


class FindingForm(forms.Form):
    """One finding on the spot: 巡查发现, 自查."""

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    source = forms.ChoiceField(label="来源", widget=forms.RadioSelect, error_messages={"required": "请选择来源"})
    kind = forms.ChoiceField(
        label="发现的是",
        widget=forms.RadioSelect,
        choices=[(Detection.Kind.FIRE.value, "明火"), (Detection.Kind.SCAR.value, "黑斑")],
        error_messages={"required": "请选择明火或黑斑"},
    )
    found_at = forms.DateTimeField(
        label="发现时间（北京）",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    lon = forms.CharField(label="经度", max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal", **_TEXT}))
    lat = forms.CharField(label="纬度", max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal", **_TEXT}))
    datum = forms.ChoiceField(
        label="坐标系", choices=list(DATUM_LABELS.items()), help_text="手机定位是 WGS-84；从高德、腾讯地图抄的是 GCJ-02"
    )
    accuracy_m = forms.CharField(
        label="精度（米）",
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", **_TEXT}),
    )
    finder = forms.CharField(label="发现人", required=False, max_length=60)
    note = forms.CharField(label="说明", required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        initial = {
            "uuid": uuid4(),
            "datum": "wgs84",
            "finder": user.full_name,
            "found_at": timezone.localtime(clock.now()),
        }
        kwargs["initial"] = {**initial, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        names = dict(Source.objects.filter(code__in=sources_open_to(user)).values_list("code", "name"))
        choices = [(code, names[code]) for code in OPEN_TO if code in names]
        self.fields["source"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["source"].initial = choices[0][0]

    def finding(self) -> dict[str, Any]:
        """The finding as the intake reads it: times with their offset, coordinates as they were given."""
        data = self.cleaned_data
        given = {name: data[name] for name in ("kind", "lon", "lat", "accuracy_m", "finder", "note")}
        return {**given, "uuid": str(data["uuid"]), "found_at": data["found_at"].astimezone(clock.BEIJING).isoformat()}


def plain_name(name: str) -> str:
    """The last part of an uploaded file's name."""
    return PurePosixPath(name.replace("\\", "/")).name[:200] or "未命名"
