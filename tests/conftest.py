"""Settings of all tests: hypothesis tries the same examples every time, at its own pace."""

from hypothesis import settings

settings.register_profile("vadkit", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("vadkit")
