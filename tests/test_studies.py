"""The stored results of the studies: whole, made as their script declares, and made again alike."""

import json
import sys

import numpy as np
import pytest

from optlib import Adam
from optlib.problems.models import MLP
from optlib.studies import after, tuned

each_task = pytest.mark.parametrize("task", tuned.TASKS)
each_arm = pytest.mark.parametrize("arm", after.ARMS)


@each_task
def test_stored_results_were_made_with_the_declared_settings(task):
    stored = tuned.load(task)
    assert {key: stored[key] for key in tuned.declared(task)} == tuned.declared(task)
    assert stored["command"] == f"python -m optlib.studies.tuned {task}"
    assert stored["versions"].keys() == {"python", "numpy"}


@each_task
def test_stored_results_hold_every_method_seed_and_rate_and_nothing_else(task):
    seeds = set(map(str, tuned.declared(task)["seeds"]))
    stored = tuned.load(task)["results"]
    rates, measures = tuned.TASKS[task].rates, tuned.TASKS[task].measures
    assert stored.keys() == rates.keys()
    for method, runs in stored.items():
        assert runs.keys() == seeds
        assert {np.shape(run) for run in runs.values()} == {(len(rates[method]), len(measures))}


@pytest.mark.parametrize(
    ("task", "method", "rate"),
    [
        ("digits", "SGD", 0.3),
        ("budget5", "AdaGrad", 0.2),
        ("text10", "Adam", 0.01),
        ("digits_again", "AdaGrad", 0.03),
    ],
)
def test_a_slice_run_again_equals_the_stored_one(task, method, rate):
    first = tuned.TASKS[task].first
    stored = tuned.load(task)["results"][method][str(first)]
    column = tuned.TASKS[task].rates[method].index(rate)
    assert tuned.run(task, method, first, [rate]) == [stored[column]]


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


@each_arm
def test_stored_results_of_an_arm_are_whole_and_made_as_declared(arm):
    stored = after.load()["arms"][arm]
    assert {key: stored[key] for key in after.declared(arm)} == after.declared(arm)
    assert list(stored["results"]) == [str(seed) for seed in range(after.ARMS[arm].seeds)]
    assert after.results(arm).shape[1:] == (len(after.ARMS[arm].rates), len(after.MEASURES))


def test_nothing_else_is_stored_of_what_came_after_adam():
    assert after.load()["arms"].keys() == after.ARMS.keys()


@pytest.mark.parametrize(
    ("arm", "rate"),
    [("Adam, linear, one epoch", 0.016), ("digits, SGD, warm-up 20", 0.5)],
)
def test_a_slice_of_an_arm_run_again_is_near_the_stored_one(arm, rate):
    stored = after.results(arm)[0, after.ARMS[arm].rates.index(rate)]
    again = after.run(arm, 0, [rate])[0]
    np.testing.assert_allclose(again, stored, rtol=0, atol=0.01)  # float32: other kernels round


def test_muon_moves_dense_matrices_as_muon_and_all_else_as_adam():
    rng, shapes = np.random.default_rng(0), ((7, 3), (6, 4), (4,), (4, 7), (7,))
    x, g, h = rng.standard_normal((3, 2, 84))
    lr = np.array([[0.02, 0.01], [0.04, 0.03]])
    rule = after.muon(lr, shapes)
    moved, state = rule.step(x, g)
    moved, _ = rule.step(moved, h, state)
    expected, memory = Adam(lr[:, 1:]).step(x, g)
    expected, _ = Adam(lr[:, 1:]).step(expected, h, memory)
    size = 0.2 * np.sqrt(6) * lr[:, :1, np.newaxis]
    for start, end, shape in ((21, 45, (6, 4)), (49, 77, (4, 7))):
        first, second = (a[:, start:end].reshape(2, *shape) for a in (g, h))
        W = x[:, start:end].reshape(2, *shape) - size * after.orthogonal(1.95 * first)
        W = W - size * after.orthogonal(second + 0.95 * (second + 0.95 * first))
        expected[:, start:end] = W.reshape(2, -1)
    np.testing.assert_allclose(moved, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 5), (7, 4), (4, 7)])
def test_newton_schulz_keeps_singular_vectors_and_moves_each_value_by_its_polynomial(shape):
    G = np.random.default_rng(0).standard_normal(shape)
    U, s, Vt = np.linalg.svd(G, full_matrices=False)
    s = s / np.linalg.norm(s)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    np.testing.assert_allclose(after.orthogonal(G), (U * s) @ Vt, rtol=0, atol=1e-13)


def test_a_gradient_is_clipped_to_its_bound_and_left_alone_within():
    g = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    np.testing.assert_allclose(after.clipped(g, 1.0), [[0.6, 0.8], [0.3, 0.4], [0, 0]])
