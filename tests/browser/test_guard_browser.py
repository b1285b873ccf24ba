"""The guard's shift as a page of its own: what is caught, missed and rung for nothing."""

import pytest
from test_widgets_browser import pixels

import vadkit
from vadcourse.widgets import GuardShift

pytestmark = pytest.mark.browser


@pytest.fixture
def shift_page(page, tmp_path):
    """A guard's shift at full speed, as a static page: no kernel, no network."""
    scene = vadkit.boar_scene()
    page.context.set_offline(True)

    def open_page(**options):
        shift = GuardShift(
            vadkit.copy_last_frame, scene.test_clips[:3], n_clips=3, fps=250, **options
        )
        page.goto(shift.save_html(tmp_path / "shift.html").as_uri())
        page.locator(".vk-guard .vk-threshold").focus()
        return page

    return open_page


def test_a_guard_who_never_rings_misses_everything(shift_page):
    page = shift_page(threshold=0)
    page.keyboard.press("Space")
    page.locator(".vk-report li").first.wait_for(timeout=30_000)
    report = page.locator(".vk-report").inner_text()
    assert (
        "Caught: 0 / 3" in report
        and "boar" not in report.split("Missed")[0]
        and "Missed: 3" in report
        and "False alarms: 0" in report
    )
    pictures = page.locator(".vk-missed canvas")
    assert pictures.count() == 3 and page.locator(".vk-report canvas").count() == 3
    assert len({pixels(page, f".vk-missed figure:nth-child({i}) canvas") for i in (1, 2, 3)}) == 3


def test_an_anomaly_that_was_hidden_for_a_moment_is_one(page, tmp_path):
    clip = vadkit.the_boar()
    first = int(clip.labels.argmax())
    clip.labels[first + 12 : first + 18] = 0
    shift = GuardShift(vadkit.copy_last_frame, [clip], n_clips=1, fps=250, threshold=0)
    page.goto(shift.save_html(tmp_path / "shift.html").as_uri())
    page.locator(".vk-guard canvas").first.click()
    page.keyboard.press("Space")
    page.locator(".vk-report li").first.wait_for(timeout=30_000)
    assert "Caught: 0 / 1" in page.locator(".vk-report").inner_text()


def test_the_hint_of_a_shift_goes_when_it_begins(shift_page):
    page = shift_page(threshold=0)
    news = page.locator(".vk-news")
    assert "Press Space" in news.inner_text()
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => !document.querySelector('.vk-news').textContent.includes('Press')"
    )
    page.locator(".vk-report li").first.wait_for(timeout=30_000)
    page.keyboard.press("Enter")  # the keys still work: a new shift
    assert "Press Space" in news.inner_text() and page.locator(".vk-report li").count() == 0


def test_a_guard_who_cries_wolf_is_sent_home(shift_page):
    page = shift_page()
    page.keyboard.press("Space")
    for _ in range(100):  # the threshold up and down, an alarm each time it passes the curve
        page.keyboard.press("End")
        page.wait_for_timeout(30)
        page.keyboard.press("Home")
        page.wait_for_timeout(100)
        if page.locator(".vk-report li").count():
            break
    assert "sent home early" in page.locator(".vk-news").inner_text()
    assert "False alarms: 3, budget 2" in page.locator(".vk-report").inner_text()
    assert page.locator(".vk-false canvas").count() == 3


def test_shifts_are_drawn_by_seed(shift_page):
    def first_picture(seed):
        return pixels(shift_page(seed=seed), ".vk-guard canvas")

    pictures = [first_picture(seed) for seed in (0, 0, 1, 2, 3)]
    assert pictures[0] == pictures[1] and len(set(pictures)) > 1
