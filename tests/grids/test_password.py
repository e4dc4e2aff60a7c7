"""A person changes the password that an administrator gave."""

import pytest

from grids.people.posts import user_create
from journal.models import Entry

NEW = "zhengque-ma-42"


@pytest.fixture
def person(db, client):
    user, password = user_create(username="li", full_name="演示李", actor=None)
    client.force_login(user)
    return user, password


def test_the_old_password_opens_the_change_and_the_session_stays(person, client):
    user, password = person
    data = {"old_password": password, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/password/", data).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert client.get("/password/").status_code == 200
    entry = Entry.objects.filter(act="user.password_set").latest("id")
    assert NEW not in str([entry.before, entry.after, entry.reason])


def test_a_wrong_old_password_or_a_weak_new_one_changes_nothing(person, client):
    user, password = person
    for old, new in (("falsch", NEW), (password, "12345678901")):
        page = client.post("/password/", {"old_password": old, "new_password1": new, "new_password2": new})
        assert page.status_code == 400
    user.refresh_from_db()
    assert user.check_password(password)
