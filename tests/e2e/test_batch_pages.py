"""A month in a real browser: a list is seen before it is written, a batch is frozen, and its table prints on one page."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from firepoints.models import ImportRun
from penalties.batches import steps
from penalties.models import Batch, BatchState
from tests.factories import points as make
from tests.factories.city import City, build_city
from tests.penalties.conftest import add_rule

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "only for tests"
LIST = """序号,县区,乡镇,经度,纬度,日期,时间,卫星
1,甲县,南乡,123.75,41.25,2023-10-07,13:05,NOAA-20
2,甲县,南乡,41.25,123.75,2023-10-07,13:05,NOAA-20
"""


@pytest.fixture
def city(transactional_db, settings, tmp_path: Path) -> City:
    settings.JINSHAO_HOME = tmp_path
    city = build_city()
    add_rule()
    return city


def sign_in(page, user, path: str) -> None:
    user.set_password(PASSWORD)
    user.save()
    page.goto(f"/login/?next={path}")
    page.fill("input[name=username]", user.username)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"**{path}")


def fits(page) -> bool:
    """Whether nothing is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_list_is_previewed_and_then_written(page, city, tmp_path) -> None:
    path = tmp_path / "省清单.csv"
    path.write_text(LIST)
    sign_in(page, city.clerk, "/imports/new/")
    page.set_input_files("input[type=file]", str(path))
    page.select_option("select[name=source]", "provincial_list")
    page.fill("input[name=list_no]", "1")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/imports/preview/**")
    expect(page.get_by_text("经度与纬度像是写反了")).to_be_visible()
    assert fits(page)
    assert not ImportRun.objects.exists()
    page.get_by_role("button", name="写入 1 行，隔离 1 行").click()
    page.get_by_text("已写入：入库 1 行").wait_for()
    assert fits(page)
    assert ImportRun.objects.get().kept == 1


def test_a_batch_is_frozen_only_after_the_question_is_answered(page, city) -> None:
    make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    sign_in(page, city.officer, f"/penalties/{batch.pk}/")
    expect(page.get_by_text("1 处 × 3 万元 = 3 万元")).to_be_visible()
    assert fits(page)
    page.locator("#next").get_by_role("button", name="冻结明细").click()
    page.get_by_role("button", name="不，返回").click()
    assert Batch.objects.get().state == BatchState.OPEN
    page.locator("#next").get_by_role("button", name="冻结明细").click()
    page.locator("dialog").get_by_role("button", name="冻结明细").click()
    page.get_by_text("冻结已办").wait_for()
    assert Batch.objects.get().state == BatchState.FROZEN


def test_the_finance_table_prints_on_one_sheet_of_a4(page, city) -> None:
    for i in range(5):
        make.final(city, at=(123.71 + i / 100, 41.25))
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    sign_in(page, city.finance, f"/penalties/{batch.pk}/")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
    width, height = (float(side) for side in re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed).groups())
    assert (round(width), round(height)) in {(595, 842), (594, 841), (595, 841), (596, 842)}
