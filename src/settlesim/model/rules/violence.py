"""Violence: deaths of the week, and where they fall."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
from settlesim.model.outcome import Outcome, final
from settlesim.model.protocol import Mechanism
from settlesim.model.variables import Luck, Variable

__all__ = ["VIOLENCE"]


@rule("run", Variable("tempo", units="1", meaning="log tempo of the war", start=0.0), source="ucdp2023 settlesim")
def tempo(tempo, tempo_luck, tempo_memory, tempo_spread):
    """Log tempo of the war, which wanders for years: an Ornstein-Uhlenbeck process of sd `tempo_spread`.

    Independent weeks average out within a year, yet counted deaths move by a quarter from year to year.
    """
    return tempo * (1.0 - 1.0 / tempo_memory) + tempo_spread * np.sqrt(2.0 / tempo_memory) * tempo_luck


@rule(
    "run",
    Variable("restraint_factor", units="1", meaning="violence left by ceasefire or peace", low=0.0),
    Variable("violence", units="1", meaning="violence relative to the base rate, season aside", low=0.0),
    Variable("deaths_week", units="deaths per week", meaning="deaths of the week", start=0.0, low=0.0, weekly=True),
    Variable("intensity", units="1", meaning="memory of violence that war costs read", start=1.0, low=0.0),
    source="ucdp2023 settlesim",
)
def violence(week, deaths_base, season_amplitude, season_phase, violence_floor, power_violence, p_win, weather,
             garrison_violence, garrison_yield, at_peace, peace_violence, in_prelude, reduction_multiplier, ceasefire,
             ceasefire_multiplier, intensity, intensity_memory, tempo):
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


@rule(
    "run",
    Variable("deaths", units="deaths", meaning="deaths since the start", start=0.0, low=0.0, weekly=True, told=True),
    Variable("deaths_year", units="deaths per year", meaning="memory of a year's deaths", start="deaths_year_start",
             low=0.0),
    source="settlesim",
)
def toll(deaths, deaths_week, deaths_year):
    """Add up deaths, and keep a memory of a year's deaths for the low-activity threshold."""
    return deaths + deaths_week, deaths_year + deaths_week - deaths_year / 52.0


@rule(
    "province",
    Variable("contest", units="fighters", meaning="weight of the province in the fighting", low=0.0),
    source="settlesim",
)
def contest(insurgent_share, government_share, province_fighters, contest_floor):
    """Weight of a province in the fighting: insurgent fighters there, times how contested it is."""
    return province_fighters * (contest_floor + 1.0 - insurgent_share - government_share)


@rule(
    "province",
    Variable("province_deaths", units="deaths per week", meaning="deaths of the week in the province", low=0.0),
    Variable("killed_hazard", units="per week", meaning="hazard of a commander's being killed", low=0.0),
    source="settlesim",
)
def local_violence(deaths_week, contest, contest_total, province_fighters, fighters, deaths_base, commander_loss_rate):
    """Spread the week's deaths over provinces, and the loss of commanders with them.

    The hazard is `commander_loss_rate` a year where fighters see the nation's mean violence of week 0.
    """
    share = np.where(contest_total > 0.0, contest / np.maximum(contest_total, 1e-9), 0.0)
    presence = province_fighters / np.maximum(fighters, 1)
    exposure = np.where(presence > 0.0, share / np.maximum(presence, 1e-9), 0.0)
    return deaths_week * share, commander_loss_rate / 52.0 * (deaths_week / deaths_base) * exposure


VIOLENCE = Mechanism(
    "Violence",
    items=(
        tempo,
        violence,
        toll,
        contest,
        Fold(
            Variable("contest_total", scope="run", units="fighters", meaning="sum of the weights", low=0.0),
            "contest", "sum", "province",
        ),
        local_violence,
    ),
    luck=(
        Luck("weather", "run", "gamma", "week", meaning="travels with the date: the weather of the war",
             parameter="violence_shape"),
        Luck("tempo_luck", "run", "normal", "week", meaning="travels with the date: the tempo of the war"),
    ),
    outcomes=(Outcome("deaths", final("deaths"), "deaths", "deaths between government and insurgency"),),
)
