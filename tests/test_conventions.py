"""The conventions page answers every question that the recorded libraries raise."""

import json
import re

import pytest
from reference import adjustments, runs, twins

ROWS = {  # which row of the page's table tells of an adjustment
    "lr_inside": "momentum",
    "dampened": "dampening",
    "l2": "Adam's decay",
    "eps_inside_root": "RMSProp",
    "eps_hat": "Adam",
    "uncorrected": "Adam",
    "largest_corrected": "AMSGrad",
    "divided_by": "its momentum",
}
STARTS = {"AdaGrad": "AdaGrad", "RMSProp": "RMSProp"}  # averages that do not start from zero
OPTIONS = {"momentum", "dampening", "nesterov", "weight_decay", "amsgrad", "bias_correction"}
OPTIONS |= {"bias_correction_mu", "bias_correction_nu", "eps_in_sqrt", "eps_root"}
OPTIONS |= {"initial_accumulator_value", "initial_scale"}
HYPERPARAMETERS = {"lr", "learning_rate", "betas", "beta_1", "beta_2", "b1", "b2", "eps"}
HYPERPARAMETERS |= {"epsilon", "rho", "alpha", "decay"}


def table():
    """The printed table of the page: {row: libraries}."""
    with open("chapters/conventions.ipynb", encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    (cell,) = (cell for cell in cells if "".join(cell["source"]).startswith("tf1 = {"))
    rows, row = {}, ""
    for line in "".join(cell["outputs"][0]["text"]).splitlines():
        if library := re.match(r"  (\w+) +\d", line):
            rows[row].add(library[1])
        elif not line.startswith(" "):
            row = line
            rows[row] = set()
    return rows


def adjustments_of(run):
    adjust = twins.twin_of(run).adjust
    name = getattr(adjust, "func", adjust).__qualname__.partition(".")[0]
    return ["divided_by", "lr_inside"] if name == "both" else [name]


def test_every_adjustment_has_a_row():
    own = {name for name, value in vars(adjustments).items() if callable(value)}
    own = {name for name in own if getattr(adjustments, name).__module__ == adjustments.__name__}
    assert own - {"nothing", "both"} == set(ROWS)
    assert set(ROWS.values()) <= set(table())


@pytest.mark.parametrize("run", runs.RUNS, ids=map(str, runs.RUNS))
def test_table_tells_what_the_library_does(run):
    assert run.options.keys() <= OPTIONS | HYPERPARAMETERS, "an option the page does not know"
    twin, told = twins.twin_of(run), table()
    for name in adjustments_of(run):
        assert name == "nothing" or run.library in told[ROWS[name]]
    if twin.start is not None:
        assert run.library in told[STARTS[type(twin.rule).__name__]]
