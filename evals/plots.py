"""Plots as SVG text: dots with their intervals, and how values spread. They take their colours from the page's CSS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, LABEL, FIGURES, ROW = 720, 190, 150, 22  # pixels


class Dot(NamedTuple):
    """A value with its interval (None: none) on an axis from 0 to 1; `figures` is what is written beside it."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    figures: str
    title: str = ""


def dots(rows: Sequence[Dot], *, name: str) -> str:
    """A row per value: its interval as a line, the value as a dot, on an axis from 0 to 1."""
    height = ROW * len(rows) + 30
    lines = [_open(height, name), _axis(height - 24)]
    for number, row in enumerate(rows):
        y = ROW * number + ROW / 2
        lines.append(f"<g><title>{escape(row.title or f'{row.label}: {row.figures}')}</title>")
        lines.append(f'<text x="{LABEL - 10}" y="{y + 4}" class="label">{escape(row.label)}</text>')
        if row.low is not None and row.high is not None:
            lines.append(f'<line x1="{_x(row.low)}" x2="{_x(row.high)}" y1="{y}" y2="{y}" class="interval"/>')
        if row.value is not None:
            lines.append(f'<circle cx="{_x(row.value)}" cy="{y}" r="4.5" class="dot"/>')
        lines.append(f'<text x="{WIDTH - FIGURES + 12}" y="{y + 4}" class="figures">{escape(row.figures)}</text></g>')
    return "".join([*lines, "</svg>"])


def spread(values: Sequence[float], *, unit: str, name: str, bins: int = 24) -> str:
    """A histogram from 0 to the largest value. "" of nothing."""
    if not values:
        return ""
    top = max(values) or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(int(value / top * bins), bins - 1)] += 1
    tall, wide = 110, (WIDTH - 60) / bins
    lines = [_open(tall + 34, name)]
    for number, count in enumerate(counts):
        high = count / max(counts) * tall
        low_edge, high_edge = top * number / bins, top * (number + 1) / bins
        said = escape(f"{low_edge:.3g} to {high_edge:.3g} {unit}: {count}")
        lines.append(
            f'<rect x="{30 + number * wide:.1f}" y="{tall - high + 6:.1f}" width="{wide - 2:.1f}" height="{high:.1f}" '
            f'rx="1.5" class="bar"><title>{said}</title></rect>'
        )
    for share in (0, 0.5, 1):
        at = 30 + share * (WIDTH - 60)
        lines.append(f'<text x="{at:.0f}" y="{tall + 24}" class="tick">{top * share:.3g} {escape(unit)}</text>')
    return "".join([*lines, "</svg>"])


def _open(height: int, name: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(name)}">'


def _axis(bottom: float) -> str:
    marks = [0.0, 0.25, 0.5, 0.75, 1.0]
    lines = [f'<line x1="{_x(m)}" x2="{_x(m)}" y1="0" y2="{bottom}" class="grid"/>' for m in marks]
    ticks = [f'<text x="{_x(m)}" y="{bottom + 16}" class="tick">{m:g}</text>' for m in marks]
    return "".join([*lines, *ticks])


def _x(share: float) -> str:
    inside = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    return f"{LABEL + inside * (WIDTH - LABEL - FIGURES):.1f}"
