"""Live figures in Python: controls with limits, numbers that follow, and what a page needs."""

import base64
import json
import math
import re
import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from ipywidgets import interactive
from traitlets import TraitError, link

from optlib import explorables
from optlib.explorables import StepSize
from optlib.explorables.base import Explorable
from optlib.explorables.sources import STATIC, module, parts, script
from optlib.explorables.step_size import BOWL, STEPS
from optlib.optimizers import SGD
from optlib.run import minimize

ROOT = Path(__file__).parent.parent
CLASSES = Explorable.__subclasses__()
WIDGET = "application/vnd.jupyter.widget-view+json"
every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)


def made(cls, **controls):
    """A figure of the class, with the data that its constructor needs."""
    if hasattr(cls, "SIZES"):
        sizes, eps = len(cls.SIZES), len(cls.EPS)
        grid = np.random.default_rng(0).uniform(size=(sizes, 1 + eps, 4))
        return cls({"Adam": grid[:, 1:], "SGD": grid[:, 0]}, **controls)
    return cls(**controls)


def another(control, value):
    """A value of a control that differs from the one it has."""
    if control["kind"] == "slider":
        low, high = control["min"], control["max"]
        return low + 0.3 * (high - low)
    if control["kind"] == "choice":
        return next(option for option in control["options"] if option != value)
    if control["kind"] == "point":
        return [0.9 * value[0] + 0.1, 0.9 * value[1]]
    if control["kind"] == "lines":
        return f"{value}  # another"
    if control["kind"] == "values":
        return {"lr": 0.05}
    return dict(list(value.items())[1:])


def illegal(control):
    """Values that a control must refuse."""
    if control["kind"] == "slider":
        return [control["min"] - 1, control["max"] * 2 + 1, "much", None, math.nan]
    if control["kind"] == "choice":
        return ["nothing", None, -1]
    if control["kind"] == "point":
        return [1.0, [1.0], [1.0, 2.0, 3.0], ["left", "right"], [math.inf, 0.0]]
    if control["kind"] == "lines":
        return [3.0, "", "return z", "import os", "while True: pass", "().__class__"]
    if control["kind"] == "values":
        return [3.0, {"lr": -1.0}, {"momentum": 1.0}, {"new": math.nan}, {3: 1.0}]
    return [3.0, {"SGD": -1.0}, {"SGD": "fast"}, {"SGD": 1e9}, {"NoRule": control["min"]}]


@every_class
def test_control_refuses_a_wrong_value_by_its_name(cls):
    figure = made(cls)
    for name, control in cls.controls.items():
        before = figure.state, figure.numbers
        for value in illegal(control):
            with pytest.raises(TraitError, match=name):
                setattr(figure, name, value)
            with pytest.raises(TraitError, match=name):
                made(cls, **{name: value})
        assert (figure.state, figure.numbers) == before


@every_class
def test_unknown_control_is_refused_with_those_there_are(cls):
    legal = ", ".join(cls.controls)
    with pytest.raises(TypeError, match=f"^{cls.__name__}: controls are {legal}, got 'speed'$"):
        made(cls, speed=1.0)


@every_class
def test_numbers_follow_the_controls(cls):
    figure = made(cls)
    for name, control in cls.controls.items():
        setattr(figure, name, another(control, figure.state[name]))
        assert figure.numbers == made(cls, **figure.state).numbers
        assert figure.numbers.keys() == figure.compute()[0].keys()
    state = json.loads(json.dumps(figure.state))
    assert made(cls, **state).numbers == figure.numbers
    for value in figure.numbers.values():
        assert value is None or type(value) in (float, str)


@every_class
def test_repr_shows_the_controls(cls):
    figure = made(cls)
    inside = ", ".join(f"{name}={value!r}" for name, value in figure.state.items())
    assert repr(figure) == f"{cls.__name__}({inside})"


@every_class
def test_class_and_module_stand_where_they_are_looked_for(cls):
    assert getattr(explorables, cls.__name__) is cls
    assert cls.__doc__
    assert cls.alt
    assert all(control["label"] for control in cls.controls.values())
    assert (STATIC / f"{cls.name}.js").is_file()


def test_numbers_are_observed_when_a_slider_moves():
    figure, seen = StepSize(), []
    figure.observe(lambda change: seen.append(change["new"]["larger factor"]), "numbers")

    def show(lr):
        figure.lr = lr

    sliders = interactive(show, lr=(0.01, 0.2, 0.01))
    seen.clear()
    sliders.children[0].value = 0.05
    sliders.children[0].value = 0.11
    assert figure.lr == 0.11
    assert seen == pytest.approx([0.95, 0.89])


def test_two_figures_are_linked():
    one, other = StepSize(), StepSize(sigma=1.0)
    link((one, "lr"), (other, "lr"))
    other.lr = 0.1
    assert one.lr == 0.1
    assert one.numbers["factor, steep direction"] == 0
    assert one.sigma == 0


def test_trajectory_is_the_run():
    figure = StepSize(lr=0.07, start=(1.0, -0.5))
    run = minimize(SGD(lr=0.07), BOWL, [1.0, -0.5], STEPS)
    assert np.array_equal(figure.trajectory, run.x)


class Tags(HTMLParser):
    """The tags and the texts of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.setdefault(tag, []).append(dict(attributes))

    def handle_data(self, data):
        self.texts.append(data)


def bundle(figure):
    data, _ = figure._repr_mimebundle_()
    return data


@every_class
def test_bundle_is_a_widget_and_a_page_without_a_kernel(cls):
    figure = made(cls)
    data = bundle(figure)
    assert data[WIDGET]["model_id"] == figure.model_id
    page = Tags(data["text/html"])
    assert page.tags["div"][0]["data-explorable"] == cls.name
    stored = json.loads(page.texts[page.texts.index("\n") + 1])
    assert stored == json.loads(json.dumps({**figure.state, "spec": figure.spec}))
    (image,) = page.tags["img"]
    assert image["alt"] == cls.alt
    png = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"), validate=True)
    assert png.startswith(b"\x89PNG")
    assert len(page.tags["tr"]) == len(figure.numbers)


def test_no_text_of_a_figure_is_read_as_html():
    class Hostile(StepSize):
        alt = 'The "factor" </script> <i> & more'
        targets = ({"text": "a </script><script>alert(1)</script>", "where": {"lr": (0, 1)}},)

    figure = Hostile()
    figure.numbers = {"<b>": "a < b", "& </td>": 1.0}
    page = Tags(bundle(figure)["text/html"])
    assert sorted(page.tags) == ["div", "img", "script", "table", "td", "th", "tr"]
    assert len(page.tags["script"]) == 1
    assert page.tags["img"][0]["alt"] == figure.alt
    assert [text for text in page.texts if text.strip()][1:] == ["<b>", "a < b", "& </td>", "1"]


@pytest.fixture(scope="module")
def blank(browser):
    return browser.new_page()


@every_class
def test_module_is_one_file_that_a_browser_loads(blank, cls):
    text = module(cls.name)
    assert re.findall(r"^(?:import|export) .*", text, re.MULTILINE) == re.findall(
        r"^export default .*", text, re.MULTILINE
    )
    url = "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()
    assert blank.evaluate("(url) => import(url).then((m) => typeof m.default.render)", url) == (
        "function"
    )
    blank.evaluate("globalThis.explorables = {}")
    for part in parts(cls.name):
        blank.add_script_tag(content=script(part))
    blank.add_script_tag(content=script(cls.name))
    assert blank.evaluate("(name) => typeof explorables[name].render", cls.name) == "function"


def test_no_module_is_left_over():
    used = "".join(module(cls.name) for cls in CLASSES)
    for path in STATIC.glob("*.js"):
        first_line = path.read_text(encoding="utf-8").splitlines()[0]
        assert first_line in used or path.stem == "automount"


def test_wheel_holds_the_files_of_the_figures(tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "optlib", tmp_path / "optlib")
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = [*STATIC.iterdir(), *ROOT.glob("optlib/**/*.py"), *ROOT.glob("optlib/datasets/data/*")]
    assert {path.relative_to(ROOT).as_posix() for path in files} <= packed
