"""The forms of findings: one on the spot, the end of a 举报, and the reason to see who called."""

from typing import Any, cast
from uuid import uuid4

from django import forms
from django.utils import timezone

from core import clock
from firepoints.findings.intake import HOTLINE, OPEN_TO, sources_open_to
from firepoints.forming.outside_findings import ANSWERS
from firepoints.life.came_again import ANSWERS as CAME_AGAIN_ANSWERS
from firepoints.models import Detection, HotlineReport, Question, Source
from firepoints.pages.imports.forms import DATUM_LABELS
from grids import selectors as grids
from grids.models import User
from grids.roles import Level, PostKind, Role
from grids.selectors import roles_of

INSPECTING = {PostKind.INSPECTOR, PostKind.MEMBER}
OF_LEVEL = {Level.COUNTY: "self_found", Level.TOWNSHIP: "township_found", Level.VILLAGE: "village_found"}
_TEXT = {"autocomplete": "off"}
_NUMBER = {"inputmode": "decimal", **_TEXT}


class FindingForm(forms.Form):
    """One finding on the spot: 督查, 巡查, 执法检查, 自查, 举报; a fire or a scar."""

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
    lon = forms.CharField(label="经度", max_length=40, widget=forms.TextInput(attrs=_NUMBER))
    lat = forms.CharField(label="纬度", max_length=40, widget=forms.TextInput(attrs=_NUMBER))
    datum = forms.ChoiceField(
        label="坐标系", choices=list(DATUM_LABELS.items()), help_text="手机定位是 WGS-84；从高德、腾讯地图抄的是 GCJ-02"
    )
    accuracy_m = forms.CharField(
        label="精度（米）", required=False, max_length=20, widget=forms.TextInput(attrs=_NUMBER)
    )
    date_proof = forms.CharField(
        label="焚烧日期的依据",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="黑斑必填（或附照片）：例如灰烬尚温、10 月 6 日巡查时还没有、村民证实",
    )
    photo = forms.FileField(
        label="照片",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/*", "capture": "environment"}),
    )
    belongs_to = forms.CharField(
        label="属于哪一处火点",
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs=_TEXT),
        help_text="黑斑是哪一处火点烧出来的，知道就写编号；不写由系统归并",
    )
    note = forms.CharField(label="说明", required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    finder = forms.CharField(label="发现人", required=False, max_length=60)
    informant_name = forms.CharField(
        label="举报人",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs=_TEXT),
        help_text="另存，不显示、不导出",
    )
    informant_phone = forms.CharField(
        label="举报人电话", required=False, max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel", **_TEXT})
    )

    # Where and when the photo was taken, held by the page's script at the shutter; empty without a script.
    photo_lon = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    photo_lat = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    photo_accuracy_m = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    photo_at = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    photo_reason = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

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
        self.fields["source"].initial = choices[0][0] if len(choices) == 1 else _own_source(user, dict(choices))
        if HOTLINE not in names:
            del self.fields["informant_name"], self.fields["informant_phone"]
        if Role.BUREAU not in roles_of(user):
            del self.fields["belongs_to"]

    def finding(self) -> dict[str, Any]:
        """The finding as the intake reads it: times with their offset, coordinates as they were given."""
        data = self.cleaned_data
        fields = {name: data[name] for name in ("kind", "lon", "lat", "accuracy_m", "finder", "note")}
        if data["source"] == HOTLINE:
            fields.pop("finder")
        elif data["kind"] == Detection.Kind.SCAR:
            fields["date_proof"] = data["date_proof"]
        informant = {name: data[name] for name in ("informant_name", "informant_phone") if data.get(name)}
        found_at = data["found_at"].astimezone(clock.BEIJING).isoformat()
        return {**fields, **informant, "uuid": str(data["uuid"]), "found_at": found_at}

    def photo_place(self, lon: float, lat: float) -> dict[str, Any]:
        """Position (WGS-84) and time of the photo, as `evidence_store` takes them. Held at the shutter where the page had
        a script, else the finding's own `lon` and `lat`, unless those were copied from a map."""
        data = self.cleaned_data
        device_at = data["photo_at"] or None
        if data["photo_lon"] and data["photo_lat"]:
            place = {"lon": data["photo_lon"], "lat": data["photo_lat"], "accuracy_m": data["photo_accuracy_m"] or None}
            return {**place, "device_at": device_at}
        if data["photo_reason"] or data["datum"] != "wgs84":
            return {"no_position_reason": data["photo_reason"] or "位置按地图抄写", "device_at": device_at}
        return {"lon": lon, "lat": lat, "accuracy_m": data["accuracy_m"] or None, "device_at": device_at}


def _own_source(user: User, choices: dict[str, str]) -> str:
    """The 自查 of the level on which an inspector stands; "" where the posts name several, or none."""
    levels = {Level(post.level) for post in grids.posts_held(user) if post.kind in INSPECTING}
    meant = {OF_LEVEL[level] for level in levels if level in OF_LEVEL} & set(choices)
    return meant.pop() if len(meant) == 1 else ""


class OutcomeForm(forms.Form):
    """The form of the outcome of a 举报."""

    outcome = forms.ChoiceField(
        label="办理结果",
        widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in HotlineReport.Outcome if one.value],
        error_messages={"required": "请选择办理结果"},
    )
    note = forms.CharField(
        label="办理情况",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不写举报人的姓名和电话",
        error_messages={"required": "请写明办理情况"},
    )


class RevealForm(forms.Form):
    """The form of the reason for which the bureau needs to know who called."""

    reason = forms.CharField(
        label="查看的理由",
        max_length=200,
        widget=forms.TextInput(attrs=_TEXT),
        help_text="记入日志，例如：回访核对地点",
        error_messages={"required": "请写明查看的理由"},
    )


class OutsideFindingForm(forms.Form):
    """What a row that waits is, a finding from outside the county or one that came again, by whoever decides it."""

    answer = forms.ChoiceField(
        label="这件发现",
        widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in (*ANSWERS, *CAME_AGAIN_ANSWERS)],
        error_messages={"required": "请选择怎样处理"},
    )
    into = forms.CharField(
        label="归入哪一处",
        max_length=30,
        required=False,
        help_text="空：归入提出问题的这一处；填编号或“疑似-87”这样的。",
    )
    reason = forms.CharField(
        label="理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明理由"},
    )

    def choose_among(self, kind: str) -> None:
        """Offer the answers of a kind of question: a row that came again is the same fire, another, or nothing."""
        if kind == Question.Kind.CAME_AGAIN:
            answer = cast(forms.ChoiceField, self.fields["answer"])
            answer.label = "又来的一行"
            answer.choices = [(choice.value, choice.label) for choice in CAME_AGAIN_ANSWERS]

    def ask_for_the_point(self) -> None:
        """Word the fields for a question that no point has: which one the finding joins has to be filled in."""
        answer, into = cast(forms.ChoiceField, self.fields["answer"]), self.fields["into"]
        answer.choices = [
            (value, "归入一处" if value in (Question.Answer.ATTACHED, Question.Answer.SAME) else label)
            for value, label in cast(list[tuple[str, str]], answer.choices)
        ]
        into.help_text = "归入时必填：编号或“疑似-87”这样的。"
