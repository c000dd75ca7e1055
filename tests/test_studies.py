"""The stored results of the studies: whole, made as their script declares, and made again alike."""

import json
import sys

import numpy as np
import pytest

from optlib.problems.models import MLP
from optlib.studies import tuned

each_task = pytest.mark.parametrize("task", tuned.TASKS)


@each_task
def test_stored_results_were_made_with_the_declared_settings(task):
    stored = tuned.load(task)
    assert {key: stored[key] for key in tuned.declared(task)} == tuned.declared(task)
    assert stored["command"] == f"python -m optlib.studies.tuned {task}"
    assert stored["versions"].keys() == {"python", "numpy"}


@each_task
def test_stored_results_hold_every_method_seed_and_rate_and_nothing_else(task):
    seeds = {str(seed) for seed in range(tuned.TASKS[task].seeds)}
    stored = tuned.load(task)["results"]
    rates, measures = tuned.TASKS[task].rates, tuned.TASKS[task].measures
    assert stored.keys() == rates.keys()
    for method, runs in stored.items():
        assert runs.keys() == seeds
        assert {np.shape(run) for run in runs.values()} == {(len(rates[method]), len(measures))}


@pytest.mark.parametrize(
    ("task", "method", "rate"),
    [("digits", "SGD", 0.3), ("budget5", "AdaGrad", 0.2), ("text10", "Adam", 0.01)],
)
def test_a_slice_run_again_equals_the_stored_one(task, method, rate):
    stored = tuned.load(task)["results"][method]["0"]
    column = tuned.TASKS[task].rates[method].index(rate)
    assert tuned.run(task, method, 0, [rate]) == [stored[column]]


@each_task
def test_no_example_serves_two_purposes(task):
    parts = tuned.TASKS[task].split(0)
    if tuned.TASKS[task].split is tuned.text:  # the parts follow each other
        assert [part.n for part in parts] == [39863, 4983, 4983]
        return
    rows = [{row.tobytes() for row in part.X} for part in parts]
    assert sum(map(len, rows)) == len(set.union(*rows))


def test_every_grid_holds_the_default_rate_and_as_many_rates_as_the_others():
    assert {len(rates) for rates in tuned.GRIDS.values()} == {6}
    for method, rule in tuned.FIVE.items():
        assert rule().lr in tuned.GRIDS[method]


def test_a_study_that_was_interrupted_does_only_what_is_missing(tmp_path, monkeypatch, capsys):
    def tiny(seed):
        del seed
        return 3 * [MLP([[0.0, 1.0], [1.0, 0.0]], [0, 1], hidden=2)]

    monkeypatch.setattr(tuned, "FOLDER", tmp_path)
    monkeypatch.setitem(tuned.TASKS, "tiny", tuned.Task(tiny, epochs=2, batch_size=2, seeds=2))
    monkeypatch.setattr(sys, "argv", ["tuned", "tiny", "--jobs", "1", "--backend", "sequential"])
    monkeypatch.setenv("TQDM_DISABLE", "1")
    tuned.main()
    path = tmp_path / "tiny.json"
    whole = path.read_text()
    cut = json.loads(whole)
    cut["results"]["Adam"].pop("1")
    cut["results"]["SGD"]["0"] = "kept"
    path.write_text(json.dumps(cut))
    tuned.main()
    again = json.loads(path.read_text())["results"]
    assert again["SGD"]["0"] == "kept"
    assert again["Adam"]["1"] == json.loads(whole)["results"]["Adam"]["1"]
    assert "1/1" in capsys.readouterr().err
