"""Every verdict has been tried with other seeds, horizons and settings, as it stands now."""

import ast

import pytest

from tools import audit

SUBJECTS = audit.subjects()
STORED = audit.load()
CHEAP = "A6"


@pytest.mark.parametrize("name", SUBJECTS)
def test_verdict_was_audited_as_it_stands(name):
    _, text, printed, options = SUBJECTS[name]
    entry = STORED[name]
    current = entry["hash"] == audit.mark(text) and entry["printed"] == printed
    assert current, "its cells have changed since: make audit"
    assert entry["runs"].keys() == audit.variants(text, options).keys()
    assert entry["runs"]["as printed"] == printed, "the statements found are not all it rests on"
    assert "Error" not in " ".join(entry["runs"].values()), "a setting that cannot be run"


@pytest.mark.parametrize(("path", "cells"), list(audit.chapters()))
def test_what_was_audited_stands_in_the_text(path, cells):
    prose = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for cell in cells:
        for words in cell["metadata"].get("audit", {}).get("holds", ()):
            assert words in prose, "its words have changed: does the test still say what they say?"


def test_nothing_else_is_stored():
    assert STORED.keys() == SUBJECTS.keys()


def test_a_slice_run_again_gives_the_stored_verdict():
    _, text, _, options = SUBJECTS[CHEAP]
    key, program = list(audit.variants(text, options).items())[-1]
    assert audit.result_of(CHEAP, audit.run(program)) == STORED[CHEAP]["runs"][key]


CELL = """
import numpy as np
rng = np.random.default_rng(0)
unused = rng.normal()
noise = rng.normal(size=3)
def mean(steps=100):
    return noise[:steps].mean() + offset
offset = 2.0
table = {}
table["mean"] = mean(steps=7)
plain = [noise for noise in range(3)]
"""


def test_a_verdict_rests_on_all_that_could_change_it():
    before = ast.parse(CELL).body
    text = audit.source(before, ast.parse("print(table)").body)
    lines = [line for line in ast.unparse(before).splitlines() if line]
    assert text.splitlines() == [*lines[:-1], "print(table)"]


def test_seeds_and_horizons_change_and_nothing_else():
    text = "g = np.random.default_rng(3).normal(size=5)\nrun = minimize(rule, steps=20, lr=0.5)"
    text += "\nEPOCHS = 4"
    shifted = ast.unparse(audit.Varied(shift=2).visit(ast.parse(text)))
    assert shifted == text.replace("default_rng(3)", "default_rng(np.append(np.ravel(3), 2))")
    longer = ast.unparse(audit.Varied(factor=5).visit(ast.parse(text)))
    assert longer == text.replace("steps=20", "steps=100").replace("EPOCHS = 4", "EPOCHS = 20")


def test_a_program_that_fails_is_no_verdict():
    found = [audit.result_of("C1", audit.run(program)) for program in (
        "1 / 0", "print('C1 TRUE: 1')", "print('C2 TRUE: 1')", "__held__ = {'C1': 2 > 1}"
    )]  # fmt: skip
    assert found == ["ZeroDivisionError: division by zero", "TRUE", "no verdict", "True"]
