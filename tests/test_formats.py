"""The book in other formats than its pages: markup that every reader of HTML or XML accepts."""

import json
from xml.etree import ElementTree

import pytest

from optlib.explorables import StepSize


class Hostile(StepSize):
    alt = 'The "factor" </script> <i> & more'
    targets = ({"text": "a </script><b> ]]> & <!-- c", "where": {"lr": (0, 1)}},)


@pytest.mark.parametrize("cls", [StepSize, Hostile], ids=["plain", "hostile"])
def test_the_stand_in_of_a_live_figure_is_well_formed(cls):
    figure = cls()
    page = ElementTree.fromstring(figure._stand_in())
    assert [child.tag for child in page] == ["script", "img", "table"]
    assert json.loads(page[0].text) == json.loads(json.dumps({**figure.state, "spec": figure.spec}))
    assert page[1].get("alt") == cls.alt
