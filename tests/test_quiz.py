"""The quiz: five questions a notebook, each answer explained, readable without a kernel."""

import re

import messages
import pytest

from vadcourse.quiz import QUESTIONS, read_questions
from vadcourse.widgets.quiz import Quiz
from vadkit.text import TRANSLATIONS


def test_every_notebook_has_five_questions_and_every_answer_its_own_explanation():
    assert list(QUESTIONS) == ["01", "02", "03", "04", "05", "06"]
    asked = [question for questions in QUESTIONS.values() for question, _, _ in questions]
    assert len(set(asked)) == len(asked) == 30
    for questions in QUESTIONS.values():
        assert len(questions) == 5
        places = {right for _, _, right in questions}
        assert len(places) >= 3, "the right answer must not always stand in the same place"
        for question, answers, right in questions:
            assert len(answers) >= 3 and 0 <= right < len(answers), question
            texts, reasons = zip(*answers)
            assert len(set(texts)) == len(set(reasons)) == len(answers), question
            assert all(len(why) > 20 for why in reasons), question


def test_the_right_answer_is_not_given_away_by_its_length():
    longest = [
        max(range(len(answers)), key=lambda i: len(answers[i][0])) == right
        for questions in QUESTIONS.values()
        for _, answers, right in questions
    ]
    assert sum(longest) / len(longest) < 0.7


def test_the_score_counts_right_answers_only():
    quiz = Quiz("01")
    assert quiz.score == (0, 5)
    rights = [right for _, _, right in QUESTIONS["01"]]
    quiz.chosen = [rights[0], (rights[1] + 1) % 3, -1, -1, rights[4]]
    assert quiz.score == (2, 5)


def test_a_quiz_of_your_own_and_what_is_refused():
    quiz = Quiz([("Why?", [("Because.", "Indeed."), ("Not.", "Why not?")], 0)])
    assert quiz.score == (0, 1) and "1 questions" in quiz.alt
    with pytest.raises(ValueError, match="no quiz for notebook '07': choose one of 01"):
        Quiz("07")
    with pytest.raises(ValueError, match="2 answers, so the right one cannot be number 2"):
        Quiz([("Why?", [("Because.", "Indeed."), ("Not.", "Why not?")], 2)])


def test_without_a_kernel_the_questions_are_plain_html():
    quiz = Quiz([("1 < 2?", [("Yes & no", "One & only."), ("No", "Count again.")], 0)])
    page = quiz._repr_mimebundle_()[0]["text/html"]
    plain, script = page.split("<style>")
    assert "1 &lt; 2?" in plain and "Yes &amp; no One &amp; only." in plain
    assert "<details>" in plain and "Count again" not in plain
    page = quiz.to_html()
    assert "Count again." in page and "<script>" in page
    assert not re.search(r"https?://(?!www\.w3\.org)", page)


def test_it_speaks_the_readers_language(monkeypatch):
    question, answers, _ = QUESTIONS["04"][0]
    template = {message.id for message in messages.collect()}
    assert {question, answers[0][0], answers[0][1]} <= template
    monkeypatch.setitem(TRANSLATIONS, question, "几张图？")
    quiz = Quiz("04")
    assert quiz.questions[0]["question"] == "几张图？" and "几张图？" in quiz.to_html()


def test_a_question_without_a_right_answer_is_refused_where_it_stands(tmp_path):
    path = tmp_path / "quiz.toml"
    path.write_text("""
        [[question]]
        notebook = "01"
        question = "Why?"
        [[question.answer]]
        text = "Because."
        why = "Indeed."
    """)
    with pytest.raises(ValueError, match="quiz.toml: 'Why[?]' has 0 right answers: put right"):
        read_questions(path)
