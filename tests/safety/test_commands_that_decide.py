"""A command decides nothing in a person's name, unless the deployment says so or is a demonstration."""

import io
import json
from pathlib import Path

import pytest
from django.conf import settings as own_settings
from django.core.management import CommandError, call_command

from core.deciding import DECIDING, decides
from firepoints.models import FirePoint
from firepoints.steps.workflow import TRANSITIONS
from grids.roles import Role
from journal.models import Deployment, Entry
from journal.selectors import deployment
from penalties.batches.life import BY_STEP
from penalties.models import Batch
from tests.docs import deciding
from tests.factories import points as make
from tests.factories.city import City, build_city
from tests.penalties.conftest import add_rule

pytestmark = pytest.mark.django_db

STAYS = {
    *("dispatch", "report", "report_on_behalf", "verify_own", "return", "assign_group", "mark_cross", "dispute"),
    *("notify", "object", "propose"),
}
"""Acts on a point that settle nothing: they file, send on, ask, or wait for another person."""


@pytest.fixture
def city() -> City:
    city = build_city()
    add_rule()
    return city


def command(*words: object) -> dict:
    out = io.StringIO()
    try:
        call_command(*map(str, words), "--json", stdout=out)
    except CommandError as error:
        return {**json.loads(out.getvalue()), "exit": error.returncode}
    return {**json.loads(out.getvalue()), "exit": 0}


def reason(folder: Path) -> Path:
    file = folder / "reason.json"
    file.write_text('{"reason": "属实"}', encoding="utf-8")
    return file


def test_a_person_does_not_recognise_by_command(city: City, tmp_path: Path):
    point = make.verified(city)
    entries = Entry.objects.count()
    done = command("point", "act", point.pk, "recognise", "--as", "recogniser", "--data", reason(tmp_path))
    assert (done["exit"], done["error"]) == (1, "command_decides")
    assert (FirePoint.objects.get(pk=point.pk).state, Entry.objects.count()) == ("verified", entries)


@pytest.mark.parametrize("mode", ["setting", "demonstration"])
def test_a_deployment_that_says_so_and_a_demonstration_decide_by_command(city, tmp_path, request, mode: str):
    point = make.verified(city)
    if mode == "setting":
        request.getfixturevalue("commands_decide")
    else:
        Deployment.objects.filter(pk=deployment().pk).update(is_demo=True)
    done = command("point", "act", point.pk, "recognise", "--as", "recogniser", "--data", reason(tmp_path))
    assert (done["exit"], done["state"]) == (0, "recognised")


def test_no_step_of_a_batch_goes_by_command_and_building_does(city: City):
    make.final(city)
    built = command("batch", "build", "--month", "2023-10", "--as", "clerk")
    assert built["exit"] == 0
    for step in BY_STEP:
        given = ["--reason", "演示"] if step in ("empty", "recall", "return") else []
        given += ["--date", "2023-11-02"] if step == "return" else []
        done = command("batch", step, built["batch"], "--as", "clerk", *given)
        assert (step, done["exit"], done["error"]) == (step, 1, "command_decides")
    assert Batch.objects.get().state == "open"
    assert command("batch", "show", built["batch"])["exit"] == 0


def test_a_circular_is_made_and_not_issued_by_command(city: City):
    days = ("--from", "2023-10-01", "--to", "2023-10-31")
    made = command("circular", "make", *days, "--as", "clerk")
    assert made["exit"] == 0
    paper = ("--doc-no", "演示〔2023〕9号", "--date", "2023-11-02", "--reported", "2023-11-03")
    assert command("circular", "issue", made["id"], *paper, "--as", "clerk")["error"] == "command_decides"


def test_what_settles_nothing_stays_a_command(city: City):
    point = make.suspected()
    assert command("point", "act", point.pk, "dispatch", "--as", "clerk")["exit"] == 0
    assert command("point", "list")["count"] == 1
    assert command("point", "show", point.pk)["state"] == "dispatched"


def test_each_act_on_a_point_that_a_person_may_take_is_said_to_decide_or_to_stay():
    acts = {row.action for row in TRANSITIONS if row.roles != {Role.SYSTEM}} - {"withdraw"}
    deciding_acts = {word for row in DECIDING if row.command == "point act" for word in row.words}
    assert {act for act in acts if decides(("point", "act", act))} == deciding_acts & acts
    assert acts - deciding_acts - STAYS == set()
    assert deciding_acts & STAYS == set()
    assert {step for step in BY_STEP if not decides(("batch", step))} == set()


def test_the_list_in_the_docs_is_the_one_in_the_code():
    page = (Path(own_settings.BASE_DIR) / "docs" / "commands.md").read_text(encoding="utf-8")
    assert deciding.in_page(page) == deciding.table()
