"""Talk to the United States first, or to Kabul? The question of the brief in small; docs/which-order.md has it in full.

python examples/which_order.py [figure.png]
"""

import os
import sys

import settlesim as ss

RUNS = int(os.environ.get("SETTLESIM_RUNS", "240"))
US_FIRST = "us > kabul > recognition > prisoners > delisting > ceasefire > pakistan"
KABUL_FIRST = "kabul > us > recognition > prisoners > delisting > ceasefire > pakistan"


def main() -> None:
    scenario = ss.load("afghanistan-2018")
    kept = [one for one in ss.STANDARD_OUTCOMES if one.name in ("settled", "deaths")]

    # Seven moves have 5,040 orders. Each world meets 21 of them, dealt out evenly, so that pairs meet within a world.
    dealt = ss.orders(scenario, "opening", runs=RUNS, each=21, rng=7, outcomes=kept)
    effects = ss.order_effects(dealt, "settled")
    print(f"{dealt.attrs['orders']:,} orders; {dealt.sizes['run']} worlds, {dealt.sizes['slot']} orders in each")
    for first, second in (("us", "kabul"), ("us", "pakistan"), ("recognition", "kabul")):
        one = effects.sel(first=first, second=second)
        print(
            f"settled with {first} before {second}, less the reverse: {100 * float(one.swap):+.1f} points "
            f"(95% interval {100 * float(one.swap_low):+.1f} to {100 * float(one.swap_high):+.1f})"
        )

    # One such pair of orders, channel by channel: what is left of the difference with each switched off.
    why = ss.channels(scenario, US_FIRST, KABUL_FIRST, "settled", plan="opening", orders=0, runs=RUNS, rng=7)
    whole = float(why.difference.sel(state="all_on"))
    print(f"\n{US_FIRST}\nless {KABUL_FIRST}: {100 * whole:+.1f} points of settlements")
    for name in why.channel.values[abs(why.carried).argsort()[::-1]][:3]:
        print(f"  without {name}: {100 * float(why.without.sel(channel=name)):+.1f}")

    # And world by world, luck averaged out.
    found = ss.flips(scenario, US_FIRST, KABUL_FIRST, "settled", plan="opening", worlds=RUNS, luck=4, rng=7)
    share = found.flips.sel(statistic="estimate")
    print(f"\nworlds in which the expected difference has the other sign: {100 * float(share):.0f}%")

    if len(sys.argv) > 1:
        ss.plots.precedence(effects).figure.savefig(sys.argv[1], dpi=200)


if __name__ == "__main__":
    main()
