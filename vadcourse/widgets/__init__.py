"""Widgets of single notebooks: the guard's shift (02), capacity (03), settling in and when it
helps (06), the quiz.

Those of notebooks 04 and 05 are in `vadcourse.meta_widgets`.
"""

from vadcourse.widgets.benefit import Benefit
from vadcourse.widgets.capacity import Capacity
from vadcourse.widgets.guard_shift import GuardShift
from vadcourse.widgets.quiz import Quiz
from vadcourse.widgets.settling import Settling

__all__ = ["Benefit", "Capacity", "GuardShift", "Quiz", "Settling"]
