"""Violence: deaths of the week, and where they fall."""

from __future__ import annotations

import numpy as np

from settlesim.model.items import Fold, rule
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
    Variable("violence", units="1", meaning="violence relative to the base rate, season aside", low=0.0),
    Variable("attack_intensity", units="1", meaning="attacks relative to an average week of week 0's war", start=1.0,
             low=0.0, weekly=True),
    Variable("deaths_week", units="deaths per week", meaning="deaths of the week", start=0.0, low=0.0, weekly=True),
    Variable("deaths_backed", units="deaths per week", meaning="what they would be with the patron's whole support",
             low=0.0),
    Variable("intensity", units="1", meaning="memory of violence that war costs read", start=1.0, low=0.0),
    source="ucdp2023 settlesim",
)
def violence(week, deaths_base, season_amplitude, season_phase, violence_floor, power_violence, p_win, weather,
             garrison_violence, garrison_yield, alpha, intensity, intensity_memory, tempo, has_patron, support,
             insurgent_death_share, air_deaths):
    """Deaths a week: 440 (1+.3 sin(2π(w-6)/52)) (.75+.6p) Gamma(15, 1/15) (1+1.2S) × attack intensity α × tempo.

    Of the insurgents' dead `air_deaths` are the work of the patron's support and end with it.  `intensity` is the
    memory of v/v̄ that war costs and ripeness read.
    """
    season = 1.0 + season_amplitude * np.sin(2.0 * np.pi * (week - season_phase) / 52.0)
    v = np.exp(tempo) * (violence_floor + power_violence * p_win) * weather
    v = v * (1.0 + garrison_violence * garrison_yield) * alpha
    backed = deaths_base * season * v
    spared = insurgent_death_share * air_deaths * np.where(has_patron, 1.0 - support, 0.0)
    return v, season * v, backed * (1.0 - spared), backed, intensity + (v - intensity) / intensity_memory


@rule(
    "run",
    Variable("quiet_weeks", units="weeks", meaning="quiet weeks in a row", start=0.0, low=0.0, weekly=True),
    Variable("violence_memory", units="1", meaning="violence of the past half year", start=1.0, low=0.0),
    source="settlesim",
)
def quiet(quiet_weeks, violence, violence_memory, quiet_share, half_year):
    """A week is quiet if its violence is below a share of the mean of the past half year."""
    calm = violence < quiet_share * violence_memory
    return np.where(calm, quiet_weeks + 1.0, 0.0), violence_memory + (violence - violence_memory) / half_year


@rule(
    "run",
    Variable("deaths", units="deaths", meaning="deaths of the war since the start", start=0.0, low=0.0,
             weekly=True, told=True),
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
        quiet,
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
)
