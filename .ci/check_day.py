#!/usr/bin/env python3
"""Checks the reports of one simulated day: every key is there, the sums add up, and all reports agree.

    .ci/check_day.py report.json [the same day on other threads ...]
"""

import json
import sys

CONDITIONS = ["accounting", "claim", "wrong_chute", "customs", "capacity", "plan", "departure", "durability"]
LATENCY = ["p50", "p99", "p999", "p9999", "max"]
KEYS = {
    "parcels": [
        "announced", "inducted", "discharged", "recalled", "exception", "held", "lost", "on_floor", "waiting",
        "manifested",
    ],
    "passes": ["inducted", "unexpected", "discharged", "left", "lost", "forgotten", "on_belt"],
    "violations": CONDITIONS,
    "checked": CONDITIONS,
    "missorts": [],
    "reasons": [],
    "faults": [],
    "flows": ["import", "export", "transit"],
    "clearance": [
        "notices", "applied", "refused_older", "kept", "recalls", "recalls_after_departure", "recalls_left",
        "released_back", "held_dwell_s",
    ],
    "departures": [
        "cut_offs", "departed", "containers_loaded", "pieces_loaded", "left_behind", "containers_waiting",
        "pieces_waiting", "missed", "by_lane",
    ],
    "containers": ["opened", "sealed", "loaded", "departed", "manifests_checked", "mean_parcels"],
    "changeovers": ["plans", "chutes", "mean_s", "max_s", "recirculations"],
}
SINGLE_KEYS = [
    "schema", "seed", "version", "late_orders", "recirculations", "simulated_s", "wall_s", "parcels_per_s",
    "events", "decision_ns", "cycle_us", "digest", "fates_digest", "events_per_parcel", "sorters",
    "missorts_allowed", "links", "journal",
]
JOURNAL = [
    "records", "commits", "lag_us", "most_waiting", "held_orders", "late_held_orders", "called_off", "alarms", "throttled_s",
    "closed_s", "stalls", "stalled_s", "failed",
]
# What a run takes depends on the machine and on the threads; everything else must not.
MEASURED = ["wall_s", "parcels_per_s", "decision_ns", "cycle_us"]


def problems_of(report):
    """What is wrong with one report, as sentences."""
    missing = [key for key in SINGLE_KEYS if key not in report]
    for table, keys in KEYS.items():
        if not isinstance(report.get(table), dict):
            missing.append(table)
            continue
        missing += [f"{table}.{key}" for key in keys if key not in report[table]]
    for table in ("decision_ns", "cycle_us"):
        if isinstance(report.get(table), dict):
            missing += [f"{table}.{key}" for key in LATENCY if key not in report[table]]
    if isinstance(report.get("journal"), dict):
        missing += [f"journal.{key}" for key in JOURNAL if key not in report["journal"]]
    if missing:
        return [f"{key} is missing" for key in missing]

    problems = []
    if report["schema"] != 1:
        problems.append(f"schema is {report['schema']} (expected 1)")
    parcels, passes = report["parcels"], report["passes"]
    ends = sum(parcels[key] for key in ("discharged", "recalled", "exception", "held", "lost", "on_floor", "waiting"))
    if parcels["inducted"] == 0 or parcels["inducted"] != ends:
        problems.append(f"{parcels['inducted']} parcels inducted, {ends} with an end")
    ends = sum(passes[key] for key in ("discharged", "left", "lost", "forgotten", "on_belt"))
    if passes["inducted"] + passes["unexpected"] != ends:
        problems.append(f"{passes['inducted']} + {passes['unexpected']} passes began, {ends} have an end")
    for condition in CONDITIONS:
        broken, checked = report["violations"][condition], report["checked"][condition]
        if broken is None or checked is None:
            problems.append(f"{condition}: violations {broken}, checked {checked}")
        elif broken:
            problems.append(f"{condition} was broken {broken} times")
        elif checked == 0:
            problems.append(f"{condition} was never checked")
    if report["events_per_parcel"] < 9:
        problems.append(f"only {report['events_per_parcel']} plant events a parcel (expected 9 or more)")
    for sorter in report["sorters"]:
        if sorter["utilisation"] > 0.8:
            problems.append(f"hub {sorter['hub']} sorter {sorter['sorter']} ran at {sorter['utilisation']:.0%}")
    journal = report["journal"]
    if journal:
        if journal["records"] < 4 * parcels["inducted"]:
            problems.append(f"only {journal['records']} records were written")
        if journal["failed"] > 0:
            problems.append(f"the journals of {journal['failed']} hubs failed")
    asked = [kind for kind, times in report["faults"].items() if kind.startswith("journal_") and times == 0]
    problems += [f"the fault {kind} did not happen" for kind in asked]
    links = report.get("links")
    if links:
        if links["sessions"] < links["links"] or links["cycles"] == 0:
            problems.append(f"{links['links']} links had {links['sessions']} sessions and {links['cycles']} cycles")
        if links["late_orders_outside_faults"] > 0:
            problems.append(f"{links['late_orders_outside_faults']} orders came late without a fault")
        if links["images_compared"] < links["links"]:
            problems.append(f"the books were compared with {links['images_compared']} of {links['images']} images")
        if links["restarts"] < links["faults"].get("plc_restart", 0):
            problems.append(f"{links['restarts']} restarts of PLCs were noticed")
        problems += [f"the fault {kind} did not happen" for kind, times in links["faults"].items() if times == 0]
    if report["missorts"].get("tracking", 0) > report["missorts_allowed"]:
        problems.append(f"{report['missorts']['tracking']} missorts by tracking")
    return problems


def main(paths):
    reports = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            reports.append(json.load(file))
    problems = [f"{path}: {problem}" for path, report in zip(paths, reports) for problem in problems_of(report)]
    first = reports[0]
    for path, report in zip(paths[1:], reports[1:]):
        for key in sorted(set(first) | set(report)):
            if key not in MEASURED and first.get(key) != report.get(key):
                problems.append(f"{path}: {key} is not that of {paths[0]}")
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    print(f"{len(reports)} reports agree: digest {first['digest']}, fates {first['fates_digest']}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: check_day.py REPORT [REPORT ...]")
    sys.exit(main(sys.argv[1:]))
