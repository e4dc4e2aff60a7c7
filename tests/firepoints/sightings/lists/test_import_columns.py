"""Columns that nobody understands are put right by a person once, and remembered by source and issuer (policy.md §3)."""

import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from core.errors import BadInput, NotAllowed
from firepoints.models import (
    ColumnMapping,
    ImportRun,
    Source,
)
from firepoints.sightings.lists import mapping
from journal.models import Entry
from tests.firepoints.pages.test_import_pages import body, client_of, hidden
from tests.firepoints.small_lists import upload

ODD = "编码甲,所属地,东西,南北,哪天\n1,甲县,123.75,41.25,2023-10-07\n2,甲县,123.76,41.26,2023-10-07\n"


@pytest.mark.embedded
def test_columns_that_nobody_understands_are_chosen_once_and_remembered_by_issuer(city, tmp_path):
    clerk = client_of(city.clerk)
    answer = upload(clerk, ODD, issuer="省厅", list_no="1")
    assert "列对应" in body(answer)
    assert "123.75" in body(answer)
    form = body(answer).split('action="/imports/columns/"')[1].split("</form>")[0]
    data = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', form))
    data.pop("csrfmiddlewaretoken", None)
    chosen = {"field-seq_no": "编码甲", "field-lon": "东西", "field-lat": "南北", "field-date": "哪天", "remember": "1"}
    page = body(clerk.post(reverse("imports:columns"), {**data, **chosen}, follow=True))
    assert "写入 2 行" in page
    kept = ColumnMapping.objects.get()
    assert (kept.issuer, kept.version, kept.fields["lon"]) == ("省厅", 1, "东西")
    assert Entry.objects.filter(act="import.mapping_set").count() == 1
    clerk.post(reverse("imports:preview"), hidden(page))
    run = ImportRun.objects.get()
    assert (run.kept, run.mapping["lat"]) == (2, "南北")
    assert "纬度 ← 南北" in body(clerk.get(reverse("imports:run", args=[run.uuid])))
    assert "写入 2 行" in body(upload(clerk, ODD.replace("123.7", "123.72"), issuer="省厅", list_no="2"))
    assert "还读不懂" in body(upload(clerk, ODD, issuer="别的厅", list_no="1"))


APART = "编码甲,哪年,几月,几号,几点,东西,南北\n1,2023,10,7,13:05,123.75,41.25\n"


def test_several_columns_are_joined_into_one_field_on_the_page(city):
    clerk = client_of(city.clerk)
    answer = upload(clerk, APART, issuer="省厅", list_no="7")
    form = body(answer).split('action="/imports/columns/"')[1].split("</form>")[0]
    data = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', form))
    data.pop("csrfmiddlewaretoken", None)
    chosen = {"join-date": ["2", "3", "4"], "field-time": "几点", "join-position": ["6", "7"], "remember": "1"}
    page = body(clerk.post(reverse("imports:columns"), {**data, **chosen}, follow=True))
    assert "写入 1 行" in page
    memory = ColumnMapping.objects.get()
    assert (memory.fields["date"], memory.fields["position"]) == ("#2+#3+#4", "#6+#7")
    clerk.post(reverse("imports:preview"), hidden(page))
    run = ImportRun.objects.get()
    assert run.detections.get().starts_at.isoformat() == "2023-10-07T05:05:00+00:00"
    twice = {"join-date": ["2", "3"], "field-time": "几月", "join-position": ["6", "7"]}
    assert clerk.post(reverse("imports:columns"), {**data, **twice}).status_code == 400


def test_one_column_for_two_fields_is_refused_and_nothing_is_remembered(city):
    clerk = client_of(city.clerk)
    form = body(upload(clerk, ODD)).split('action="/imports/columns/"')[1].split("</form>")[0]
    data = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', form))
    for chosen in ({"field-lon": "东西", "field-lat": "东西"}, {"field-lon": "没有的列"}):
        answer = clerk.post(reverse("imports:columns"), {**data, **chosen, "remember": "1"})
        assert answer.status_code == 400
    assert not ColumnMapping.objects.exists()


def test_a_mapping_has_versions_and_the_same_again_adds_none(city):
    source = Source.objects.get(code="provincial_list")
    for fields in ({"lon": "东西"}, {"lon": "东西"}, {"lon": "东西", "lat": ""}, {}):
        mapping.mapping_set(source=source, issuer="省厅", fields=fields, actor=city.clerk)
    assert list(ColumnMapping.objects.values_list("version", flat=True)) == [1, 2, 3]
    assert mapping.remembered(source, "省厅") == {}
    with pytest.raises(BadInput):
        mapping.mapping_set(source=source, issuer="省厅", fields={"moon": "月"}, actor=city.clerk)
    with pytest.raises(NotAllowed):
        mapping.mapping_set(source=source, issuer="省厅", fields={"lon": "x"}, actor=city.west)


def test_a_command_uses_the_remembered_columns_and_fills_the_answer(city, tmp_path, capsys):
    source = Source.objects.get(code="provincial_list")
    fields = {"seq_no": "编码甲", "lon": "东西", "lat": "南北", "date": "哪天"}
    mapping.mapping_set(source=source, issuer="省厅", fields=fields, actor=city.clerk)
    path, out = tmp_path / "怪表.csv", tmp_path / "反馈.csv"
    path.write_text(ODD, encoding="utf-8")
    asked = ("ingest", str(path), "--source", "provincial_list", "--issuer", "省厅", "--list-no", "3", "--json")
    call_command(*asked, "--dry-run")
    told = json.loads(capsys.readouterr().out)
    assert (told["kept"], told["preview"]["mapping"]) == (2, fields)
    call_command(*asked)
    run = json.loads(capsys.readouterr().out)["run"]
    call_command("feedback", run, "--out", str(out), "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["answered"], told["open"], told["cells_left"]) == (2, 0, 2, [])
    assert out.read_text(encoding="utf-8").splitlines()[1].startswith("1,甲县,123.75,41.25,2023-10-07,核实中,")
    with pytest.raises(CommandError) as refused:
        call_command("feedback", "999999")
    assert refused.value.returncode == 1
