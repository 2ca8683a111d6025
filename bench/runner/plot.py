# SPDX-License-Identifier: Apache-2.0
"""The ratios of a run as a drawing: a bar for ours, in another colour where its goal was judged and is missed, a thin
one for the plain design, a mark for the goal."""

from xml.sax.saxutils import escape

from pairs import Goal
from report import UNITS

LABEL_WIDTH = 380
UNIT = 300  # pixels of a ratio of 1
RATIO_MAX = 2.0
ROW = 26
TOP = 40
OURS, MISSED, PLAIN, GOAL = "#2a6f97", "#c8553d", "#b8c4cc", "#1b1b1b"


def _width(ratio):
    return UNIT * min(ratio, RATIO_MAX)


def _row(y, outcome, goal, judged):
    ratio = outcome.median_compared(goal)
    better = "↑" if goal.figure == "per_second" else "↓"
    label = f"{outcome.comparison.line}  {outcome.comparison.what}, {UNITS[goal.figure]} {better}"
    parts = [f'<text x="{LABEL_WIDTH - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>',
             f'<rect x="{LABEL_WIDTH}" y="{y + 2}" width="{_width(ratio):.1f}" height="12" '
             f'fill="{MISSED if outcome.holds(goal, judged) is False else OURS}"/>']
    if "plain" in outcome.measured:
        parts.append(f'<rect x="{LABEL_WIDTH}" y="{y + 16}" width="{_width(outcome.median_compared(goal, "plain")):.1f}" '
                     f'height="4" fill="{PLAIN}"/>')
    if goal.bound is not None:
        mark = LABEL_WIDTH + _width(goal.bound)
        parts.append(f'<line x1="{mark:.1f}" y1="{y}" x2="{mark:.1f}" y2="{y + 22}" stroke="{GOAL}" stroke-width="2"/>')
    cut = "› " if ratio > RATIO_MAX else ""
    parts.append(f'<text x="{LABEL_WIDTH + _width(ratio) + 6:.1f}" y="{y + 13}">{cut}{ratio:.2f}</text>')
    return "".join(parts)


def svg(outcomes, judged):
    # What is compared by its difference has no place beside ratios.
    bars = [(outcome, goal) for outcome in outcomes for goal in outcome.comparison.goals if type(goal) is Goal]
    height, width = TOP + ROW * len(bars) + 10, LABEL_WIDTH + UNIT * RATIO_MAX + 60
    one = LABEL_WIDTH + UNIT
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/>'
            f'<text x="8" y="18">ours as a share of the yardstick: ↑ more, ↓ less is better; the mark is the goal, the '
            f'thin bar a plain design, <tspan fill="{MISSED}">this colour</tspan> a goal that was missed; bars end at '
            f'{RATIO_MAX:.0f} (›), and what is compared by its difference is not drawn</text>'
            f'<line x1="{one}" y1="{TOP - 10}" x2="{one}" y2="{height}" stroke="#999" stroke-dasharray="3 3"/>')
    rows = "\n".join(_row(TOP + ROW * index, outcome, goal, judged) for index, (outcome, goal) in enumerate(bars))
    return f"{head}\n{rows}\n</svg>\n"
