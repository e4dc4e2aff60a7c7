"""The sentences of the old column become rows: none is lost, each has its kind, and what it names is found."""

import importlib

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from firepoints.terms.states import State
from tests.factories import points as make
from tests.factories.city import IN_EAST, City
from tests.factories.migrating import migrate_forward, migrate_to

BEFORE = [("firepoints", "0011_slim_keys")]
AFTER = [("firepoints", "0012_questions")]
migration = importlib.import_module("firepoints.migrations.0012_questions")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("待人工划分：超过 48 小时、超过 2 公里", "oversize"),
        ("疑为几处：巡查或黑斑相距 300 米，请现场看清后划分或核对", "several_sites"),
        ("表列县不符：清单写 乙县，坐标在 甲县，请核对或标记跨界", "stated_county"),
        ("疑为坐标系有误：按火星坐标（GCJ-02）换算后落在同日另一处的像元内，请核对位置，同一处请并入", "datum"),
        ("巡查发现早于过境而在像元内：与相邻的一处可能是同一处，请核对，同一处请并入", "earlier_finding"),
        ("与 BX2025-0001（已认定）、疑似-7（疑似） 的范围相接：同一处请并入，新的焚烧另行派发", "touches"),
        ("新的监测记录触及另一县（区），请考虑标记跨界", "new_county"),
        ("没有启用的边界版本，启用后重新定位", "no_edition"),
        ("中心不在任何县（区）内", "outside_counties"),
        ("来源已撤回：错，请复核", "withdrawn"),
        ("清单更正，由新的一行替代，请复核", "corrected"),
        ("更正的清单里已没有这一行，请复核", "gone"),
        ("发布单位不认可“不属实”（省环函〔2023〕9号，2023-11-01）：请复核", "issuer_disagrees"),
        ("上报人写明是 BX2025-0001（已认定）的黑斑：是的由认定人并入，另是一处的核对完毕", "scar_of"),
        ("局长说再看看", "other"),
        ("疑为几", "other"),
    ],
)
def test_each_sentence_that_was_ever_written_has_its_kind_and_its_words(words: str, kind: str) -> None:
    rows = migration.rows_of(words, {"BX2025-0001": 1, "疑似-7": 7}.get)
    assert {one[0] for one in rows} == {kind}
    assert {one[2] for one in rows} == {words}
    others = {"touches": [1, 7], "scar_of": [1]}
    assert [one[1] for one in rows] == others.get(kind, [None])


def test_what_one_row_may_not_hold_twice_is_written_together_and_no_word_is_lost() -> None:
    text = "甲话；疑为几处：一；乙话；疑为几处：二；与 没有的（疑似） 的范围相接：同一处请并入"
    rows = migration.rows_of(text, {}.get)
    assert rows == [
        ("other", None, "甲话；乙话"),
        ("several_sites", None, "疑为几处：一；疑为几处：二"),
        ("touches", None, "与 没有的（疑似） 的范围相接：同一处请并入"),
    ]


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_a_home_of_before_keeps_every_question_through_the_migration(city: City) -> None:
    point, sent, merged = make.suspected(), make.dispatched(city, at=IN_EAST), make.suspected()
    merged = make.take(merged, "merge", city.clerk, into=point.pk, reason="同一处")
    alone = make.suspected(at=IN_EAST)
    itself = f"与 疑似-{alone.pk}（疑似） 的范围相接：同一处请并入；与 没有的（疑似） 的范围相接：同一处请并入"
    text = f"疑为几处：相距 300 米；与 {sent.number}（已派发） 的范围相接：同一处请并入，新的焚烧另行派发；局长说再看看"
    try:
        migrate_to(BEFORE)
        old = MigrationExecutor(connection).loader.project_state(BEFORE).apps.get_model("firepoints", "FirePoint")
        old.objects.filter(pk=point.pk).update(needs_person=text)
        old.objects.filter(pk=merged.pk).update(needs_person="中心不在任何县（区）内")
        old.objects.filter(pk=alone.pk).update(needs_person=itself)
        migrate_forward()
        new = MigrationExecutor(connection).loader.project_state(AFTER).apps.get_model("firepoints", "Question")
        rows = list(new.objects.order_by("pk").values_list("point", "kind", "other", "answer", "words"))
        touch = text.split("；")[1]
        assert rows == [
            (point.pk, "several_sites", None, "", "疑为几处：相距 300 米"),
            (point.pk, "touches", sent.pk, "", touch),
            (point.pk, "other", None, "", "局长说再看看"),
            (merged.pk, "outside_counties", None, "moot", "中心不在任何县（区）内"),
            (alone.pk, "touches", None, "", itself),
        ]
        assert merged.state == State.MERGED
        migrate_to(BEFORE)
        assert set(old.objects.values_list("needs_person", flat=True)) == {text, itself, ""}
    finally:
        migrate_forward()
