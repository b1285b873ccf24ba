"""What the students of `try_hub.py` do in a lesson, and those who run away."""

import re
import threading
import time
from pathlib import PurePosixPath

import requests
from hub_student import KernelDied, Student, faults_of

RUNAWAYS = {  # what is typed into a cell
    "endless": "while True:\n    pass",
    "memory": "kept = []\nwhile True:\n    kept.append(bytearray(2**26))",
    "cores": "import torch\ntorch.set_num_threads(32)\nx = torch.rand(2000, 2000)\n"
    "while True:\n    x = (x @ x).clamp(0, 1)",
}
HAND_IN = "from vadcourse.hand_in import hand_in\nhand_in({name!r})"
OTHERS = """
import os
from pathlib import Path
mine = Path.home()
others = [home for home in mine.parent.iterdir() if home != mine]
seen = [str(h / "course") for h in others if os.access(h / "course", os.R_OK)]
drop = Path("hand_in").resolve().parent
seen += [str(drop)] if os.access(drop, os.R_OK) else []
seen += [str(drop / h.name) for h in others if os.access(drop / h.name, os.R_OK)]
import vadkit
seen += [vadkit.__path__[0]] if os.access(vadkit.__path__[0], os.W_OK) else []
print("OPEN", *seen)
"""


def study(address: str, name: str, password: str, paths: list[str], note: dict) -> None:
    """Log in and work; `note` gets "lab_s", "done" (seconds by notebook), "faults" and more.

    Parameters
    ----------
    address, name, password : str
        Of the hub and of the student.
    paths : list of str
        The notebooks, one after the other.
    note : dict
        What is noted, as soon as it is known.
    """
    note |= {"done": {}, "faults": [], "solved": []}
    began = time.monotonic()
    try:
        student = Student(address, name, password)
        student.log_in()
        note["lab_s"] = time.monotonic() - began
        for path in paths:
            number = PurePosixPath(path).name[:2]
            notebook = student.open(path)
            note["faults"] += [f"{number} {fault}" for fault in notebook.run_all()]
            note["done"][number] = time.monotonic() - began
            solve(notebook, note)
            notebook.save()
        note["faults"] += faults_of(notebook.run(HAND_IN.format(name=name)))
        said = "".join(output.get("text", "") for output in notebook.run(OTHERS))
        note["open"] = said.split()[1:]
        notebook.close()
    except (OSError, KernelDied, requests.RequestException, ValueError) as error:
        note["faults"].append(str(error))


def solve(notebook, note: dict) -> None:
    """Give the first solution of a notebook as the student's answer, and ask its check."""
    for cell in notebook.content.cells:
        found = re.search(r"```python\n(.*?^def my_(\w+).*?)```", cell.source, re.S | re.M)
        if found and "solution" in cell.metadata.get("tags", []):
            answer, name = found.groups()
            note["faults"] += faults_of(notebook.run(f"{answer}\ncheck_{name}(my_{name})"))
            note["solved"].append(name)
            return


def run_away(address: str, name: str, password: str, note: dict, done: threading.Event) -> None:
    """Log in and run a cell that never ends; when the others are done, press the stop button.

    Parameters
    ----------
    address, name, password : str
        Of the hub and of the student.
    note : dict
        "kind" names the cell; what happened is added as "faults".
    done : threading.Event
        When the others are done.
    """
    note["faults"] = []
    began = time.monotonic()
    try:
        student = Student(address, name, password)
        student.log_in()
        note["lab_s"] = time.monotonic() - began
        notebook = student.open("course/notebooks/00_start_here.ipynb")
        threading.Thread(target=stop_later, args=(notebook, done), daemon=True).start()
        note["faults"] += faults_of(notebook.run(RUNAWAYS[note["kind"]], seconds=7200))
        note["ended_s"] = time.monotonic() - began
        notebook.close()
    except (OSError, KernelDied, requests.RequestException) as error:
        note["faults"].append(str(error))
        note["ended_s"] = time.monotonic() - began


def stop_later(notebook, done: threading.Event) -> None:
    """Press the stop button when the others are done."""
    done.wait()
    notebook.interrupt()


def running_servers(address: str, token: str) -> list[str]:
    """Which students have a server that runs, by the word of the hub."""
    headers = {"Authorization": f"token {token}"}
    answer = requests.get(f"{address}/hub/api/users", headers=headers, timeout=60)
    answer.raise_for_status()
    return sorted(user["name"] for user in answer.json() if user["servers"])
