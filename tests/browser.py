"""What tests share that look at the built book: its pages, a server for them, and Chromium."""

import fcntl
import gzip
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest

from tools import browsers

ROOT = Path(__file__).parent.parent
FORMULA = re.compile(r"(?s)<mjx-container.*?</mjx-container>")
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
            plain = shutil.copytree(html, html.with_name("plain"))
            for page in plain.glob("chapters/*.html"):
                text = page.read_text(encoding="utf-8")
                page.write_text(FORMULA.sub("", text), encoding="utf-8")
    return html


@pytest.fixture(scope="session")
def plain_site(site):
    """The same without its formulas, which take half of the time that a page takes to be shown."""
    return site.with_name("plain")


class Pages(SimpleHTTPRequestHandler):
    """Serves the book silently, under a policy that forbids other hosts and `eval`."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *arguments):
        pass


@contextmanager
def served(folder):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=folder)) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def home(site):
    """The address where the book is served."""
    with served(site) as address:
        yield address


@pytest.fixture(scope="module")
def plain(plain_site):
    """The address where it is served without its formulas, for tests that do not look at them."""
    with served(plain_site) as address:
        yield address


NARROW = [(390, ""), (390, "200%"), (320, "")]


def complaints(page, home):
    """A list to which a page adds its errors, what it does not find, and other hosts it asks."""
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.extend([answer.url] * (answer.status >= 400)))
    ours = (home, "data:", "blob:")
    page.on(
        "request", lambda asked: problems.extend([asked.url] * (not asked.url.startswith(ours)))
    )
    return problems


def too_wide(page):
    """The widths that an open page does not fit, and the size of letters there."""
    page.add_style_tag(content="* { transition: none !important; }")  # sidebars glide away
    beyond = []
    for width, text in NARROW:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(f"document.documentElement.style.fontSize = '{text}'")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            beyond.append((width, text))
    return beyond


@cache
def compressed(content):
    """How many bytes a server sends for these."""
    return len(gzip.compress(content))


def wait_for(address, server, log):
    """Return when a server that was just started answers at an address."""
    for _ in range(1200):
        assert server.poll() is None, log.read_text()
        try:
            urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(log.read_text())


def absent(message):
    """Skip a test that needs a browser, but never where REQUIRE_BROWSER is set: there it fails."""
    (pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip)(str(message))


@pytest.fixture(scope="module")  # not longer: while it is open, no notebook can be run
def browser():
    """Headless Chromium. Tests without it are skipped, but never where REQUIRE_BROWSER is set."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = browsers.chromium(playwright)
        except FileNotFoundError as missing:
            absent(missing)
        yield browser
        browser.close()
