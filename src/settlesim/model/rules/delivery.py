"""Concessions: tabling, packages, delivery, pocketing, compliance, reversal (MODEL.md sections 5 and 6)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Ranked, Rule, Variable, rule

__all__ = ["COMPLIANCE", "DELIVERY", "LUCK", "PACKAGE", "TABLING", "VARIABLES"]


@rule("clause", "tabled_week")
def table(tabled_week: Any, tabled_now: Any, week: Any) -> Any:
    """Note when a concession was first laid on a track's table."""
    return np.where(tabled_now & (tabled_week < 0.0), week, tabled_week)


@rule("track", "reckons")
def reckons(round_due: Any, phase: Any) -> Any:
    """Say whether packages are worth reckoning this week: at a round, and while an agreement awaits signing."""
    return round_due | (phase == 4)


@rule("clause", "clause_value clause_key clause_one", when="reckons")
def order_of_clauses(concession_value: Any, concession_cost: Any, in_pie: Any, tabled_rank: Any, tabled_week: Any,
                     delivered: Any) -> Any:
    """Order in which a package takes concessions: delivered ones, then as tabled, then by cost per value."""
    value = np.where(in_pie, np.maximum(concession_value, 0.0), 0.0)
    by_cost = 100.0 + np.minimum(concession_cost / np.maximum(value, 1e-6), 1e6)
    key = np.where((tabled_week >= 0.0) & (tabled_rank >= 0.0), tabled_rank, by_cost)
    return value, np.where(delivered, -1.0, key), np.ones_like(value)


@rule("clause", "promises position_now")
def promise(signs: Any, clause_power: Any, share: Any, clause_before: Any, clause_value: Any, tabled_week: Any,
            clause_position: Any) -> Any:
    """Level at which the signed package contains a concession: as much as the agreed share asks for.

    A track that settles no share of power carries the concessions tabled on it, whole.
    """
    level = np.clip((share - clause_before) / np.maximum(clause_value, 1e-9), 0.0, 1.0)
    level = np.where(clause_power, level, np.where(tabled_week >= 0.0, 1.0, 0.0))
    level = np.where(signs, level, 0.0)
    return level, np.where(signs & (level > 0.0), clause_position, 0.0)


@rule("concession", "promised level due_week offered_week")
def schedule(promised: Any, level: Any, due_week: Any, offered_week: Any, promise_now: Any, position: Any,
             ordered_now: Any, tabled_first: Any, delivered: Any, reversed: Any, week: Any, delivery_lag: Any,
             exclusion_delay: Any, excluded: Any, by_government: Any) -> Any:
    """Fix a date for every concession signed or ordered; an excluded government delivers late."""
    signed = (promise_now > 0.0) & ~delivered & ~reversed
    ordered = ordered_now & ~promised & ~delivered & ~reversed
    fresh = (signed & ~promised) | ordered
    lag = delivery_lag * (1.0 + exclusion_delay * (excluded & by_government))
    due = week + np.ceil(lag * np.where(ordered, 1.0, 1.0 + position))
    return (
        promised | fresh,
        np.where(ordered, 1.0, np.where(signed, np.maximum(level, promise_now), level)),
        np.where(fresh, due, due_week),
        np.where((offered_week < 0.0) & (fresh | tabled_first), week, offered_week),
    )


@rule("concession", "delivers delivered delivered_week")
def deliver(promised: Any, delivered: Any, reversed: Any, due_week: Any, delivered_week: Any, week: Any) -> Any:
    """Hand over what is due."""
    delivers = promised & ~delivered & ~reversed & (week >= due_week)
    return delivers, delivered | delivers, np.where(delivers, week, delivered_week)


@rule("concession", "pocket_now signal_government_now signal_patron_now legitimacy_now prisoners_now conceded_ceasefire"
      " recognises_now")
def effects(delivers: Any, level: Any, concession_value: Any, concession_cost: Any, reversibility: Any, pocketing: Any,
            costly_signal: Any, legitimacy_cost: Any, by_government: Any, by_patron: Any, frees_prisoners: Any,
            recognises: Any, ceases_fire: Any, prisoners_held: Any, in_pie: Any) -> Any:
    """Effects of a delivery: r_T += (1-R) v, ℓ_TK += 4 c, L -= .25 c, and what the concession itself does."""
    cost = np.where(delivers, level * concession_cost, 0.0)
    value = np.where(delivers & in_pie, level * np.maximum(concession_value, 0.0), 0.0)
    return (
        pocketing * (1.0 - reversibility) * value,
        np.where(by_government, costly_signal * cost, 0.0),
        np.where(by_patron, costly_signal * cost, 0.0),
        np.where(by_government, legitimacy_cost * cost, 0.0),
        np.where(delivers & frees_prisoners, level * prisoners_held, 0.0),
        delivers & ceases_fire,
        delivers & recognises,
    )


@rule("run", "pocketed prisoners_freed recognised")
def pocket(pocketed: Any, pocket_total: Any, prisoners_freed: Any, prisoners_total: Any, recognised: Any,
           recognised_now: Any) -> Any:
    """Add what was delivered to what the insurgency keeps whatever happens."""
    return pocketed + pocket_total, prisoners_freed + prisoners_total, recognised | recognised_now


@rule("concession", "outstanding_value delivered_value promised_level delivered_level")
def balance_of_offers(promised: Any, delivered: Any, reversed: Any, level: Any, concession_value: Any,
                      in_pie: Any) -> Any:
    """What was promised and is not (or no longer) in hand, and what was delivered.

    Only promises count, signed or announced, from the day they are made: an offer that lies on a table
    nobody came to loses value there (`offer_half_life`), but breaks no word.
    """
    value = np.where(in_pie, np.maximum(concession_value, 0.0), 0.0)
    return (
        np.where(promised & (~delivered | reversed), level * value, 0.0),
        np.where(delivered, level * value, 0.0),
        np.where(promised, level, 0.0),
        np.where(delivered, level, 0.0),
    )


@rule("run", "delivered_share implemented")
def shares_delivered(delivered_sum: Any, pie_value: Any, promised_sum: Any, delivered_levels: Any, checks: Any,
                     failures: Any, obligations_number: Any) -> Any:
    """Share of the offer's value delivered, and how far a settlement is implemented by both sides."""
    kept = 1.0 - failures / np.maximum(checks * obligations_number, 1.0)
    carried = np.where(promised_sum > 0.0, delivered_levels / np.maximum(promised_sum, 1e-9), 0.0)
    return delivered_sum / np.maximum(pie_value, 1e-9), np.clip(carried * kept, 0.0, 1.0)


@rule("run", "checks_due checks")
def compliance_calendar(at_peace: Any, settlement_week: Any, week: Any, compliance_interval: Any, checks: Any) -> Any:
    """Check the end-conditions every quarter after a settlement."""
    due = at_peace & (week >= settlement_week + compliance_interval * (checks + 1.0))
    return due, checks + due


@rule("obligation", "fails")
def compliance(checks_due: Any, obligation_luck: Any, obligation_compliance: Any) -> Any:
    """Say whether the insurgency fails an end-condition at this check."""
    return checks_due & (obligation_luck >= obligation_compliance)


@rule("run", "failures")
def count_failures(failures: Any, failures_now: Any) -> Any:
    """Add up failed checks."""
    return failures + failures_now


@rule("concession", "delivered reversed reverses")
def reversal(delivered: Any, reversed: Any, reversibility: Any, failures_now: Any, obligations_number: Any,
             reversal_luck: Any, checks_due: Any, reversal_threshold: Any) -> Any:
    """A check that fails on more than `reversal_threshold` of the end-conditions lets the deliverer take back
    what is reversible, in proportion to the failures.
    """
    failed = failures_now / np.maximum(obligations_number, 1.0)
    reverses = delivered & checks_due & (failed > reversal_threshold) & (reversal_luck < reversibility * failed)
    return delivered & ~reverses, reversed | reverses, reverses


@rule("dyad", "trust")
def trust_from_deeds(trust: Any, signal_government: Any, signal_patron: Any, outstanding_sum: Any, pie_value: Any,
                     empty_promise_decay: Any, failures_now: Any, misbehaviour_penalty: Any, trust_bound: Any,
                     dyad_insurgency_government: Any, dyad_insurgency_patron: Any,
                     dyad_government_insurgency: Any) -> Any:
    """Costly signals build trust; offers left undelivered and broken obligations erode it."""
    empty = empty_promise_decay * outstanding_sum / np.maximum(pie_value, 1e-9)
    step = np.where(dyad_insurgency_government, signal_government - empty, 0.0)
    step = step + np.where(dyad_insurgency_patron, signal_patron, 0.0)
    step = step - np.where(dyad_government_insurgency, misbehaviour_penalty * failures_now, 0.0)
    return np.clip(trust + step, -trust_bound, trust_bound)


VARIABLES = (
    Variable("tabled_week", "clause", "weeks", "week in which it was tabled, -1 before", -1.0, -1.0),
    Variable("reckons", "track", "1", "packages are reckoned this week", kind="bool"),
    Variable("clause_value", "clause", "share", "value of the concession, not below zero", 0.0, 0.0),
    Variable("clause_key", "clause", "1", "order in the package", 0.0),
    Variable("clause_one", "clause", "1", "one, for counting", 0.0),
    Variable("clause_before", "clause", "share", "value of what comes before it in the package", 0.0, 0.0),
    Variable("clause_position", "clause", "1", "number of concessions before it in the package", 0.0, 0.0),
    Variable("promises", "clause", "share", "level signed this week", low=0.0, high=1.0),
    Variable("position_now", "clause", "1", "its place in the package signed this week", low=0.0),
    Variable("promise_now", "concession", "share", "level signed this week", low=0.0, high=1.0),
    Variable("position", "concession", "1", "its place in the package signed this week", low=0.0),
    Variable("tabled_first", "concession", "1", "tabled this week", kind="bool"),
    Variable("promised", "concession", "1", "signed or ordered", False, kind="bool"),
    Variable("level", "concession", "share", "level promised", 0.0, 0.0, 1.0),
    Variable("due_week", "concession", "weeks", "date fixed for delivery, -1 before", -1.0, -1.0),
    Variable("offered_week", "concession", "weeks", "week first offered, -1 before", -1.0, -1.0),
    Variable("delivers", "concession", "1", "delivered this week", kind="bool"),
    Variable("delivered", "concession", "1", "delivered and not reversed", False, kind="bool"),
    Variable("delivered_week", "concession", "weeks", "week of delivery, -1 before", -1.0, -1.0),
    Variable("reversed", "concession", "1", "taken back", False, kind="bool"),
    Variable("reverses", "concession", "1", "taken back this week", kind="bool"),
    Variable("pocket_now", "concession", "share", "pocketed this week", low=0.0),
    Variable("signal_government_now", "concession", "logit", "government's costly signal", low=0.0),
    Variable("signal_patron_now", "concession", "logit", "patron's costly signal", low=0.0),
    Variable("legitimacy_now", "concession", "share", "legitimacy it costs this week", low=0.0),
    Variable("prisoners_now", "concession", "people", "prisoners freed this week", low=0.0),
    Variable("conceded_ceasefire", "concession", "1", "a ceasefire is delivered this week", kind="bool"),
    Variable("recognises_now", "concession", "1", "recognition is delivered this week", kind="bool"),
    Variable("pocket_total", "run", "share", "pocketed this week", low=0.0),
    Variable("signal_government", "run", "logit", "government's costly signals of the week", low=0.0),
    Variable("signal_patron", "run", "logit", "patron's costly signals of the week", low=0.0),
    Variable("legitimacy_total", "run", "share", "legitimacy that deliveries cost this week", low=0.0),
    Variable("prisoners_total", "run", "people", "prisoners freed this week", low=0.0),
    Variable("ceasefire_conceded", "run", "1", "a ceasefire was delivered as a concession", False, kind="bool"),
    Variable("recognised_now", "run", "1", "the insurgency is recognised this week", kind="bool"),
    Variable("pocketed", "run", "share", "value pocketed by the insurgency", 0.0, 0.0),
    Variable("prisoners_freed", "run", "people", "prisoners freed", 0.0, 0.0),
    Variable("recognised", "run", "1", "the insurgency is recognised", False, kind="bool"),
    Variable("outstanding_value", "concession", "share", "value offered and not delivered", low=0.0),
    Variable("delivered_value", "concession", "share", "value delivered", low=0.0),
    Variable("promised_level", "concession", "share", "level promised", low=0.0),
    Variable("delivered_level", "concession", "share", "level delivered", low=0.0),
    Variable("outstanding_sum", "run", "share", "value offered and not delivered", low=0.0),
    Variable("delivered_sum", "run", "share", "value delivered", low=0.0),
    Variable("promised_sum", "run", "1", "levels promised", low=0.0),
    Variable("delivered_levels", "run", "1", "levels delivered", low=0.0),
    Variable("delivered_share", "run", "share", "share of the offer's value delivered", 0.0, 0.0),
    Variable("implemented", "run", "share", "how far the settlement is implemented", 0.0, 0.0, 1.0),
    Variable("checks_due", "run", "1", "end-conditions are checked this week", kind="bool"),
    Variable("checks", "run", "1", "checks held", 0, 0, kind="int"),
    Variable("fails", "obligation", "1", "the end-condition is broken at this check", kind="bool"),
    Variable("failures_now", "run", "1", "end-conditions broken at this check", low=0, kind="int"),
    Variable("failures", "run", "1", "end-conditions broken in all", 0, 0, kind="int"),
)

LUCK = (
    Luck("obligation_luck", "obligation", "uniform", "checks", 32, "travels with the matter: the n-th check"),
    Luck("reversal_luck", "concession", "uniform", "checks", 32, "travels with the matter: the n-th check"),
)

TABLING: tuple[Rule | Fold, ...] = (table, Fold("tabled_first", "tabled_now", "any", "clause", "concession_clauses"))

PACKAGE: tuple[Rule | Ranked, ...] = (
    reckons,
    order_of_clauses,
    Ranked("clause_before", "clause_value", "clause_key", "reckons"),
    Ranked("clause_position", "clause_one", "clause_key", "reckons"),
)

DELIVERY: tuple[Rule | Fold, ...] = (
    promise,
    Fold("promise_now", "promises", "max", "clause", "concession_clauses", 0.0),
    Fold("position", "position_now", "max", "clause", "concession_clauses", 0.0),
    schedule,
    deliver,
    effects,
    Fold("pocket_total", "pocket_now", "sum", "concession"),
    Fold("signal_government", "signal_government_now", "sum", "concession"),
    Fold("signal_patron", "signal_patron_now", "sum", "concession"),
    Fold("legitimacy_total", "legitimacy_now", "sum", "concession"),
    Fold("prisoners_total", "prisoners_now", "sum", "concession"),
    Fold("ceasefire_conceded", "conceded_ceasefire", "any", "concession"),
    Fold("recognised_now", "recognises_now", "any", "concession"),
    pocket,
)

COMPLIANCE: tuple[Rule | Fold, ...] = (
    compliance_calendar,
    compliance,
    Fold("failures_now", "fails", "sum", "obligation"),
    count_failures,
    reversal,
    balance_of_offers,
    Fold("outstanding_sum", "outstanding_value", "sum", "concession"),
    Fold("delivered_sum", "delivered_value", "sum", "concession"),
    Fold("promised_sum", "promised_level", "sum", "concession"),
    Fold("delivered_levels", "delivered_level", "sum", "concession"),
    shares_delivered,
    trust_from_deeds,
)
