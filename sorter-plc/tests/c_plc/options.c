/* The command line. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "plc.h"

enum kind { INT, LONG, U32, TEXT, FLAG, LOW, EYES, CHUTES, STOP, ESTOP, SEED };
struct option_of {
    const char *name;
    enum kind kind;
    void *value;
    const char *help;
};

static void usage(const struct option_of *o)
{
    fprintf(stderr, "usage: c_plc [--option value]...\n");
    for (; o->name; o++)
        fprintf(stderr, "  --%-18s %s\n", o->name, o->help);
    exit(2);
}

static long number(const char *name, const char *text, long low, long high)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < low || n > high) {
        fprintf(stderr, "--%s: not a number between %ld and %ld: %s\n", name, low, high, text);
        exit(2);
    }
    return n;
}

static void eyes(struct config *c, const char *text)
{
    c->n_eyes = 1;
    while (*text) {
        char *end;
        long mm = strtol(text, &end, 10);
        if (end == text || (*end && *end != ',') || c->n_eyes >= MAX_EYES - 1 || mm <= c->eyes[c->n_eyes - 1] + 400) {
            fprintf(stderr, "--eyes: rising places in mm, more than 400 apart, at most %d\n", MAX_EYES - 2);
            exit(2);
        }
        c->eyes[c->n_eyes++] = (int)mm;
        text = *end ? end + 1 : end;
    }
}

/* The blocks lie within the registers and apart from each other. */
static bool blocks_fit(const struct config *c)
{
    const int base[] = { c->status_base, c->order_base, c->scan_base, c->plant_base, c->belt_base };
    const int words[] = { STATUS_WORDS, ORDER_WORDS, SCAN_WORDS, PLANT_WORDS, BELT_HEAD + BELT_ENTRY * c->belt_capacity };
    for (int i = 0; i < 5; i++) {
        if (base[i] < 0 || base[i] > 65536 - words[i])
            return false;
        for (int j = 0; j < i; j++)
            if (base[i] < base[j] + words[j] && base[j] < base[i] + words[i])
                return false;
    }
    return true;
}

static void check(const struct config *c)
{
    const char *wrong = NULL;
    int last_chute = c->chute_first + c->chute_step * (c->chutes - 1);
    if (c->scan_ms < 1 || c->scan_ms > 1000)
        wrong = "--scan-ms is 1 to 1000";
    else if (c->speed < 1 || c->speed > 65535)
        wrong = "--speed does not fit its register";
    else if (c->pulse_mm < 1)
        wrong = "--pulse-mm is at least 1";
    else if (c->exit_mm <= last_chute || c->exit_mm <= c->eyes[c->n_eyes - 1] + 400)
        wrong = "--exit lies after the last eye and the last chute";
    else if (c->chutes < 1 || c->chutes > MAX_CHUTES || c->chute_first < 1 || c->chute_step < 0)
        wrong = "--chutes FIRST:STEP:COUNT with at most 256 chutes";
    else if (c->pitch_mm - c->jitter_mm < 500 || c->jitter_mm < 0)
        wrong = "--pitch less --jitter is at least 500 mm (a parcel is up to 400 mm long)";
    else if (c->belt_capacity < 1 || c->belt_capacity > 1000)
        wrong = "--belt-capacity is 1 to 1000";
    else if (c->event_store < 1 || c->event_store > 60000 || c->scan_store < 1 || c->scan_store > 60000)
        wrong = "--event-store and --scan-store are 1 to 60000";
    else if (c->boot < 0 || c->boot > 65535 || c->first_item < 1 || c->first_item > 65535 || c->min_lead < 0 || c->min_lead > 65535)
        wrong = "--boot, --first-item and --min-lead are words";
    else if (c->max_connections < 1 || c->max_connections > 64)
        wrong = "--max-connections is 1 to 64";
    else if (c->unit < 0 || c->unit > 255 || c->port < 0 || c->port > 65535)
        wrong = "--unit is a byte, --port a word";
    else if (!blocks_fit(c))
        wrong = "the blocks overlap or do not fit into the registers";
    if (wrong) {
        fprintf(stderr, "%s\n", wrong);
        exit(2);
    }
}

static void set(struct config *c, const struct option_of *o, const char *arg)
{
    switch (o->kind) {
    case INT: *(int *)o->value = (int)number(o->name, arg, -1, 2147483647L); break;
    case LONG: *(long *)o->value = number(o->name, arg, 0, 2147483647L); break;
    case U32: *(uint32_t *)o->value = (uint32_t)number(o->name, arg, 0, 4294967295L); break;
    case SEED: *(unsigned long long *)o->value = (unsigned long long)number(o->name, arg, 0, 9223372036854775807L); break;
    case TEXT: *(const char **)o->value = arg; break;
    case FLAG: *(bool *)o->value = true; break;
    case LOW:
        if (strcmp(arg, "low") && strcmp(arg, "high")) {
            fprintf(stderr, "--word-order: high or low\n");
            exit(2);
        }
        c->low_first = !strcmp(arg, "low");
        break;
    case EYES: eyes(c, arg); break;
    case CHUTES:
        if (sscanf(arg, "%d:%d:%d", &c->chute_first, &c->chute_step, &c->chutes) != 3)
            c->chutes = 0;
        break;
    case STOP:
    case ESTOP:
        if (sscanf(arg, "%ld:%ld", &c->stop_at, &c->stop_ms) != 2) {
            fprintf(stderr, "--%s ITEM:MS\n", o->name);
            exit(2);
        }
        c->stop_is_estop = o->kind == ESTOP;
        break;
    }
}

void options_read(struct config *c, int argc, char **argv)
{
    *c = (struct config){
        .scan_ms = 2, .speed = 20000, .pulse_mm = 10, .eyes = { 0, 4000, 10000, 20000, 30000 }, .n_eyes = 5,
        .scanner = 1500, .scale = 1000, .chute_first = 14000, .chute_step = 1000, .chutes = 20, .exit_mm = 36000,
        .transfer_ms = 200, .empty_ms = 1000, .unverified = MAX_CHUTES, .slip_mm = 20, .window_mm = 100,
        .items = 100, .pitch_mm = 1000, .seed = 1, .boot = 1, .belt_capacity = 200, .order_table = 1000,
        .event_store = 512, .scan_store = 60, .min_lead = 20, .watchdog_ms = 1000, .first_item = 1,
        .status_base = STATUS_BASE, .order_base = ORDER_BASE, .scan_base = SCAN_BASE, .plant_base = PLANT_BASE,
        .belt_base = BELT_BASE, .bind_address = "127.0.0.1", .max_connections = 4, .timeout_s = 120, .linger_ms = 300,
    };
    const struct option_of options[] = {
        { "scan-ms", INT, &c->scan_ms, "PLC scan time (2)" },
        { "speed", INT, &c->speed, "belt speed, mm/s (20000)" },
        { "pulse-mm", INT, &c->pulse_mm, "length of an encoder pulse (10)" },
        { "eyes", EYES, NULL, "photo-eyes 1.., mm,mm,... (4000,10000,20000,30000)" },
        { "scanner", INT, &c->scanner, "place of the scanner, mm, -1: none (1500)" },
        { "scale", INT, &c->scale, "place of scale and dimensioner, mm, -1: none (1000)" },
        { "chutes", CHUTES, NULL, "FIRST:STEP:COUNT, mm (14000:1000:20)" },
        { "exit", INT, &c->exit_mm, "exit eye, mm (36000)" },
        { "transfer-ms", INT, &c->transfer_ms, "a fired parcel must be in the chute by then (200)" },
        { "unverified", INT, &c->unverified, "chutes from this number up have no eye (256)" },
        { "chute-capacity", INT, &c->chute_capacity, "parcels, 0: no limit (0)" },
        { "empty-ms", INT, &c->empty_ms, "a full chute is emptied after this time (1000)" },
        { "slip-mm", INT, &c->slip_mm, "a parcel slips up to this much between two eyes (20)" },
        { "window-mm", INT, &c->window_mm, "half window of tracking (100)" },
        { "items", LONG, &c->items, "parcels to induct (100)" },
        { "start-index", LONG, &c->start_index, "first of them (0)" },
        { "pitch", INT, &c->pitch_mm, "distance of parcels, mm (1000)" },
        { "jitter", INT, &c->jitter_mm, "seeded jitter of the distance, +- mm (0)" },
        { "codes", TEXT, &c->codes_file, "file of codes, a line per parcel; an empty line: no read" },
        { "belt-file", TEXT, &c->belt_file, "what lies on the belt at --kill-at-item; read at the start if it exists" },
        { "seed", SEED, &c->seed, "seed of everything random (1)" },
        { "miss-ppm", INT, &c->miss_ppm, "diverter fires, parcel stays (0)" },
        { "lose-ppm", INT, &c->lose_ppm, "parcel is taken off (0)" },
        { "extra-ppm", INT, &c->extra_ppm, "a parcel is thrown on behind one (0)" },
        { "stop", STOP, NULL, "ITEM:MS, the belt stops at this parcel for this time" },
        { "estop", ESTOP, NULL, "the same as an emergency stop" },
        { "boot", INT, &c->boot, "boot word (1)" },
        { "belt-capacity", INT, &c->belt_capacity, "items on the belt (200)" },
        { "order-table", INT, &c->order_table, "orders not yet fired (1000)" },
        { "event-store", INT, &c->event_store, "events behind the window (512)" },
        { "scan-store", INT, &c->scan_store, "scan records behind the window (60)" },
        { "min-lead", INT, &c->min_lead, "pulses between taking and firing (20)" },
        { "watchdog-ms", INT, &c->watchdog_ms, "watchdog on the host (1000)" },
        { "first-item", INT, &c->first_item, "first item number (1)" },
        { "encoder-start", U32, &c->encoder_start, "encoder at the start (0)" },
        { "word-order", LOW, NULL, "high or low word first (high)" },
        { "ended-before", FLAG, &c->ended_before, "ENDED 4 before LEFT and LOST, not after" },
        { "kill-at-item", LONG, &c->kill_at_item, "exit hard (9) when this many are inducted" },
        { "status-base", INT, &c->status_base, "(0)" },
        { "order-base", INT, &c->order_base, "(128)" },
        { "scan-base", INT, &c->scan_base, "(256)" },
        { "plant-base", INT, &c->plant_base, "(384)" },
        { "belt-base", INT, &c->belt_base, "(1024)" },
        { "bind", TEXT, &c->bind_address, "(127.0.0.1)" },
        { "port", INT, &c->port, "0: any free port (0)" },
        { "unit", INT, &c->unit, "unit id, 0: answers all (0)" },
        { "max-connections", INT, &c->max_connections, "(4)" },
        { "no-fc23", FLAG, &c->no_fc23, "answer function 23 with exception 1" },
        { "log", TEXT, &c->log_file, "CSV, a line per item and per order" },
        { "timeout-s", INT, &c->timeout_s, "give up with exit 4 (120)" },
        { "linger-ms", INT, &c->linger_ms, "serve on for this time when all is done (300)" },
        { NULL, FLAG, NULL, NULL },
    };
    struct option longs[sizeof options / sizeof *options] = { 0 };
    for (size_t i = 0; options[i].name; i++)
        longs[i] = (struct option){ options[i].name, options[i].kind == FLAG ? no_argument : required_argument, NULL, 0 };
    int at;
    for (int got; (got = getopt_long(argc, argv, "", longs, &at)) != -1;) {
        if (got != 0)
            usage(options);
        set(c, &options[at], optarg);
    }
    if (optind < argc)
        usage(options);
    check(c);
    c->eyes[c->n_eyes++] = c->exit_mm;
    if (c->unverified < 0 || c->unverified > c->chutes)
        c->unverified = c->unverified < 0 ? 0 : c->chutes;
}
