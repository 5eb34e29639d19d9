"""The documentation site: `sphinx-build -W docs site`; builds without a network and without warnings."""

project = "cds_engine"
author = "the authors of cds_engine"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["schema"]
html_theme = "furo"
html_title = "cds_engine"
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block"]
suppress_warnings = ["misc.highlighting_failure"]  # a block of output is no source
