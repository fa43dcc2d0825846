"""JupyterLab, or voila, on loopback, for tests that look at it in a real browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 1_200_000  # ms: a busy machine takes its time, and what fails is told at once
# the notebook is there, its kernel answers, and what it was asked before is done
IDLE = """() => {
    const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
    return context?.isReady && context.session?.kernel?.status === "idle";
}"""
SHOWN_OR_FAILED = """(shows) => document.querySelector(shows)
    || window.jupyterapp.shell.currentWidget.content.widgets.some((cell) =>
        (cell.model.toJSON().outputs ?? []).some((output) => output.output_type === "error"))"""
STATE = """() => ({
    session: window.jupyterapp?.shell.currentWidget?.sessionContext?.kernelDisplayStatus,
    dialogs: [...document.querySelectorAll(".jp-Dialog")].map((one) => one.innerText),
    cells: [...document.querySelectorAll(".jp-CodeCell")].map((one) => one.querySelector(".jp-InputPrompt")?.innerText
        + " " + (one.querySelector(".jp-OutputArea")?.innerText ?? "").slice(-2000)),
})"""


class Server:
    """A Jupyter application on loopback, in a folder of its own, with no settings from outside."""

    def __init__(self, folder: Path, *arguments: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        own = {f"JUPYTER_{name}_DIR": str(folder / f".{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")}
        (folder / "data").mkdir(parents=True, exist_ok=True)
        for name in ("models", "sample"):
            (folder / "data" / name).symlink_to(ROOT / "data" / name)
        environment = {
            **os.environ,
            **own,
            "JUPYTER_PATH": str(ROOT / "notebooks"),  # where voila's template is
            "PYTHONPATH": str(ROOT),
            "MIDSTROKE_ROOT": str(folder),
            "MIDSTROKE_QUICK": "1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        self.url, self.log = f"http://127.0.0.1:{port}", folder / "server.log"
        with open(self.log, "wb") as log:
            command = [sys.executable, "-m", *arguments, "--no-browser", f"--port={port}"]
            self.process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url, timeout=100).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.5)
        self.close()
        raise AssertionError(f"no server after five minutes: {self.log.read_text()}")

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve_lab(folder: Path) -> Server:
    """JupyterLab on a folder, without a token; its application is `jupyterapp` in the page."""
    options = ("allow_root=True", "root_dir=.", "ip=127.0.0.1")
    return Server(
        folder,
        "jupyterlab",
        *(f"--ServerApp.{option}" for option in options),
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
    )


def run_all(page, shows: str) -> None:
    """Runs every cell of the notebook on a JupyterLab page, until what the selector `shows` names is there.

    A press of "run" before the kernel answers goes nowhere, so that is waited for; a cell that fails is told at once.
    """
    page.wait_for_function(IDLE, timeout=PATIENCE)
    page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    try:
        page.wait_for_function(SHOWN_OR_FAILED, arg=shows, timeout=PATIENCE)
        page.wait_for_selector(shows, timeout=10_000)
    except Exception as error:
        raise AssertionError(f"{shows} is not shown; in JupyterLab: {page.evaluate(STATE)}") from error
