"""The figures beside the points: kept by the database whatever changes them, checked against the rows, never mended in silence."""

import pytest
from django.db import connection

from core.db import kept, triggers
from core.month import Month
from firepoints import tasks
from firepoints.models import FirePoint, PointCounty, PointFigure
from firepoints.models.figures import NAME
from firepoints.steps import figures
from firepoints.terms import scope
from firepoints.terms.states import State
from grids.roles import PostKind
from penalties.batches import steps
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, ON_THE_BORDER, WEST, City, person
from tests.penalties.conftest import add_rule

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
OCTOBER = Month(2023, 10)


def lives(city: City) -> None:
    """Points in every part of the life, some charged, some at two counties."""
    make.suspected()
    make.suspected(at=ON_THE_BORDER)
    add_rule()
    make.verified(city, at=IN_EAST)
    make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    make.take(make.final(city, at=IN_EAST), "reopen", city.recogniser, reason="再看")


def by_rows(user, monkeypatch) -> list[dict]:
    """What the user's figures are when they are counted from the points."""
    with monkeypatch.context() as patch:
        patch.setattr(figures, "scope_of", lambda user: None)
        return ordered(figures.of_month(user, OCTOBER))


def ordered(rows: figures.Figures) -> list[dict]:
    return sorted((row for row in rows.rows if row["n"]), key=repr)


@pytest.mark.parametrize("who", ["clerk", "recogniser", "finance", "west", "east", "auditor", "inspector"])
def test_the_figures_of_every_scope_are_what_its_points_come_to(city: City, who: str, monkeypatch) -> None:
    lives(city)
    user = getattr(city, who)
    assert scope.scope_of(user) is not None
    assert ordered(figures.of_month(user, OCTOBER)) == by_rows(user, monkeypatch)
    assert figures.of_month(user, OCTOBER).count() == FirePoint.objects.visible_to(user).count() > 0
    assert kept.differing(NAME) == []


def test_whatever_changes_a_point_changes_its_figure_rows_by_hand_too(city: City) -> None:
    point = make.suspected()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fire_point SET burn_date = '2023-09-30', is_cross = true WHERE id = %s", [point.pk])
    assert figures.of_month(city.clerk, OCTOBER).count() == 0
    assert figures.of_month(city.clerk, OCTOBER.shift(-1)).count(is_cross=True) == 1
    PointCounty.objects.create(point=point, county_code=EAST)
    assert figures.of_month(city.east, OCTOBER.shift(-1)).count() == 1
    PointCounty.objects.filter(point=point, county_code=WEST).delete()
    assert figures.of_month(city.west, OCTOBER.shift(-1)).count() == 0
    assert kept.differing(NAME) == []


def test_differences_are_added_up_into_one_row_and_nothing_is_lost(city: City) -> None:
    lives(city)
    before = ordered(figures.of_month(city.clerk, OCTOBER))
    rows = PointFigure.objects.count()
    tasks.fold_figures({})
    assert ordered(figures.of_month(city.clerk, OCTOBER)) == before
    keys = PointFigure.objects.values_list("scope", "day", "answers_for", "state", "counted", "conclusion", "basis")
    assert PointFigure.objects.count() == keys.distinct().count() < rows
    assert not PointFigure.objects.filter(n=0).exists()
    assert kept.fold(NAME) == 0


def test_a_figure_that_is_not_what_the_points_come_to_is_told_by_verify_and_by_the_night_and_left(city: City) -> None:
    make.suspected()
    assert kept.problems() == []
    wrong = PointFigure.objects.filter(scope="").first()
    assert wrong is not None
    PointFigure.objects.filter(pk=wrong.pk).update(n=7)
    assert len(kept.problems()) == 1
    assert State.SUSPECTED.label in kept.problems()[0]
    with pytest.raises(tasks.FigureAlarm):
        tasks.check_figures({})
    assert PointFigure.objects.get(pk=wrong.pk).n == 7


def test_triggers_that_were_lost_are_missed_and_made_again_with_the_figures_filled(city: City) -> None:
    make.suspected()
    kept.drop()
    assert "fire_point.fire_point_kept_fire_point_figure_ins" in triggers.missing()
    make.suspected(at=IN_EAST)
    assert figures.of_month(city.clerk, OCTOBER).count() == 1
    assert triggers.ensure() == 12
    assert triggers.missing() == []
    assert figures.of_month(city.clerk, OCTOBER).count() == 2


def test_an_inspector_of_a_township_has_the_figures_of_its_rows(city: City) -> None:
    lives(city)
    user = person("worker", PostKind.INSPECTOR, f"{WEST}001")
    assert scope.scope_of(user) is None
    assert figures.of_month(user, OCTOBER).count() == FirePoint.objects.visible_to(user).count() > 0
