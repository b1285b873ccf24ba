"""Say in one sentence when this Python is too old or too new; plain enough for any Python 3."""

import sys

OLDEST, NEWEST = (3, 11), (3, 14)

if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.exit(
        "vadkit needs Python 3.11 to 3.14 (some of its packages have no newer wheels yet), "
        "and this is {}.{}: make lab PYTHON=python3.12".format(*sys.version_info)
    )
