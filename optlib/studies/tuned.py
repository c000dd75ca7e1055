"""Five methods on real tasks, each at every learning rate of its grid, for several seeds.

    python -m optlib.studies.tuned digits            (or another of `TASKS`)
    python -m optlib.studies.tuned text --jobs 8 --backend dask

It writes <task>.json beside this file after every finished run; started again, it does what is
missing.
A backend is one of `joblib.parallel_config`; that of a cluster must have been registered with it.
"""

import argparse
import json
import os
import platform
import re
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the order of sums, hence their last bits

import numpy as np

from optlib import SGD, AdaGrad, Adam, Momentum, RMSProp, studies, train
from optlib.datasets import load_cifar10, load_digits, load_text
from optlib.problems.models import MLP, CharacterModel

FOLDER = Path(__file__).parent
FIVE = {rule.__name__: rule for rule in (SGD, Momentum, AdaGrad, RMSProp, Adam)}
METHODS = FIVE | {f"Adam, eps {eps}": partial(Adam, eps=eps) for eps in (0.01, 1)}
GRIDS = {  # six rates each; those of the five hold the defaults of optlib and of Keras
    "SGD": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    "Momentum": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    "AdaGrad": (0.001, 0.01, 0.03, 0.1, 0.3, 1.0),
    "RMSProp": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03),
    "Adam": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    "Adam, eps 0.01": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    "Adam, eps 1": (0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
}
NARROW = {method: GRIDS[method] for method in FIVE}
WIDE = dict.fromkeys(FIVE, (*(float(f"{k}e{n}") for n in range(-4, 1) for k in (1, 2, 5)), 10.0))
TUNED_TEXT = {"SGD": (1.0,), "Momentum": (0.1,), "AdaGrad": (0.1,)}
TUNED_TEXT |= {"RMSProp": (0.01,), "Adam": (0.01,)}
TUNED_PHOTOGRAPHS = {"SGD": (0.3,), "Momentum": (0.01,), "AdaGrad": (0.03,)}
TUNED_PHOTOGRAPHS |= {"RMSProp": (0.001,), "Adam": (0.003,), "Adam, eps 1": (0.1,)}
MEASURES = ("training loss", "validation loss", "validation error", "test loss", "test error")
FREQUENCIES = {"over 4 %": 0.04, "1 to 4 %": 0.01, "0.1 to 1 %": 0.001, "under 0.1 %": 0.0}


def losses_and_errors(x, training, validation, test):
    """The five `MEASURES` of trained models x."""
    return [training(x), validation(x), validation.error(x), test(x), test.error(x)]


def losses_by_frequency(x, training, validation, test):
    """The test loss, of all characters and of those that are frequent, ..., rare in training."""
    del validation
    counts = np.bincount(training.y.astype(int), minlength=training.classes)
    often = counts[test.y.astype(int)] / training.n
    groups = np.digitize(often, list(FREQUENCIES.values()))
    rows = [np.flatnonzero(groups == group) for group in range(len(FREQUENCIES))]
    return [test(x), *(test.batch(part)(x) for part in rows)]


class Task(NamedTuple):
    """What is learned, and for how long; ``split(seed)`` gives three problems of one kind."""

    split: Any
    epochs: int
    batch_size: int
    seeds: int
    rates: dict = NARROW
    measure: Any = losses_and_errors
    measures: tuple = MEASURES
    first: int = 0  # of the seeds


def digits(seed):
    """A network of 128 units on 600 digits, with 400 to validate and 797 to test."""
    X, y = load_digits()
    rows = np.split(np.random.default_rng([seed, 1]).permutation(len(y)), [600, 1000])
    return [MLP(X[part], y[part], hidden=128, classes=10) for part in rows]


def photographs(seed):
    """A network of 64 units on 3000 photographs, 1000 to validate, the same 1000 to test."""
    X, y = load_cifar10()
    X = (X - X[:4000].mean(axis=0)) / X[:4000].std(axis=0)
    rows = np.split(np.random.default_rng([seed, 1]).permutation(4000), [3000])
    return [MLP(X[part], y[part], hidden=64, classes=10) for part in (*rows, np.arange(4000, 5000))]


def text(seed):
    """The next character from six: every fourth one of 80 % of the text, then two parts of 10 %."""
    del seed
    letters, numbers = np.unique(list(load_text()), return_inverse=True)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, 7)
    ends = len(windows) * np.array([[0, 8], [8, 9], [9, 10]]) // 10
    parts = [windows[start:end:4] for start, end in ends]
    return [CharacterModel(part[:, :6], part[:, 6], len(letters)) for part in parts]


TASKS = {
    "digits": Task(digits, epochs=60, batch_size=32, seeds=10),
    "photographs": Task(photographs, epochs=12, batch_size=64, seeds=3, rates=GRIDS),
    "text": Task(text, epochs=2, batch_size=64, seeds=3),
    "budget1": Task(digits, epochs=1, batch_size=32, seeds=10, rates=WIDE),
    "budget5": Task(digits, epochs=5, batch_size=32, seeds=10, rates=WIDE),
    "seeds": Task(digits, 60, 32, seeds=40, rates={"Momentum": (0.3,), "Adam": (0.03,)}),
    "photographs20": Task(photographs, epochs=12, batch_size=64, seeds=20, rates=TUNED_PHOTOGRAPHS),
    "text10": Task(text, 2, 64, 10, TUNED_TEXT, losses_by_frequency, ("all", *FREQUENCIES)),
}  # fmt: skip
TASKS |= {
    f"{task}_again": TASKS[task]._replace(first=100)
    for task in ("digits", "photographs20", "text10")
}
THREE = "digits", "photographs", "text"  # those on which the methods are compared


def fit(task, method, seed, rates=None):
    """Train at all rates at once: final parameters, shape (rates, d), and the three problems."""
    split, epochs, batch_size, _, grids, *_ = TASKS[task]
    training, *others = split(seed)
    steps = epochs * -(-training.n // batch_size)
    rule = METHODS[method](lr=np.array(rates or grids[method])[:, np.newaxis])
    history = train(
        rule, training, training.start(np.random.default_rng([seed, 2])), epochs, batch_size,
        schedule=lambda t: 0.3 ** ((t > steps / 2) + (t > 3 * steps / 4)),
        rng=np.random.default_rng([seed, 3]),
    )  # fmt: skip
    return history.x[-1], (training, *others)


def run(task, method, seed, rates=None):
    """Train at all rates at once; per rate, what the task measures at the end.

    Returns
    -------
    list of list of float, shape (rates, measures)
        Rounded to six digits; None for a loss above a million.
    """
    x, parts = fit(task, method, seed, rates)
    with np.errstate(all="ignore"):  # a diverged run is data
        rows = np.round(TASKS[task].measure(x, *parts), 6).T.tolist()
    return [[value if value < 1e6 else None for value in row] for row in rows]


def declared(task):
    """The settings under which stored results were made."""
    _, epochs, batch_size, seeds, grids, _, measures, first = TASKS[task]
    return {
        "task": task, "epochs": epochs, "batch size": batch_size,
        "seeds": list(range(first, first + seeds)),
        "rates": {method: list(rates) for method, rates in grids.items()},
        "measures": list(measures),
    }  # fmt: skip


def load(task):
    """The stored results: settings, and per method and seed the list that `run` returned."""
    path = FOLDER / f"{task}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def results(task):
    """Stored results: per method an array of shape (seeds, rates, measures), nan for diverged."""
    stored, settings = load(task)["results"], declared(task)
    seeds = [str(seed) for seed in settings["seeds"] if seed != studies.left_out]
    rows = {method: [stored[method][seed] for seed in seeds] for method in settings["rates"]}
    return {method: np.array(row, dtype=float) for method, row in rows.items()}


def best(task):
    """What each method does on test data at the rate that is best on validation data.

    Returns
    -------
    dict of method to (rate, array of shape (seeds,))
        Test error, for text test loss; ties in the mean validation error go to the lower loss.
    """
    error = task != "text"
    chosen = {}
    for method, values in results(task).items():
        means = values.mean(axis=0)
        rate = np.lexsort((means[:, 1], means[:, 2] if error else means[:, 1]))[0]
        chosen[method] = TASKS[task].rates[method][rate], values[:, rate, 4 if error else 3]
    return chosen


def main():
    """Do what is missing of a task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--backend", default="loky", help="of joblib (default loky)")
    arguments = parser.parse_args()
    from joblib import Parallel, delayed, parallel_config
    from tqdm import tqdm

    task, stored, settings = arguments.task, load(arguments.task), declared(arguments.task)
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    command = f"python -m optlib.studies.tuned {task}"
    if {key: stored.get(key) for key in settings} != settings:
        stored = {"command": command, "versions": versions, **settings, "results": {}}
    done = {(method, int(seed)) for method, runs in stored["results"].items() for seed in runs}
    missing = [(method, seed) for seed in settings["seeds"] for method in settings["rates"]]
    missing = [key for key in missing if key not in done]
    os.environ["TQDM_DISABLE"] = "1"  # in the processes: one bar is enough
    with parallel_config(backend=arguments.backend, n_jobs=arguments.jobs):
        finished = Parallel(return_as="generator_unordered")(
            delayed(_keyed)(task, method, seed) for method, seed in missing
        )
        for method, seed, result in tqdm(finished, task, len(missing), disable=False):
            stored["results"].setdefault(method, {})[str(seed)] = result
            _write(task, stored)


def _keyed(task, method, seed):
    return method, seed, run(task, method, seed)


def _write(task, stored):
    """Replace the file at once, so that an interruption leaves the old one or the new one."""
    runs = stored["results"]
    runs = {method: dict(sorted(runs[method].items())) for method in METHODS if method in runs}
    text = json.dumps(stored | {"results": runs}, indent=1)
    text = re.sub(r"\[[^][]*\]", lambda row: " ".join(row.group().split()), text)
    path = FOLDER / f"{task}.json.part"
    path.write_text(text + "\n", encoding="utf-8")
    path.replace(FOLDER / f"{task}.json")


if __name__ == "__main__":
    main()
