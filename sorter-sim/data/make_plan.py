#!/usr/bin/env python3
"""Makes plan_line_100.toml and plan_line_100.csv from the postcode weights in this folder.

Run it here, without arguments. It reads postcodes.csv.gz and countries.csv and nothing else; the same
input gives the same plan. Greek postcodes have another licence (see NOTICE), so Greece is one outlet with
a rule for the whole country, and its share comes from countries.csv.
"""

import csv
import gzip
from pathlib import Path

HERE = Path(__file__).parent
OUTBOUND_CHUTES = 92
# With 88 outlets none takes more than 1.5 % of the parcels; the chutes that are left double the heaviest.
OUTLETS = 88
OVERFLOW_CHUTES = [92, 93, 94, 95]
# The exception outlet has a chute before the no-read and hold chutes and the last one of the belt.
EXCEPTION_CHUTES = [96, 99]
NO_READ_CHUTE = 97
HOLD_CHUTE = 98
WHOLE_COUNTRY_ONLY = {"GR"}


def postcodes_by_country():
    countries = {}
    with gzip.open(HERE / "postcodes.csv.gz", "rt", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            countries.setdefault(row["country"], []).append((row["postcode"], int(row["weight_ppb"])))
    return countries


def outlets_of_each_country(weights):
    """Gives each country one outlet, and every further one to the country whose outlets are heaviest."""
    counts = {country: 1 for country in weights}
    for _ in range(OUTLETS - len(counts)):
        splittable = (country for country in sorted(counts) if country not in WHOLE_COUNTRY_ONLY)
        counts[max(splittable, key=lambda country: weights[country] / counts[country])] += 1
    return counts


def split(codes, parts):
    """Cuts a sorted list of (postcode, weight) where the running sum comes nearest to equal parts."""
    total = sum(weight for _, weight in codes)
    ranges, start, running = [], 0, 0
    for index, (_, weight) in enumerate(codes):
        target = total * (len(ranges) + 1) / parts
        if len(ranges) < parts - 1 and index > start and running + weight / 2 > target:
            ranges.append(codes[start:index])
            start = index
        running += weight
    ranges.append(codes[start:])
    return ranges


def outbound_outlets(names):
    codes = postcodes_by_country()
    weights = {country: sum(weight for _, weight in rows) for country, rows in codes.items()}
    for country, row in names.items():
        if country in WHOLE_COUNTRY_ONLY:
            weights[country] = round(float(row["load_weight"]) * 1e9)
    counts = outlets_of_each_country(weights)
    outlets = []
    for country in sorted(counts):
        if counts[country] == 1:
            outlets.append((country, country, names[country]["name"], None, weights[country]))
            continue
        for number, part in enumerate(split(codes[country], counts[country]), 1):
            first, last = part[0][0], part[-1][0]
            display = f"{names[country]['name']} {first} to {last}"
            weight = sum(weight for _, weight in part)
            outlets.append((f"{country}-{number:02}", country, display, (first, last), weight))
    assert len(outlets) == OUTLETS
    return outlets


def table(name, display, chutes, overflow=None, role=None):
    lines = ["", "[[outlet]]", f'name = "{name}"', f'display = "{display}"', f"chutes = {chutes}"]
    lines += [f'overflow = "{overflow}"'] if overflow else []
    lines += [f'role = "{role}"'] if role else []
    return lines


def main():
    with open(HERE / "countries.csv", encoding="utf-8") as rows:
        names = {row["iso2"]: row for row in csv.DictReader(rows)}
    outlets = outbound_outlets(names)
    spare = OUTBOUND_CHUTES - OUTLETS
    doubled = {outlet[0] for outlet in sorted(outlets, key=lambda outlet: -outlet[4])[:spare]}

    toml = [
        "# Europe on the standard line sorter: 88 outbound outlets balanced by weight. Made by make_plan.py.",
        'name = "line_100 Europe"',
        "lap_limit = 3",
        'rules = "plan_line_100.csv"',
    ]
    rules = ["# Made by make_plan.py. Ranges derive from GeoNames postal codes (CC BY 4.0); see NOTICE."]
    rules.append("country,first,last,outlet")
    last_of_country = {}
    chute = 0
    for name, country, display, bounds, _ in outlets:
        chutes = [chute, chute + 1] if name in doubled else [chute]
        overflow = "OVERFLOW-" + "ABCD"[chute * len(OVERFLOW_CHUTES) // OUTBOUND_CHUTES]
        toml += table(name, display, chutes, overflow)
        chute += len(chutes)
        last_of_country[country] = name
        if bounds:
            rules.append(f"{country},{bounds[0]},{bounds[1]},{name}")
    assert chute == OUTBOUND_CHUTES

    for letter, number in zip("ABCD", OVERFLOW_CHUTES):
        toml += table(f"OVERFLOW-{letter}", f"Overflow {letter}", [number], "EXCEPTION", "overflow")
    toml += table("NO-READ", "No read", [NO_READ_CHUTE], "EXCEPTION", "no_read")
    toml += table("HOLD", "Customs hold", [HOLD_CHUTE], "EXCEPTION", "hold")
    toml += table("EXCEPTION", "Exceptions", EXCEPTION_CHUTES, None, "exception")
    rules += [f"{country},,,{outlet}" for country, outlet in sorted(last_of_country.items())]

    (HERE / "plan_line_100.toml").write_text("\n".join(toml) + "\n", encoding="utf-8")
    (HERE / "plan_line_100.csv").write_text("\n".join(rules) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
