"""Turn videos and official datasets into prepared scenes.

    scene = vadkit.prepare.video("quiet.mp4", "night.mp4", "data/my_camera")

`video` takes any videos of one fixed camera; `ucsd`, `avenue` and `shanghaitech` take the official
archives. Each writes what `vadkit.open_scene` reads. data_scripts/ holds their command lines.
"""

from vadkit.prepare.avenue_dataset import avenue
from vadkit.prepare.own_video import video
from vadkit.prepare.shanghaitech_dataset import shanghaitech
from vadkit.prepare.ucsd_dataset import ucsd

__all__ = ["avenue", "shanghaitech", "ucsd", "video"]
