"""Deaths and where they fall (MODEL.md section 6, Violence)."""

from __future__ import annotations

from typing import Any

import numpy as np

from settlesim.model.protocol import Fold, Luck, Rule, Variable, rule

__all__ = ["ITEMS", "LUCK", "VARIABLES"]


@rule("run", "tempo", source="UCDP: deaths by year 2015-2019; docs/model-decisions.md")
def tempo(tempo: Any, tempo_luck: Any, tempo_memory: Any, tempo_spread: Any) -> Any:
    """Log tempo of the war, which wanders for years: an Ornstein-Uhlenbeck process of sd `tempo_spread`.

    Independent weeks average out within a year, yet counted deaths move by a quarter from year to year.
    """
    return tempo * (1.0 - 1.0 / tempo_memory) + tempo_spread * np.sqrt(2.0 / tempo_memory) * tempo_luck


@rule("run", "restraint_factor violence deaths_week intensity")
def violence(week: Any, deaths_base: Any, season_amplitude: Any, season_phase: Any, violence_floor: Any,
             power_violence: Any, p_win: Any, weather: Any, garrison_violence: Any, garrison_yield: Any, at_peace: Any,
             peace_violence: Any, in_prelude: Any, reduction_multiplier: Any, ceasefire: Any, ceasefire_multiplier: Any,
             intensity: Any, intensity_memory: Any, tempo: Any) -> Any:
    """Deaths a week: 440 (1+.3 sin(2π(w-6)/52)) (.75+.6p) Gamma(15, 1/15) (1+1.2S) × ceasefire multiplier × tempo.

    `intensity` is the memory of v/v̄ that war costs and ripeness read.
    """
    season = 1.0 + season_amplitude * np.sin(2.0 * np.pi * (week - season_phase) / 52.0)
    calm = np.where(ceasefire, ceasefire_multiplier, 1.0)
    calm = np.where(in_prelude, reduction_multiplier, calm)
    calm = np.where(at_peace, peace_violence, calm)
    v = np.exp(tempo) * (violence_floor + power_violence * p_win) * weather
    v = v * (1.0 + garrison_violence * garrison_yield) * calm
    return calm, v, deaths_base * season * v, intensity + (v - intensity) / intensity_memory


@rule("run", "deaths deaths_year")
def toll(deaths: Any, deaths_week: Any, deaths_year: Any) -> Any:
    """Add up deaths, and keep a memory of a year's deaths for the low-activity threshold."""
    return deaths + deaths_week, deaths_year + deaths_week - deaths_year / 52.0


@rule("province", "contest")
def contest(insurgent_share: Any, government_share: Any, province_fighters: Any) -> Any:
    """Weight of a province in the fighting: insurgent fighters there, times how contested it is."""
    return province_fighters * (0.05 + 1.0 - insurgent_share - government_share)


@rule("province", "province_deaths killed_hazard")
def local_violence(deaths_week: Any, contest: Any, contest_total: Any, province_fighters: Any, fighters: Any,
                   deaths_base: Any, commander_loss_rate: Any) -> Any:
    """Spread the week's deaths over provinces, and the loss of commanders with them.

    The hazard is `commander_loss_rate` a year where fighters see the nation's mean violence of week 0.
    """
    share = np.where(contest_total > 0.0, contest / np.maximum(contest_total, 1e-9), 0.0)
    presence = province_fighters / np.maximum(fighters, 1)
    exposure = np.where(presence > 0.0, share / np.maximum(presence, 1e-9), 0.0)
    return deaths_week * share, commander_loss_rate / 52.0 * (deaths_week / deaths_base) * exposure


VARIABLES = (
    Variable("tempo", "run", "1", "log tempo of the war", 0.0),
    Variable("restraint_factor", "run", "1", "violence left by ceasefire or peace", low=0.0),
    Variable("violence", "run", "1", "violence relative to the base rate, season aside", low=0.0),
    Variable("deaths_week", "run", "deaths per week", "deaths of the week", 0.0, 0.0),
    Variable("intensity", "run", "1", "memory of violence that war costs read", 1.0, 0.0),
    Variable("deaths", "run", "deaths", "deaths since the start", 0.0, 0.0),
    Variable("deaths_year", "run", "deaths per year", "memory of a year's deaths", "deaths_year_start", 0.0),
    Variable("contest", "province", "fighters", "weight of the province in the fighting", low=0.0),
    Variable("contest_total", "run", "fighters", "sum of the weights", low=0.0),
    Variable("province_deaths", "province", "deaths per week", "deaths of the week in the province", low=0.0),
    Variable("killed_hazard", "province", "per week", "hazard of a commander's being killed", low=0.0),
)

LUCK = (
    Luck("weather", "run", "gamma", "week", meaning="travels with the date: the weather of the war",
         parameter="violence_shape"),
    Luck("tempo_luck", "run", "normal", "week", meaning="travels with the date: the tempo of the war"),
)

ITEMS: tuple[Rule | Fold, ...] = (
    tempo,
    violence,
    toll,
    contest,
    Fold("contest_total", "contest", "sum", "province"),
    local_violence,
)
