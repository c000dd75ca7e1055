"""How lines look: one fixed style per optimizer, as plain data, and the choice of a style by label.

Colors keep apart under the common kinds of color blindness and on black paper, dashes and markers
in gray print. Dashes are lengths on and off in line widths; [] is a solid line.
"""

import re

from optlib.checks import require

STYLES = {
    "SGD": {"color": "#5a5c70", "dashes": [], "marker": "o"},
    "Momentum": {"color": "#2468ee", "dashes": [5, 1.5], "marker": "s"},
    "Nesterov": {"color": "#098ba5", "dashes": [5, 1.5, 1, 1.5], "marker": "D"},
    "AdaGrad": {"color": "#0f4f1c", "dashes": [1, 1], "marker": "^"},
    "AdaDelta": {"color": "#6e5c10", "dashes": [2.5, 1.2], "marker": "v"},
    "RMSProp": {"color": "#b47a00", "dashes": [5, 1.5, 1, 1.5, 1, 1.5], "marker": "P"},
    "Adam": {"color": "#d8434f", "dashes": [10, 1.5], "marker": "p"},
    "AMSGrad": {"color": "#4f1fae", "dashes": [8, 1.5, 2.5, 1.5], "marker": "<"},
    "AdamW": {"color": "#640a40", "dashes": [10, 1.5, 1, 1.5], "marker": ">"},
    "Lion": {"color": "#8448b4", "dashes": [1, 1, 1, 3], "marker": "X"},
}
OTHER = {"color": "#222222", "dashes": [], "marker": "h"}  # a rule of the reader's own
THEORY = {"color": "#777777", "dashes": [2, 1.5], "marker": "", "linewidth": 1.5}
RAMP = ["#46085c", "#472a7a", "#3e4989", "#32648e", "#287d8e", "#1f958b"]  # from dark to light
AGAIN = [[], [5, 1.5], [1, 1], [5, 1.5, 1, 1.5]]  # dashes of a rule that comes again in one figure


def rule_of(label):
    """Return the name of the optimizer with which a label starts, or "".

    >>> rule_of("Adam, uncorrected"), rule_of("lr = 0.1")
    ('Adam', '')
    """
    word = re.match(r"\w*", label).group()
    return word if word in STYLES else ""


def looks(labels, style=None):
    """Return one dict of line properties per label.

    Parameters
    ----------
    labels : sequence of str
        A label that starts with an optimizer's name wears its style. A rule that comes again keeps
        its color and changes dashes. One label without a rule is `OTHER`, several are a `RAMP`.
    style : None, str or dict
        An optimizer's name for all labels, "theory", "points", or properties that overrule.

    Raises
    ------
    ValueError
        If ``style`` is an unknown name.

    Examples
    --------
    >>> [look["color"] for look in looks(["Adam", "Adam, uncorrected", "mine"])]
    ['#d8434f', '#d8434f', '#222222']
    """
    named = STYLES | {"theory": THEORY}
    legal = "None, a string or line properties"
    require(isinstance(style, dict | str | None), "style", legal, style, TypeError)
    known = not isinstance(style, str) or style in [*named, "points"]
    require(known, "style", f"one of {[*named, 'points']}", style)
    names = [style if style in list(named) else rule_of(label) for label in labels]
    overruled = {"linewidth": 0} if style == "points" else style if isinstance(style, dict) else {}
    found = []
    for i, name in enumerate(names):
        before, plain = names[:i].count(name), names.count("")
        look = named.get(name, OTHER)
        if name and before:
            others = [dashes for dashes in AGAIN if dashes != look["dashes"]]
            look = look | {"dashes": others[(before - 1) % len(others)]}
        elif not name and plain > 1:
            look = look | {"color": RAMP[round(before * (len(RAMP) - 1) / (plain - 1))]}
        found.append(look | overruled)
    return found
