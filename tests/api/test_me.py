"""Who asks, and how: sessions, tokens, and the answers when there is neither."""

import pytest
from rest_framework.test import APIClient

from grids.models import User
from grids.people.tokens import token_issue

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_me_says_what_follows_from_the_posts_of_today(city, sign_in):
    told = sign_in(city.west).get("/api/me/").json()
    assert told["user"]["username"] == "west"
    assert told["roles"] == [{"code": "county", "label": "县（区）指定部门"}]
    assert [(post["kind"], post["cell_code"]) for post in told["posts"]] == [("county", "210590")]
    assert told["csrf"]


def test_a_token_signs_in_a_device_without_a_session(city):
    _, key = token_issue(user=city.inspector, actor=city.inspector, label="平板", scopes=["report"])
    device = APIClient(HTTP_AUTHORIZATION=f"Token {key}")
    told = device.get("/api/me/").json()
    assert told["user"]["username"] == "inspector"
    assert told["csrf"] == ""


def test_superuser_flags_give_no_role(city, sign_in):
    root = User.objects.create(username="root", is_superuser=True, is_staff=True)
    assert sign_in(root).get("/api/me/").json()["roles"] == []
    assert sign_in(root).get("/api/fire-points/").json()["results"] == []


def test_nobody_and_a_wrong_token_get_401_with_a_code(db, problem):
    answer = APIClient().get("/api/me/")
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"
    problem(APIClient(HTTP_AUTHORIZATION="Token no").get("/api/me/"), 401, "authentication_failed")


def test_a_session_may_not_write_without_its_csrf_token(city, problem):
    strict = APIClient(enforce_csrf_checks=True)
    strict.force_login(city.clerk)
    problem(strict.post("/api/batches/", {"month": "2023-10"}), 403, "not_allowed")
    token = strict.get("/api/me/").json()["csrf"]
    assert strict.post("/api/batches/", {"month": "2023-10"}, HTTP_X_CSRFTOKEN=token).status_code == 201


def test_an_unknown_address_answers_with_a_problem(db, problem):
    problem(APIClient().get("/api/nothing/here/"), 404, "no_such_address")
    problem(APIClient(enforce_csrf_checks=True).post("/api/nothing/here/"), 404, "no_such_address")
