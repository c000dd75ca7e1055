"""Sphinx extension: what a book that has an address shows, and one that has none leaves out.

The address is that of the repository, https://github.com/<owner>/<name>, given once: as
`book_repository` in _config.yml or as BOOK_REPOSITORY in the environment. The site's own address
follows from it; BOOK_SITE names another one, BOOK_JUPYTERHUB a hub that also opens notebooks.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.errors import ConfigError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[1]
NOTEBOOKS = "notebooks"  # the branch that holds the notebooks that run alone


class InTheBooksFolder(SphinxDirective):
    """Commands, preceded by those that get the book's folder where the book has an address."""

    has_content = True

    def run(self):
        repository, lines = self.config.book_repository, list(self.content)
        if repository:
            lines[:0] = [f"git clone {repository}", f"cd {repository.split('/')[-1]}"]
        return [nodes.literal_block("", "\n".join(lines), language="bash")]


def site_of(repository):
    """Where GitHub serves the pages of a repository.

    >>> site_of("https://github.com/someone/book")
    'https://someone.github.io/book/'
    """
    owner, name = urlsplit(repository).path.strip("/").split("/")
    own = f"{owner.lower()}.github.io"
    return f"https://{own}/" if name.lower() == own else f"https://{own}/{name}/"


def settings(config):
    """Read and complete what the configuration and the environment say of the address."""
    repository = os.environ.get("BOOK_REPOSITORY", config.book_repository).strip().rstrip("/")
    if repository and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", repository):
        raise ConfigError(
            "book_repository must be empty or https://github.com/<owner>/<name>, "
            f"got {repository!r}"
        )
    site = os.environ.get("BOOK_SITE", "").strip() or (site_of(repository) if repository else "")
    return repository, site.rstrip("/") + "/" if site else ""


def turn_on(app, config):
    """Set the options of the theme and of the extensions that need an address."""
    config.book_repository, config.html_baseurl = settings(config)
    if config.html_baseurl:
        config.ogp_site_url = config.html_baseurl
        config.ogp_image = "_static/social.png"
        config.ogp_image_alt = "Four optimizers descend one landscape"
        config.ogp_social_cards = {"enable": False}
        config.ogp_custom_meta_tags = ['<meta name="twitter:card" content="summary_large_image" />']
        config.sitemap_url_scheme = "{link}"
    buttons = ("use_repository_button", "use_issues_button", "use_edit_page_button")
    config.html_theme_options |= {
        "repository_url": config.book_repository,
        "repository_branch": "main",
        **dict.fromkeys(buttons, bool(config.book_repository)),
    }
    if config.book_repository:
        config.html_theme_options["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "jupyterhub_url": os.environ.get("BOOK_JUPYTERHUB", ""),
        }


def launch_from_notebooks(app):
    """Launch buttons open the notebooks that run alone; those for edits are set by now."""
    app.config.html_theme_options["repository_branch"] = NOTEBOOKS


def write_citation(app, error):
    """Store CITATION.cff in the site, with its addresses if it has any."""
    if error or app.builder.format != "html":
        return
    lines = [(ROOT / "CITATION.cff").read_text(encoding="utf-8")]
    if app.config.html_baseurl:
        lines.append(f"url: {app.config.html_baseurl}\n")
    if app.config.book_repository:
        lines.append(f"repository-code: {app.config.book_repository}\n")
    Path(app.outdir, "CITATION.cff").write_text("".join(lines), encoding="utf-8")


def setup(app):
    app.add_config_value("book_repository", "", "env", [str])
    app.add_directive("in-the-books-folder", InTheBooksFolder)
    if settings(app.config)[1]:
        app.setup_extension("sphinxext.opengraph")
        app.setup_extension("sphinx_sitemap")
    app.connect("config-inited", turn_on, priority=100)
    app.connect("builder-inited", launch_from_notebooks, priority=900)
    app.connect("build-finished", write_citation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
