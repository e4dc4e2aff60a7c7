"""The judge: a world written by hand runs through the real product, and what comes out is what must come out."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from core.errors import Refused
from demo.fairness import play, rand, score, stage, worldfile
from demo.fairness.asked import Asked
from demo.fairness.rechecks import Rechecks
from firepoints.models import FirePoint, ImportRun, Question
from grids import locating
from grids.geo.footprint import from_local_xy
from grids.selectors.overlays import within
from penalties.models import Batch, LedgerEntry
from tests.simulation import worlds
from tests.simulation.worlds import BORDER, EAST, START, WEST, fire

Judge = Callable[..., dict[str, Any]]


@pytest.fixture
def judge(db, settings, tmp_path: Path) -> Judge:
    """Write a world and judge it in the test's own database, which is thrown away."""
    settings.JINSHAO_HOME = tmp_path / "home"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    locating.forget()

    def run(fires: list[dict[str, Any]], tempers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        worlds.write(tmp_path / "world", fires, tempers or {}, **more)
        read = worldfile.load(tmp_path / "world")
        stage.set_up(read)
        return score.score(play.play(read))

    return run


FAR = 0.06  # 5 km: the product cannot take two rows so far apart for one fire


def test_honest_people_charge_each_reported_straw_fire_once_to_its_county(judge: Judge):
    """One told twice 300 m beside, one told again 5 km off, one on the border, one that is no straw."""
    found = judge(
        [
            fire("F1", 123.8, 41.2),
            fire("F2", 124.2, 41.2),
            fire("F3", 124.2, 41.3, straw=False),
            fire("F4", BORDER + 0.0005, 41.2),
        ],
        twice={"F1": 0.0036, "F2": FAR},
    )
    assert (found["reported"], found["charges"], found["uncharged"]) == (3, 3, [])
    counties = {code: (one["due"], one["charged"]) for code, one in found["counties"].items()}
    assert counties == {WEST: (1, 1), EAST: (2, 2)}
    for wrong in ("double", "not_straw", "wrong_county", "wrong_county_jointly"):
        assert found[wrong] == [], wrong
    assert found["wrong_village"] == 0
    assert found["naive"] == {"charges": 6, "double": 2, "not_straw": 1, "uncharged": 0, "wrong_county": 0}
    # The border went to a joint meeting, and an oracle would have sent it; F2 in two places nobody could know.
    assert FirePoint.objects.filter(attribution__method="joint").count() == 1
    person = found["person"]
    assert person["why"]["cross"] == {"needed": 1}
    assert (person["asked"], person["missed_why"]) == (1, {})
    assert found["rand"]["rule"] < found["rand"]["best"] == 1.0


def test_what_lazy_and_cheating_people_do_is_counted_and_a_fire_charged_twice_is_seen(judge: Judge):
    """The negative control of the asks: nobody looked, so one fire is charged twice."""
    found = judge(
        [fire("F1", 123.8, 41.2), fire("F2", 124.2, 41.2, straw=False), fire("F3", 123.8, 41.3)],
        tempers={"F1": "cheating", "F2": "lazy", "F3": "lazy"},
        twice={"F3": FAR},
    )
    assert len(found["not_straw"]) == 1
    assert (found["uncharged"], found["uncharged_by"], found["uncharged_honest"]) == (["F1"], {"cheating": 1}, [])
    assert len(found["double"]) == 1
    assert found["person"]["missed_why"] == {"in_two": 2}
    assert found["counties"][WEST]["charged_fen"] == 2 * 3_000_000


def test_a_file_that_is_taken_back_and_comes_again_is_played_as_it_came(judge: Judge):
    found = judge(
        [fire("F1", 123.8, 41.2), fire("F2", 124.2, 41.2)],
        version=2,
        lists=[{"day": 8, "again": "files/list1.csv", "fires": {}}],
        acts=[{"day": 7, "hour": 11, "do": "withdraw", "file": "files/list1.csv"}],
    )
    states = ImportRun.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["withdrawn", "committed"]
    assert (found["reported"], found["uncharged"]) == (2, [])


def test_the_oracle_asks_where_a_row_went_out_of_force_and_the_bureau_takes_the_charge_back(judge: Judge):
    found = judge(
        [fire("F1", 123.8, 41.2), fire("F2", 124.2, 41.2)],
        version=2,
        acts=[{"day": 10, "hour": 11, "do": "withdraw", "file": "files/list1.csv"}],
    )
    person = found["person"]
    assert (person["asked"], person["needed"], person["oracle_strict"]) == (2, 2, 2)
    assert (found["reported"], found["charges"], found["not_straw"]) == (0, 0, [])


def test_the_oracle_asks_about_rows_of_running_days_and_its_strict_sister_does_not(judge: Judge):
    days = [["2023-10-16T00:00:00+08:00", "2023-10-17T00:00:00+08:00"],
            ["2023-10-17T00:00:00+08:00", "2023-10-18T00:00:00+08:00"]]  # fmt: skip
    found = judge([fire("F1", 123.8, 41.2)], twice={"F1": 0.0005}, version=2, says=days)
    person = found["person"]
    assert (person["missed_why"], person["oracle"], person["oracle_strict"]) == ({"days": 1}, 1, 0)


def test_a_list_that_corrects_another_names_it_and_only_what_stands_is_due(judge: Judge):
    found = judge(
        [fire("F1", 123.8, 41.2), fire("F2", 124.2, 41.2)],
        version=2,
        lists=[{"day": 3, "supersedes": "files/list1.csv", "fires": {"F1": 0.0}}],
    )
    first, second = ImportRun.objects.order_by("pk")
    assert second.supersedes == first
    assert found["reported"] == 1


def test_a_county_objects_and_another_person_upholds_or_takes_back_what_was_no_straw(judge: Judge):
    found = judge(
        [fire("F1", 123.8, 41.2), fire("F2", 124.2, 41.2, straw=False)],
        tempers={"F2": "lazy"},
        version=2,
        acts=[{"day": 1, "hour": 1, "do": "appeal", "row": row, "who": "county"} for row in ("L1-1", "L1-2")],
    )
    upheld, taken_back = FirePoint.objects.order_by("pk")
    assert (upheld.final_by, taken_back.counted) == ("upheld", False)
    assert (found["charges"], found["not_straw"]) == (1, [])


def test_a_month_is_settled_and_what_comes_after_it_goes_into_its_next_batch(judge: Judge):
    judge(
        [fire("F1", 123.8, 41.2), fire("F2", 124.2, 41.2)],
        version=2,
        lists=[{"day": 11, "fires": {"F2": 0.06}}],
        acts=[{"day": 12, "hour": 18, "do": "settle", "month": "2023-10"}],
    )
    batches = Batch.objects.order_by("seq").values_list("month", "seq", "state")
    assert list(batches) == [("2023-10", 1, "settled"), ("2023-10", 2, "frozen")]


def test_nobody_of_format_2_knows_by_himself_that_a_field_was_reported_before(judge: Judge):
    """Beside the same world of format 1, whose honest people do: there the fire in two points is charged once."""
    found = judge([fire("F1", 123.8, 41.2)], twice={"F1": FAR}, version=2)
    assert len(found["double"]) == 1


def test_a_fire_charged_twice_was_asked_about_only_where_a_question_named_both_points_before(judge: Judge):
    found = judge([fire("F1", 123.8, 41.2)], twice={"F1": FAR}, version=2)
    first, second = FirePoint.objects.order_by("pk")
    assert [failure["point"] for failure in found["double_unasked"]] == found["double"]
    assert found["double_unasked"][0]["families"] == ["list2.csv"]
    charged_at = LedgerEntry.objects.latest("at").at
    assert not Asked().about_both(first.pk, second.pk, charged_at)
    ask(first, second, stops_money=False)
    assert not Asked().about_both(first.pk, second.pk, charged_at)  # what stops no money asks nobody
    question = ask(first, second, kind="earlier_finding")
    assert Asked().about_both(second.pk, first.pk, charged_at)
    assert not Asked().about_both(second.pk, first.pk, question.asked_at)  # too late


def ask(point: FirePoint, other: FirePoint, kind: str = "touches", **fields: Any) -> Question:
    return Question.objects.create(
        point=point, other=other, kind=kind, words="同一处？", asked_at=point.created_at, **fields
    )


def test_a_fire_that_the_machine_joins_to_another_unasked_is_its_fault_and_a_denied_one_is_not(
    judge: Judge, monkeypatch
):
    monkeypatch.setattr(Rechecks, "draw", lambda _: None)  # nobody looks again
    found = judge(
        [fire("F1", 123.8, 41.2), fire("F2", 123.8012, 41.2, hours=5), fire("F3", 124.2, 41.2)],
        tempers={"F1": "lazy", "F2": "lazy", "F3": "denying"},  # who looks says that two fields burnt
        version=2,
    )
    assert found["uncharged_machine"] in (["F1"], ["F2"])
    assert set(found["uncharged_fates"].values()) == {"swallowed", "denied"}
    assert found["uncharged_fates"]["F3"] == "denied"
    assert {code: (one["seen"], one["denied"]) for code, one in found["denials"].items()} == {
        WEST: (1, 0),
        EAST: (1, 1),
    }


def test_the_bureau_visits_what_was_drawn_and_sends_back_what_was_denied(judge: Judge):
    names = [f"F{at}" for at in range(1, 7)]
    found = judge(
        [fire(name, 123.75 + 0.02 * at, 41.1 + 0.03 * at) for at, name in enumerate(names)],
        tempers={"F1": "denying", "F3": "denying"},
        version=2,
    )
    west = found["denials"][WEST]
    assert (west["denied"], west["rechecked"], west["contradicted"], west["named"]) == (2, 2, 2, True)
    assert (found["charges"], found["uncharged"], found["refused"]) == (6, [], {})


def test_a_fire_of_the_day_before_the_rule_is_owed_by_nobody(tmp_path: Path):
    early = [fire("F1", 123.8, 41.2), fire("F2", 124.2, 41.2, hours=24 * 3)]
    worlds.write(tmp_path / "world", early, {}, version=2)
    read = replace(worldfile.load(tmp_path / "world"), charged_from=date(2023, 10, 17))
    assert (read.reported, read.before_the_rule) == ({"F2"}, {"F1"})


def test_an_honest_verifier_says_how_many_fields_burnt_and_the_bureau_divides_them(judge: Judge):
    found = judge([fire("F1", 123.8, 41.2), fire("F2", 123.8012, 41.2, hours=5)], version=2)
    assert FirePoint.objects.filter(verifications__sites=2).exists()
    assert (found["charges"], found["uncharged"], found["person"]["asked_beside"]) == (2, [], 1)


def test_a_row_that_waits_at_a_point_that_lost_its_own_is_answered_too(judge: Judge):
    """Sent to the county, taken back before anybody went there, imported again."""
    found = judge(
        [fire("F1", 123.8, 41.2)],
        version=2,
        lists=[
            {
                "day": 2,
                "again": "files/list1.csv",
                "fires": {},
                "arrives": f"{START.date() + timedelta(days=2)}T09:45:00+08:00",
            }
        ],
        acts=[{"day": 2, "hour": 9.5, "do": "withdraw", "file": "files/list1.csv"}],
    )
    assert (found["charges"], found["uncharged"], found["person"]["why"]) == (1, [], {"withdrawn": {"needed": 1}})


def test_a_row_that_comes_again_is_answered_by_whoever_looks_at_its_point(judge: Judge):
    found = judge(
        [fire("F1", 123.8, 41.2)],
        version=2,
        lists=[{"day": 10, "again": "files/list1.csv", "fires": {}}],
        acts=[{"day": 9, "hour": 18, "do": "withdraw", "file": "files/list1.csv"}],
    )
    assert Question.objects.get(kind="came_again").answer == "same"
    assert (found["charges"], found["double"], found["refused"]) == (1, [], {})


def test_the_index_is_one_for_equal_labels_and_falls_with_each_mistake():
    true = ["a", "a", "b", "b", "c"]
    assert rand.adjusted(true, [1, 1, 2, 2, 3]) == 1.0
    merged, split = rand.adjusted(true, [1, 1, 1, 1, 3]), rand.adjusted(true, [1, 1, 2, 4, 3])
    assert 0 < merged < 1
    assert 0 < split < 1
    # Worked by hand: of ten pairs 2 are together in truth, 6 in the merged labelling, 2 in both.
    assert merged == pytest.approx((2 - 2 * 6 / 10) / ((2 + 6) / 2 - 2 * 6 / 10), abs=1e-4)


def test_the_judge_touches_no_deployment_that_is_in_use(db, tmp_path: Path, settings):
    settings.JINSHAO_HOME = tmp_path
    worlds.write(tmp_path / "world", [fire("F1", 123.8, 41.2)], {})
    with pytest.raises(Exception, match="不是一次性部署") as caught:
        call_command("fairness", "--world", str(tmp_path / "world"), "--inside", stdout=io.StringIO())
    assert isinstance(caught.value.__cause__, Refused)
    assert not FirePoint.objects.exists()


def test_a_folder_that_holds_something_is_never_taken_for_a_new_home(tmp_path: Path):
    worlds.write(tmp_path / "world", [fire("F1", 123.8, 41.2)], {})
    with pytest.raises(Exception, match="不是空的"):
        call_command("fairness", "--world", str(tmp_path / "world"), "--keep", str(tmp_path), stdout=io.StringIO())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["world"]


def test_the_works_of_a_world_are_fixed_heat_that_is_accepted_for_a_kilometre_around(db, tmp_path: Path):
    worlds.write(tmp_path / "world", [fire("F1", 123.8, 41.2)], {})
    read = replace(worldfile.load(tmp_path / "world"), heat={"H1": (123.9, 41.3)})
    stage.know_works(read)
    lon, lat = from_local_xy([0.0, 950.0, 1100.0], [0.0, 0.0, 0.0], 123.9, 41.3)
    assert within(lon, lat, on=date(2023, 10, 7), kind="fixed_heat").tolist() == [True, True, False]
