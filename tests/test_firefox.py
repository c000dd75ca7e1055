"""The live figures in Firefox: they come to life, and every control shows what optlib computes."""

import json
import os
import re
import shutil
import subprocess
import time
from contextlib import closing

import pytest
import websocket
from test_live_pages import LOOK, ON_PAGE, PAGES, Live

KEYS = {
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Enter": "\ue007",
}
SIDEWAYS, UPRIGHT = ("ArrowRight", "ArrowLeft"), ("ArrowUp", "ArrowDown")
PAIRS = {"range": [SIDEWAYS], "select-one": [UPRIGHT], "handle": [SIDEWAYS, UPRIGHT]}
FIREFOXES = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
NO_FIREFOX = "no Firefox on this machine (apt install firefox-esr, brew install --cask firefox)"
ROOT = 'document.querySelectorAll("[data-explorable] > .explorable")[index]'
CONTROLS = f"""(index) => {{
    globalThis.controls = [...{ROOT}.querySelectorAll("[data-control], button")].filter(
        (el) => el.checkVisibility());
    return controls.map((el) => [el.dataset.control ?? el.innerText, el.type ?? "handle"]);
}}"""
FOCUS = "(k) => { controls[k].focus(); return document.activeElement === controls[k]; }"
PLACE = """(k) => {
    controls[k].scrollIntoView({ block: "center", behavior: "instant" });
    const dot = controls[k].querySelector("circle:not(.grip)");
    const { x, y, width, height } = dot.getBoundingClientRect();
    const [left, top] = [x + width / 2, y + height / 2].map(Math.round);
    const panel = controls[k].closest(".panel").getBoundingClientRect();
    return [left, top, left + (left < panel.x + panel.width / 2 ? 40 : -40),
        top + (top < panel.y + panel.height / 2 ? 40 : -40)].map(Math.round);
}"""


class Firefox:
    """A page in Firefox, which takes commands of WebDriver BiDi from a socket."""

    def __init__(self, socket):
        self.socket, self.sent, self.errors = socket, 0, []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        # The tab that Firefox starts with never has the focus: there Space would do nothing.
        self.tab = self.ask("browsingContext.create", type="tab")

    def ask(self, method, **parameters):
        """What Firefox answers to a command."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if (
                answer.get("method") == "log.entryAdded"
                and answer["params"]["type"] == "javascript"
            ):
                self.errors.append(answer["params"]["text"])
            if answer.get("id") == self.sent:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, address):
        self.ask("browsingContext.navigate", **self.tab, url=address, wait="complete")

    def call(self, function, *arguments):
        """What a function in JavaScript returns in the page."""
        code = f"async (text) => JSON.stringify(await ({function})(...JSON.parse(text)))"
        text = [{"type": "string", "value": json.dumps(arguments)}]
        answer = self.ask("script.callFunction", functionDeclaration=code, arguments=text,
                          target=self.tab, awaitPromise=True)  # fmt: skip
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def press(self, key):
        actions = [{"type": kind, "value": KEYS.get(key, key)} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.ask("input.performActions", **self.tab, actions=[keyboard])

    def drag(self, x, y, to_x, to_y):
        move, button = {"type": "pointerMove", "duration": 50}, {"button": 0}
        actions = [move | {"x": x, "y": y}, {"type": "pointerDown"} | button,
                   move | {"x": to_x, "y": to_y}, {"type": "pointerUp"} | button]  # fmt: skip
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self.ask("input.performActions", **self.tab, actions=[mouse])


class Figure(Live):
    """A live figure in Firefox, and its twin in Python."""

    def __init__(self, firefox, stem, index):
        self.firefox, self.index = firefox, index
        self.twin, self.computed = ON_PAGE[stem][index][1](), {}

    @property
    def look(self):
        return self.firefox.call(f"(index) => ({LOOK})({ROOT})", self.index)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    """Headless Firefox. Tests without it are skipped, but never where REQUIRE_BROWSER is set."""
    path = next(filter(None, map(shutil.which, FIREFOXES)), None)
    if path is None:
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip)(NO_FIREFOX)
    folder = tmp_path_factory.mktemp("firefox")
    log = folder / "log"
    command = [
        path,
        "--headless",
        "--no-remote",
        "--remote-debugging-port",
        "0",
        "--profile",
        folder,
    ]
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            address = f"{address_in(log, process)}/session"
            socket = websocket.create_connection(address, suppress_origin=True, timeout=120)
            with closing(socket):
                yield Firefox(socket)
        finally:
            process.terminate()


def address_in(log, process, seconds=120):
    """The address that a Firefox says to its log when it is ready."""
    for _ in range(10 * seconds):
        if said := re.search(r"WebDriver BiDi listening on (\S+)", log.read_text()):
            return said[1]
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


@pytest.mark.parametrize("stem", PAGES)
def test_every_control_shows_what_optlib_computes(firefox, home, stem):
    firefox.errors.clear()
    firefox.open(f"{home}chapters/{stem}.html")
    for index, (_, make) in enumerate(ON_PAGE[stem]):
        figure = Figure(firefox, stem, index)
        initial = figure.check()
        assert initial == json.loads(json.dumps(make().state))
        for k, (name, kind) in enumerate(firefox.call(CONTROLS, index)):
            assert firefox.call(FOCUS, k), name
            if kind == "button":  # the last is Reset
                figure.changes(firefox.press, "Enter")
            elif kind == "checkbox":
                for _ in range(2):
                    assert figure.changes(firefox.press, " "), name
            else:
                for pair in PAIRS[kind]:
                    assert any([figure.changes(firefox.press, key) for key in pair]), (name, pair)
            if kind == "handle":
                assert figure.changes(firefox.drag, *firefox.call(PLACE, k)), name
        assert figure.state == initial
    assert not firefox.errors
