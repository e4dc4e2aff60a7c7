"""A pack is loaded whole or not at all: each new row has its entry, and what stands otherwise is never passed over."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from firepoints.models import Ruling, Source
from firepoints.policy.ruling_acts import GUARDS
from grids.models import Payer, PayerArea
from journal.models import Entry
from penalties.models import Rule

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
BENXI = Path(settings.BASE_DIR) / "packs" / "benxi" / "pack.toml"
AREA = """
[[payer_areas]]
cell = "210503001"
payer = "210503"
valid_from = "2024-01-01"
document_no = "本政办发〔2024〕1号"
"""
SOURCE = """
[[sources]]
code = "tower"
name = "铁塔视频"
authority = "other"
kind = "patrol"
source_class = "lead"
parser = "patrol"
"""

FIRST = '[[payers]]\ncode = "210521"\n'

Load = Callable[..., dict[str, Any]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a copy of the pack of Benxi with text added and replaced, by the command; a refusal is told as its JSON."""

    def go(*more: str, **changes: str) -> dict[str, Any]:
        text = BENXI.read_text(encoding="utf-8") + "".join(more)
        for before, after in changes.get("replace", {}).items():  # type: ignore[attr-defined]
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        (tmp_path / "pack.toml").write_text(text, encoding="utf-8")
        out = io.StringIO()
        try:
            call_command("pack", "load", str(tmp_path), "--json", stdout=out)
        except (CommandError, SystemExit) as stopped:
            code = getattr(stopped, "returncode", getattr(stopped, "code", None))
            return {"rc": code, **json.loads(out.getvalue() or str(stopped))}
        return {"rc": 0, **json.loads(out.getvalue())}

    return go


def entries(act: str) -> list[dict[str, Any]]:
    return [entry.after for entry in Entry.objects.filter(act=act).order_by("pk")]


def world() -> list[Any]:
    """Everything that a pack writes, and how many entries there are."""
    return [list(model.objects.order_by("pk").values()) for model in (Rule, Payer, PayerArea, Ruling, Source)] + [
        Entry.objects.count()
    ]


def test_each_payer_area_and_source_that_is_new_has_an_entry_that_says_all_of_it(load: Load) -> None:
    answer = load(AREA, SOURCE)
    assert (answer["rc"], answer["payers"], answer["payer_areas"], answer["sources"]) == (0, 6, 1, 1)
    assert [entry["name"] for entry in entries("payer.set")] == list(Payer.objects.values_list("name", flat=True))
    assert len(entries("payer.set")) == 6
    assert entries("payer.area_set") == [
        {"cell_code": "210503001", "payer": "210503", "document": "本政办发〔2024〕1号", "valid_from": "2024-01-01"}
    ]
    assert [(entry["code"], entry["source_class"]) for entry in entries("source.set")] == [("tower", "lead")]
    assert entries("pack.loaded")[0] | {"rulings": 0} == {
        "rules": 1, "payers": 6, "payer_areas": 1, "rulings": 0, "sources": 1,
    }  # fmt: skip


def test_the_same_pack_again_changes_nothing_and_writes_no_entry(load: Load) -> None:
    load(AREA, SOURCE)
    before = world()
    answer = load(AREA, SOURCE)
    assert {answer[name] for name in ("rules", "payers", "payer_areas", "rulings", "sources", "rc")} == {0}
    assert world() == before


def test_a_row_added_later_is_new_alone(load: Load) -> None:
    load()
    assert load(AREA)["payer_areas"] == 1
    assert len(entries("payer.set")) == 6


DIFFERENT = [
    ("payer_differs", "payers 第 4 条", ("溪湖区", "溪湖新区"), {'name = "溪湖区"': 'name = "溪湖新区"'}, ()),
    ("payer_differs", "payers 第 1 条", ("自治县", "县"), {'name = "本溪满族自治县"\ngroup = "自治县"':
                                                     'name = "本溪满族自治县"\ngroup = "县"'}, ()),
    ("payer_differs", "payers 第 2 条", ("表内第 2", "本溪满族自治县"), {FIRST: f'[[payers]]\ncode = "G1"\nname = "高新区"\n{FIRST}'}, ()),
    ("area_taken", "payer_areas 第 1 条", ("溪湖区", "明山区"), {'payer = "210503"': 'payer = "210504"'}, ()),
    ("area_taken", "payer_areas 第 1 条", ("〔2024〕1号", "〔2024〕2号"), {"本政办发〔2024〕1号": "本政办发〔2024〕2号"}, ()),
    ("area_overlaps", "payer_areas 第 2 条", ("2024-01-01", "溪湖区"), {}, (AREA.replace("2024-01-01", "2023-01-01"),)),
    ("source_differs", "sources 第 1 条", ("lead", "official_list"), {'source_class = "lead"': 'source_class = "official_list"'}, ()),
    ("source_differs", "sources 第 1 条", ("铁塔视频", "铁塔"), {'name = "铁塔视频"': 'name = "铁塔"'}, ()),
    ("ruling_differs", "rulings 第 4 条", ("5", "7"), {"value = 5": "value = 7"}, ()),
    ("ruling_differs", "rulings 第 4 条", ("文件没有规定",), {"通报后的异议期（设置，文件没有规定）": "另一句"}, ()),
    ("rule_differs", "benxi-2022-29", ("base",), {"amount_fen = 3_000_000": "amount_fen = 1_000_000"}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("code", "where", "words", "replace", "more"), DIFFERENT)
def test_a_pack_that_differs_is_refused_whole_and_says_which_row_what_stands_and_what_it_says(
    load: Load, code: str, where: str, words: tuple[str, ...], replace: dict[str, str], more: tuple[str, ...]
) -> None:
    load(AREA, SOURCE)
    before = world()
    new = '\n[[payers]]\ncode = "NEW"\nname = "新的单位"\n'
    answer = load(AREA, SOURCE, *more, new, replace=replace)
    assert (answer["rc"], answer["error"]) == (1, code)
    assert where in answer["message"]
    assert [word for word in words if word not in answer["message"]] == []
    assert world() == before


WRONG = [
    '\n[[payer_areas]]\ncell = "210503001"\npayer = "999"\nvalid_from = "2024-01-01"\n',
    '\n[[payer_areas]]\npayer = "210503"\nvalid_from = "2024-01-01"\n',
    '\n[[payer_areas]]\ncell = "210503001"\npayer = "210503"\n',
    '\n[[payer_areas]]\ncell = "210503001"\npayer = "210503"\nvalid_from = "2024-01-01"\nuntil = "2025-01-01"\n',
    '\n[[payer_areas]]\ncell = "210503001"\npayer = "210503"\nvalid_from = "2024-01-01"\nvalid_to = "2023-01-01"\n',
    '\n[[payers]]\ncode = "X"\n',
    '\n[[payers]]\ncode = 210599\nname = "数"\n',
    SOURCE.replace('parser = "patrol"', 'parser = "nothing"'),
    SOURCE.replace('source_class = "lead"', 'source_class = "gold"'),
    SOURCE + 'datum = "moon"\n',
    SOURCE + 'rate = "1"\n',
    SOURCE.replace('authority = "other"\n', ""),
    '\n[[rulings]]\nkey = "x"\nvalid_from = "2024-01-01"\n',
]


@pytest.mark.parametrize("more", WRONG)
def test_a_row_that_is_no_row_is_an_answer_with_its_place_and_nothing_is_loaded(load: Load, more: str) -> None:
    answer = load(more)
    assert answer["rc"] == 1
    assert re.search(r"(payer_areas|payers|sources|rulings) 第 \d+ 条", answer["message"])
    assert (Rule.objects.count(), Payer.objects.count(), Ruling.objects.count()) == (0, 0, 0)


def test_an_area_without_a_document_of_its_own_rests_on_that_of_the_pack(load: Load) -> None:
    load(AREA.replace('document_no = "本政办发〔2024〕1号"\n', ""))
    assert PayerArea.objects.get().document_no == "本政办发〔2022〕29号"


def test_a_later_ruling_for_one_cell_ends_the_earlier_one_in_whatever_order_they_stand(load: Load) -> None:
    later = AREA.replace("2024-01-01", "2025-01-01").replace('"210503"', '"210504"').replace("1号", "9号")
    assert load(later, AREA)["payer_areas"] == 2
    assert [str(area.valid_to) for area in PayerArea.objects.order_by("valid_from")] == ["2025-01-01", "None"]
    assert [entry["valid_to"] for entry in entries("payer.area_ended")] == ["2025-01-01"]
    assert load(later, AREA)["payer_areas"] == 0


@pytest.mark.parametrize("value", ['"5"', "true", "0", "99"])
def test_a_ruling_of_another_shape_or_out_of_range_refuses_the_whole_pack(load: Load, value: str) -> None:
    before = world()
    answer = load(f'\n[[rulings]]\nkey = "negative_photos"\nvalid_from = "2025-01-01"\nvalue = {value}\n')
    assert (answer["rc"], answer["error"]) == (1, "bad_ruling")
    assert world() == before


def test_a_pack_sets_no_ruling_behind_a_batch_that_went_out(load: Load, overridden) -> None:
    assert load()["rc"] == 0
    overridden(GUARDS, lambda on: "2024年12月批次已报送" if str(on) < "2025-01-01" else "")
    assert load()["rc"] == 0
    ruling = '\n[[rulings]]\nkey = "negative_photos"\nvalid_from = "{}"\nvalue = 4\n'
    assert load(ruling.format("2024-06-01"))["error"] == "ruling_behind_batch"
    assert load(ruling.format("2025-01-01"))["rulings"] == 1
