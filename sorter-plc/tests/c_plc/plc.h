/* The soft PLC: what its parts share. The parts are
 *   plc.c       options and the main loop
 *   server.c    the Modbus server (libmodbus)
 *   session.c   sessions, watchdog, acknowledgements, permit
 *   events.c    the event store and its window
 *   scans.c     the scan store and its window
 *   orders.c    taking orders, refusing, replacing, ending
 *   track.c     items: from the edges of the sensors to events
 *   image.c     the register image: STATUS, SCAN, PLANT, BELT
 *   belt.c      the simulated belt (the "world"; it knows no registers)
 *   belt_files.c  its files: codes, parcels left by an earlier run
 *   books.c     what became of every item and every order, checked
 */
#ifndef PLC_H
#define PLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "registers.h"

#define MAX_EYES 32
#define UM 1000 /* micrometres in a millimetre */

struct config {
    /* belt and plant */
    int scan_ms, speed, pulse_mm;
    int eyes[MAX_EYES]; /* 0 is the induction eye, the last is the exit eye */
    int n_eyes;
    int scanner, scale; /* mm, -1: none */
    int chute_first, chute_step, chutes;
    int exit_mm, transfer_ms, chute_capacity, empty_ms;
    int unverified; /* chutes from this number up have no eye */
    int slip_mm, window_mm;
    /* items */
    long items, start_index;
    int pitch_mm, jitter_mm;
    const char *codes_file, *belt_file;
    unsigned long long seed;
    int miss_ppm, lose_ppm, extra_ppm;
    long stop_at, stop_ms;
    bool stop_is_estop;
    /* PLC */
    int boot, belt_capacity, order_table, event_store, scan_store;
    int min_lead, watchdog_ms, first_item;
    uint32_t encoder_start;
    bool low_first, ended_before;
    long kill_at_item;
    /* server and run */
    int status_base, order_base, scan_base, plant_base, belt_base;
    const char *bind_address;
    int port, unit, max_connections, timeout_s, linger_ms;
    bool no_fc23;
    const char *log_file;
};

/* ---- events.c ---- */
struct event {
    uint8_t type, detail;
    uint16_t item, arg;
    uint32_t encoder;
};
struct event_store { /* a ring; its first record has the seq after `ack` */
    struct event *ring;
    unsigned size, head, count;
    uint16_t ack;
    bool overflow;
};

/* ---- scans.c ---- */
struct scan_record {
    uint16_t item, kind_length, index_count, data[SCAN_DATA_WORDS];
};
struct scan_store {
    struct scan_record *ring;
    unsigned size, head, count;
    uint16_t ack;
    bool overflow;
};

/* ---- track.c ---- */
struct order {
    bool in_force, fired, given_target;
    uint16_t seq; /* 0: taken in an earlier session */
    uint8_t chute;
    uint32_t fire; /* encoder count of the fire point */
    int64_t fired_us;
    long book;
};
struct item {
    uint16_t number, length;
    uint32_t base;  /* count at induction: identifies the item */
    int32_t shift;  /* by how much the eyes found it later than `base` says */
    int next_eye;
    bool scanned;
    struct order order;
    /* for the books */
    long index; /* of the parcel in the input, -1: thrown on */
    const char *code;
    int ordered, fired; /* chute, -1: none */
    unsigned taken, ended;
};

/* ---- belt.c ---- */
enum edge_kind { EDGE_LEAD, EDGE_TRAIL, EDGE_SCANNED, EDGE_CHUTE };
struct edge {
    enum edge_kind kind;
    int number;      /* eye, or chute */
    int64_t travel;  /* um of belt since the start, orders the edges */
    int64_t lead_travel; /* of the leading edge at the same sensor */
    int64_t time_us; /* EDGE_CHUTE */
    long parcel;     /* what it was; the PLC uses it for scans and books only */
};
struct parcel {
    long id, index;
    const char *code;
    int length, width, height; /* mm */
    uint32_t weight; /* g */
    int64_t lead;    /* travel at which the leading edge was at 0, um */
    int64_t lose_at; /* um from 0, -1: stays on */
    int64_t throw_at; /* an extra parcel is thrown on behind it there, -1 */
    int next_lead, next_trail; /* sensors */
    bool gone;
    int64_t gone_travel;
    int into;           /* chute it falls into, -1 */
    int64_t arrival_us; /* at the eye of that chute */
};

/* ---- books.c ---- */
enum fate { FATE_DISCHARGED, FATE_LEFT, FATE_LOST, FATE_ON_BELT };
struct book_order {
    uint16_t session, seq, item;
    uint8_t op;
    int chute;
    bool ended;
};
struct books {
    FILE *log;
    struct book_order *orders;
    size_t n_orders, room;
    unsigned long endings, items_finished;
    unsigned long refused, host_lost, sessions, untracked;
    bool inconsistent;
};

struct plant {
    uint32_t inducted, unexpected, verified, unverified, left, lost;
};
struct chute {
    bool full, half, disabled;
    int parcels;        /* lying in it */
    int64_t full_since; /* us */
    uint16_t lamp;
};

struct plc {
    struct config cfg;
    uint16_t *reg; /* the register image that the server shows */
    int64_t now_us, start_us;
    /* encoder */
    int64_t travel; /* um */
    uint32_t encoder;
    /* states */
    bool running, estop;
    uint16_t scan_counter, last_state;
    /* session.c */
    uint16_t echo, last_heartbeat, seen_session;
    bool seen_beat, zero_seen, live, just_opened;
    int64_t last_beat_us;
    uint16_t order_ack, belt_at, snapshot;
    bool induction_allowed;
    uint16_t induction_limit;
    /* orders.c */
    int bad_check_scans;
    /* stores */
    struct event_store events;
    struct scan_store scans;
    /* track.c */
    struct item *items;
    int n_items;
    uint16_t last_number;
    bool entering; /* a parcel covers the induction eye */
    struct { bool pending; uint32_t lead; } stray[MAX_EYES];
    struct chute chute[MAX_CHUTES];
    struct plant plant;
    struct books books;
    struct belt *belt;
};

static inline uint16_t *order_image(struct plc *p) { return p->reg + p->cfg.order_base; }
static inline int32_t signed_distance(uint32_t from, uint32_t to) { return (int32_t)(to - from); }
static inline int eye_pulses(const struct plc *p, int eye) { return p->cfg.eyes[eye] / p->cfg.pulse_mm; }
/* Encoder count of a place in the belt's travel. */
static inline uint32_t count_at(const struct plc *p, int64_t travel)
{
    return p->cfg.encoder_start + (uint32_t)(travel / ((int64_t)p->cfg.pulse_mm * UM));
}
static inline unsigned on_belt(const struct plc *p) { return (unsigned)p->n_items; }

/* options (options.c) */
void options_read(struct config *c, int argc, char **argv);

/* server.c */
struct server;
struct server *server_open(struct plc *p);
void server_until(struct server *s, int64_t deadline_us);
void server_close(struct server *s);
int64_t clock_us(void);

/* session.c */
void session_scan(struct plc *p);

/* events.c */
void events_init(struct plc *p);
void event(struct plc *p, enum event_type type, unsigned detail, uint16_t item, uint16_t arg, uint32_t encoder);
bool events_room(const struct plc *p);
void events_ack(struct plc *p, uint16_t ack);
uint16_t events_published(const struct plc *p);
uint16_t events_recorded(const struct plc *p);
void events_publish(struct plc *p);
bool events_hold_item(const struct plc *p, uint16_t item);

/* scans.c */
void scans_init(struct plc *p);
void scans_of_item(struct plc *p, uint16_t item, const struct parcel *parcel);
void scans_ack(struct plc *p, uint16_t ack);
uint16_t scans_published(const struct plc *p);
void scans_publish(struct plc *p);
bool scans_hold_item(const struct plc *p, uint16_t item);

/* orders.c */
void orders_scan(struct plc *p);
unsigned orders_pending(const struct plc *p);
void order_ends(struct plc *p, struct item *it, const char *ending);
void order_ended_event(struct plc *p, struct item *it, int reason, uint32_t encoder);
void orders_fire_due(struct plc *p, uint32_t upto);
void order_missed(struct plc *p, struct item *it, uint32_t encoder);

/* track.c */
void track_scan(struct plc *p);
struct item *item_find(struct plc *p, uint16_t number);
uint32_t fire_point(const struct plc *p, const struct item *it, int chute);
void chutes_scan(struct plc *p);
bool chute_closed(const struct plc *p, int chute);

/* image.c */
void image_publish(struct plc *p);
void image_snapshot(struct plc *p);

/* belt.c */
struct belt *belt_open(struct plc *p);
/* Moves the belt to the present time; the PLC then reads the edges. */
void belt_step(struct plc *p);
size_t belt_edges(struct belt *b, const struct edge **edges);
bool belt_edge_void(struct belt *b, const struct edge *e);
const struct parcel *belt_parcel(struct belt *b, long id);
void belt_fire(struct plc *p, int chute, uint32_t count);
int belt_speed(const struct belt *b);
bool belt_all_released(const struct plc *p);
bool belt_empty(const struct belt *b); /* nothing on it or falling into a chute */
void belt_save(const struct plc *p);
bool belt_sum_closes(const struct belt *b);
void belt_close(struct belt *b);

/* books.c */
void books_open(struct plc *p);
long books_order(struct plc *p, uint16_t seq, unsigned op, int chute, uint16_t item);
void books_end(struct plc *p, long order, const char *ending);
void books_item(struct plc *p, const struct item *it, enum fate fate, int chute);
void books_wrong(struct plc *p, const char *what, long number);
void books_scan(struct plc *p);
void books_close(struct plc *p);

#endif
