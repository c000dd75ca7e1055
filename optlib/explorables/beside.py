"""Beside a figure of a chapter, folded: the lines of its rule, which open as an editor.

The lines stand in the page. The editor, a `Workbench` on the landscape of the figure, loads when a
reader opens them.
"""

import html
import json
from typing import NamedTuple

from optlib.explorables import race
from optlib.explorables.workbench import BARE, OWN, Workbench
from optlib.explorables.written import lines_of
from optlib.optimizers import SGD, AdaGrad, Adam, Momentum, Optimizer, RMSProp

STEEP = "abs(x) + 99 * np.maximum(x - 1, 0) + y**2 / 2"  # a gradient of 100, and behind x = 1 of 1


class Bench(NamedTuple):
    """A rule, its landscape (a name, or f(x, y)), a start, and what to turn the rule into."""

    rule: Optimizer
    landscape: str
    start: tuple
    text: str
    goal: str


BENCHES = {  # by the name of the figure
    "step_size": Bench(
        SGD(lr=0.05), "(x**2 + 10 * y**2) / 2", (-1.3, 0.6),
        "let it remember its gradients: turn it into Momentum", "Momentum"),
    "momentum_plane": Bench(
        Momentum(lr=0.25), "(x**2 / 25 + y**2) / 2", (-1.5, 0.28),
        "let it look ahead: turn it into Nesterov", "Nesterov"),
    "rotated_bowl": Bench(
        AdaGrad(lr=1.0), "(0.2 * x**2 + 4 * y**2) / 2", (1.6, 1.6),
        "let it forget: turn it into RMSProp", "RMSProp"),
    "scale_jump": Bench(
        RMSProp(lr=0.03, rho=0.9), STEEP, (1.3, 1.0),
        "let it forget nothing: turn it into AdaGrad", "AdaGrad"),
    "adam_meter": Bench(
        Adam(lr=0.1), "Himmelblau", (0.5, -2.0),
        "let it take away lr × weight_decay × x, too: turn it into AdamW", "AdamW"),
    "bias_correction": Bench(
        Adam(lr=0.02), "x + y / 100 + 3", (0.0, 0.0),
        "make it forget its bias correction", BARE),
}  # fmt: skip


def editor(figure):
    """The editor beside a figure, by the figure's name."""
    its = BENCHES[figure]
    rule, where = type(its.rule).__name__, {"landscape": its.landscape}
    if its.landscape not in Workbench.controls["landscape"]["options"]:
        where = {"landscape": OWN, "height": its.landscape}
    other = its.goal if its.goal in race.RULES else rule
    bench = Workbench(its.rule, beside=other, start=its.start, **where)
    bench.targets = ({"text": its.text, "where": {"acts like": (its.goal, its.goal)}},)
    bench.spec = {**bench.spec, "name": f"rule_of_{figure}", "targets": list(bench.targets)}
    return bench


def folded(figure, scripts):
    """HTML: the lines of a figure's rule, and the addresses of the scripts that let them be edited.

    >>> print(folded("step_size", ["a.js", "b.js"]))
    <details class="rule" data-figure="step_size" data-scripts="a.js b.js">
    <summary>Edit the rule: the lines of <code>SGD.step</code></summary>
    <pre>lr = self.lr
    t, _, _ = state
    t = t + 1
    return x - lr * g, State(t)</pre>
    </details>
    """
    rule = type(BENCHES[figure].rule)
    return (
        f'<details class="rule" data-figure="{figure}" data-scripts="{" ".join(scripts)}">\n'
        f"<summary>Edit the rule: the lines of <code>{rule.__name__}.step</code></summary>\n"
        f"<pre>{html.escape(lines_of(rule))}</pre>\n</details>"
    )


def script():
    """The script that says what each editor starts from, and what all share."""
    benches = {figure: editor(figure) for figure in BENCHES}
    each = {
        figure: {**bench.state, "own": {key: bench.spec[key] for key in ("name", "targets")}}
        for figure, bench in benches.items()
    }
    shared = benches.popitem()[1].spec
    return f"explorables.benches = {json.dumps({'shared': shared, 'each': each})};\n"
