import io
import json
import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from optlib import OPTIMIZERS, SGD, Adam, Momentum, minimize, plots
from optlib.plots.labels import Label, spread
from optlib.problems.base import Quadratic
from optlib.problems.landscapes import Himmelblau, Rosenbrock
from optlib.styles import OTHER, RAMP, STYLES, THEORY, looks

GRID = np.linspace(0, 1, 30)
BOWL = Quadratic(eigenvalues=(1, 5))
RUN = minimize(Momentum(lr=0.05), BOWL, steps=40)
FUNCTIONS = {
    "contour": lambda ax: plots.contour(BOWL, ax),
    "path": lambda ax: plots.path(RUN, ax),
    "curves": lambda ax: plots.curves([1, 2, 3], {"a": [1, 2, 4], "Adam": [3, 2, 1]}, ax),
    "lr_curves": lambda ax: plots.lr_curves([0.1, 1, 10], {"SGD": [2, 1, np.inf]}, ax),
    "bars": lambda ax: plots.bars({"SGD": 1.5, "Adam": np.inf, "other": [1, 2, 3]}, ax),
    "regions": lambda ax: plots.regions(GRID, GRID, [np.outer(GRID, GRID) < 0.3], ax),
    "limit": lambda ax: plots.limit(0.5, "here", ax),
    "mark": lambda ax: plots.mark(0.5, 0.5, "here", ax),
    "eigenvalues": lambda ax: plots.eigenvalues([0.5j, -0.5j], ax),
}


@pytest.fixture(autouse=True)
def book():
    with plt.style.context("optlib.book"):
        yield
    plt.close("all")


@pytest.fixture
def ax():
    return Figure(figsize=(6.4, 3.6), dpi=150, layout="constrained").subplots()


def texts(ax):
    return [text.get_text() for text in ax.texts]


def boxes(ax):
    """The label boxes in pixels, once the figure is drawn."""
    ax.figure.draw_without_rendering()
    return [text.get_window_extent() for text in ax.texts if isinstance(text, Label)]


def overlaps(found):
    """The largest overlap of two boxes, in pixels: the smaller one of its width and height."""
    return max(
        min(a.x1 - b.x0, b.x1 - a.x0, a.y1 - b.y0, b.y1 - a.y0) for a, b in combinations(found, 2)
    )


# Colors: sRGB to linear, to what color-blind eyes see (Machado et al. 2009), to CIELAB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
HUE_180 = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def linear(srgb):
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    white = XYZ.sum(axis=1)
    t = np.clip(linear_rgb, 0, 1) @ XYZ.T / white
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    """The contrast ratio of WCAG 2."""
    a, b = (linear(color) @ XYZ[1] + 0.05 for color in (one, other))
    return max(a, b) / min(a, b)


def in_dark_mode(srgb, page):
    """What the filter invert(1) hue-rotate(180deg), screened over a dark page, makes of a color."""
    return 1 - (1 - np.clip(HUE_180 @ (1 - srgb), 0, 1)) * (1 - page)


def test_every_optimizer_has_a_style():
    assert list(STYLES) == [rule.__name__ for rule in OPTIMIZERS]


def test_styles_are_plain_data():
    assert json.loads(json.dumps(STYLES)) == STYLES


def test_styles_can_be_read_without_matplotlib():
    code = "import sys, optlib.styles; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("vision", VISION)
def test_colors_keep_apart_in_every_eye(vision):
    seen = {name: lab(VISION[vision] @ linear(rgb(look["color"]))) for name, look in STYLES.items()}
    distances = {
        pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(seen, 2)
    }
    assert min(distances.values()) > 15, min(distances, key=distances.get)


def test_styles_keep_apart_in_gray_print():
    dashes, markers = [[str(look[key]) for look in STYLES.values()] for key in ("dashes", "marker")]
    assert len(set(dashes)) == len(set(markers)) == len(STYLES)


@pytest.mark.parametrize(
    "color", [look["color"] for look in [*STYLES.values(), OTHER, THEORY]] + RAMP
)
def test_colors_stand_out_on_white_paper_and_on_a_dark_page(color):
    assert contrast(rgb(color), rgb("#ffffff")) > 3
    page = rgb("#15181d")
    assert contrast(in_dark_mode(rgb(color), page), page) > 3


def test_the_ramp_goes_from_dark_to_light():
    assert np.all(np.diff([linear(rgb(color)) @ XYZ[1] for color in RAMP]) > 0)


def test_a_label_chooses_the_style():
    same, again, own = looks(["Adam", "Adam, uncorrected", "SignDescent"])
    assert same == STYLES["Adam"]
    assert again["color"] == same["color"]
    assert again["dashes"] != same["dashes"]
    assert own == OTHER


def test_labels_without_a_rule_have_colors_of_their_own():
    assert len({look["color"] for look in looks([f"lr = {i}" for i in range(6)])}) == 6


def test_style_overrules_the_label():
    assert looks(["β = 0.9"], "Adam") == [STYLES["Adam"]]
    assert looks(["SGD"], "theory") == [THEORY]
    assert looks(["SGD"], "points") == [STYLES["SGD"] | {"linewidth": 0}]
    assert looks(["SGD"], {"linewidth": 5}) == [STYLES["SGD"] | {"linewidth": 5}]
    with pytest.raises(ValueError, match=r"style must be one of .*'Adam'.*, got 'adam'"):
        looks(["SGD"], "adam")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_return_the_axes_they_are_given_and_make_no_figure(name, ax):
    assert FUNCTIONS[name](ax) is ax
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_draw_on_the_current_axes_by_default(name):
    here = plt.subplots()[1]
    assert FUNCTIONS[name](None) is here


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_refuse_other_things_than_axes(name):
    with pytest.raises(TypeError, match=r"ax must be Matplotlib axes or None, got \[\]"):
        FUNCTIONS[name]([])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_figures_have_no_title_and_no_legend(name, ax):
    FUNCTIONS[name](ax)
    assert ax.get_title("left") == ax.get_title("center") == ""
    assert ax.get_legend() is None


def test_every_function_is_tested():
    assert set(plots.__all__) - set(FUNCTIONS) == {"STYLES", "panels"}


def test_keywords_set_the_axes(ax):
    plots.curves([1, 2], {"a": [1, 2]}, ax, xlabel="step t", yscale="log", ylim=(1, 9))
    assert (ax.get_xlabel(), ax.get_yscale(), ax.get_ylim()) == ("step t", "log", (1, 9))


def test_curves_draw_the_data_and_name_it_in_its_color(ax):
    x, y = np.arange(30), np.arange(30) ** 2
    plots.curves(x, {"Adam": y, "SGD": -y}, ax)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.stack([x, y], axis=-1))
    assert texts(ax) == ["Adam", "SGD"]
    for line, text in zip(ax.lines, ax.texts, strict=True):
        assert line.get_color() == text.get_color() == STYLES[text.get_text()]["color"]


def test_curves_of_many_runs_are_their_median_and_middle_80_percent(ax):
    runs = np.random.default_rng(0).permuted(np.tile(np.arange(101.0), (5, 1)), axis=1)
    plots.curves(np.arange(5), {"SGD": runs}, ax)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), np.full(5, 50))
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (10, 90)


def test_curves_of_few_runs_are_their_median_and_range(ax):
    runs = np.array([[1.0, 2, 9], [np.nan, 4, 5], [np.inf, np.nan, 1]])
    plots.curves([0, 1, 2], {"SGD": runs}, ax)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [2, 5, np.nan])
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 9)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_what_diverges_is_cut_without_a_warning(scale, ax):
    t = np.arange(2000.0)
    with np.errstate(over="ignore"):
        y = 3.0**t
    y[-1] = np.nan
    plots.curves(t, {"SGD": y}, ax, yscale=scale, ylim=(0.5, 1e3))
    ax.figure.draw_without_rendering()
    assert np.isfinite(ax.lines[0].get_ydata()).sum() == np.sum(y < 1e100)
    assert ax.texts[0].get_window_extent().x1 < ax.bbox.x0 + 0.2 * ax.bbox.width


def test_labels_of_lines_that_end_together_do_not_overlap(ax):
    t = np.linspace(0, 1, 50)
    plots.curves(t, {name: (i - 4) * (1 - t) for i, name in enumerate(STYLES)}, ax)
    found = boxes(ax)
    assert len(found) == len(STYLES)
    assert overlaps(found) < 1
    assert all(box.x0 > ax.bbox.x1 - 10 for box in found)
    assert all(ax.figure.bbox.x0 <= box.x0 and box.x1 <= ax.figure.bbox.x1 for box in found)


@pytest.mark.parametrize("end", [0, 1])
def test_labels_at_the_border_stay_in_the_figure(end, ax):
    t = np.linspace(0, 1, 50)
    plots.curves(
        t, {name: end + (i + 1) * (0.5 - end) * (1 - t) for i, name in enumerate(STYLES)}, ax
    )
    found = boxes(ax)
    assert overlaps(found) < 1
    assert min(box.y0 for box in found) >= 0
    assert max(box.y1 for box in found) <= ax.figure.bbox.y1


def test_labels_of_three_calls_in_a_narrow_panel_do_not_overlap():
    for ax in plots.panels(1, 3):
        for name in ("SGD", "Momentum", "Adam"):
            plots.curves([0, 1], {name: [1, 0]}, ax)
        assert overlaps(boxes(ax)) < 1


def test_labels_keep_the_order_of_their_lines(ax):
    ends = {"SGD": 0.30, "Momentum": 0.31, "Nesterov": 0.29, "Adam": 0.9, "AdamW": 0.1}
    plots.curves([0, 1], {name: [1, y] for name, y in ends.items()}, ax, ylim=(0, 1))
    heights = dict(zip(ends, (box.y0 for box in boxes(ax)), strict=True))
    assert sorted(ends, key=ends.get) == sorted(heights, key=heights.get)


def test_a_lone_label_stands_at_the_end_of_its_line(ax):
    plots.curves([0, 1], {"SGD": [1, 0.4]}, ax, ylim=(0, 1))
    (box,) = boxes(ax)
    x, y = ax.transData.transform((1, 0.4))
    assert (box.y0 + box.y1) / 2 == pytest.approx(y, abs=3)
    assert 0 < box.x0 - x < 25


@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300)), min_size=2, max_size=9),
    st.integers(10, 30),
)
def test_spread_keeps_boxes_apart(corners, height):
    found = np.array([(x, y, x + 60, y + height) for x, y in corners])
    shift = spread(tuple(map(tuple, found)), -300, 600)
    moved = found + shift[:, None] * [0, 1, 0, 1]
    for a, b in combinations(moved, 2):
        apart = max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3])
        assert apart > -0.5
    assert np.all((moved[:, 1] >= -300) & (moved[:, 3] <= 600))


@pytest.mark.parametrize("last_digits", [-0.4, 0, 0.4])
def test_of_labels_within_a_pixel_the_first_ends_on_top(last_digits):
    shift = spread(((0, 0, 9, 9), (0, last_digits, 9, 9 + last_digits)), -50, 50)
    assert shift[0] > 0 > shift[1]


def test_contour_shows_the_bounds_and_the_minimizers(ax):
    problem = Himmelblau()
    plots.contour(problem, ax)
    assert (ax.get_xlim(), ax.get_ylim()) == problem.bounds
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), problem.minimizers)


def test_contour_bands_are_log_spaced_in_height(ax):
    plots.contour(Rosenbrock(), ax)
    ratios = np.diff(np.log(ax.collections[0].levels))
    np.testing.assert_allclose(ratios, ratios[0])


def test_contour_bands_reach_from_the_minimum_to_the_top(ax):
    parts = {"dim": 2, "bounds": BOWL.bounds, "minimizers": None}
    problem = type("Lifted", (), parts | {"__call__": lambda self, x: BOWL(x) + 100})()
    plots.contour(problem, ax)
    levels = ax.collections[0].levels
    assert levels[-1] == pytest.approx(BOWL([1.5, 1.5]), rel=1e-3)
    assert levels[0] < 0.01 * levels[-1]


def test_contour_needs_two_coordinates_and_bounds(ax):
    with pytest.raises(ValueError, match="2 coordinates, got 3"):
        plots.contour(Quadratic(eigenvalues=(1, 2, 3)), ax)
    boundless = SimpleNamespace(dim=2, bounds=None)
    with pytest.raises(ValueError, match="bounds must be given"):
        plots.contour(boundless, ax)


def test_path_shows_the_points_from_start_to_end(ax):
    plots.path(RUN, ax)
    line, steps, start, end = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), RUN.x)
    np.testing.assert_array_equal(steps.get_xydata(), RUN.x)
    np.testing.assert_array_equal(start.get_xydata(), RUN.x[:1])
    np.testing.assert_array_equal(end.get_xydata(), RUN.x[-1:])
    assert texts(ax) == ["Momentum"]
    assert end.get_marker() == STYLES["Momentum"]["marker"]


def test_path_of_a_diverging_run_ends_where_it_can_still_be_drawn(ax):
    history = minimize(SGD(lr=9.0), BOWL, steps=2000)
    plots.contour(BOWL, ax)
    limits = ax.get_xlim()
    plots.path(history, ax)
    ax.figure.draw_without_rendering()
    assert not np.isfinite(history.x[-1]).all()
    assert np.isfinite(ax.lines[-1].get_xydata()).all()
    assert ax.get_xlim() == limits


@pytest.mark.parametrize("shape", [(4, 3), (4, 1), (4, 5, 2)])
def test_path_is_that_of_one_run_in_a_plane(shape, ax):
    with pytest.raises(ValueError, match=r"history must be one run of 2 coordinates, got \(4, "):
        plots.path(SimpleNamespace(x=np.zeros(shape), optimizer=SGD()), ax)


def test_a_rule_of_the_readers_own_is_neutral(ax):
    own = SimpleNamespace(x=RUN.x, f=RUN.f, problem=BOWL, optimizer=type("Mine", (), {})())
    plots.path(own, ax)
    plots.curves([0, 1], {"Mine": [1, 0], "Momentum": [0, 1]}, ax)
    colors = {text.get_text(): text.get_color() for text in ax.texts}
    assert colors == {"Mine": OTHER["color"], "Momentum": STYLES["Momentum"]["color"]}


def test_lr_curves_mark_the_best_rate_and_end_where_runs_diverge(ax):
    rates = np.array([0.01, 0.1, 1, 10, 100])
    losses = {
        "SGD": [1, 0.5, 0.2, 3, np.nan],
        "Adam": [[1, 1.2], [0.1, 0.3], [0.4, np.inf], [5, 5], [np.nan, np.inf]],
    }
    plots.lr_curves(rates, losses, ax)
    sgd, sgd_best, adam, adam_best = ax.lines
    np.testing.assert_array_equal(sgd.get_ydata(), [1, 0.5, 0.2, 3, np.nan])
    np.testing.assert_allclose(adam.get_ydata(), [1.1, 0.2, np.nan, 5, np.nan])
    assert sgd_best.get_xydata().tolist() == [[1, 0.2]]
    assert adam_best.get_xdata().tolist() == [0.1]
    assert texts(ax) == ["SGD", "Adam"]


def test_lr_curves_need_a_rate_at_which_a_rule_does_not_diverge(ax):
    with pytest.raises(ValueError, match=r"'SGD' must be finite somewhere, got \[nan, inf\]"):
        plots.lr_curves([0.1, 1], {"SGD": [np.nan, np.inf]}, ax)


def test_bars_show_the_mean_and_its_standard_error(ax):
    values = np.array([1.0, 2, 3, 6])
    plots.bars({"Adam": values, "other": -2, "SGD": [1, np.nan]}, ax)
    assert [bar.get_width() for bar in ax.patches] == [3, -2, 0]
    low, high = ax.collections[0].get_segments()[0][:, 0]
    assert (high - low) / 2 == pytest.approx(np.std(values, ddof=1) / 2)
    assert texts(ax) == ["3", "−2", "diverged"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["Adam", "other", "SGD"]


def test_regions_cover_their_masks_and_nothing_else(ax):
    x, y = np.linspace(-1, 1, 80), np.linspace(-1, 1, 60)
    radius = np.hypot(x, y[:, None])
    masks = [radius < 0.4, radius > 9, radius >= 0.4]
    plots.regions(x, y, masks, ax)
    disk, _, rest, _ = ax.collections  # each a filling and an edge
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = disk.get_paths()[0].contains_points(points)
    assert np.mean(inside == masks[0].ravel()) > 0.97
    assert rest.get_paths()[0].get_extents().get_points().tolist() == [[-1, -1], [1, 1]]
    assert not np.array_equal(disk.get_facecolor(), rest.get_facecolor())


def test_limit_and_mark_stand_at_their_values(ax):
    plots.limit(2.0, "lr = 2/λ", ax)
    plots.limit(0.5, "floor", ax, axis="y")
    plots.mark(12, 6.57, "top", ax, side="above")
    assert ax.lines[0].get_xdata() == [2, 2]
    assert ax.lines[1].get_ydata() == [0.5, 0.5]
    assert ax.lines[2].get_xydata().tolist() == [[12, 6.57]]
    assert texts(ax) == ["lr = 2/λ", "floor", "top"]
    with pytest.raises(ValueError, match="axis must be 'x' or 'y', got 'z'"):
        plots.limit(1, ax=ax, axis="z")
    with pytest.raises(ValueError, match=r"side must be one of .*, got 'top'"):
        plots.mark(1, 1, "here", ax, side="top")


@pytest.mark.parametrize(("axis", "at"), [("x", 0.3), ("y", 0.7)])
def test_the_name_of_a_limit_stands_at_a_fraction_of_its_line(axis, at, ax):
    plots.curves([0, 9], {"": [5, 900]}, ax)
    plots.limit(8, "limit", ax, axis=axis, at=at)
    ax.figure.draw_without_rendering()
    box = ax.transAxes.inverted().transform_bbox(ax.texts[-1].get_window_extent())
    assert at == pytest.approx((box.y0 + box.y1) / 2 if axis == "x" else box.x1, abs=0.01)


def test_names_of_limits_give_way_too(ax):
    plots.curves([0, 1], {"SGD": [0, 1]}, ax, ylim=(0, 1))
    plots.limit(1.0, "limit", ax)
    plots.limit(0.97, "almost", ax)
    found = boxes(ax)
    assert len(found) == 3
    assert overlaps(found) < 1


def test_eigenvalues_are_points_over_the_unit_circle(ax):
    plots.eigenvalues([[0.5 + 0.5j, 2]], ax)
    assert ax.lines[0].get_xydata().tolist() == [[0.5, 0.5], [2, 0]]
    assert (ax.patches[0].center, ax.patches[0].radius) == ((0, 0), 1)


def test_panels_have_the_width_of_the_page():
    axes = plots.panels(1, 3, sharey=True)
    assert len(axes) == 3
    assert axes[0].figure.get_figwidth() == plt.rcParams["figure.figsize"][0]


@pytest.mark.parametrize("y", [[1, 2], [[1, 2], [3, 4]], 1])
def test_curves_refuse_another_shape(y, ax):
    with pytest.raises(ValueError, match=r"'SGD' must be of shape \(3,\) or \(3, R\), got"):
        plots.curves([0, 1, 2], {"SGD": y}, ax)


def test_functions_of_named_values_ask_for_a_dict(ax):
    with pytest.raises(TypeError, match=r"ys must be a dict by label, got \[1, 2\]"):
        plots.curves([0, 1], [1, 2], ax)
    with pytest.raises(TypeError, match=r"losses must be a dict by label, got \{\}"):
        plots.lr_curves([0, 1], {}, ax)
    with pytest.raises(TypeError, match=r"values must be a dict by label, got 3"):
        plots.bars(3, ax)


def png():
    buffer = io.BytesIO()
    fig = plt.figure()
    plots.contour(Rosenbrock(), aspect="auto")
    for rule in (SGD(lr=0.001), Adam(lr=0.05)):
        plots.path(minimize(rule, Rosenbrock(), steps=100))
    fig.savefig(buffer)
    return buffer.getvalue()


def test_figures_are_the_same_bytes_every_time_and_small():
    assert png() == png()
    assert set(Image.open(io.BytesIO(png())).text) == {"Software"}
    assert len(png()) < 65_000


def test_the_style_needs_only_fonts_of_matplotlib_and_is_readable():
    assert plt.rcParams["font.family"] == ["DejaVu Sans"]
    sizes = [plt.rcParams[f"{part}.labelsize"] for part in ("axes", "xtick", "ytick")]
    assert min(*sizes, plt.rcParams["font.size"]) >= 11
