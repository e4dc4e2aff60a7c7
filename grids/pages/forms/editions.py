"""Forms of the edition pages: files, what each layer is, activation, code changes. They check shape; services
decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms

from grids.editions.files import ANY_LEVEL
from grids.geo.datum import DATUM_NAMES
from grids.models import EditionImport
from grids.roles import LEVEL_LABELS, LEVELS

DATUM_LABELS = DATUM_NAMES | {"cgcs2000": "CGCS2000（EPSG:4490）"}
_PLAIN = {"autocomplete": "off"}
_LEVEL_CHOICES = [("", "不用"), *LEVEL_LABELS.items(), (ANY_LEVEL, "由级别列区分")]


class ManyFiles(forms.ClearableFileInput):
    """A chooser for several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """A list of uploaded files."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        uploads = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(upload, initial) for upload in uploads]


class FilesForm(forms.Form):
    """A name for the edition, and its files."""

    name = forms.CharField(
        label="版本名",
        max_length=80,
        help_text="例如 2026年勘界；不能与已有版本重名",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    borders = FilesField(
        label="边界文件",
        help_text="Shapefile（连同 .shx .dbf .prj，或打成 zip）、GeoPackage、GeoJSON、KML；可选多个，共不超过 250 MB",
        widget=ManyFiles(attrs={"accept": ".zip,.shp,.shx,.dbf,.prj,.cpg,.gpkg,.geojson,.json,.kml,.kmz"}),
        error_messages={"required": "请选择文件", "empty": "这个文件是空的"},
    )
    note = forms.CharField(label="说明", max_length=200, required=False, widget=forms.TextInput(attrs=_PLAIN))


class LayersForm(forms.Form):
    """The level and columns of each layer of the files, and their coordinates."""

    datum = forms.ChoiceField(
        label="坐标系", choices=list(DATUM_LABELS.items()), help_text="按提供单位写的选，不会自动猜"
    )
    crs = forms.CharField(
        label="坐标参考",
        required=False,
        max_length=60,
        help_text="文件里没有写、或写错时填，例如 EPSG:4490、EPSG:4547（CGCS2000 三度带 114°）",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    level_words = forms.CharField(
        label="级别列的写法",
        required=False,
        max_length=2000,
        help_text="只在“由级别列区分”时填，一行一个：片区=group、省=skip（略过）；市、县、乡镇、村、组不用写",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    accept_repairs = forms.BooleanField(
        label="接受修补后的图形", required=False, help_text="自交、孔在壳外等由程序修补，逐个列出并记入日志"
    )

    join_parts = forms.BooleanField(
        label="同一代码的几块合为一个网格",
        required=False,
        help_text="飞地分成几行的；名称、上级相同、互不重叠才合，逐个列出并记入日志",
    )

    def __init__(self, *args: Any, row: EditionImport, **kwargs: Any) -> None:
        self.sources: list[dict[str, Any]] = row.report.get("sources", [])
        super().__init__(*args, **kwargs)
        before = {(part["file"], part.get("layer", "")): part for part in row.options.get("parts", ())}
        for at, source in enumerate(self.sources):
            self._add(at, source, before.get((source["file"], source["layer"])), is_first=not row.options)
        for field, usual in (("datum", "wgs84"), ("crs", "")):
            self.fields[field].initial = row.options.get(field, usual)
        words = row.options.get("level_words", {})
        self.fields["level_words"].initial = "\n".join(f"{word}={level}" for word, level in words.items())

    def _add(self, at: int, source: dict[str, Any], before: dict[str, Any] | None, *, is_first: bool) -> None:
        guess = source["guess"]
        columns = [
            (column["name"], f"{column['name']}（{column['sample'][:24]}）" if column["sample"] else column["name"])
            for column in source["columns"]
        ]
        chosen = before or (
            {} if not is_first else {"level": guess["level"], **{k: guess[k] for k in ("code", "name", "parent")}}
        )
        chosen = {"level_column": guess["level_column"], **chosen}
        if is_first and not chosen.get("level") and guess["level_column"]:
            chosen["level"] = ANY_LEVEL
        auto = f"自动（{guess['parent_seen']}）" if guess["parent_seen"] else "自动（按位置）"
        for field, label, choices in (
            ("level", "级别", _LEVEL_CHOICES),
            ("code", "代码列", [("", "请选择"), *columns]),
            ("name", "名称列", [("", "请选择"), *columns]),
            ("parent", "上级代码列", [("", auto), *columns]),
            ("level_column", "级别列", [("", "没有"), *columns]),
        ):
            initial = chosen.get("level" if field == "level" else field, "")
            self.fields[f"{field}_{at}"] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=initial
            )

    def layers(self) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        """Each layer with its five fields, for the template."""
        for at, source in enumerate(self.sources):
            yield source, [self[f"{field}_{at}"] for field in ("level", "code", "name", "parent", "level_column")]

    def common(self) -> list[Any]:
        """The fields for all layers."""
        return [self[name] for name in ("datum", "crs", "level_words", "accept_repairs", "join_parts")]

    def clean_level_words(self) -> dict[str, str]:
        words = {}
        for line in self.cleaned_data["level_words"].splitlines():
            word, equals, level = (part.strip() for part in line.partition("="))
            if not line.strip():
                continue
            if not equals or not word or level not in (*LEVELS, "skip"):
                raise forms.ValidationError(
                    f"“{line.strip()[:40]}”应为 写法=级别；级别用 {'、'.join((*LEVELS, 'skip'))}"
                )
            words[word] = level
        return words

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        layers = 0
        for at in range(len(self.sources)):
            level = data.get(f"level_{at}")
            layers += bool(level)
            for field, label in (("code", "代码列"), ("name", "名称列")):
                if level and not data.get(f"{field}_{at}"):
                    self.add_error(f"{field}_{at}", f"请选择{label}")
            if level == ANY_LEVEL and not data.get(f"level_column_{at}"):
                self.add_error(f"level_column_{at}", "请选择级别列")
        if not layers:
            raise forms.ValidationError("请至少为一个图层选定级别")
        return data

    def options(self) -> dict[str, Any]:
        """The options that `uploads.plan_of` takes."""
        data = self.cleaned_data
        parts = [
            {
                "file": source["file"],
                "layer": source["layer"],
                "level": data[f"level_{at}"],
                "code": data[f"code_{at}"],
                "name": data[f"name_{at}"],
                "parent": data[f"parent_{at}"],
                "level_column": data[f"level_column_{at}"],
            }
            for at, source in enumerate(self.sources)
            if data[f"level_{at}"]
        ]
        return {
            "parts": parts,
            **{name: data[name] for name in ("datum", "crs", "level_words", "accept_repairs", "join_parts")},
        }


class ActivateForm(forms.Form):
    """The date from which an edition rules; errors of the check must be answered for."""

    valid_from = forms.DateField(
        label="从哪一天起（北京）",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="这一天及以后的火点按这一版定位；已有认定的日期不能改",
        error_messages={"required": "请选日期", "invalid": "日期应为 年-月-日"},
    )
    reason = forms.CharField(label="理由", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    accept_findings = forms.BooleanField(label="检查有问题，仍要启用（须写理由）", required=False)
    is_correction = forms.BooleanField(
        label="这是更正版：可以倒签（须写理由）",
        required=False,
        help_text="不改任何认定；按它会落到别处的火点列入“重新归属”，逐处由人决定",
    )


class ChangesForm(forms.Form):
    """Code changes from a CSV."""

    file = forms.FileField(
        label="对应表（CSV）",
        help_text="列：原代码、新代码，可有 变化、依据文件；整表替换，旧的留存",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv"}),
        error_messages={"required": "请选择文件", "empty": "这个文件是空的"},
    )
    reason = forms.CharField(label="依据", required=False, max_length=200, widget=forms.TextInput(attrs=_PLAIN))
