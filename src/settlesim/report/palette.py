"""Colours of figures and of the page: each thing has one colour everywhere.

They are those of Okabe and Ito (2008), which the colour-blind can tell apart.
"""

from __future__ import annotations

__all__ = ["CONTROL", "EVENTS", "FAINT", "HATCHES", "LINE", "LINES", "MEDIAN", "OTHER", "OUTCOMES", "STEPS"]

BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, ORANGE, YELLOW, GREY = "#56B4E9", "#E69F00", "#F0E442", "#999999"

OUTCOMES = {
    "insurgent_victory": VERMILION,
    "government_victory": BLUE,
    "comprehensive_settlement": GREEN,
    "fragile_settlement": "#7FCFB6",
    "partial_settlement": ORANGE,
    "fragmentation": PURPLE,
    "low_activity": SKY,
    "continued_war": GREY,
}
# What comes about first; what ends in the same way has the colour of the outcome.
EVENTS = OUTCOMES | {"deal_on_power": GREEN, "deal_on_withdrawal": ORANGE, "deal_on_both": "#7FCFB6"}
# A second mark besides colour, for print in grey.
HATCHES = {"fragile_settlement": "//", "low_activity": "..", "partial_settlement": "xx", "deal_on_both": "//"}
# What a step of a sequence does.
STEPS = {"open": BLUE, "deliver": GREEN, "table": GREY, "ceasefire": VERMILION}
STEPS |= dict.fromkeys(("close", "press", "oblige", "withdraw", "switch"), PURPLE)
# Who holds a district.
CONTROL = {"government": BLUE, "contested": YELLOW, "insurgent": VERMILION}
# Several lines in one chart, in this order; the grey one shows on light and dark pages.
LINES = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, "#7F7F7F")
# One line alone, with bands around it and its median.
LINE, MEDIAN = BLUE, "#003B5C"
# Lines that are only there for reference; outcomes of one's own.
FAINT, OTHER = "#555555", "#000000"
