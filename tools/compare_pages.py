"""How soon and how heavy pages are, of one or more builds of the book, side by side.

    python tools/compare_pages.py OLD/html _build/html chapters/01-sgd.html chapters/05-adam.html

For each page and build: kilobytes gzipped without pictures, then medians of milliseconds until the
first paint, until its first live figure can be used, until all is loaded, and how much it jumped.
The builds take turns, each in a fresh browser context, so that a busy machine treats all alike.
"""

import gzip
import shutil
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

from playwright.sync_api import sync_playwright

TURNS = 5
WATCH = """
    globalThis.jumped = 0;
    new PerformanceObserver((all) => {
        for (const { value } of all.getEntries()) jumped += value;
    }).observe({ type: "layout-shift", buffered: true });
    const look = new MutationObserver(() => {
        if (!document.querySelector("[data-explorable] > .explorable [role=status]")) return;
        globalThis.alive = performance.now();
        look.disconnect();
    });
    look.observe(document, { childList: true, subtree: true });
"""
READ = """() => [
    performance.getEntriesByName("first-contentful-paint")[0].startTime, globalThis.alive ?? 0,
    performance.getEntriesByType("navigation")[0].loadEventEnd, jumped]"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def visit(browser, address):
    """Kilobytes of a page, and its times."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(address, timeout=120_000)
    page.wait_for_timeout(500)
    bodies = [each.body() for each in answers if "/_images/" not in each.url and each.ok]
    times = page.evaluate(READ)
    page.close()
    return [sum(len(gzip.compress(body)) for body in bodies) / 1000, *times]


def main(*arguments):
    builds = [each for each in arguments if Path(each).is_dir()]
    servers = {
        build: ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=build))
        for build in builds
    }
    for server in servers.values():
        Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'':40}{'kB':>8}{'paint':>8}{'figure':>8}{'loaded':>8}{'jump':>8}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for path in (each for each in arguments if each not in builds):
            seen = {build: [] for build in builds}
            for _ in range(TURNS):
                for build, server in servers.items():
                    address = f"http://127.0.0.1:{server.server_port}/{path}"
                    seen[build].append(visit(browser, address))
            for build, visits in seen.items():
                *times, jump = map(median, zip(*visits, strict=True))
                numbers = "".join(f"{each:8.0f}" for each in times)
                print(f"{path} {build}"[-40:].ljust(40) + numbers + f"{jump:8.3f}")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
