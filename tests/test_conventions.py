"""The conventions page says what the table of conventions says, of every library and rule."""

import json
import re

import pytest

from optlib import AdaGrad, Adam, AdamW, AMSGrad, Momentum, Nesterov, RMSProp
from optlib.conventions import CHOICES, LIBRARIES, NAMES
from optlib.forms import Form, form, form_of

SHOWN = {  # what brings a convention of momentum to light
    Momentum: [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    RMSProp: [{}, {"momentum": 0.9}],
    Adam: [{}, {"weight_decay": 0.1}],
}


def told():
    """The printed table of the page: {row: {library: answer}}."""
    with open("chapters/conventions.ipynb", encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    (cell,) = (cell for cell in cells if "".join(cell["source"]).startswith("tf1 = {"))
    rows, row = {}, {}
    for line in "".join(cell["outputs"][0]["text"]).splitlines():
        if entry := re.match(r"  (\w+) +\d\S+ +(.+)", line):
            row[entry[1]] = entry[2]
        elif not line.startswith(" "):
            rows[line] = row = {}
    return rows


def rows_of(form):
    """The row and the answer for each convention of a form that the table tells of."""
    rule = form.rule
    beside = (form.eps_place or "beside v").split()[0]
    if form.momentum:
        yield "its momentum", form.lr_place
    elif isinstance(rule, Momentum | Nesterov):
        yield {Momentum: "momentum", Nesterov: "Nesterov"}[type(rule)], form.lr_place
    elif isinstance(rule, AdaGrad):
        yield "AdaGrad", f"{form.start:g}, {beside}"
    elif isinstance(rule, RMSProp):
        yield "RMSProp", beside
    elif isinstance(rule, AMSGrad):
        yield "AMSGrad", form.largest
    elif isinstance(rule, AdamW) or form.weight_decay:
        yield "decay", form.decay
    elif isinstance(rule, Adam):
        place = form.eps_place or "beside v hat"
        yield "Adam", place if rule.bias_correction else "uncorrected"


@pytest.mark.parametrize("name", [name for name in LIBRARIES if name != "optax.ema"])
def test_the_page_tells_what_the_table_says(name):
    library, rule = name.split(".")
    rows, cls = told(), LIBRARIES[name][0]
    for shown in SHOWN.get(cls, [{}]):
        if name == "mlx.RMSprop" and shown:
            continue  # it has no momentum
        for row, answer in rows_of(form_of(name, **shown)):
            if row == "decay":
                row = {"paper_adamw": "paper's order"}.get(
                    rule, "AdamW" if rule.lower() == "adamw" else "Adam's decay"
                )
            if library in rows[row]:
                assert rows[row][library] == answer
    if "dampened" in LIBRARIES[name][1]:
        assert rows["dampening"][library] == LIBRARIES[name][1]["dampened"]


def test_every_convention_of_the_table_is_a_choice():
    for cls, settings in LIBRARIES.values():
        built = form(cls, **settings)
        known = {*vars(built.rule), *vars(built)}
        assert settings.keys() <= known | {"momentum"}
        assert all(settings[name] in CHOICES[name] for name in CHOICES.keys() & settings.keys())
    assert set(NAMES.values()) <= {"lr", "rho", "eps", "beta1", "beta2", "start"}


def test_a_form_refuses_what_is_no_choice():
    with pytest.raises(ValueError, match=r"Form: eps_place must be one of .*, got 'under'"):
        Form(Adam(), eps_place="under")
    with pytest.raises(TypeError, match="Form: rule must be a rule, got 'Adam'"):
        Form("Adam")
    with pytest.raises(ValueError, match=r"form_of: name must be one of .*, got 'torch.Muon'"):
        form_of("torch.Muon")


@pytest.mark.parametrize("rule", [Momentum(0.1), RMSProp(), Adam(), AdamW()])
def test_a_form_without_conventions_is_the_rule(rule):
    own, x, state, after = Form(rule), 1.0, (), None
    y = x
    for g in (1.0, -2.0, 0.0, 1e-6):
        x, *state = rule.step(x, g, *state)
        y, after = own.step(y, g, after)
        assert x == y
