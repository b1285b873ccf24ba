"""The quiz at the end of a notebook: five questions, by mouse or keyboard, every answer with its explanation."""

import html

import traitlets

from vadcourse.quiz import QUESTIONS
from vadkit.text import say
from vadkit.widgets.base import Widget, synced


class Quiz(Widget):
    """The questions of one notebook ("01" to "06"), or your own: a list of (question, [(answer, explanation)], right index).

    `.chosen` is what was last checked for each question, -1 for none; `.score` is (right, questions). Raises ValueError for
    a notebook without questions, and for a question without a right answer.
    """

    questions = synced(traitlets.List())
    chosen = synced(traitlets.List())

    def __init__(self, questions):
        if isinstance(questions, str) and questions not in QUESTIONS:
            raise ValueError(f"There is no quiz for notebook {questions!r}: choose one of {', '.join(QUESTIONS)}.")
        questions = QUESTIONS[questions] if isinstance(questions, str) else questions
        for question, answers, right in questions:
            if not 0 <= right < len(answers):
                raise ValueError(f"'{question}' has {len(answers)} answers, so the right one cannot be number {right}.")
        about = [
            {"question": say(question), "answers": [[say(a), say(why)] for a, why in answers], "right": right}
            for question, answers, right in questions
        ]
        super().__init__(questions=about, chosen=[-1] * len(about), alt=say("A quiz of {n} questions.", n=len(about)))

    @property
    def score(self):
        return sum(c == q["right"] for c, q in zip(self.chosen, self.questions)), len(self.questions)

    def _repr_mimebundle_(self, **options):
        """With the questions as plain HTML for pages without a kernel, the answers folded away."""
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/html"] = self.still()
        return bundle

    def still(self):
        """-> the quiz as HTML that needs no script: questions and answers, the right one with its reason unfolds."""
        items = []
        for q in self.questions:
            answers = "".join(f"<li>{html.escape(answer)}</li>" for answer, _ in q["answers"])
            right, why = map(html.escape, q["answers"][q["right"]])
            folded = f"<details><summary>{html.escape(say('Answer'))}</summary>{right} {why}</details>"
            items.append(f"<li><p>{html.escape(q['question'])}</p><ul>{answers}</ul>{folded}</li>")
        return f"<ol>{''.join(items)}</ol>"
