"""Draws lines of a terminal as an SVG with a background of its own, which loads nothing from anywhere."""

import io
from collections.abc import Sequence

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

# Rich's own template has the browser fetch a font.
_TEMPLATE = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace
}}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def drawn(lines: Sequence[str], title: str, columns: int) -> str:
    """The SVG of these lines, which may have colours; a longer one goes on in the next row, as in a terminal.

    Args:
        lines: as printed.
        title: of the window.
        columns: its width.
    """
    console = Console(
        record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor", _environ={}
    )
    for line in lines:
        text = Text.from_ansi(line)
        for row in text.divide(range(columns, len(text), columns)):
            console.print(row, highlight=False, no_wrap=True)
    svg: str = console.export_svg(title=title, theme=SVG_EXPORT_THEME, code_format=_TEMPLATE, unique_id="demo")
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines() if line.strip())
