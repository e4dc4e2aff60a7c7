"""The first page anybody sees, in a real browser."""

import pytest
from playwright.sync_api import expect


@pytest.mark.django_db(transaction=True)
def test_a_stranger_is_sent_to_the_sign_in_form_and_its_styles_load(page) -> None:
    page.goto("/")
    assert "next=" in page.url
    expect(page.locator("input[type=password]")).to_be_visible()
    # A page without its style sheet has no style rules; wider than the screen means it does not fit a phone.
    assert page.evaluate("document.styleSheets.length") > 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
