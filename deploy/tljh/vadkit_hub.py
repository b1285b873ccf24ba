"""The course on The Littlest JupyterHub, which reads this file after its own settings.

`install.sh` puts it into `jupyterhub_config.d` and sets the limits with `tljh-config`, where you
can change them: `sudo tljh-config show`.
"""

import os

shared = os.path.join(os.environ.get("TLJH_INSTALL_PREFIX", "/opt/tljh"), "vadkit")

c = get_config()  # noqa: F821, the hub's
c.Spawner.cmd = [f"{shared}/start_student.sh"]
c.Spawner.default_url = "/lab/tree/course/notebooks/00_start_here.ipynb"
c.Spawner.environment = {
    "VADKIT_COURSE": f"{shared}/course",  # leave it out, and students get the solutions, too
    "VADKIT_HAND_IN": f"{shared}/hand_in",
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
}
# Seconds. On the first day all start at once, and copy: with 30 of them a server takes a minute.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.SystemdSpawner.isolate_tmp = True  # nobody reads another's /tmp
