"""The questions at the end of each notebook, read from `quiz.toml`, which a teacher can edit."""

import tomllib
from pathlib import Path

Question = tuple[str, list[tuple[str, str]], int]


def read_questions(path: Path) -> dict[str, list[Question]]:
    """The questions in a file like `quiz.toml`, by notebook."""
    questions: dict[str, list[Question]] = {}
    for table in tomllib.loads(path.read_text(encoding="utf-8"))["question"]:
        question, answers = table["question"], table["answer"]
        right = [number for number, answer in enumerate(answers) if answer.get("right")]
        if len(right) != 1:
            raise ValueError(
                f"{path.name}: '{question}' has {len(right)} right answers: "
                "put right = true below one of them."
            )
        pairs = [(answer["text"], answer["why"]) for answer in answers]
        questions.setdefault(table["notebook"], []).append((question, pairs, right[0]))
    return questions


# By notebook: question, (answer, what to say to somebody who chose it), number of the right one.
QUESTIONS = read_questions(Path(__file__).with_suffix(".toml"))


def texts() -> list[str]:
    """Every English text of the quiz, sorted, for translators."""
    distinct = set()
    for questions in QUESTIONS.values():
        for question, answers, _ in questions:
            distinct.add(question)
            for answer in answers:
                distinct.update(answer)
    return sorted(distinct)
