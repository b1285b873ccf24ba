"""The quiz at the end of a notebook, by mouse or keyboard, every answer with its explanation."""

import html
from collections.abc import Sequence

from traitlets import List

from vadcourse.quiz import QUESTIONS
from vadkit.text import say
from vadkit.widgets.base import Widget, traits


class Quiz(Widget):
    """The questions of one notebook, or your own.

    Parameters
    ----------
    questions : str or sequence of tuple
        "01" to "06", or tuples (question, [(answer, explanation), ...], index of the right one).

    Attributes
    ----------
    chosen : list of int
        What was last checked for each question, -1 for none.

    Raises
    ------
    ValueError
        For a notebook without questions, and for a question without a right answer.
    """

    questions, chosen = traits(List, 2)

    def __init__(self, questions: str | Sequence[tuple]):
        if isinstance(questions, str):
            if questions not in QUESTIONS:
                known = ", ".join(QUESTIONS)
                raise ValueError(
                    f"There is no quiz for notebook {questions!r}: choose one of {known}."
                )
            questions = QUESTIONS[questions]
        super().__init__(
            questions=[_translate(*question) for question in questions],
            chosen=[-1] * len(questions),
            alt=say("A quiz of {n} questions.", n=len(questions)),
        )

    @property
    def score(self) -> tuple[int, int]:
        """How many answers are right, and how many questions there are."""
        rights = [question["right"] for question in self.questions]
        return sum(c == right for c, right in zip(self.chosen, rights)), len(rights)

    def _without_script(self, picture):
        """The questions, whose right answers unfold with their reasons."""
        return f"<ol>{''.join(map(_item, self.questions))}</ol>"


def _translate(question, answers, right):
    if not 0 <= right < len(answers):
        raise ValueError(
            f"'{question}' has {len(answers)} answers, so the right one cannot be number {right}."
        )
    translated = [[say(answer), say(why)] for answer, why in answers]
    return {"question": say(question), "answers": translated, "right": right}


def _item(question):
    right, why = map(html.escape, question["answers"][question["right"]])
    answers = "".join(f"<li>{html.escape(answer)}</li>" for answer, _ in question["answers"])
    summary = f"<summary>{html.escape(say('Answer'))}</summary>"
    folded = f"<details>{summary}{right} {why}</details>"
    return f"<li><p>{html.escape(question['question'])}</p><ul>{answers}</ul>{folded}</li>"
