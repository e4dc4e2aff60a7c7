"""提请 over the API: an act that takes two answers 202, another person answers it, nobody else learns of it."""

import pytest

from firepoints.models import FirePoint, ImportRun
from journal.models import Proposal
from tests.factories import points

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
NEARBY = (123.752, 41.252)


@pytest.fixture
def merging(city, sign_in):
    """A clerk's merge of an official row: what he was answered, and the two points."""
    survivor, gone = points.dispatched(city), points.suspected(at=NEARBY)
    body = {"action": "merge", "data": {"into": survivor.number, "reason": "同一处"}, "version": gone.version}
    answer = sign_in(city.clerk).post(f"/api/fire-points/{gone.pk}/transitions/", body, format="json")
    return answer, gone, survivor


def reply(client, proposal: int, answer: str, **more):
    body = {"answer": answer, **more.pop("data", {})}
    return client.post(f"/api/proposals/{proposal}/answer/", body, format="json", **more)


def test_an_act_that_takes_two_answers_202_and_changes_nothing(city, sign_in, merging, problem):
    answer, gone, survivor = merging
    told = answer.json()["proposal"]
    assert (answer.status_code, told["subject"], told["may_answer"]) == (202, f"疑似-{gone.pk}", False)
    assert any("范围相接或重叠，中心相距" in sentence for sentence in told["effects"])
    assert FirePoint.objects.get(pk=gone.pk).version == gone.version
    problem(reply(sign_in(city.clerk), told["id"], "accepted"), 403, "not_allowed")

    second = sign_in(points.second_person())
    (listed,) = second.get("/api/proposals/?answer=open").json()["results"]
    assert (listed["id"], listed["may_answer"]) == (told["id"], True)
    done = reply(second, told["id"], "accepted")
    assert (done.status_code, done.json()["answer"]) == (200, "accepted")
    assert FirePoint.objects.get(pk=gone.pk).merged_into == survivor
    assert second.get("/api/proposals/?answer=open").json()["results"] == []


def test_an_answer_sent_again_under_its_key_is_given_once(city, sign_in, merging, problem):
    proposal = merging[0].json()["proposal"]["id"]
    second = sign_in(points.second_person())
    first, again = (reply(second, proposal, "accepted", HTTP_IDEMPOTENCY_KEY="a-1") for _ in range(2))
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    problem(reply(sign_in(city.recogniser), proposal, "refused", data={"reason": "不是"}), 409, "proposal_answered")


def test_a_refusal_needs_a_reason_and_what_moved_on_is_told(city, sign_in, merging, problem):
    answer, _, survivor = merging
    proposal, second = answer.json()["proposal"]["id"], sign_in(points.second_person())
    problem(reply(second, proposal, "refused"), 400, "missing")
    problem(reply(second, proposal, "perhaps"), 400, "bad_input")
    by = points.department(city, survivor)
    points.take(survivor, "report", by, conclusion="true", evidence=points.uuids(points.photo(survivor, by)))
    problem(reply(second, proposal, "accepted", HTTP_IDEMPOTENCY_KEY="b-1"), 409, "proposal_lapsed")
    problem(reply(second, proposal, "accepted"), 409, "proposal_lapsed")
    assert Proposal.objects.get().answer == "lapsed"


def test_the_asker_takes_his_proposal_back(city, sign_in, merging):
    proposal = merging[0].json()["proposal"]["id"]
    done = reply(sign_in(city.clerk), proposal, "lapsed", data={"reason": "看错了"})
    assert (done.status_code, done.json()["answer"]) == (200, "lapsed")


def test_a_county_an_inspector_and_finance_learn_of_no_proposal(city, sign_in, merging, problem):
    proposal = merging[0].json()["proposal"]["id"]
    for user in (city.west, city.inspector, city.finance):
        problem(sign_in(user).get("/api/proposals/"), 403, "not_allowed")
        problem(reply(sign_in(user), proposal, "accepted"), 403, "not_allowed")
    assert sign_in(city.auditor).get("/api/proposals/").json()["results"][0]["may_answer"] is False


def test_an_official_list_is_withdrawn_by_two(city, sign_in):
    points.suspected()
    run = points.run_of("provincial_list")
    answer = sign_in(city.clerk).post(f"/api/imports/{run.uuid}/withdraw/", {"reason": "选错文件"})
    assert (answer.status_code, answer.json()["proposal"]["label"]) == (202, "撤回导入")
    assert ImportRun.objects.get(pk=run.pk).state == "committed"
    reply(sign_in(points.second_person()), answer.json()["proposal"]["id"], "accepted")
    assert ImportRun.objects.get(pk=run.pk).state == "withdrawn"
