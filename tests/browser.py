"""What tests share that look at the built book: its pages, a server for them, and Chromium."""

import fcntl
import os
import shutil
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")  # fmt: skip
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
NO_BROWSER = (
    "no Chromium on this machine: install Chromium or Google Chrome (apt install chromium, brew "
    "install --cask chromium), or run .venv/bin/playwright install chromium"
)
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:"
)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built book, which the processes of a test run share."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    html = folder / "_build" / "html"
    with (folder / "book.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not html.exists():
            book = Path(sys.executable).with_name("jupyter-book")
            command = [book, "build", "-n", "-W", "--keep-going", "--path-output", folder, ROOT]
            environment = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")}
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
            if run.returncode:
                shutil.rmtree(html, ignore_errors=True)
            assert run.returncode == 0, run.stderr
    return html


class Pages(SimpleHTTPRequestHandler):
    """Serves the book silently, under a policy that forbids other hosts and `eval`."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def home(site):
    """The address where the book is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=site)) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")  # not longer: while it is open, no notebook can be run
def browser():
    """Headless Chromium. Tests without it are skipped, but never where REQUIRE_BROWSER is set."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        kind = playwright.chromium
        path = next(filter(None, map(shutil.which, BROWSERS)), kind.executable_path)
        if not Path(path).exists():
            (pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip)(NO_BROWSER)
        browser = kind.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
