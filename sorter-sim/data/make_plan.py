#!/usr/bin/env python3
"""Makes plan_line_100.toml and plan_line_100.csv from the postcode weights and the schedule in this folder.

Run it here, without arguments. It reads postcodes.csv.gz, countries.csv and schedule.csv and nothing else;
the same input gives the same plan. Every outbound outlet gets the lane that its containers leave by. Greek postcodes have another licence (see NOTICE), so Greece is one outlet with
a rule for the whole country, and its share comes from countries.csv.
"""

import csv
import gzip
from pathlib import Path

HERE = Path(__file__).parent
OUTBOUND_CHUTES = 92
# With 88 outlets none takes more than 1.5 % of the parcels; the chutes that are left are bonded, one for
# each lane that leaves by air.
OUTLETS = 88
HUB = "LGG"
OVERFLOW_CHUTES = [92, 93, 94, 95]
# The exception outlet has a chute before the no-read and hold chutes and the last one of the belt.
EXCEPTION_CHUTES = [96, 99]
NO_READ_CHUTE = 97
HOLD_CHUTE = 98
WHOLE_COUNTRY_ONLY = {"GR"}
# Countries with several lanes by road. The first two digits of the first postcode of an outlet say which:
# its lane is that of the last entry that is not above them. The parcels of each lane fit onto its trucks.
REGIONS = {
    "DE": {"00": "DE:Kassel", "38": "DE:Cologne", "76": "DE:Munich"},
    "ES": {
        "00": "ES:Barcelona",
        "11": "ES:Madrid",
        "29": "ES:Barcelona",
        "33": "ES:Madrid",
        "42": "ES:Barcelona",
    },
    "FR": {"00": "FR:Lyon", "49": "FR:Paris", "62": "FR:Lyon", "69": "FR:Paris"},
    "IT": {"00": "IT:Bologna", "09": "IT:Milan", "37": "IT:Bologna"},
}


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


def lanes():
    """The lanes of each country by road, and the lanes by air, as the schedule spells them."""
    road, air = {}, []
    with open(HERE / "schedule.csv", encoding="utf-8") as rows:
        for row in csv.DictReader(line for line in rows if not line.startswith("#")):
            lane = row["destination"]
            if row["origin"] != HUB:
                continue
            if row["kind"] == "flight":
                air += [lane] if lane not in air else []
                continue
            for country in lane.split(":")[0].split("+"):
                of_country = road.setdefault(country, [])
                of_country += [lane] if lane not in of_country else []
    return road, air


def lane_of(country, first, road):
    """The only lane of a country, or that of the region in which an outlet begins."""
    if country not in REGIONS:
        (lane,) = road[country]
        return lane
    regions = REGIONS[country]
    assert set(regions.values()) == set(road[country])
    return regions[max(begin for begin in regions if begin <= first[:2])]


def outbound_outlets(names, road):
    codes = postcodes_by_country()
    weights = {country: sum(weight for _, weight in rows) for country, rows in codes.items()}
    for country, row in names.items():
        if country in WHOLE_COUNTRY_ONLY:
            weights[country] = round(float(row["load_weight"]) * 1e9)
    counts = outlets_of_each_country(weights)
    outlets = []
    for country in sorted(counts):
        if counts[country] == 1:
            lane = lane_of(country, "", road)
            outlets.append((country, country, names[country]["name"], None, lane))
            continue
        for number, part in enumerate(split(codes[country], counts[country]), 1):
            first, last = part[0][0], part[-1][0]
            display = f"{names[country]['name']} {first} to {last}"
            lane = lane_of(country, first, road)
            outlets.append((f"{country}-{number:02}", country, display, (first, last), lane))
    assert len(outlets) == OUTLETS
    return outlets


def table(name, display, chutes, overflow=None, role=None, lane=None):
    lines = ["", "[[outlet]]", f'name = "{name}"', f'display = "{display}"', f"chutes = {chutes}"]
    lines += [f'overflow = "{overflow}"'] if overflow else []
    lines += [f'role = "{role}"'] if role else []
    lines += [f'lane = "{lane}"'] if lane else []
    return lines


def main():
    with open(HERE / "countries.csv", encoding="utf-8") as rows:
        names = {row["iso2"]: row for row in csv.DictReader(rows)}
    road, air = lanes()
    outlets = outbound_outlets(names, road)

    toml = [
        "# Europe on the standard line sorter: 88 outbound outlets balanced by weight, and four bonded ones for",
        "# flights. Made by make_plan.py.",
        'name = "line_100 Europe"',
        "lap_limit = 3",
        'rules = "plan_line_100.csv"',
    ]
    rules = ["# Made by make_plan.py. Ranges derive from GeoNames postal codes (CC BY 4.0); see NOTICE."]
    rules.append("country,first,last,outlet")
    last_of_country = {}
    for chute, (name, country, display, bounds, lane) in enumerate(outlets):
        overflow = "OVERFLOW-" + "ABCD"[chute * len(OVERFLOW_CHUTES) // OUTBOUND_CHUTES]
        toml += table(name, display, [chute], overflow, lane=lane)
        last_of_country[country] = name
        if bounds:
            rules.append(f"{country},{bounds[0]},{bounds[1]},{name}")
    # No overflow outlet is bonded, so what a bonded outlet cannot take goes to the exceptions.
    for chute, lane in enumerate(air, OUTLETS):
        countries, city = lane.removesuffix(" (air)").split(":")
        name = "AIR-" + countries.replace("+", "-")
        toml += table(name, f"{city} by air", [chute], "EXCEPTION", lane=lane)
        toml += ["bonded = true", 'container = "uld"']
    chute = OUTLETS + len(air)
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
