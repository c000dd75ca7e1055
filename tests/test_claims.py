"""The ledger of claims says what the chapters computed, and leaves none of them out."""

import re

import pytest

from tools import claims

ROWS = claims.ledger()
PAGE = claims.ROOT / "chapters" / "claims.md"


@pytest.mark.parametrize("claim", claims.SOURCES)
def test_claim_has_words_verdict_number_source_and_link(claim):
    row = ROWS[claim]
    assert row.get("words"), "no chapter has a block for this claim"
    assert row.get("verdict"), f"{row['chapter']} prints no verdict"
    assert re.search(r"\d", row["number"]), "the verdict rests on no number"
    assert row["name"] == f"claim-{claim.lower()}", "the block has no :name: to link to"
    bibliography = (claims.ROOT / "references.bib").read_text(encoding="utf-8")
    for key in row["source"].split(","):
        assert f"{{{key},\n" in bibliography


@pytest.mark.parametrize("claim", claims.SOURCES)
def test_chapter_says_what_it_computed(claim):
    row = ROWS[claim]
    assert row["says"] == row["verdict"], "the block and the printed verdict differ"


def test_no_other_claim_is_made():
    assert set(ROWS) == set(claims.SOURCES)


def test_page_is_current():
    current = PAGE.read_text(encoding="utf-8") == claims.page(ROWS)
    assert current, "run: python tools/claims.py"
