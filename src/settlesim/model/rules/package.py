"""Packages: what an offer holds beside power, what that is worth to either side, and the zone it leaves."""

from __future__ import annotations

import numpy as np

from settlesim.model.codes import AGREED, CALLED
from settlesim.model.items import Fold, Ranked, logistic, rule
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Variable

__all__ = ["PACKAGE"]

# The zone of a table that nobody plans: below every zone that can be, so that it never counts as the best.
NOWHERE = -9.0
# The greatest half-life that a scenario may state stands for offers that do not age.
AGELESS = 10000.0


@rule("clause", Variable("on_table", units="1", meaning="the concession lies on the table", kind="bool"),
      source="settlesim")
def on_table(tabled_week):
    """Say whether the plan has tabled the concession on this track."""
    return tabled_week >= 0.0


@rule(
    "clause",
    Variable("clause_worth", units="share", meaning="what the concession is worth to the insurgency now"),
    Variable("item_open", units="1", meaning="the item of a staged agenda is still open", kind="bool"),
    Variable("clause_given", units="1", meaning="the package holds the concession for its own sake", kind="bool"),
    Variable("given_worth", units="share", meaning="worth of the concession, if the package holds it"),
    Variable("given_price", units="share", meaning="cost of the concession, if the package holds it", low=0.0),
    Variable("spare_worth", units="share", meaning="worth of the concession, if it is left to make up for power",
             low=0.0),
    source="khan2018 fearon1995 settlesim",
)
def package_contents(concession_value, concession_cost, in_pie, clause_power, on_table, any_tabled, tabled_week,
                     opened_week, week, offer_half_life, delivered, pocketing, staged, item_agreed, item_aside):
    """What a package holds: what is worth more to the insurgency than it costs the government (logrolling).

    Worth fades with the time an offer has lain on an open table, v 2^(-age/T½); tabling it anew renews it, and what
    is delivered keeps its worth.  Where the plan tables anything on the track, only that is on offer.  On a staged
    agenda a package holds what was agreed, and until then what may be.
    """
    lain = np.where(on_table & (opened_week >= 0.0), week - np.maximum(tabled_week, opened_week), 0.0)
    age = np.maximum(lain, 0.0)
    fresh = np.where(delivered | (offer_half_life >= AGELESS), 1.0, np.exp2(-age / offer_half_life))
    worth = concession_value * fresh
    offered = clause_power & in_pie & (on_table | ~any_tabled)
    item_open = offered & staged & on_table & ~item_agreed & ~item_aside
    gainful = (worth > concession_cost) & (~staged | item_open)
    given = offered & (gainful | item_agreed | (delivered & (pocketing > 0.0)))
    return (
        worth,
        item_open,
        given,
        np.where(given, worth, 0.0),
        np.where(given, concession_cost, 0.0),
        np.where(offered & ~given & ~staged, np.maximum(worth, 0.0), 0.0),
    )


@rule("bargain", Variable("power_missing", units="share", meaning="what the insurgency lacks at the red line", low=0.0),
      Variable("red_line_binds", units="1", meaning="power alone cannot meet the reservation value", kind="bool"),
      source="settlesim")
def power_lack(bargain_power, reservation_binding, bargain_worth, red_line_share, phase):
    """What the insurgency would still lack if it were given power up to the red line."""
    lack = np.where(bargain_power, np.maximum(reservation_binding - bargain_worth - red_line_share, 0.0), 0.0)
    return lack, (lack > 0.0) & (phase >= CALLED) & (phase <= AGREED)


@rule("clause", Variable("cost_per_worth", units="1", meaning="order in which concessions make up for power",
                         start=0.0), when="track_short", source="settlesim")
def thrift(concession_cost, spare_worth):
    """Cost of a concession per worth: the cheapest currency comes first."""
    return np.minimum(concession_cost / np.maximum(spare_worth, 1e-6), 1e6)


@rule(
    "clause",
    Variable("extra_level", units="share", meaning="level at which a concession makes up for power", low=0.0, high=1.0),
    Variable("extra_worth", units="share", meaning="its worth", low=0.0),
    Variable("extra_price", units="share", meaning="its cost", low=0.0),
    source="settlesim",
)
def make_up(power_missing, red_line_binds, spare_worth, spare_before, concession_cost):
    """Where the reservation value lies above the red line, further concessions are given instead of power.

    They are the currency of a government that can share no more: as many as are missing, the cheapest first.
    """
    level = np.clip((power_missing - spare_before) / np.maximum(spare_worth, 1e-9), 0.0, 1.0)
    level = np.where(red_line_binds & (spare_worth > 0.0), level, 0.0)
    return level, level * spare_worth, level * concession_cost


@rule(
    "bargain",
    Variable("least", units="share", meaning="least share that the insurgency takes, beside the package"),
    Variable("most", units="share", meaning="greatest share that the other side gives, beside the package"),
    Variable("bargain_zone", units="share", meaning="zone of possible agreement"),
    source="fearon1995 khan2018 settlesim",
)
def positions(bargain_power, reservation_binding, limit_power, bargain_worth, bargain_price, bargain_extra_worth,
              bargain_extra_price, red_line_share, withdrawal_reservation, withdrawal_limit, withdrawal_trust,
              trust_in_patron, trust_of_patron):
    """Least and most of a bargain: on power y + Σ v d >= r_T, y + Σ c <= m_K and y <= ȳ; on withdrawal by trust."""
    pace_least = withdrawal_reservation + withdrawal_trust * (1.0 - logistic(trust_in_patron))
    pace_most = withdrawal_limit + withdrawal_trust * logistic(trust_of_patron)
    least = np.where(bargain_power, reservation_binding - bargain_worth - bargain_extra_worth, pace_least)
    most = limit_power - bargain_price - bargain_extra_price
    most = np.where(bargain_power, np.minimum(most, red_line_share), pace_most)
    return least, most, most - np.maximum(least, 0.0)


@rule("bargain", Variable("zone_part", units="share", meaning="part of the table's zone, in shares of the prize"),
      source="settlesim")
def zone_part(bargain_zone, bargain_power, track_package, withdrawal_value, exiting):
    """Part of a bargain in the zone of a table: a withdrawal in one package with power counts what it is worth.

    One that is under way anyway is worth nothing.
    """
    worth = np.where(track_package & ~exiting, withdrawal_value * bargain_zone, 0.0)
    return np.where(bargain_power, bargain_zone, worth)


@rule("track", Variable("table_zone", units="share", meaning="zone of the table, if power is settled at it"),
      source="settlesim")
def table_zone(track_power, track_planned, zone_sum):
    """Zone of a table on power that the plan has."""
    return np.where(track_power & track_planned, zone_sum, NOWHERE)


PACKAGE = Mechanism(
    "Packages",
    items=(
        on_table,
        Fold(
            Variable("any_tabled", scope="track", units="1", meaning="the plan tables concessions on the track",
                     kind="bool"),
            "on_table", "any", "clause", "track_clauses",
        ),
        package_contents,
        Fold(
            Variable("bargain_worth", scope="bargain", units="share", meaning="worth of what the package holds"),
            "given_worth", "sum", "clause", "bargain_clauses", 0.0,
        ),
        Fold(
            Variable("bargain_price", scope="bargain", units="share", meaning="cost of what the package holds",
                     low=0.0),
            "given_price", "sum", "clause", "bargain_clauses", 0.0,
        ),
        Fold(
            Variable("items_left", scope="track", units="1", meaning="items of a staged agenda are open", kind="bool"),
            "item_open", "any", "clause", "track_clauses",
        ),
        power_lack,
        Fold(
            Variable("track_short", scope="track", units="1", meaning="a red line binds at the table", kind="bool"),
            "red_line_binds", "any", "bargain", "bargains",
        ),
        thrift,
        Ranked(
            Variable("spare_before", scope="clause", units="share", meaning="worth of the cheaper concessions left",
                     start=0.0, low=0.0),
            "spare_worth", "cost_per_worth", "track_short",
        ),
        make_up,
        Fold(
            Variable("bargain_extra_worth", scope="bargain", units="share", meaning="worth of what makes up for power",
                     low=0.0),
            "extra_worth", "sum", "clause", "bargain_clauses", 0.0,
        ),
        Fold(
            Variable("bargain_extra_price", scope="bargain", units="share", meaning="its cost", low=0.0),
            "extra_price", "sum", "clause", "bargain_clauses", 0.0,
        ),
        positions,
        zone_part,
        Fold(
            Variable("zone_sum", scope="track", units="share", meaning="zone over all issues of the table"),
            "zone_part", "sum", "bargain", "bargains", 0.0,
        ),
        table_zone,
        Fold(
            Variable("best_zone", scope="run", units="share", meaning="widest zone of the plan's tables on power"),
            "table_zone", "max", "track", "", NOWHERE,
        ),
    ),
)
