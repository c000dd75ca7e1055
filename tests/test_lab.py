"""A live figure in JupyterLab: its slider moves the kernel's value, and the kernel its slider."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from browser import wait_for

from optlib.explorables import StepSize
from tools.notebooks import normalize, text_of

ROOT = Path(__file__).parent.parent
CHAPTER = "03-adagrad.ipynb"
CELLS = (
    "from optlib.explorables import StepSize\nfigure = StepSize(lr=0.03)\nfigure",
    "print(figure.lr, figure.start[1] > 0.6)",
    "figure.lr = 0.1",
)


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab that asks nobody and finds one notebook."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata.kernelspec = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    nbformat.write(notebook, tmp_path / "live.ipynb")
    chapter = normalize(nbformat.read(ROOT / "chapters" / CHAPTER, as_version=4))
    (tmp_path / CHAPTER).write_text(text_of(chapter), encoding="utf-8")
    whole = tmp_path / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / "notebook-extension"
    whole.mkdir(parents=True)  # all cells at once, not only those in view
    (whole / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
               "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # fmt: skip
    environment = os.environ | {name: str(tmp_path / name) for name in folders}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    options = {
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.root_dir": tmp_path,
        "IdentityProvider.token": "",
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
    }
    config = f"--config={ROOT / 'tools' / 'lab_config.py'}"
    flags = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "jupyterlab", config, *flags]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)
    home = f"http://127.0.0.1:{port}/"
    try:
        wait_for(f"{home}api", server, tmp_path / "log")
        yield home
    finally:
        server.terminate()
        server.wait(timeout=90)


def test_slider_moves_the_kernel_and_the_kernel_the_slider(browser, lab):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(60_000)
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{lab}doc/tree/live.ipynb?reset")
    cells = page.locator(".jp-CodeCell")
    page.get_by_text("| Idle").wait_for()

    def run(number):
        cells.nth(number).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")

    def shows(lr):
        expected = StepSize(lr=lr).numbers["factor, steep direction"]
        page.wait_for_function(
            "value => Math.abs(document.querySelector("
            "'[data-number=\"factor, steep direction\"]').dataset.value - value) < 1e-9",
            arg=expected,
        )
        assert float(slider.input_value()) == pytest.approx(lr)

    slider = page.locator(".explorable [data-control=lr][type=range]")
    run(0)
    slider.wait_for()
    shows(0.03)
    slider.press("ArrowRight")
    shows(0.032)
    page.locator(".handle[data-control=start]").press("ArrowUp")
    run(1)
    cells.nth(1).get_by_text("0.032 True").wait_for()
    run(2)
    shows(0.1)
    assert page.locator(".explorable a").count() == 0
    page.close()
    assert not errors
    assert not [url for url in requests if not url.startswith((lab, "data:", "blob:"))]


def test_a_chapter_shows_boxes_citations_closed_solutions_and_figures_of_their_size(browser, lab):
    cells = normalize(nbformat.read(ROOT / "chapters" / CHAPTER, as_version=4)).cells
    folded = [cell for cell in cells if "jupyter" in cell.metadata]
    figures = [cell for cell in cells if "figure" in cell.metadata.get("mystnb", {})]
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(120_000)
    page.goto(f"{lab}doc/tree/{CHAPTER}?reset")
    page.get_by_text("| Idle").wait_for()
    page.locator(".jp-Notebook").get_by_text("Exercise 1", exact=True).first.wait_for()
    assert page.locator(".jp-InputPlaceholder").count() == len(folded) > 0
    assert page.locator(".jp-Notebook details").count() > 0
    assert page.locator(".jp-Notebook details[open]").count() == 0
    text = page.locator(".jp-Notebook").inner_text()
    assert ":::" not in text
    assert "Duchi et al. (2011)" in text
    assert "duchi2011" not in text
    widths = page.locator(".jp-OutputArea-output > img").evaluate_all(
        "images => images.map((image) => image.clientWidth)"
    )
    assert len(widths) == len(figures)
    assert max(widths) <= 768
    page.close()
