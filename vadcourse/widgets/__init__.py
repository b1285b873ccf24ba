"""Widgets of single notebooks: the guard's shift (02), capacity (03), settling in and when it
helps (06), the quiz.

Those of notebooks 04 and 05 are in `vadcourse.meta_widgets`.
"""

from vadcourse.widgets.benefit import Benefit
from vadcourse.widgets.capacity import Capacity
from vadcourse.widgets.draw_anomaly import DrawAnomaly
from vadcourse.widgets.guard_shift import GuardShift
from vadcourse.widgets.inside import Inside
from vadcourse.widgets.presenter import Presenter
from vadcourse.widgets.quiz import Quiz
from vadcourse.widgets.settling import Settling
from vadcourse.widgets.two_truths import TwoTruths

__all__ = [
    "Benefit", "Capacity", "DrawAnomaly", "GuardShift", "Inside", "Presenter", "Quiz", "Settling",
    "TwoTruths",
]  # fmt: skip
