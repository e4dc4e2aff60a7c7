"""What a page links to can be opened by whoever sees it, and it names nothing that they may not see."""

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import clock
from core.errors import NotAllowed
from firepoints.evidence.pieces import evidence_store
from firepoints.models import Ruling
from penalties.batches import steps
from tests.factories import points as make
from tests.factories.city import CITY, IN_EAST, IN_WEST, WEST
from tests.safety.walk import addresses, body, people, signed_in

pytestmark = pytest.mark.django_db
WIDE = {"bureau", "recogniser", "auditor"}
"""They see every point and batch, so no link can lead beyond what they see."""
LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#]*)')


def test_every_link_on_a_page_about_one_thing_leads_somewhere_for_whoever_sees_it(scene):
    make.final(scene.city, at=(IN_WEST[0] + 0.02, IN_WEST[1]))
    steps.batch_build(month="2023-10", actor=scene.city.clerk)  # open: the working paper of the bureau
    broken, followed = [], 0
    narrow = {role: user for role, user in people(scene).items() if role not in WIDE}
    for role, user in narrow.items():
        client, tried = signed_in(user), set()
        for address in addresses(scene):
            if not address.has_arguments or address.url.startswith("/api/"):
                continue
            answer = client.get(address.url)
            for link in set(LINK.findall(body(answer))) - tried:
                tried.add(link)
                followed += 1
                if client.get(link.replace("&amp;", "&")).status_code >= 400:
                    broken.append((role, address.url, link))
    assert broken == []
    assert followed > 50, "the walk has met links"


def test_a_county_is_shown_the_batch_of_its_point_as_text_while_it_is_open(scene):
    point = make.final(scene.city, at=(IN_WEST[0] + 0.02, IN_WEST[1]))
    batch = steps.batch_build(month="2023-10", actor=scene.city.clerk)
    page, link = reverse("firepoints:detail", args=[point.pk]), reverse("penalties:account", args=[point.pk])
    assert link in body(signed_in(scene.city.clerk).get(page))
    assert link not in body(signed_in(scene.city.west).get(page))
    steps.batch_freeze(batch_id=batch.pk, actor=scene.city.officer)
    assert link in body(signed_in(scene.city.west).get(page))


def test_a_photo_used_twice_is_said_without_naming_a_point_that_is_not_ours(city):
    own, others = make.dispatched(city), make.dispatched(city, at=IN_EAST)
    picture = make.jpeg()
    for point, user in ((others, city.east), (own, city.west)):
        file = SimpleUploadedFile("a.jpg", picture, "image/jpeg")
        evidence_store(point=point.pk, actor=user, uuid=uuid.uuid4(), file=file, filename="a.jpg",
                       kind="photo", no_position_reason="室内")  # fmt: skip
    page = reverse("firepoints:detail", args=[own.pk])
    county, bureau = body(signed_in(city.west).get(page)), body(signed_in(city.clerk).get(page))
    assert "与另一处火点的照片相同" in county
    assert others.number not in county
    assert f"与 {others} 的照片相同" in bureau


def test_the_chain_above_a_cell_is_a_link_only_where_it_opens(scene):
    url = reverse("grid-cell", args=[f"{WEST}001"])
    city_link = f'href="{reverse("grid-cell", args=[CITY])}"'
    assert city_link not in body(signed_in(scene.city.west).get(url))
    assert "演示市" in body(signed_in(scene.city.west).get(url))
    assert city_link in body(signed_in(scene.city.clerk).get(url))


def test_a_batch_is_frozen_by_another_clerk_unless_a_ruling_says_otherwise(city):
    make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    assert steps.available_steps(batch, city.clerk) == ["empty"]
    with pytest.raises(NotAllowed, match="制表人"):
        steps.batch_freeze(batch_id=batch.pk, actor=city.clerk)
    assert steps.available_steps(batch, city.officer) == ["freeze", "empty"]
    Ruling.objects.create(key="freeze_by_another", valid_from=clock.today_beijing(), value=False, document_no="演示1号")
    assert steps.available_steps(batch, city.clerk) == ["freeze", "empty"]
    assert steps.batch_freeze(batch_id=batch.pk, actor=city.clerk).state == "frozen"
