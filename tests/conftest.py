"""Settings shared by all tests: hypothesis draws the same examples every time, and a busy machine is no failure."""

from hypothesis import settings

settings.register_profile("vadkit", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("vadkit")
