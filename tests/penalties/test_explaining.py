"""A yuan explained: whoever may see an entry opens everything behind it, the county that pays too, and nobody else."""

import csv
import hashlib
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from firepoints.models import FirePoint
from journal.models import Access
from papers import filing
from penalties.batches import steps
from penalties.ledger.digest import entry_digest
from penalties.models import Batch, LedgerEntry
from tests.factories import points as make
from tests.factories.city import WEST
from tests.penalties.test_pages import bring_to, client_of

pytestmark = pytest.mark.django_db
ORIGINAL = "序号,经度,纬度\n1,123.75,41.30\n".encode()


@pytest.fixture
def point(city) -> FirePoint:
    """A point of the west that was charged in October with its line settled, and given back in November's batch."""
    return make.final(city)


@pytest.fixture
def with_file(point) -> bytes:
    """The imported file behind the charged row, on disk."""
    run = point.recognition.charged_detection.run
    stored_as = filing.store_bytes(ORIGINAL, kind="imports", suffix=".csv")
    type(run).objects.filter(pk=run.pk).update(
        stored_as=stored_as, sha256=hashlib.sha256(ORIGINAL).hexdigest(), filename="省厅清单.csv"
    )
    return ORIGINAL


def charged(city, scan_file) -> Batch:
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    batch = bring_to(batch, city, "sent", scan_file)
    return steps.batch_settle(batch_id=batch.pk, actor=city.finance, voucher_no="财凭 1", settled_on=batch.sent_on)


def given_back(city, point: FirePoint) -> Batch:
    point.refresh_from_db()
    make.take(point, "reopen", city.recogniser, reason="锅炉排烟，不是秸秆")
    batch = steps.batch_build(month="2023-11", actor=city.clerk)
    return bring_to(batch, city, "frozen", None)


def page(user, point: FirePoint, status: int = 200) -> str:
    answer = client_of(user).get(reverse("penalties:account", args=[point.pk]))
    assert answer.status_code == status
    return answer.content.decode()


def test_the_account_of_a_point_keeps_the_charge_beside_the_return_and_both_batches_point_at_each_other(
    city, point, scan_file
) -> None:
    charge, back = charged(city, scan_file), given_back(city, point)
    text = page(city.auditor, point)
    for words in ("30,000", "−30,000", str(charge), str(back), "财凭 1", "锅炉排烟，不是秸秆", "还要退给"):
        assert words in text
    assert text.count(f'→ <a href="{reverse("penalties:detail", args=[charge.pk])}"') == 1
    assert text.count(f'→ <a href="{reverse("penalties:detail", args=[back.pk])}"') == 1


def test_the_batch_that_charged_names_the_batch_that_gave_the_money_back(city, point, scan_file) -> None:
    charge, back = charged(city, scan_file), given_back(city, point)
    text = client_of(city.west).get(reverse("penalties:detail", args=[charge.pk])).content.decode()
    assert "本批以后退回的" in text
    assert reverse("penalties:detail", args=[back.pk]) in text
    assert reverse("penalties:account", args=[point.pk]) in text


def test_every_digest_on_the_page_is_whole_and_is_that_of_what_it_names(city, point, with_file, scan_file) -> None:
    charged(city, scan_file)
    text = page(city.auditor, point)
    entry = LedgerEntry.objects.get()
    for digest in (entry_digest(entry), entry.batch.content_hash, hashlib.sha256(with_file).hexdigest()):
        assert len(digest) == 64
        assert digest in text


def test_a_digest_moves_with_every_column_of_an_entry(city, point) -> None:
    steps.batch_build(month="2023-10", actor=city.clerk)
    entry = LedgerEntry.objects.get()
    before = entry_digest(entry)
    for column, value in (("amount_fen", 1), ("payer_code", "x"), ("month", "2023-11"), ("reason", "y"), ("seq", 9)):
        changed = LedgerEntry.objects.get()
        setattr(changed, column, value)
        assert entry_digest(changed) != before
    assert entry_digest(LedgerEntry.objects.get()) == before


def links_of(text: str) -> list[str]:
    hrefs = re.findall(r'(?:href|src)="(/[^"#]+)', text.split("<main", 1)[1])
    return sorted({href.replace("&amp;", "&") for href in hrefs if not href.startswith("/static/")})


def test_the_county_that_pays_opens_everything_behind_its_own_entry(city, point, with_file, scan_file) -> None:
    charged(city, scan_file)
    client = client_of(city.west)
    text = page(city.west, point)
    links = links_of(text)
    kinds = ("/file/", "/evidence/", "/rules/", "/entries/", "/penalties/points/", "/fire-points/")
    assert all(any(kind in link for link in links) for kind in kinds), links
    for link in links:
        assert client.get(link).status_code == 200, link
    assert city.recogniser.full_name not in text
    file = next(link for link in links if link.endswith("/file/"))
    assert b"".join(client.get(file).streaming_content) == with_file
    assert Access.objects.filter(kind="import_file", actor_id=city.west.pk).count() == 2


def test_it_opens_them_still_after_the_point_has_become_another_countys(city, point, with_file, scan_file) -> None:
    charged(city, scan_file)
    given_back(city, point)
    FirePoint.objects.filter(pk=point.pk).update(county_code="210500")
    text = page(city.west, point)
    client = client_of(city.west)
    own = [link for link in links_of(text) if link.startswith("/penalties/points/")]
    assert any("/evidence/" in link for link in own)
    assert {client.get(link).status_code for link in own} == {200}


@pytest.mark.parametrize("name", ["penalties:account", "penalties:entry", "penalties-api:entry"])
def test_another_county_and_a_stranger_find_nothing(city, point, with_file, scan_file, name) -> None:
    charged(city, scan_file)
    entry = LedgerEntry.objects.get()
    key = point.pk if name == "penalties:account" else entry.pk
    piece = point.verification.evidence.first()
    for user in (city.east, city.people["head"]):
        client = client_of(user)
        assert client.get(reverse(name, args=[key])).status_code == 404
        for private in (
            reverse("penalties:account_file", args=[point.pk, point.recognition.charged_detection_id]),
            reverse("penalties:account_evidence", args=[point.pk, piece.uuid]),
        ):
            assert client.get(private).status_code == 404
        assert client.get(reverse("penalties-api:entries")).json()["results"] == []


def test_a_county_sees_no_entry_of_a_batch_that_is_still_open(city, point) -> None:
    steps.batch_build(month="2023-10", actor=city.clerk)
    assert client_of(city.west).get(reverse("penalties:account", args=[point.pk])).status_code == 404
    assert client_of(city.clerk).get(reverse("penalties:account", args=[point.pk])).status_code == 200


def test_only_the_evidence_and_the_file_behind_the_entry_can_be_taken(city, point, with_file, scan_file) -> None:
    charged(city, scan_file)
    later = make.photo(FirePoint.objects.get(pk=point.pk), city.clerk)
    client = client_of(city.west)
    assert client.get(reverse("penalties:account_evidence", args=[point.pk, later.uuid])).status_code == 404
    assert client.get(reverse("penalties:account_file", args=[point.pk, 999_999])).status_code == 404


def test_the_list_and_its_csv_hold_what_the_filters_name_and_add_up(city, point, scan_file) -> None:
    charged(city, scan_file)
    given_back(city, point)
    client = client_of(city.finance)
    rows = client.get(reverse("penalties-api:entries"), {"payer": WEST}).json()["results"]
    assert sum(row["amount_fen"] for row in rows) == 0
    assert {row["movement"] for row in rows} == {"charge", "return"}
    answer = client.get(reverse("penalties-api:entries"), {"kind": "return", "format": "csv"})
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(line["movement"], line["digest"]) for line in lines] == [
        ("return", entry_digest(LedgerEntry.objects.last()))
    ]
    shown = client.get(reverse("penalties:entries"), {"kind": "charge", "month": "2023-10"}).content.decode()
    assert "30,000" in shown
    assert "−30,000" not in shown


@pytest.mark.parametrize("query", ["month=2023-13", "month=００００-01", "kind=x", "payer=%00", "batch=9e9", "after=²"])
def test_a_filter_that_cannot_be_read_is_said_and_breaks_nothing(city, point, query) -> None:
    answer = client_of(city.clerk).get(f"{reverse('penalties:entries')}?{query}")
    assert answer.status_code == 200


def test_the_api_gives_the_chain_the_rulings_and_the_raw_row_of_one_entry(city, point, with_file, scan_file) -> None:
    charged(city, scan_file)
    entry = LedgerEntry.objects.get()
    data = client_of(city.west).get(reverse("penalties-api:entry", args=[entry.pk])).json()
    assert len(data["chain"]) == 7
    assert (data["executed_fen"], data["line_fen"], data["siblings"]) == (3_000_000, 3_000_000, [entry.pk])
    assert data["raw_rows"][0]["sha256"] == hashlib.sha256(with_file).hexdigest()
    assert {"objection_days", "number_prefix"} <= {row["key"] for row in data["rulings"]}
    assert data["rule_text"] == entry.rule.definition


def test_the_points_page_leads_to_its_account(city, point, scan_file) -> None:
    charged(city, scan_file)
    for user in (city.west, city.finance):
        text = client_of(user).get(reverse("firepoints:detail", args=[point.pk])).content.decode()
        assert reverse("penalties:account", args=[point.pk]) in text


def test_the_queries_of_an_account_do_not_grow_with_its_entries(city, point, scan_file) -> None:
    charged(city, scan_file)
    client: Client = client_of(city.auditor)
    address = reverse("penalties:account", args=[point.pk])
    client.get(address)
    with CaptureQueriesContext(connection) as before:
        client.get(address)
    given_back(city, point)
    with CaptureQueriesContext(connection) as after:
        client.get(address)
    assert len(after) <= len(before) + 1
