"""Charts as SVG that a person can read: in a page, in the PDF, on paper in black and white, or read aloud."""

from scoring.reports.charts.contributions import Bar, waterfall
from scoring.reports.charts.counts import Count, counts
from scoring.reports.charts.funnel import Limits, Point, funnel
from scoring.reports.charts.interval import Band, interval
from scoring.reports.charts.trend import Moment, trend

__all__ = [
    "Band",
    "Bar",
    "Count",
    "Limits",
    "Moment",
    "Point",
    "counts",
    "funnel",
    "interval",
    "trend",
    "waterfall",
]
