"""What a page has read is not read again, and the next page reads it anew."""

from django.http import HttpResponse
from django.test import RequestFactory

from core.page_memory import PageMemory, remembered


def test_an_answer_lasts_as_long_as_one_page_and_an_act_reads_everything_anew():
    reads: list[int] = []

    def read() -> int:
        reads.append(1)
        return len(reads)

    def view(_request):
        return HttpResponse(f"{remembered('key', read)} {remembered('key', read)}")

    page = PageMemory(view)
    assert page(RequestFactory().get("/")).content == b"1 1"
    assert page(RequestFactory().get("/")).content == b"2 2"
    assert page(RequestFactory().post("/")).content == b"3 4"
    assert remembered("key", read) == 5
