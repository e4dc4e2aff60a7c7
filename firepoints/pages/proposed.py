"""What the pages say of an act that waits for a second person."""

from firepoints.policy import seconding
from journal.models import Proposal


def words_of(proposal: Proposal) -> str:
    """What a person is told whose act waits for another."""
    return f"已提请（提请 {proposal.pk}），还没有办理：{seconding.sentence_of(proposal.data['two_persons'])}。"
