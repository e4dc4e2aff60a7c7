"""Rulings that two persons set, through the real services."""

from datetime import date
from typing import Any

from firepoints.models import Ruling
from firepoints.policy.ruling_acts import ruling_propose
from journal.proposals import services
from tests.factories.city import City
from tests.factories.scans import pdf

SCAN = (pdf("a ruling"), "裁定.pdf")


def ruled(city: City, key: str, value: Any, valid_from: date, document_no: str = "演示〔2022〕9号") -> Ruling:
    """A ruling asked for by the clerk and accepted by who decides."""
    proposal = ruling_propose(
        key=key, value=value, valid_from=valid_from, document_no=document_no, scan=SCAN, actor=city.clerk
    )
    services.accept(proposal_id=proposal.pk, actor=city.recogniser)
    return Ruling.objects.get(key=key, valid_from=valid_from)
