"""The API's own documentation page, under the same content security policy as every other page."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from grids.models import User


@pytest.mark.django_db(transaction=True)
def test_the_api_documentation_shows_the_operations_without_breaking_the_policy(page, live_server) -> None:
    client = Client()
    client.force_login(User.objects.create(username="reader", full_name="演示读者"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page.goto("/api/docs/")
    page.wait_for_selector("#operations-fire-points-fire_point_act")
    expect(page.locator(".opblock").nth(14)).to_be_visible()
