"""Questions stand before money: what is asked of a point keeps it out of a batch and stops the batch that holds it."""

import io

import docx
import pytest
from openpyxl import load_workbook

from core.errors import Conflict
from firepoints.models import Question
from penalties import checks
from penalties.batches import held, reports, steps
from penalties.models import BatchState, LedgerEntry
from tests.factories import points as make
from tests.factories.city import IN_EAST
from tests.penalties.test_batches import MONTH, YUAN_30000, approved
from tests.penalties.test_pages import client_of
from tests.penalties.test_returning import NOVEMBER, balance, frozen, recall, send_back, sent, submitted, sum_of

WORDS = "更正的清单里已没有这一行，请复核"


def ask(point, **facts) -> Question:
    return make.ask(point, WORDS, Question.Kind.GONE, **facts)


def build(city, month: str = MONTH):
    return steps.batch_build(month=month, actor=city.clerk)


@pytest.mark.embedded
def test_a_point_that_is_asked_about_is_left_out_and_named_until_it_is_answered(city):
    asked, clear = make.final(city), make.final(city, at=IN_EAST)
    ask(asked)
    batch = build(city)
    assert [entry.point_id for entry in batch.entries.all()] == [clear.pk]
    assert [(row.number, row.why) for row in held.left_out(batch)] == [(asked.number, WORDS)]
    make.take(asked, "stand", city.recogniser, reason="核对过，仍成立")
    batch = build(city)
    assert (sum_of(batch), held.left_out(batch)) == (2 * YUAN_30000, [])


def test_what_the_payer_asks_stops_nothing(city):
    point = make.final(city)
    ask(point, stops_money=False)
    batch = steps.batch_freeze(batch_id=build(city).pk, actor=city.officer)
    assert steps.batch_submit(batch_id=batch.pk, actor=city.clerk).state == BatchState.SUBMITTED


def test_a_point_asked_about_after_the_building_stops_the_freeze_and_leaves_the_open_batch_again(city):
    asked = make.final(city)
    make.final(city, at=IN_EAST)
    batch = build(city)
    ask(asked)
    with pytest.raises(Conflict, match=f"{asked.number}：{WORDS}") as refused:
        steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    assert refused.value.code == "questions_open"
    assert refused.value.details["points"] == [{"number": asked.number, "why": WORDS}]
    assert sum_of(build(city)) == YUAN_30000
    batch = steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    assert [row["number"] for row in batch.left_out] == [asked.number]
    assert checks.check() == []


@pytest.mark.embedded
def test_a_question_asked_after_the_freezing_stops_the_submission_until_it_is_answered(city):
    point = make.final(city)
    batch = frozen(city)
    ask(point)
    with pytest.raises(Conflict, match=point.number) as refused:
        steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    assert (refused.value.code, BatchState(batch.state)) == ("questions_open", BatchState.FROZEN)
    make.take(point, "stand", city.recogniser, reason="核对过，仍成立")
    assert steps.batch_submit(batch_id=batch.pk, actor=city.clerk).state == BatchState.SUBMITTED


def test_a_question_asked_after_the_consent_stops_the_sending_until_the_batch_is_returned(city, scan_file):
    point = make.final(city)
    batch = approved(city, scan_file)
    ask(point)
    with pytest.raises(Conflict) as refused:
        steps.batch_send(batch_id=batch.pk, actor=city.clerk)
    assert refused.value.code == "questions_open"
    send_back(city, batch)
    assert (balance(), sum_of(build(city))) == (0, 0)


@pytest.mark.parametrize("state", ["frozen", "approved"])
@pytest.mark.embedded
def test_a_point_reopened_after_the_freezing_stops_the_submission_and_the_sending(city, scan_file, state):
    point = make.final(city)
    batch = frozen(city) if state == "frozen" else approved(city, scan_file)
    make.take(point, "reopen", city.recogniser, reason="复核不属实")
    act = steps.batch_submit if state == "frozen" else steps.batch_send
    with pytest.raises(Conflict, match=f"{point.number}：现在是“已派发”") as refused:
        act(batch_id=batch.pk, actor=city.clerk)
    assert refused.value.code == "batch_outdated"
    batch.refresh_from_db()
    assert batch.state == state


def test_a_point_that_is_final_again_on_the_same_terms_stops_nothing(city):
    point = make.final(city)
    batch = frozen(city)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(point, city.west)))
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    make.take(point, "notify", city.clerk)
    make.take(point, "waive", city.west, document_no="演示函〔2023〕2号")
    assert steps.batch_submit(batch_id=batch.pk, actor=city.clerk).state == BatchState.SUBMITTED


def test_a_charged_point_that_is_asked_about_keeps_its_charge_in_later_batches(city, scan_file):
    point = make.final(city)
    sent(city, scan_file)
    ask(point)
    november = build(city, NOVEMBER)
    assert (sum_of(november), balance(), held.left_out(november)) == (0, YUAN_30000, [])


def test_a_reopened_point_gives_its_money_back_whatever_is_asked_of_it(city, scan_file):
    point = make.final(city)
    sent(city, scan_file)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    ask(point)
    assert sum_of(build(city, NOVEMBER)) == -YUAN_30000


def test_a_point_charged_to_another_payer_and_then_asked_about_stands_where_it_stood(city, scan_file):
    point = make.final(city)
    sent(city, scan_file)
    before = LedgerEntry.objects.get(point=point)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    november = build(city, NOVEMBER)
    make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(point, city.west)))
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    make.take(point, "notify", city.clerk)
    make.take(point, "waive", city.west, document_no="演示函〔2023〕2号")
    ask(point)
    build(city, NOVEMBER)
    last = LedgerEntry.objects.filter(point=point).order_by("-seq").first()
    assert (sum_of(november), last.balance_fen, last.recognition_id) == (0, YUAN_30000, before.recognition_id)
    assert checks.check() == []


def test_money_is_not_given_back_through_finance_before_finance_was_asked_to_take_it(city, scan_file):
    point = make.final(city)
    submitted(city)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    november = approved(city, scan_file, month=NOVEMBER)
    with pytest.raises(Conflict, match="2023年10月批次（已报送）") as refused:
        steps.batch_send(batch_id=november.pk, actor=city.clerk)
    assert refused.value.code == "charge_not_sent"


def test_what_was_left_out_is_kept_as_it_was_at_the_freezing(city):
    asked = make.final(city)
    ask(asked)
    batch = frozen(city)
    make.take(asked, "stand", city.recogniser, reason="核对过，仍成立")
    batch.refresh_from_db()
    assert [row.number for row in held.left_out(batch)] == [asked.number]
    assert recall(city, batch).state == BatchState.RETURNED


def test_the_papers_and_the_page_list_what_was_left_out_and_why(city):
    asked = make.final(city)
    ask(asked)
    batch = submitted(city)
    report = reports.batch_report(batch)
    assert [(row.number, row.payer_name, row.why) for row in report.left_out] == [(asked.number, "甲县", WORDS)]
    papers = {paper.kind: paper.content for paper in reports.papers(report)}
    text = "".join(p.text for p in docx.Document(io.BytesIO(papers["request"])).paragraphs)
    assert f"另有1处有问题尚待答复，本期没有列入，答复后再议：甲县{asked.number}（{WORDS}）。" in text
    cells = [cell for row in load_workbook(io.BytesIO(papers["workbook"]))["说明"].values for cell in row if cell]
    assert f"甲县 {asked.number}：{WORDS}" in cells
    page = client_of(city.clerk).get(f"/penalties/{batch.pk}/").content.decode()
    assert 'id="left-out"' in page
    assert WORDS in page
