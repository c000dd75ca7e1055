"""The browsers that print the book and that its tests use: their names, and how they start."""

import shutil
from pathlib import Path

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")  # fmt: skip
FIREFOX = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
WEBKIT_DRIVER = ("WebKitWebDriver",)
DISPLAY = ("Xvfb",)  # without which WebKit shows nothing where there is no screen
# The first two ready the suggestions of an address bar that nobody sees, at every page; the others
# are what Playwright switches off, whose list this one replaces.
FEATURES = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "AimEnabled", "PreconnectToSearch",
            "LensOverlay", "MediaRouter", "OptimizationHints", "NetworkTimeServiceQuerying",
            "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "PaintHolding",
            "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose")  # fmt: skip
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         f"--disable-features={','.join(FEATURES)}"]  # fmt: skip
NO_CHROMIUM = (
    "no Chromium on this machine: install Chromium or Google Chrome (apt install chromium, brew "
    "install --cask chromium), or run .venv/bin/playwright install chromium"
)


def find(names):
    """The path of the first of these programs that is installed, or None."""
    return next(filter(None, map(shutil.which, names)), None)


def chromium(playwright):
    """Start headless Chromium; raise FileNotFoundError if there is none."""
    path = find(CHROMIUM) or playwright.chromium.executable_path
    if not Path(path).exists():
        raise FileNotFoundError(NO_CHROMIUM)
    return playwright.chromium.launch(executable_path=path, args=FLAGS)
