"""The form of the joint record: the conclusion, where it burnt, and for every party whether it came (C11)."""

import re
from typing import Any

from django import forms

from core import clock
from firepoints.models import Evidence, JointAttendance
from firepoints.pages.acts.forms import evidence_words
from firepoints.pages.acts.verify_form import ConclusionForm
from firepoints.pages.points import words
from firepoints.policy import rulings
from firepoints.sightings.readers.coordinates import split_pair
from firepoints.steps import selectors
from firepoints.steps.workflow import form_of
from grids import locating
from grids import selectors as grids

BUREAU_ROW = "bureau"
SITE_ROWS = 4
"""As many burnt sites as the page has rows for; the API takes more."""
PART_OF = {
    "burnt_mu": "mu",
    "county_code": "county",
    "reason": "reason",
    "document": "document",
    "detections": "detections",
}
"""The part of a row's field by the key of the API."""
NOTICE_KEYS = {"on": "served_on", "to": "addressee", "scan": "scan"}
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
AT_SITE = re.compile(r"sites 第 (\d+) 处 ?(\w*)")


@form_of("settle_jointly")
class JointForm(ConclusionForm):
    """联合核实记录: the conclusion, one county, and for every party whether it came (C11).

    A dispute may end in a county that no pixel touches: the others can be chosen too, once it is said whether they came.
    """

    def build(self) -> None:
        super().build()
        del self.fields["signed_by"]
        others = self._others()
        pieces = selectors.evidence_for(self.point, self.user).filter(kind=Evidence.Kind.SCAN)
        self.scans = [("", "没有"), *((str(piece.uuid), evidence_words(piece)) for piece in pieces)]
        self.notices = int(rulings.ruling("joint_notices", clock.today_beijing()))
        named = [(code, name) for code, name, _ in self.counties] + [(code, f"{name}（另选）") for code, name in others]
        self.fields["county_code"] = forms.ChoiceField(
            label="定为哪个县（区）",
            choices=[("", "由下面写的地点定"), *named],
            widget=forms.RadioSelect,
            required=False,
            help_text="不属实的要选；属实的写明地点就够了。",
        )
        self.order_fields(["expected_version", "conclusion", "cause", "county_code", "evidence", "note"])
        self._add_sites(named)
        self.parties = [(BUREAU_ROW, "", "市生态环境局"), *((code, code, name) for code, name, _ in self.counties)]
        self.others = [(code, code, name) for code, name in others]
        for key, _, name in self.parties:
            self._add_party(key, name)
        for key, _, name in self.others:
            self._add_party(key, name, is_required=False)

    def _add_sites(self, counties: list[tuple[str, str]]) -> None:
        """A row for each burnt site: where, how large, whose; which sightings, where there are several to share out."""
        pieces = list(selectors.evidence_for(self.point, self.user))
        self.photo_positions = [f"{piece.lon:.6f}, {piece.lat:.6f}" for piece in pieces if piece.lon is not None]
        scans = self.scans[1:]
        sightings = [
            (detection.pk, words.when(detection.starts_at, detection.ends_at, detection.precision))
            for detection in selectors.active_detections(self.point)
        ]
        for row in range(1, SITE_ROWS + 1):
            name = f"第 {row} 处"
            where = forms.TextInput(attrs={"list": "photo-positions", "autocomplete": "off"})
            fields: dict[str, forms.Field] = {
                "position": forms.CharField(label=f"{name}的位置", max_length=80, required=False, widget=where),
                "mu": forms.CharField(label=f"{name}的过火面积（亩）", max_length=20, required=False),
                "county": forms.ChoiceField(
                    label=f"{name}的县（区）", choices=[("", "由地点定"), *counties], required=False
                ),
                "reason": forms.CharField(label=f"{name}定为另一县（区）的理由", max_length=300, required=False),
                "document": forms.ChoiceField(
                    label=f"{name}定为另一县（区）的文件", choices=[("", "没有"), *scans], required=False
                ),
            }
            if row > 1 and len(sightings) > 1:
                fields["detections"] = forms.TypedMultipleChoiceField(
                    label=f"{name}的监测记录", coerce=int, choices=sightings, required=False,
                    widget=forms.CheckboxSelectMultiple,
                )  # fmt: skip
            for part, field in fields.items():
                self.fields[f"site_{row}_{part}"] = field

    def site_rows(self) -> list[dict[str, Any]]:
        """For the table: {number, position, mu, county, reason, document, detections} as bound fields."""
        parts = ("position", "mu", "county", "reason", "document", "detections")
        names = [{part: f"site_{row}_{part}" for part in parts} for row in range(1, SITE_ROWS + 1)]
        return [
            {"number": number, **{part: self[name] for part, name in row.items() if name in self.fields}}
            for number, row in enumerate(names, start=1)
        ]

    def _sites(self) -> list[dict[str, Any]]:
        """The rows that name a place or anything else, as the service takes them."""
        sites = []
        for row in range(1, SITE_ROWS + 1):
            values = {key: self.cleaned_data.get(f"site_{row}_{part}") for key, part in PART_OF.items()}
            position = self.cleaned_data[f"site_{row}_position"]
            if position or any(values.values()):
                sites.append({**position_parts(position), **{key: value for key, value in values.items() if value}})
        return sites

    @property
    def counties(self) -> list[tuple[str, str, float]]:
        """(code, name, share) of every county concerned."""
        where = self.point.attribution
        named = {candidate["code"]: candidate["name"] for candidate in where.candidates} if where else {}
        rows = list(self.point.counties.order_by("-share", "county_code"))
        if where:
            named |= grids.cell_names(where.edition, [row.county_code for row in rows])
        return [(row.county_code, named.get(row.county_code, row.county_code), row.share) for row in rows]

    def _others(self) -> list[tuple[str, str]]:
        """(code, name) of the city's other counties."""
        where = self.point.attribution
        if where is None:
            return []
        concerned = {code for code, _, _ in self.counties}
        near = {code[:4] for code in concerned}
        codes = [code for code in locating.index_for(where.edition).locators["county"].codes if code[:4] in near]
        names = grids.cell_names(where.edition, codes)
        return sorted((code, names.get(code, code)) for code in codes if code not in concerned)

    def _add_party(self, key: str, name: str, *, is_required: bool = True) -> None:
        outcomes = [("", "请选"), *JointAttendance.Outcome.choices]
        fields = {
            "outcome": forms.ChoiceField(label=f"{name} 到场情况", choices=outcomes, required=is_required),
            "signer": forms.CharField(label=f"{name} 签字人", max_length=60, required=False),
            "dissent": forms.CharField(label=f"{name} 不同意见", max_length=300, required=False),
        }
        for at in range(1, self.notices + 1):
            label = f"{name} 第 {at} 次送达"
            fields |= {
                f"notice_{at}_on": forms.DateField(label=f"{label}日期", required=False, widget=DAY),
                f"notice_{at}_to": forms.CharField(label=f"{label}受送达人", max_length=80, required=False),
                f"notice_{at}_scan": forms.ChoiceField(label=f"{label}扫描件", choices=self.scans, required=False),
            }
        for part, field in fields.items():
            self.fields[f"party_{key}_{part}"] = field

    def plain_fields(self) -> list[Any]:
        """The fields outside the tables of sites and parties."""
        return [field for field in self.visible_fields() if not field.name.startswith(("party_", "site_"))]

    def party_rows(self) -> list[dict[str, Any]]:
        """For the table: {name, outcome, signer, dissent, notices} as bound fields."""
        return [self._party_row(key, name) for key, _, name in self.parties]

    def other_rows(self) -> list[dict[str, Any]]:
        """The same for the counties that need not have been asked."""
        return [self._party_row(key, name) for key, _, name in self.others]

    def _party_row(self, key: str, name: str) -> dict[str, Any]:
        parts = ("outcome", "signer", "dissent")
        notices = [
            {"number": at, **{part: self[f"party_{key}_notice_{at}_{part}"] for part in NOTICE_KEYS}}
            for at in range(1, self.notices + 1)
        ]
        filled = [name for name in self.fields if name.startswith(f"party_{key}_notice_") and self[name].value()]
        bound = {part: self[f"party_{key}_{part}"] for part in parts}
        return {"name": name, **bound, "notices": notices, "is_called": bool(filled)}

    def _notices(self, key: str) -> list[dict[str, str]]:
        """The notices of a party of which anything is filled in, as the service takes them."""
        rows = [
            {name: self.cleaned_data.get(f"party_{key}_notice_{at}_{part}") or "" for part, name in NOTICE_KEYS.items()}
            for at in range(1, self.notices + 1)
        ]
        return [{name: str(value) for name, value in row.items()} for row in rows if any(row.values())]

    def field_at(self, where: str) -> str | None:
        named = AT_SITE.match(where)
        return f"site_{named[1]}_{PART_OF.get(named[2], 'position')}" if named else super().field_at(where)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        chosen = data.get("county_code", "")
        if chosen in {code for _, code, _ in self.others} and not data.get(f"party_{chosen}_outcome"):
            self.add_error(f"party_{chosen}_outcome", "定为这个县（区），要填它的到场情况")
            self.add_error("county_code", "另选的县（区）要在“其他县（区）”里填到场情况")
        return data

    def data_of(self) -> dict[str, Any]:
        fields = super().data_of()
        data = {name: value for name, value in fields.items() if not name.startswith(("party_", "site_"))}
        if sites := self._sites():
            data["sites"] = sites
        data["attendances"] = [
            {
                "party": name,
                "county_code": code,
                "outcome": self.cleaned_data[f"party_{key}_outcome"],
                "signer": self.cleaned_data[f"party_{key}_signer"],
                "notices": self._notices(key),
                "dissent": self.cleaned_data[f"party_{key}_dissent"],
            }
            for key, code, name in [*self.parties, *self.others]
            if self.cleaned_data[f"party_{key}_outcome"]
        ]
        return data


def position_parts(text: str) -> dict[str, str]:
    """{lon, lat} of one text as written; what cannot be told apart stays with the longitude, so that the refusal quotes it."""
    lon, lat = split_pair(text)
    return {"lon": lon or text, "lat": lat or text}
