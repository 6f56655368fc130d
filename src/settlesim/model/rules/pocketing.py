"""Pocketing: what a delivery sets in motion, and what the insurgency keeps whatever happens."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["POCKETING"]


@rule(
    "concession",
    Variable("pocket_now", units="share", meaning="pocketed this week", low=0.0),
    Variable("sunk_now", units="share", meaning="cost sunk this week", low=0.0),
    Variable("signal_government_now", units="logit", meaning="government's costly signal", low=0.0),
    Variable("signal_patron_now", units="logit", meaning="patron's costly signal", low=0.0),
    Variable("legitimacy_now", units="share", meaning="legitimacy it costs this week", low=0.0),
    Variable("prisoners_now", units="people", meaning="prisoners freed this week", low=0.0),
    Variable("conceded_ceasefire", units="1", meaning="a ceasefire is delivered this week", kind="bool"),
    Variable("recognises_now", units="1", meaning="recognition is delivered this week", kind="bool"),
    source="kydd2005 settlesim",
)
def effects(delivers, level, concession_value, concession_cost, reversibility, pocketing, costly_signal,
            legitimacy_cost, by_government, by_patron, frees_prisoners, recognises, ceases_fire, prisoners_held,
            in_pie):
    """Effects of a delivery: r_T += (1-R) v, m_K += (1-R) c, trust, legitimacy, and what the concession itself does.

    What cannot be taken back the insurgency keeps without a deal and the government has paid without one: both sides'
    reservation values move, and what is lost is the gain from trading it.
    """
    cost = np.where(delivers, level * concession_cost, 0.0)
    value = np.where(delivers & in_pie, level * np.maximum(concession_value, 0.0), 0.0)
    return (
        pocketing * (1.0 - reversibility) * value,
        np.where(in_pie, pocketing * (1.0 - reversibility) * cost, 0.0),
        np.where(by_government, costly_signal * cost, 0.0),
        np.where(by_patron, costly_signal * cost, 0.0),
        np.where(by_government, legitimacy_cost * cost, 0.0),
        np.where(delivers & frees_prisoners, level * prisoners_held, 0.0),
        delivers & ceases_fire,
        delivers & recognises,
    )


@rule(
    "run",
    Variable("pocketed", units="share", meaning="value pocketed by the insurgency", start=0.0, low=0.0),
    Variable("sunk", units="share", meaning="cost of what cannot be taken back", start=0.0, low=0.0),
    Variable("prisoners_freed", units="people", meaning="prisoners freed", start=0.0, low=0.0),
    Variable("recognised", units="1", meaning="the insurgency is recognised", start=False, kind="bool"),
    source="settlesim",
)
def pocket(pocketed, pocket_total, sunk, sunk_total, prisoners_freed, prisoners_total, recognised, recognised_now):
    """Add what was delivered to what the insurgency keeps whatever happens."""
    return pocketed + pocket_total, sunk + sunk_total, prisoners_freed + prisoners_total, recognised | recognised_now


POCKETING = Mechanism(
    "Pocketing",
    items=(
        effects,
        Fold(
            Variable("pocket_total", scope="run", units="share", meaning="pocketed this week", low=0.0),
            "pocket_now", "sum", "concession",
        ),
        Fold(
            Variable("sunk_total", scope="run", units="share", meaning="cost sunk this week", low=0.0),
            "sunk_now", "sum", "concession",
        ),
        Fold(
            Variable("signal_government", scope="run", units="logit", meaning="government's costly signals of the week",
                     low=0.0),
            "signal_government_now", "sum", "concession",
        ),
        Fold(
            Variable("signal_patron", scope="run", units="logit", meaning="patron's costly signals of the week",
                     low=0.0),
            "signal_patron_now", "sum", "concession",
        ),
        Fold(
            Variable("legitimacy_total", scope="run", units="share",
                     meaning="legitimacy that deliveries cost this week", low=0.0),
            "legitimacy_now", "sum", "concession",
        ),
        Fold(
            Variable("prisoners_total", scope="run", units="people", meaning="prisoners freed this week", low=0.0),
            "prisoners_now", "sum", "concession",
        ),
        Fold(
            Variable("ceasefire_conceded", scope="run", units="1", meaning="a ceasefire was delivered as a concession",
                     start=False, kind="bool", told=True),
            "conceded_ceasefire", "any", "concession",
        ),
        Fold(
            Variable("recognised_now", scope="run", units="1", meaning="the insurgency is recognised this week",
                     kind="bool"),
            "recognises_now", "any", "concession",
        ),
        pocket,
    ),
)
