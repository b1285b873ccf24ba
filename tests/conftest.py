"""Settings of all tests: hypothesis tries the same examples every time, at its own pace."""

import signal

import pytest
from hypothesis import settings

settings.register_profile("vadkit", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("vadkit")
# Who starts the tests in the background may have Ctrl-C ignored, and processes inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def libraries():
    """The libraries of npm that the site needs; where they cannot be had, its tests are skipped."""
    import npm_packages
    import site_predictor

    for library in (npm_packages.MINISEARCH, site_predictor.RUNTIME):
        try:
            npm_packages.contents(library)
        except ValueError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory, libraries):
    """The site with the outputs that the notebooks have, built once."""
    import build_site

    folder = tmp_path_factory.mktemp("site")
    build_site.build(folder, saved=True)
    return folder
