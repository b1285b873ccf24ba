"""A student in front of a browser, for `try_hub.py`: the requests that JupyterLab would send."""

import json
import time
import uuid
from datetime import UTC, datetime
from urllib.parse import quote

import nbformat
import requests
import websocket
from jupyter_server.services.kernels.connection.base import deserialize_binary_message
from nbformat import NotebookNode

DEAD = ("restarting", "autorestarting", "dead")
TOO_FAST = "IOPub data rate exceeded"  # the server drops outputs that come too fast


class KernelDied(Exception):
    """The kernel of a notebook was ended, by the system for example."""


class Student:
    """Somebody who logs in, opens notebooks and runs cells, each in the student's own server.

    Parameters
    ----------
    address : str
        Of the hub, such as "http://127.0.0.1:8000".
    name, password : str
        To log in with.
    """

    def __init__(self, address: str, name: str, password: str):
        self.address, self.name, self.password = address, name, password
        self.home = f"/user/{quote(name)}/"
        self.browser = requests.Session()

    def log_in(self, seconds: float = 600) -> None:
        """Log in, and wait until JupyterLab is there.

        Raises
        ------
        OSError
            If it is not there after so many seconds.
        """
        page = f"{self.address}/hub/login"
        self.browser.get(page, timeout=60).raise_for_status()
        form = {"username": self.name, "password": self.password, "_xsrf": self._token("/hub/")}
        self.browser.post(page, data=form, timeout=60).raise_for_status()
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            answer = self.browser.get(f"{self.address}{self.home}lab", timeout=60)
            there = answer.url.startswith(f"{self.address}{self.home}lab")
            if there and answer.status_code == 200:
                return
            if f"/hub{self.home}" in answer.url:  # it does not run yet: the button that starts it
                self.browser.get(f"{self.address}/hub/spawn/{quote(self.name)}", timeout=60)
            time.sleep(1)
        raise OSError(f"The server of {self.name} was not there after {seconds:.0f} seconds.")

    def _token(self, path):
        found = [c.value for c in self.browser.cookies if c.name == "_xsrf" and c.path == path]
        return found[0] if found else ""

    def ask(self, method: str, path: str, **options) -> dict:
        """Ask the student's own server, as JupyterLab does; return what it answers."""
        headers = {"X-XSRFToken": self._token(self.home)}
        address = f"{self.address}{self.home}api/{path}"
        answer = self.browser.request(method, address, headers=headers, timeout=120, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def open(self, path: str) -> "Notebook":
        """Open a notebook and start its kernel."""
        content = self.ask("GET", f"contents/{quote(path)}?content=1")["content"]
        session = {"path": path, "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        kernel = self.ask("POST", "sessions", json=session)["kernel"]["id"]
        return Notebook(self, path, nbformat.from_dict(content), kernel)


class Notebook:
    """An open notebook and the wire to its kernel."""

    def __init__(self, student: Student, path: str, content: NotebookNode, kernel: str):
        self.student, self.path, self.content, self.kernel = student, path, content, kernel
        self.session = uuid.uuid4().hex
        wire = f"{student.address}{student.home}api/kernels/{kernel}/channels"
        token = student._token(student.home)
        self.wire = websocket.create_connection(
            f"{wire.replace('http', 'ws', 1)}?session_id={self.session}&_xsrf={token}",
            cookie="; ".join(
                f"{cookie.name}={cookie.value}"
                for cookie in student.browser.cookies
                if student.home.startswith(cookie.path)
            ),
            origin=student.address,
            timeout=120,
        )

    def run(self, source: str, seconds: float = 1800) -> list[NotebookNode]:
        """Run code as a cell and return its outputs.

        Raises
        ------
        KernelDied
            If the kernel ended.
        OSError
            If it was not done after so many seconds, or the wire was cut.
        """
        request = self._send(source)
        outputs, waiting_for = [], {"execute_reply", "idle"}
        until = time.monotonic() + seconds
        while waiting_for:
            try:
                received = self.wire.recv()
                binary = isinstance(received, bytes)  # it carries pixels of a widget
                message = deserialize_binary_message(received) if binary else json.loads(received)
            except websocket.WebSocketTimeoutException:
                message = None  # a long training says nothing
            except (websocket.WebSocketException, ValueError) as error:
                raise OSError(f"the wire to the kernel was cut ({error})") from None
            if time.monotonic() > until:
                raise OSError(f"a cell was not done after {seconds:.0f} seconds")
            if message is None:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] in DEAD:
                raise KernelDied("its kernel died")
            if message["parent_header"].get("msg_id") != request:
                continue
            waiting_for -= {kind, content.get("execution_state")}
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(nbformat.from_dict(message)))
        return outputs

    def _send(self, source):
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.4"}
        header |= {"username": self.student.name, "session": self.session}
        header["date"] = datetime.now(UTC).isoformat()
        asked = {"silent": False, "store_history": True, "user_expressions": {}}
        content = {"code": source, "allow_stdin": False, "stop_on_error": True, **asked}
        parts = {"parent_header": {}, "metadata": {}, "buffers": [], "channel": "shell"}
        self.wire.send(json.dumps({"header": header, "content": content, **parts}))
        return header["msg_id"]

    def run_all(self) -> list[str]:
        """Run every code cell from top to bottom; return a sentence for each that failed."""
        faults = []
        for number, cell in enumerate(self.content.cells):
            if cell.cell_type == "code":
                cell.outputs = self.run(cell.source)
                faults += [f"cell [{number}]: {fault}" for fault in faults_of(cell.outputs)]
        return faults

    def save(self) -> None:
        """Save it with its outputs, as JupyterLab does."""
        note = {"type": "notebook", "format": "json", "content": self.content}
        self.student.ask("PUT", f"contents/{quote(self.path)}", json=note)

    def interrupt(self) -> None:
        """Press the stop button."""
        self.student.ask("POST", f"kernels/{self.kernel}/interrupt")

    def close(self) -> None:
        """Close the tab: the kernel stays, as in JupyterLab."""
        self.wire.close()


def faults_of(outputs: list[NotebookNode]) -> list[str]:
    """What went wrong in a cell: its error, or outputs that were dropped."""
    errors = [f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error"]
    dropped = [TOO_FAST for o in outputs if o.output_type == "stream" and TOO_FAST in o.text]
    return errors + dropped
