/* The register map of the host-PLC contract, version 1: block sizes, word
 * numbers, record layouts and codes. Nothing here depends on the rest of the
 * program. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

/* Blocks: default base and length in words. */
#define STATUS_BASE 0
#define STATUS_WORDS 121
#define ORDER_BASE 128
#define ORDER_WORDS 96
#define SCAN_BASE 256
#define SCAN_WORDS 122
#define PLANT_BASE 384
#define PLANT_WORDS 81
#define BELT_BASE 1024
#define BELT_HEAD 4
#define BELT_ENTRY 5

/* STATUS words. */
enum {
    ST_COUNTER_A = 0, ST_MAGIC = 1, ST_VERSION = 2, ST_PROBE = 3, ST_ECHO = 5,
    ST_BOOT = 6, ST_CAPABILITIES = 7, ST_ENCODER = 8, ST_SPEED = 10,
    ST_STATE = 11, ST_SCAN_TIME = 12, ST_MIN_LEAD = 13, ST_ORDER_ACK = 14,
    ST_PENDING = 15, ST_EV_PUBLISHED = 16, ST_EV_BACKLOG = 17,
    ST_SC_PUBLISHED = 18, ST_SC_BACKLOG = 19, ST_ITEMS = 20, ST_BELT_AT = 21,
    ST_EVENTS = 28, ST_COUNTER_B = 120
};
#define MAGIC 0x5052
#define VERSION 1
#define PROBE 0x01020304u

/* Capability bits. */
enum { CAP_WORKS_OUT = 1 << 0, CAP_NEEDS_TARGET = 1 << 1, CAP_VERIFIES = 1 << 2, CAP_SCANS = 1 << 3 };

/* State bits. Those of STATE_EVENT_BITS send a STATE event when they change. */
enum {
    S_LIVE = 1 << 0, S_RUNNING = 1 << 1, S_ESTOP = 1 << 2, S_FAULT = 1 << 3,
    S_LOCAL = 1 << 4, S_EV_OVERFLOW = 1 << 5, S_TABLE_FULL = 1 << 6,
    S_BAD_CHECK = 1 << 7, S_JAM = 1 << 8, S_SC_OVERFLOW = 1 << 9
};
#define STATE_EVENT_BITS (S_RUNNING | S_ESTOP | S_FAULT | S_LOCAL | S_JAM)

/* Event window: 15 slots of 6 words. */
#define EVENT_SLOTS 15
#define EVENT_WORDS 6
enum event_type {
    EV_INDUCTED = 1, EV_SEEN = 2, EV_FIRED = 3, EV_DISCHARGED = 4,
    EV_MISSED = 5, EV_LEFT = 6, EV_REFUSED = 7, EV_LOST = 8,
    EV_UNEXPECTED = 9, EV_CHUTE = 10, EV_HOST_LOST = 11, EV_STATE = 12,
    EV_LAP = 13, EV_ENDED = 14, EV_JAM = 15
};

/* Reasons of REFUSED. */
enum {
    R_LATE = 1, R_UNKNOWN_ITEM = 2, R_NO_CHUTE = 3, R_TABLE_FULL = 4,
    R_CHUTE_CLOSED = 5, R_NOT_RUNNING = 6, R_FIRED = 8
};
/* Reasons of ENDED. */
enum { E_REPLACED = 1, E_CANCELLED = 2, E_CHUTE_CLOSED = 3, E_ITEM_GONE = 4, E_BELT_STOPPED = 5 };

/* ORDER words and the order ring: 15 slots of 6 words. */
enum { OR_SESSION = 0, OR_HEARTBEAT = 1, OR_EV_ACK = 2, OR_SC_ACK = 3, OR_PERMIT = 4, OR_LIMIT = 5, OR_RING = 6 };
#define ORDER_SLOTS 15
#define ORDER_SLOT_WORDS 6
enum { OP_DIVERT = 1, OP_CANCEL = 2, OP_ENABLE = 3, OP_DISABLE = 4, OP_LAMP = 5 };

/* SCAN window: 6 slots of 20 words after counter A. */
#define SCAN_SLOTS 6
#define SCAN_SLOT_WORDS 20
#define SCAN_DATA_WORDS 16
#define SCAN_CODE_CHARS 32
enum { K_CODE = 1, K_NO_READ = 2, K_DIMENSIONS = 3, K_CONTINUATION = 4 };

/* PLANT words. */
enum {
    PL_COUNTER_A = 0, PL_EVENT = 1, PL_INDUCTED = 2, PL_UNEXPECTED = 4,
    PL_VERIFIED = 6, PL_UNVERIFIED = 8, PL_LEFT = 10, PL_LOST = 12,
    PL_ITEMS = 14, PL_FULL = 16, PL_HALF = 32, PL_CLOSED = 48,
    PL_CONTAINER = 64, PL_COUNTER_B = 80
};

#define MAX_CHUTES 256
#define NO_CHUTE 0xFFFF

/* Sequence numbers run 1..65520 and then 1 again; 0 stands before the first. */
#define SEQ_LAST 65520u

static inline unsigned seq_distance(uint16_t a, uint16_t b)
{
    return b >= a ? (unsigned)(b - a) : (unsigned)b + SEQ_LAST - a;
}

static inline uint16_t seq_add(uint16_t a, unsigned n)
{
    if (n == 0)
        return a;
    /* a + n >= 1 here, so the subtraction does not wrap. */
    return (uint16_t)((a + n - 1u) % SEQ_LAST + 1u);
}

/* 32-bit values in two registers: high word first unless `low_first`. */
static inline void put32(uint16_t *w, uint32_t v, bool low_first)
{
    w[low_first ? 1 : 0] = (uint16_t)(v >> 16);
    w[low_first ? 0 : 1] = (uint16_t)v;
}

static inline uint32_t get32(const uint16_t *w, bool low_first)
{
    return (uint32_t)w[low_first ? 1 : 0] << 16 | w[low_first ? 0 : 1];
}

/* Check word of an order slot: over the five words before it, as they stand. */
static inline uint16_t order_check(uint16_t session, const uint16_t *slot)
{
    uint16_t c = session ^ 0xA5A5u;
    for (int i = 0; i < ORDER_SLOT_WORDS - 1; i++)
        c = (uint16_t)((uint16_t)(c << 5 | c >> 11) ^ slot[i]);
    return c;
}

#endif
