"""A life is a table: who may take which act from where, what lacks, and which service and form hang on each row."""

from dataclasses import dataclass
from functools import partial

import pytest

from core import registry
from core.transitions import REASON, Datum, Life, Transition, Why


@dataclass(frozen=True)
class Facts:
    state: str
    roles: frozenset[str]
    is_signed: bool = False
    is_own: bool = False


def signed(facts: Facts) -> str:
    return "" if facts.is_signed else "没有签字"


def another(facts: Facts) -> str:
    return "换一个人" if facts.is_own else ""


CLERK, CHIEF = frozenset({"clerk"}), frozenset({"chief"})
FREEZE = Transition(
    "freeze", "冻结", "batch.frozen", ("open",), "frozen", CLERK, (signed, another), hint="列表从此不变。"
)
THAW = Transition(
    "thaw", "解冻", "batch.thawed", ("frozen",), "open", CHIEF, takes=(Datum("pages", is_list=True), REASON)
)
NOTE = Transition("note", "备注", "batch.noted", ("open", "frozen"), "", CLERK | CHIEF, takes=(Datum("reason", False),))


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Life[Facts]:
    monkeypatch.setattr(registry, "_registries", {})
    return Life(
        "batch",
        (FREEZE, THAW, NOTE),
        noun="批次",
        state_label={"open": "编制", "frozen": "已冻结"}.__getitem__,
        common=frozenset({"batch_id"}),
        about_the_person=(another,),
    )


def test_what_is_offered_is_what_the_role_may_do_from_here_with_what_lacks(life: Life[Facts]) -> None:
    offered = life.available_actions(Facts("open", CLERK))
    assert [(one.transition, one.missing, one.is_open, one.label) for one in offered] == [
        (FREEZE, ("没有签字",), False, "冻结（还缺 1 项）"),
        (NOTE, (), True, "备注"),
    ]


@pytest.mark.parametrize(
    ("action", "facts", "why", "sentence"),
    [
        ("fly", Facts("open", CLERK), Why.NO_SUCH_ACTION, "没有“fly”这个操作"),
        ("freeze", Facts("frozen", CHIEF), Why.NOT_THIS_ROLE, "“冻结”不由您的岗位办理"),
        ("freeze", Facts("frozen", CLERK), Why.NOT_FROM_THIS_STATE, "批次现在是“已冻结”，不能冻结"),
        ("freeze", Facts("open", CLERK), Why.NOT_YET, "没有签字"),
        ("freeze", Facts("open", CLERK, is_own=True), Why.NOT_THIS_PERSON, "没有签字；换一个人"),
    ],
)
def test_a_refusal_says_its_kind_and_its_sentence(
    life: Life[Facts], action: str, facts: Facts, why: Why, sentence: str
) -> None:
    refusal = life.refusal(action, facts)
    assert refusal is not None
    assert (refusal.why, refusal.sentence) == (why, sentence)
    assert life.refusal("freeze", Facts("open", CLERK, is_signed=True)) is None


def test_a_row_says_what_it_takes_and_a_reason_unless_it_says_otherwise() -> None:
    assert (FREEZE.fields, FREEZE.needs_only_a_press) == ({"reason": True}, False)
    assert (THAW.fields, THAW.lists) == ({"pages": True, "reason": True}, {"pages"})
    assert (NOTE.fields, NOTE.needs_only_a_press) == ({"reason": False}, True)


def test_a_service_attaches_itself_and_must_take_what_the_row_says(life: Life[Facts]) -> None:
    @life.act("thaw")
    def thaw(*, batch_id: int, pages: list[str], reason: str) -> str:
        return reason

    assert life.services["thaw"] is thaw
    with pytest.raises(ValueError, match="freeze: the service takes"):

        @life.act("freeze")
        def freeze(*, batch_id: int, reason: str = "") -> None:
            """A reason that may be left out, where the row requires one."""

    with pytest.raises(KeyError):
        life.act("fly")(thaw)
    with pytest.raises(registry.DoubleAnswer):
        life.act("thaw")(partial(thaw))


def test_one_service_of_two_acts_is_told_which(life: Life[Facts]) -> None:
    both = Life("paper", (FREEZE, Transition("seal", "封存", "batch.sealed", ("open",), "sealed", CLERK)), noun="",
                state_label=str, common=frozenset({"batch_id"}))  # fmt: skip

    @both.act("freeze", "seal")
    def close(*, action: str, batch_id: int, reason: str) -> str:
        return f"{action} {batch_id}"

    assert [both.services[action](batch_id=1, reason="") for action in ("freeze", "seal")] == ["freeze 1", "seal 1"]


def test_a_form_attaches_itself_to_acts_of_the_table_alone(life: Life[Facts]) -> None:
    @life.form_of("thaw")
    class ThawForm:
        """Pages and a reason."""

    assert life.forms.get("thaw") is ThawForm
    assert life.forms.get("freeze") is None
    with pytest.raises(KeyError):
        life.form_of("fly")(ThawForm)


def test_an_action_that_stands_twice_in_a_table_is_a_defect() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        Life("letter", (FREEZE, FREEZE), noun="", state_label=str, common=frozenset())
