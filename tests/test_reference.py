"""optlib beside PyTorch, Optax, Keras and MLX: recorded everywhere, live where installed."""

import json
from dataclasses import replace

import numpy as np
import pytest
from reference import record, runs

from optlib import SGD, AdaDelta, AdaGrad, Adam, AdamW, AMSGrad, RMSProp
from optlib.forms import Form

ABOUT, STREAM, PATHS = runs.load()
RECORDED = list(zip(runs.RUNS, PATHS, strict=True))
EQUAL, APART = 1e-12, 0.1


def distance(path, reference):
    """Return the largest deviation, relative to the largest size each coordinate had so far."""
    assert np.isfinite(path).all()
    size = np.maximum.accumulate(np.abs(reference), axis=0)
    deviation = np.abs(path - reference)
    nowhere = np.where(deviation > 0, np.inf, 0.0)  # a coordinate that is still at 0
    return np.max(np.divide(deviation, size, out=nowhere, where=size > 0))


def unlike(run, form):
    """Yield what one might take for the library's form, and is not."""
    rule, own = form.rule, Form(form.rule)
    if form.lr_place == "inside":
        if run.drop:
            yield replace(form, lr_place="outside")
    elif form.momentum:
        settings = form.momentum, rule.rho, rule.eps
        yield Form(Adam(rule.lr / (1 - form.momentum), *settings, bias_correction=False))
    elif form.dampened == "from step 2":
        yield replace(form, dampened="from step 1")
    elif isinstance(rule, AMSGrad) and vars(form) == vars(own):
        yield replace(form, largest="of corrected")
    elif isinstance(rule, AdamW):
        *settings, decay = vars(rule).values()
        yield replace(form, rule=Adam(*settings), weight_decay=decay, decay="L2")
    elif form.weight_decay:
        yield replace(form, decay="times lr" if form.decay != "times lr" else "L2")
    elif vars(form) != vars(own) and not form.dampening:
        yield own
    elif isinstance(rule, Adam) and not rule.bias_correction:
        yield replace(form, rule=replace(rule, bias_correction=True))
    elif isinstance(rule, Adam) and rule.beta1 == 0:
        yield Form(RMSProp(rule.lr, rule.beta2, rule.eps))


def disagreements(run, path):
    """Return in words what is wrong with the claim that `run`'s form explains `path`."""
    error = distance(runs.path_of(run, run.form(), STREAM), path)
    if not error <= EQUAL:
        yield f"{run}: {run.form()} should equal it, and is {error:.1e} away"
    for other in unlike(run, run.form()):
        apart = distance(runs.path_of(run, other, STREAM), path)
        if not apart >= APART:
            yield f"{run}: {other} should differ from it, and is only {apart:.1e} away"


@pytest.mark.parametrize(("run", "path"), RECORDED, ids=map(str, runs.RUNS))
def test_optlib_moves_like_the_library(run, path):
    assert not list(disagreements(run, path))


@pytest.mark.parametrize("library", record.STEPPERS)
@pytest.mark.filterwarnings("ignore")  # the library's own
def test_installed_library_still_moves_as_recorded(library):
    own = [(run, path) for run, path in RECORDED if run.library == library]
    recorded = f"{library} {ABOUT['versions'][library]}"
    try:
        record.CONSTRUCTORS[library](own[0][0].rule)
    except ImportError as missing:
        pytest.skip(f"no live {library} ({missing}); the runs recorded from {recorded} are tested")
    wrong = []
    for run, path in own:
        live = record.path_of(run, STREAM)
        if not (moved := distance(live, path)) <= EQUAL:
            wrong.append(f"{run}: {moved:.1e} away from what {recorded} did")
        wrong += disagreements(run, live)
    for rule in {run.rule for run, _ in own}:
        now = json.loads(json.dumps(record.defaults(library, rule)))
        for name, then in ABOUT["defaults"][f"{library}.{rule}"].items():
            if now.get(name) != then:
                wrong.append(f"{library}.{rule}: default {name}={now.get(name)}, was {then}")
    assert not wrong, "\n".join(wrong)


def test_recording_is_of_the_runs_in_the_table():
    assert json.loads(json.dumps(runs.RUNS)) == ABOUT["runs"]
    assert all(ABOUT["versions"][run.library] in ABOUT["readme"] for run in runs.RUNS)


def test_stream_is_rough():
    assert len(STREAM.noise) >= 300
    sizes = np.abs(STREAM.noise[STREAM.noise != 0])
    assert sizes.min() < 1e-6
    assert sizes.max() > 1e4
    silent = (STREAM.noise == 0) & (STREAM.gain == 0)
    assert silent.all(axis=0).any()  # a coordinate that never has a gradient
    assert silent[:100].all(axis=0).sum() >= 2  # one that waits, and
    assert silent[150:300].all(axis=0).sum() >= 2  # one that falls silent


def test_coordinates_move_where_gradient_or_decay_drives_them():
    driven = (STREAM.gain > 0).any(axis=0)
    for run, path in RECORDED:
        travel = np.ptp(path, axis=0) / np.abs(path).max(axis=0)
        assert travel[driven].min() > 1e-5, run  # so EQUAL is at most 1e-7 of the way
        usual = ABOUT["defaults"][f"{run.library}.{run.rule}"].get("weight_decay", 0)
        decay = run.options.get("weight_decay", usual)
        assert (travel[~driven].max() > 0) == (decay > 0), run


def defaults(rule, *names):
    """Return a library's default hyperparameters in the order of `names`, betas flattened."""
    return tuple(np.hstack([ABOUT["defaults"][rule][name] for name in names]).tolist())


def values(rule):
    """Return the hyperparameters of a rule of optlib that are numbers, in the order of fields."""
    return tuple(value for value in vars(rule).values() if value is not True)


def test_defaults_are_those_of_pytorch_but_for_sgd():
    assert values(AdaGrad()) == defaults("torch.Adagrad", "lr", "eps")
    assert values(AdaDelta()) == defaults("torch.Adadelta", "lr", "rho", "eps")
    assert values(RMSProp()) == defaults("torch.RMSprop", "lr", "alpha", "eps")
    assert values(Adam()) == defaults("torch.Adam", "lr", "betas", "eps")
    assert values(AMSGrad()) == defaults("torch.Adam", "lr", "betas", "eps")
    assert values(AdamW()) == defaults("torch.AdamW", "lr", "betas", "eps", "weight_decay")
    assert values(SGD()) == defaults("keras.SGD", "learning_rate") == (0.01,)
    assert defaults("torch.SGD", "lr") == (0.001,)


def test_defaults_elsewhere_are_the_ones_the_book_names():
    adam = ("learning_rate", "beta_1", "beta_2", "epsilon")
    assert defaults("keras.Adagrad", "learning_rate", "epsilon") == (0.001, 1e-7)
    assert defaults("keras.Adagrad", "initial_accumulator_value") == (0.1,)
    assert defaults("keras.RMSprop", "learning_rate", "rho", "epsilon") == (0.001, 0.9, 1e-7)
    assert defaults("keras.Adadelta", "learning_rate", "rho", "epsilon") == (0.001, 0.95, 1e-7)
    assert defaults("keras.Adam", *adam) == (0.001, 0.9, 0.999, 1e-7)
    assert defaults("keras.AdamW", *adam, "weight_decay") == (0.001, 0.9, 0.999, 1e-7, 0.004)
    assert defaults("optax.adagrad", "initial_accumulator_value", "eps") == (0.1, 1e-7)
    assert defaults("optax.rmsprop", "decay", "eps", "eps_in_sqrt") == (0.9, 1e-8, True)
    assert defaults("optax.adam", "b1", "b2", "eps") == (0.9, 0.999, 1e-8)
    assert defaults("optax.adamw", "weight_decay") == (1e-4,)
    assert defaults("optax.lion", "b1", "b2", "weight_decay") == (0.9, 0.99, 1e-3)
    assert defaults("keras.Lion", "learning_rate") == (1e-3,)
    assert defaults("mlx.Adam", "betas", "eps", "bias_correction") == (0.9, 0.999, 1e-8, False)
    assert "learning_rate" not in ABOUT["defaults"]["optax.adagrad"]
