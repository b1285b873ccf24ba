"""The quiz by keyboard alone: in JupyterLab, where Python sees the answers, and as a page."""

import pytest
from test_widgets_browser import CONTRAST, eventually

from vadcourse.quiz import QUESTIONS
from vadcourse.widgets import Quiz

pytestmark = pytest.mark.browser


def answer_all(page, wanted):
    """Answer all questions: Tab, arrow keys to the answer (its number in `wanted`), Enter."""
    page.locator(".vk-quiz [type=radio]").first.focus()
    for number, choice in enumerate(wanted):
        page.keyboard.press("Space")
        for _ in range(choice):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        question = page.locator(".vk-question").nth(number)
        explanation = QUESTIONS["02"][number][1][choice][1]
        assert explanation in question.locator("[role=status]").inner_text()
        page.keyboard.press("Tab")  # its button
        page.keyboard.press("Tab")  # the next question


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_quiz_by_keyboard(theme, notebook, run_all):
    page = notebook('from vadcourse.widgets import Quiz\nquiz = Quiz("02")\nquiz', theme=theme)
    run_all()
    rights = [right for _, _, right in QUESTIONS["02"]]
    wanted = [rights[0], (rights[1] + 1) % 3, *rights[2:]]
    answer_all(page, wanted)
    assert page.locator(".vk-score").inner_text() == "4 of 5 right, 0 still open"
    assert (
        page.locator(".vk-right").count() == 4
        and "Not that one." in page.locator(".vk-wrong").inner_text()
    )
    assert min(page.evaluate(CONTRAST)) >= 4.5
    eventually(page, "quiz.score, quiz.chosen", lambda text: text == f"((4, 5), {wanted})")


def test_an_answer_can_be_changed_and_none_is_asked_for(page, tmp_path):
    page.context.set_offline(True)
    page.goto(Quiz("02").save_html(tmp_path / "quiz.html").as_uri())
    first = page.locator(".vk-question").first
    first.get_by_role("button").click()
    assert first.locator("[role=status]").inner_text() == "Choose an answer first."
    answer_all(page, [0])
    assert "Not that one." in first.inner_text()
    first.get_by_role("radio", name=QUESTIONS["02"][0][1][1][0]).check()
    first.get_by_role("button").click()
    assert (
        "✓ Right." in first.inner_text()
        and page.locator(".vk-score").inner_text() == "1 of 5 right, 4 still open"
    )
