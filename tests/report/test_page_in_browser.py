"""The page in a real browser: its plots, filters, tables and what is taken away from it."""

import pytest


def traces(page, plot):
    """Of each trace of a plot: name, opacity as it is drawn, and how many points."""
    return page.evaluate(
        """(name) => document.querySelector(`[data-plot="${name}"]`)._fullData.map(
            (one) => ({ meta: one.meta ?? null, opacity: one.opacity, points: one.x.length }))""",
        plot,
    )


def test_every_plot_has_drawn_its_traces(opened, run):
    page = opened(run.page, everything=True)
    plots = page.evaluate(
        """() => [...document.querySelectorAll(".plot")].map((plot) => [plot.dataset.plot,
            Number(plot.dataset.traces), plot.querySelectorAll("path.js-line, path.point").length])"""
    )
    print(plots)
    assert 0
