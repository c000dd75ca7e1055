"""Citations where no bibliography is at hand: authors and year, linked to what is cited.

JupyterLab shows a citation as its key, for jupyterlab-myst reads no bibliography; other readers of
notebooks show the whole role. A comment, which nobody shows, keeps the role to be restored.
"""

import re
from functools import cache
from pathlib import Path

from pybtex.database import parse_file

ROOT = Path(__file__).parents[1]
ROLE = re.compile(r"\{(cite:[tp])\}`([\w,]+)`")
MARK = re.compile(r"<!--(cite:[tp]) ([\w,]+)-->")


@cache
def references():
    """Authors, year and address of each entry of the bibliography."""
    entries = parse_file(ROOT / "references.bib", encoding="utf-8").entries
    return {key: (authors(entry), entry.fields["year"], address(entry))
            for key, entry in entries.items()}  # fmt: skip


def authors(entry):
    names = [
        " ".join(map(str, person.rich_prelast_names + person.rich_last_names))
        for person in entry.persons["author"]
    ]
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)


def address(entry):
    doi = entry.fields.get("doi")
    return f"https://doi.org/{doi}" if doi else entry.fields.get("url")


def shown(kind, keys):
    """A citation as it is read: `cite:t` stands in a sentence, `cite:p` in parentheses."""
    cited = []
    for names, year, link in (references()[key] for key in keys.split(",")):
        label = f"{names} ({year})" if kind == "cite:t" else f"{names}, {year}"
        cited.append(f"[{label}]({link})" if link else label)
    text = ", ".join(cited) if kind == "cite:t" else f"({'; '.join(cited)})"
    return f"{text}<!--{kind} {keys}-->"


def readable(text):
    """Replace each citation by what is read."""
    return ROLE.sub(lambda role: shown(*role.groups()), text)


def restored(text):
    """Replace what `readable` wrote by the citations that they were."""
    for kind, keys in MARK.findall(text):
        text = text.replace(shown(kind, keys), f"{{{kind}}}`{keys}`")
    return text


def in_notebook(change, notebook):
    """Change the text of a notebook in place, by one of the functions above."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = change(cell["source"])
