"""A refusal that a page did not catch."""

import pytest
from django.test import RequestFactory

from core.errors import BadInput, NotAllowed
from core.http.refusals import RefusalMiddleware
from journal.selectors import deployment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("refused", "status"), [(BadInput("只有官方清单要反馈"), 400), (NotAllowed("不由您办理"), 403)]
)
def test_it_is_told_in_its_own_words_with_its_own_status(refused, status):
    deployment()
    request = RequestFactory().get("/imports/")
    answer = RefusalMiddleware(lambda request: None).process_exception(request, refused)
    assert answer.status_code == status
    assert refused.message in answer.content.decode()


def test_a_defect_stays_a_defect():
    request = RequestFactory().get("/imports/")
    assert RefusalMiddleware(lambda request: None).process_exception(request, KeyError("x")) is None
