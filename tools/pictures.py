"""Draw the picture of the cover and the card that other sites show for a link to the book.

python tools/pictures.py [FOLDER]      default: assets
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

from optlib import SGD, Adam, Momentum, Quadratic, RMSProp, minimize, plots

RAVINE = Quadratic(eigenvalues=(1, 10), angle=0.1)
START = [-3.2, 0.6]
WINDOW = ((-3.55, 1.15), (-1.22, 1.05))
# A rule, its steps, and the step and side where its name stands.
RUNS = [
    (SGD(lr=0.18), 60, 2, "above"),
    (RMSProp(lr=0.06, rho=0.9), 100, 21, "above"),
    (Momentum(lr=0.03, momentum=0.8), 90, 5, "below"),
    (Adam(lr=0.3), 130, 9, "below"),
]


def four_ways_down(ax):
    plots.contour(RAVINE, ax, bounds=WINDOW, levels=26, aspect="auto")
    for rule, steps, step, side in RUNS:
        history, name = minimize(rule, RAVINE, x0=START, steps=steps), type(rule).__name__
        plots.path(history, ax, label="")
        plots.mark(*history.x[step], name, ax, style=name, side=side)
    ax.axis("off")


def cover():
    figure = plt.figure(figsize=(7.2, 3.1), dpi=200, layout="none")
    four_ways_down(figure.add_axes((0, 0, 1, 1)))
    return figure


def card():
    figure = plt.figure(figsize=(6, 3.15), dpi=200, layout="none")
    four_ways_down(figure.add_axes((0, 0, 1, 0.72)))
    figure.text(0.045, 0.885, "From SGD to Adam", size=27, weight="bold", va="center")
    figure.text(0.045, 0.785, "An executable book in which the equation is the code",
                size=10.5, va="center", color="#555555")  # fmt: skip
    return figure


def main(folder="assets"):
    plt.switch_backend("agg")
    plt.style.use(["optlib.book", {"savefig.bbox": "standard"}])
    for name, draw in (("cover.png", cover), ("social.png", card)):
        draw().savefig(Path(folder, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
