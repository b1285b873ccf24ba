"""Widgets of single notebooks."""

from vadcourse.widgets.capacity import Capacity
from vadcourse.widgets.guard_shift import GuardShift
from vadcourse.widgets.interview import Interview
from vadcourse.widgets.quiz import Quiz
from vadcourse.widgets.two_step import TwoStep

__all__ = ["Capacity", "GuardShift", "Interview", "Quiz", "TwoStep"]
