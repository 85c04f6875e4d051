"""Draws runs of the engine as one SVG: a bar per operation, those of the critical path marked."""

from collections.abc import Mapping
from html import escape

from bench.timeline import Operation, Run, critical_path

# Colours that can be read on both backgrounds are few, so text and grid follow the viewer's.
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px }
.note { fill: #57606a }
.grid { stroke: #d0d7de }
.bar { fill: #8c959f }
.critical { fill: #d1572d }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .bar { fill: #6e7681 }
  .critical { fill: #f0743e }
}
"""
_LABELS, _PLOT, _RIGHT = 330, 560, 60  # widths
_ROW, _TITLE, _AXIS, _GAP = 18, 26, 22, 18  # heights
_LEAST_SHARE = 0.004  # of the run; a shorter operation gets no bar unless the run waited for it
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_MOST_MARKS = 10


def drawn(runs: Mapping[str, Run]) -> str:
    """The SVG of these runs, by title, one below the other and on one scale."""
    scale = _PLOT / max(run.seconds for run in runs.values())
    parts: list[str] = []
    top = 0.0
    for title, run in runs.items():
        part, height = _panel(title, run, scale, top)
        parts += part
        top += height + _GAP
    width, height = _LABELS + _PLOT + _RIGHT, top - _GAP
    size = f'width="{width}" height="{height:.0f}" viewBox="0 0 {width} {height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f"<style>{_STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def shown(run: Run) -> list[Operation]:
    """The operations that get a bar, in the order in which they began: the critical path, and what took its time."""
    path = set(critical_path(run.operations))
    least = _LEAST_SHARE * run.seconds
    return sorted((one for one in run.operations if one.seconds >= least or one in path), key=lambda one: one.began)


def _panel(title: str, run: Run, scale: float, top: float) -> tuple[list[str], float]:
    operations, path = shown(run), set(critical_path(run.operations))
    first, height = top + _TITLE, len(operations) * _ROW
    parts = [_text(0, top + 16, f"{title}: {run.seconds:.0f} s", "title"), *_legend(top)]
    for second in _marks(run.seconds):
        x = _LABELS + second * scale
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{first}" y2="{first + height}"/>')
        parts.append(_text(x, first + height + 14, f"{second} s", "note", "middle"))
    for index, one in enumerate(operations):
        y = first + index * _ROW
        kind = "bar critical" if one in path else "bar"
        x, width = _LABELS + one.began * scale, max(one.seconds * scale, 1.5)
        parts.append(_text(_LABELS - 8, y + 13, f"{one.type} {one.name}", "", "end"))
        parts.append(f'<rect class="{kind}" x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}" rx="2"/>')
        parts.append(_text(x + width + 4, y + 13, f"{one.seconds:.1f}", "note"))
    return parts, _TITLE + height + _AXIS


def _legend(top: float) -> list[str]:
    parts: list[str] = []
    for x, kind, text in ((_LABELS, "bar critical", "the run waited for it"), (_LABELS + 170, "bar", "beside others")):
        parts.append(f'<path class="{kind}" d="M{x} {top + 6}h20v10h-20z"/>')
        parts.append(_text(x + 26, top + 15, text, "note"))
    return parts


def _marks(seconds: float) -> range:
    step = next((step for step in _STEPS if seconds / step <= _MOST_MARKS), _STEPS[-1])
    return range(0, int(seconds) + 1, step)


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text{of_kind} x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
