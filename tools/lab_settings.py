"""Give this environment's JupyterLab the course's settings: no popups, slides that fit.

`make lab` runs it; run it once yourself after installing with conda or pip.
"""

import shutil
from pathlib import Path

from jupyterlab.commands import get_app_dir

if __name__ == "__main__":
    target = Path(get_app_dir()) / "settings" / "overrides.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("jupyterlab_overrides.json"), target)
