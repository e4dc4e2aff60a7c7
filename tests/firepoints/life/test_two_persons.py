"""What makes money come, go or vanish is no one's alone: one person asks, another accepts, until then nothing changes."""

import inspect
from datetime import date, timedelta
from typing import Any

import pytest

from core.errors import Conflict, NeedsAnother, NotAllowed, StaleVersion
from firepoints.life.act import act
from firepoints.life.proposing import ACTIONS, act_or_propose, effects, name_of
from firepoints.models import FirePoint, ImportRun, Ruling, Step
from firepoints.policy import rulings, two_persons
from firepoints.sightings.importing.proposing import withdraw_or_propose
from firepoints.sightings.importing.withdrawing import import_withdraw
from firepoints.steps.workflow import LIFE
from firepoints.terms.states import State
from grids.models import User
from grids.roles import PostKind, Role
from journal.models import Entry, Proposal
from journal.proposals import selectors, services
from tests.factories import points as make
from tests.factories.city import CITY, City, person

pytestmark = pytest.mark.django_db
NEARBY, FAR = (123.752, 41.252), (123.75, 41.30)


def alone(point: FirePoint, action: str, actor: User, **data: Any) -> list[str]:
    """The rows of the table that refuse one person alone; [] where the act is done."""
    before = FirePoint.objects.get(pk=point.pk)
    try:
        act(point_id=point.pk, action=action, actor=actor, data=data)
    except NeedsAnother as needed:
        after = FirePoint.objects.get(pk=point.pk)
        assert (after.state, after.version) == (before.state, before.version)
        return needed.keys
    return []


def propose(point: FirePoint, action: str, actor: User, **data: Any) -> Proposal:
    proposal = act_or_propose(point_id=point.pk, action=action, actor=actor, data=data).proposal
    assert proposal is not None
    return proposal


def another(kind: PostKind = PostKind.RECOGNISER) -> User:
    return person(f"another-{kind}", kind, CITY)


@pytest.mark.embedded
def test_a_clerk_alone_withdraws_no_official_list(city: City) -> None:
    point = make.suspected()
    run = make.run_of("provincial_list")
    with pytest.raises(NeedsAnother):
        import_withdraw(run=str(run.uuid), actor=city.clerk, reason="选错文件")
    outcome = withdraw_or_propose(run=str(run.uuid), actor=city.clerk, reason="选错文件")
    assert (outcome.run.state, FirePoint.objects.get(pk=point.pk).state) == (ImportRun.State.COMMITTED, State.SUSPECTED)
    services.accept(proposal_id=outcome.proposal.pk, actor=another(PostKind.BUREAU))
    run.refresh_from_db()
    assert (run.state, FirePoint.objects.get(pk=point.pk).state) == (ImportRun.State.WITHDRAWN, State.CLOSED)
    entry = Entry.objects.get(act="import.withdrawn")
    accepted = Proposal.objects.get()
    assert (entry.actor_id, entry.after["accepted_by"]) == (city.clerk.pk, accepted.answered_by)


def test_leads_that_nobody_touched_one_clerk_withdraws_and_others_not(city: City) -> None:
    first = make.suspected(source="firms")
    run = make.run_of("firms")
    make.take(first, "dispatch", city.clerk)
    with pytest.raises(NeedsAnother):
        import_withdraw(run=str(run.uuid), actor=city.clerk, reason="选错文件")
    make.suspected(source="himawari")
    import_withdraw(run=str(make.run_of("himawari").uuid), actor=city.clerk, reason="选错文件")


def test_what_an_official_list_had_found_is_closed_by_two(city: City) -> None:
    point = make.suspected(source="firms")
    make.take(make.suspected(at=NEARBY), "merge", city.clerk, into=point.pk, reason="同一处")
    make.withdraw(make.run_of("provincial_list"), city.clerk)
    assert alone(point, "close", city.clerk, reason="只有线索") == ["close_official"]
    assert alone(make.suspected(source="firms"), "close", city.clerk, reason="钢厂") == []


def test_a_clerk_alone_merges_no_official_row_and_no_inspection_away(city: City) -> None:
    survivor = make.dispatched(city)
    for source in ("provincial_list", "patrol"):
        gone = make.suspected(at=NEARBY, source=source)
        assert alone(gone, "merge", city.clerk, into=survivor.pk, reason="同一处") == ["merge_official"]
    assert (
        alone(make.suspected(at=NEARBY, source="firms"), "merge", city.clerk, into=survivor.pk, reason="同一处") == []
    )


@pytest.mark.embedded
def test_two_sites_far_from_each_other_become_one_only_by_a_recogniser(city: City) -> None:
    survivor, gone = make.dispatched(city), make.suspected(at=FAR)
    proposal = propose(gone, "merge", city.clerk, into=survivor.number, reason="同一处")
    assert proposal.data["two_persons"] == ["merge_official", "merge_far"]
    with pytest.raises(NotAllowed, match="认定人"):
        services.accept(proposal_id=proposal.pk, actor=another(PostKind.BUREAU))
    services.accept(proposal_id=proposal.pk, actor=city.recogniser)
    step = Step.objects.get(point=gone, action="merge")
    assert (step.actor, step.data["accepted_by"]) == (city.clerk, city.recogniser.pk)


@pytest.mark.parametrize(("days", "keys"), [(6, []), (22, ["merge_far"])])
def test_the_time_between_two_sites_counts_like_the_way(city: City, days: int, keys: list[str]) -> None:
    survivor = make.dispatched(city)
    later = make.suspected(at=NEARBY, source="firms", when=make.BURNT_AT + timedelta(days=days))
    assert alone(later, "merge", city.clerk, into=survivor.pk, reason="同一处") == keys


def test_nothing_is_merged_into_what_is_excluded(city: City) -> None:
    excluded = make.take(make.negative(city), "exclude", city.recogniser, reason="查否认可")
    charged = make.final(city, at=NEARBY)
    for point, action in ((charged, "merge_decided"), (make.suspected(at=NEARBY), "merge")):
        with pytest.raises(Conflict) as refused:
            act(point_id=point.pk, action=action, actor=city.recogniser, data={"into": excluded.pk, "reason": "同一处"})
        assert refused.value.code == "into_excluded"
    charged.refresh_from_db()
    assert (charged.state, charged.counted) == (State.FINAL, True)


def test_one_recogniser_alone_undoes_nothing_that_is_final(city: City) -> None:
    first, second = make.final(city), make.final(city, at=NEARBY)
    assert alone(first, "reopen", city.recogniser, reason="复核") == ["undo_final"]
    merging = alone(first, "merge_decided", city.recogniser, into=second.pk, reason="同一处")
    assert merging == ["merge_official", "undo_final"]
    lead = make.suspected(at=NEARBY, source="firms")
    assert alone(lead, "merge", city.recogniser, into=second.pk, reason="同一处") == ["undo_final"]
    assert alone(make.recognised(city), "reopen", city.recogniser, reason="复核") == []


def test_a_final_point_comes_back_out_of_a_merge_by_two(city: City) -> None:
    survivor, gone = make.dispatched(city), make.final(city, at=NEARBY)
    make.take(gone, "merge_decided", city.recogniser, into=survivor.pk, reason="同一处")
    assert alone(gone, "unmerge", city.recogniser, reason="不是") == ["undo_final"]
    assert make.take(gone, "unmerge", city.recogniser, reason="不是").state == State.FINAL


def test_a_point_moves_out_of_its_footprint_by_two(city: City) -> None:
    point = make.suspected()
    inside, outside = make.photo(point, city.clerk), make.photo(point, city.clerk, at=FAR)
    assert alone(point, "relocate", city.clerk, evidence=str(outside.uuid), reason="在这里") == ["relocate_far"]
    assert alone(point, "relocate", city.clerk, evidence=str(inside.uuid), reason="在这里") == []
    # the footprint is that of the sightings, wherever the point was moved since
    assert alone(point, "relocate", city.clerk, evidence=str(outside.uuid), reason="在这里") == ["relocate_far"]


def test_what_the_county_found_true_is_left_uncharged_by_two(city: City) -> None:
    assert alone(make.verified(city), "exclude", city.recogniser, reason="x") == ["exclude_found_true"]
    assert alone(make.negative(city), "exclude", city.recogniser, reason="查否认可") == []
    assert alone(make.verified(city, source="firms"), "exclude", city.recogniser, reason="只有线索") == []


def test_who_verified_is_no_second_person_of_the_decision(city: City) -> None:
    point = make.suspected(source="patrol")
    officer = person("verifier", PostKind.BUREAU, CITY)
    make.hold(officer, PostKind.RECOGNISER, CITY)
    point = make.take(
        point, "verify_own", officer, conclusion="true", evidence=make.uuids(make.photo(point, city.clerk))
    )
    proposal = propose(point, "exclude", city.recogniser, reason="不计入")
    with pytest.raises(NotAllowed):
        services.accept(proposal_id=proposal.pk, actor=officer)
    services.accept(proposal_id=proposal.pk, actor=another())
    assert FirePoint.objects.get(pk=point.pk).counted is False


@pytest.mark.embedded
def test_a_proposal_lapses_when_either_point_moves_on(city: City) -> None:
    survivor, gone = make.dispatched(city), make.suspected(at=NEARBY)
    proposal = propose(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")
    assert selectors.for_answer_by(city.recogniser) == [proposal]
    by = make.department(city, survivor)
    make.take(survivor, "report", by, conclusion="true", evidence=make.uuids(make.photo(survivor, by)))
    assert selectors.for_answer_by(city.recogniser) == []
    with pytest.raises(Conflict) as refused:
        services.accept(proposal_id=proposal.pk, actor=city.recogniser)
    assert refused.value.code == "proposal_lapsed"
    assert FirePoint.objects.get(pk=gone.pk).state == State.SUSPECTED


def test_an_acceptance_that_another_act_overtakes_changes_nothing(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    survivor, gone = make.dispatched(city), make.suspected(at=NEARBY)
    proposal = propose(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")
    monkeypatch.setattr(selectors, "is_current", lambda proposal: True)
    FirePoint.objects.filter(pk=survivor.pk).update(version=survivor.version + 1)
    with pytest.raises(StaleVersion):
        services.accept(proposal_id=proposal.pk, actor=city.recogniser)
    proposal.refresh_from_db()
    assert (proposal.is_open, FirePoint.objects.get(pk=gone.pk).state) == (True, State.SUSPECTED)


def test_a_ruling_loosens_a_row_and_the_step_says_so(city: City) -> None:
    Ruling.objects.create(
        key="two_persons.merge_official", valid_from=date(2022, 1, 1), value=False, document_no="演示〔2022〕9号"
    )
    survivor, gone = make.dispatched(city), make.suspected(at=NEARBY)
    assert alone(gone, "merge", city.clerk, into=survivor.pk, reason="同一处") == []
    assert Step.objects.get(point=gone, action="merge").data["loosened"] == ["two_persons.merge_official"]
    assert Entry.objects.get(act="fire_point.merged").after["data"]["loosened"] == ["two_persons.merge_official"]
    assert two_persons.loosened(date(2023, 1, 1)) == ["merge_official"]
    far = make.suspected(at=FAR)
    assert alone(far, "merge", city.clerk, into=survivor.pk, reason="同一处") == ["merge_far"]


def test_the_system_asks_for_nothing(city: City) -> None:
    make.suspected()
    with pytest.raises(NeedsAnother):
        withdraw_or_propose(run=str(make.run_of("provincial_list").uuid), actor=city.system, reason="选错文件")
    assert not Proposal.objects.exists()


def test_a_proposal_says_what_it_would_do_and_holds_no_names(city: City) -> None:
    survivor, gone = make.final(city), make.final(city, at=FAR)
    proposal = propose(gone, "merge_decided", city.recogniser, into=survivor.number, reason="同一处，重复认定")
    assert proposal.data == {
        "data": {"into": survivor.pk},
        "two_persons": ["merge_official", "merge_far", "undo_final"],
    }
    text = "；".join(effects("merge_decided", proposal))
    assert "公里" in text
    assert "由下一批次退回" in text


def test_the_table_names_acts_rulings_and_services_that_exist() -> None:
    assert {row.ruling for row in two_persons.TABLE} == {
        key for key in rulings.DEFAULTS if key.startswith("two_persons.")
    }
    assert all(rulings.DEFAULTS[row.ruling] is True for row in two_persons.TABLE)
    for action in ACTIONS:
        assert "second" in inspect.signature(LIFE.services[action]).parameters
        assert name_of(action).startswith("fire_point.")
    assert two_persons.second_roles(["merge_official", "merge_far"]) == {Role.RECOGNISER}
