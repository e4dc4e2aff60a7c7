"""Figures of fire points by day, kept beside them by triggers (`core.db.kept`): pages read these, not every point of a month."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import models

from core.db.kept import KEPT, Kept
from firepoints.terms.states import State

NAME = "火点数"
ALL = ""
"""The scope of those who see every point; else it is the code of a county that is concerned."""


class PointFigure(models.Model):
    """So many points of a scope, a burning date and a standing, what their 认定 pinned, and what is posted of it. Several rows
    of one key add up."""

    scope = models.CharField(max_length=20, blank=True)
    day = models.DateField()
    answers_for = models.CharField("由谁承担", max_length=20, blank=True)
    state = models.CharField(max_length=12)
    counted = models.CharField(max_length=3, blank=True)
    is_cross = models.BooleanField()
    conclusion = models.CharField(max_length=5, blank=True)
    basis = models.CharField(max_length=10, blank=True)
    n = models.IntegerField()
    amount_fen = models.BigIntegerField()
    posted_fen = models.BigIntegerField()

    class Meta:
        db_table = "fire_point_figure"
        indexes = [
            models.Index(fields=["scope", "day"], name="figure_day_ix"),
            models.Index(fields=["scope", "state", "counted"], name="figure_state_ix"),
        ]


_KEYS = ("scope", "day", "answers_for", "state", "counted", "is_cross", "conclusion", "basis")
_POINT = (
    "burn_date", "state", "counted", "county_code", "is_cross", "verification_id", "recognition_id",
    "posted_recognition_id",
)  # fmt: skip
_RECOGNITION = "(SELECT r.{column} FROM fire_recognition r WHERE r.id = p.{of})"
_PINNED = "COALESCE((SELECT r.amount_fen FROM fire_recognition r WHERE r.id = p.{of} AND r.rule_ref <> ''), 0)"
_PAYER = _RECOGNITION.format(column="payer_code", of="recognition_id")
_BASIS = _RECOGNITION.format(column="basis", of="recognition_id")
_COLUMNS = {
    "day": "p.burn_date",
    "answers_for": f"COALESCE(CASE WHEN p.counted THEN {_PAYER} ELSE p.county_code END, '')",
    "state": "p.state",
    "counted": "CASE WHEN p.counted IS NULL THEN '' WHEN p.counted THEN 'yes' ELSE 'no' END",
    "is_cross": "p.is_cross",
    "conclusion": "COALESCE((SELECT v.conclusion FROM fire_verification v WHERE v.id = p.verification_id), '')",
    "basis": f"COALESCE({_BASIS}, '')",
    "n": "1",
    "amount_fen": "CASE WHEN p.counted THEN " + _PINNED.format(of="recognition_id") + " ELSE 0 END",
    "posted_fen": _PINNED.format(of="posted_recognition_id"),
}


def of_points(scope: str, columns: Callable[[str], Mapping[str, str]]) -> Callable[[str, str, str], str]:
    """The statement of figures of points, each once for all and once for each county concerned; or of some rows of such
    counties. `scope` is the column that says for whom; `columns(vendor)`: an expression for each other one."""

    def of_rows(source: str, table: str, vendor: str) -> str:
        values = ", ".join(f"{expression} AS {name}" for name, expression in columns(vendor).items())
        if table == "fire_point_county":
            return f"SELECT c.county_code AS {scope}, {values} FROM {source} c JOIN fire_point p ON p.id = c.point_id"  # noqa: S608
        counties = f"{source} p JOIN fire_point_county c ON c.point_id = p.id"
        return (
            f"SELECT '{ALL}' AS {scope}, {values} FROM {source} p"  # noqa: S608
            f" UNION ALL SELECT c.county_code AS {scope}, {values} FROM {counties}"
        )

    return of_rows


def _sentence(row: Sequence[Any]) -> str:
    scope, day, payer, state, *_, n, _, _ = row
    return (
        f"火点数与火点不符：{day} {scope or '全市'} 由“{payer or '未定'}”承担、{State(state).label} 的，应多 {n} 处。"
    )


KEPT.add(
    NAME,
    Kept(
        table="fire_point_figure",
        keys=_KEYS,
        sums=("n", "amount_fen", "posted_fen"),
        columns={"fire_point": _POINT, "fire_point_county": ("point_id", "county_code")},
        of_rows=of_points("scope", lambda vendor: _COLUMNS),
        sentence=_sentence,
    ),
)
