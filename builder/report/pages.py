"""Pages that Cotloom writes, from Jinja2 templates. A template file lies beside the code that fills it.

Every value is escaped for the kind of page that the file's name ends with, `.html.j2` or `.md.j2`. A value is inserted
as it is only where it is `Markup`: a figure, or a block that was escaped when it was made. A name that is not defined
is an error. Templates of recipes are another thing: `builder.templates` runs those in a sandbox.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .escape import escape_html, escape_markdown

_SHARED = Path(__file__).parent
"""The folder of `page.html.j2` and `parts.html.j2`, which templates of other rooms extend and import."""
_ESCAPES: Mapping[str, Callable[[object], str]] = {".html.j2": escape_html, ".md.j2": escape_markdown}


def render_page(path: Path, **values: Any) -> str:
    """Fill a template.

    Args:
        path: the template file, `NAME.html.j2` or `NAME.md.j2`.
        values: what the template names.

    Raises:
        jinja2.TemplateError: the template is wrong, or names a value that is missing.
    """
    environment = _open_folder(path.parent, "".join(path.suffixes[-2:]))
    return environment.get_template(path.name).render(values)


@lru_cache
def _open_folder(folder: Path, ending: str) -> Environment:
    escape = _ESCAPES[ending]

    def escape_value(value: object) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(value))  # noqa: S704 - escaped for this page

    return Environment(
        loader=FileSystemLoader([folder, _SHARED]),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=escape_value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
