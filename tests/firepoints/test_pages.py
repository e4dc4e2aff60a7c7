"""The pages of the fire points as the six roles meet them."""


import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import points as make
from tests.factories.city import City


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize("who", ["clerk", "recogniser", "west", "inspector", "finance", "auditor"])
def test_every_role_gets_a_home_a_list_and_a_point(city: City, who: str) -> None:
    point = make.final(city)
    client = signed_in(getattr(city, who))
    for url in (reverse("home") + "?month=2023-10", reverse("firepoints:list"), reverse("firepoints:detail", args=[point.pk])):
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert "HD2023-0001" in text_of(answer) or url.startswith("/?")
