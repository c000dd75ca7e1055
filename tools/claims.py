"""Write chapters/claims.md, the article claim by claim, from what the chapters print and say.

    python tools/claims.py

Verdict and number of a claim come from the output of its chapter (a line "C1 TRUE: ..."), its
words from the block of that claim in the chapter. Only the sources are listed here.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import audit

ROOT = Path(__file__).parents[1]
SOURCES = {
    "C1": "polyak1964",
    "C2": "polyak1964,lessard2016",
    "C3": "duchi2011",
    "C4": "duchi2011",
    "C5": "duchi2011",
    "C6": "duchi2011,zeiler2012",
    "C7": "tieleman2012",
    "C8": "tieleman2012,kingma2015",
    "C9": "kingma2015",
    "C10": "kingma2015",
    "C11": "kingma2015",
    "C12": "kingma2015,balles2018",
    "C13": "kingma2015,vaswani2017",
    "C14": "kingma2015,tieleman2012",
    "A1": "kingma2015",
    "A2": "kingma2015",
    "A3": "kingma2015,schmidt2021",
    "A4": "kingma2015",
    "A5": "kingma2015",
    "A6": "kingma2015",
    "A7": "kingma2015",
    "A8": "kingma2015,zhang2020",
    "G1": "schmidt2021",
    "G2": "vaswani2017,wu2016,gehring2017",
    "G3": "wilson2017,choi2019",
}
VERDICT = re.compile(audit.VERDICT.pattern + r" *(.*(?:\n +.*)*)", re.M)
BLOCK = re.compile(r":::\{admonition\} ([CAG]\d+) · (.+): ([A-Z]+)\n((?::.*\n)*)")
PAGE = """# The article, claim by claim

The short article this book follows {{cite:p}}`chinasem2023`, most of which restates
{{cite:t}}`emerson2018`, makes {count} claims that can be checked. Here they are in our words and
in its order. Every verdict and every number is what a cell of the chapter printed when the book
was last tested; the link leads there.

{tally}

| claim | verdict | the number that decides | held in | source |
|---|---|---|---|---|
{rows}

TRUE: it holds as stated. CONDITIONAL: it holds where the number says, and not elsewhere.
MISLEADING: what it suggests does not hold. FALSE: the opposite was measured.

**Held in**: the cells that a verdict rests on have been run again with other random seeds ({seeds}
shifts of them all), for twice and five times as many steps or epochs where something runs for
steps or epochs, at the neighboring settings that the cell names, and, where they read stored
studies, without each of their first {studied} seeds. The count says how often the same verdict
came out. A dash: there is nothing to vary, as in a cited result.

The same has been done for {sentences} bold sentences and lines of summaries, which are no claims of
the article: they held in {same} of {runs} runs.
"""


def ledger():
    """All that is known of each claim, in the article's order: {claim: {"verdict": ...}}."""
    rows = {claim: {"source": source} for claim, source in SOURCES.items()}
    for path, cells in audit.chapters():
        for cell in cells:
            for claim, words, verdict, options in BLOCK.findall("".join(cell["source"])):
                name = re.search(r":name: (\S+)", options)
                rows[claim] |= {"words": words, "says": verdict, "chapter": path.name}
                rows[claim]["name"] = name and name[1]
            printed = "".join("".join(output.get("text", "")) for output in cell.get("outputs", ()))
            for claim, verdict, number in VERDICT.findall(printed):
                rows[claim] |= {"verdict": verdict, "number": " ".join(number.split())}
    return rows


def page(rows):
    audits = audit.load()
    for claim, row in rows.items():
        same, runs = audit.held(audits[claim]) if claim in audits else (0, 0)
        row["held"] = f"{same}/{runs}" if runs else "–"
    lines = [
        f"| **{claim}** {{ref}}`{row['words']} <{row['name']}>` | {row['verdict']} "
        f"| {row['number']} | {row['held']} | {{cite:t}}`{row['source']}` |"
        for claim, row in rows.items()
    ]
    verdicts = [row["verdict"] for row in rows.values()]
    tally = ", ".join(
        f"{verdicts.count(verdict)} {verdict}"
        for verdict in ("TRUE", "CONDITIONAL", "MISLEADING", "FALSE")
    )
    others = [entry for name, entry in audits.items() if name not in rows]
    same, runs = audit.held(*others)
    return PAGE.format(
        count=len(rows), tally=f"The tally: {tally}.", rows="\n".join(lines),
        seeds=audit.SEEDS, studied=audit.STUDIED, sentences=len(others), same=same, runs=runs,
    )  # fmt: skip


if __name__ == "__main__":
    (ROOT / "chapters" / "claims.md").write_text(page(ledger()), encoding="utf-8")
