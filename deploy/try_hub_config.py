"""JupyterHub on one machine, as `try_hub.py` starts it: local processes, on loopback only.

What students get is read from `tljh/vadkit_hub.py`. VADKIT_TRY_HUB holds a JSON object: the ports,
the password, and the other settings of `try_hub.py`.
"""

import json
import os
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

here = Path(__file__).resolve().parent
given = json.loads(os.environ["VADKIT_TRY_HUB"])
folder = Path(given["folder"])


class StudentSpawner(SimpleLocalProcessSpawner):
    """A process for each student, where root starts it with a user id that nobody else has."""

    def make_preexec_fn(self, name):
        home, own_id = Path(self.home_dir), given["first_id"] and given["first_id"] + self.user.id

        def begin():
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            if own_id:
                os.chown(home, own_id, own_id)
                os.setgroups([])
                os.setgid(own_id)
                os.setuid(own_id)
            os.chdir(home)

        return begin


c = get_config()  # noqa: F821, the hub's
load_subconfig(str(here / "tljh" / "vadkit_hub.py"))  # noqa: F821, the hub's
hub_port, proxy_port, api_port = given["ports"]
c.JupyterHub.bind_url = f"http://127.0.0.1:{proxy_port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.command = [given["proxy"]]
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = f"{folder}/proxy.pid"

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = given["password"]
c.Authenticator.allow_all = True
c.JupyterHub.concurrent_spawn_limit = 0  # all at once, as on the first day

c.JupyterHub.spawner_class = StudentSpawner
c.SimpleLocalProcessSpawner.home_dir_template = f"{folder}/homes/{{username}}"
if not given["first_id"] and os.getuid() == 0:
    c.Spawner.args = ["--allow-root"]
c.Spawner.mem_limit = given["memory"]
c.Spawner.env_keep = ["PATH", "LANG", "VADKIT_TRY_HUB_MARK"]
if not given["handout"]:
    del c.Spawner.environment["VADKIT_COURSE"]

# For `try_hub.py`, which asks who still runs, and for the culler that it starts after the lesson.
c.JupyterHub.services = [{"name": "try-hub", "api_token": given["token"]}]
scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
c.JupyterHub.load_roles = [{"name": "try-hub", "scopes": scopes, "services": ["try-hub"]}]
c.JupyterHub.last_activity_interval = c.JupyterHub.activity_resolution = 5
c.Spawner.environment["JUPYTERHUB_ACTIVITY_INTERVAL"] = "5"
