/* The register image that the host reads. It is written once at the end of a
 * scan, and the server answers only between scans: no block is ever torn. */
#include <string.h>

#include "plc.h"

static uint16_t state_word(const struct plc *p)
{
    unsigned state = 0;
    state |= p->live ? S_LIVE : 0;
    state |= p->running ? S_RUNNING : 0;
    state |= p->estop ? S_ESTOP : 0;
    state |= p->events.overflow ? S_EV_OVERFLOW : 0;
    state |= orders_pending(p) >= (unsigned)p->cfg.order_table ? S_TABLE_FULL : 0;
    state |= p->bad_check_scans >= 100 ? S_BAD_CHECK : 0;
    state |= p->scans.overflow ? S_SC_OVERFLOW : 0;
    return (uint16_t)state;
}

static unsigned capabilities(const struct plc *p)
{
    unsigned c = CAP_WORKS_OUT;
    if (p->cfg.unverified > 0)
        c |= CAP_VERIFIES;
    if (p->cfg.scanner >= 0 || p->cfg.scale >= 0)
        c |= CAP_SCANS;
    return c;
}

static void publish_status(struct plc *p)
{
    uint16_t *w = p->reg + p->cfg.status_base;
    uint16_t state = state_word(p);
    if ((state ^ p->last_state) & STATE_EVENT_BITS)
        event(p, EV_STATE, 0, 0, state, p->encoder);
    p->last_state = state = state_word(p);

    w[ST_COUNTER_B] = p->scan_counter;
    w[ST_MAGIC] = MAGIC;
    w[ST_VERSION] = VERSION;
    put32(w + ST_PROBE, PROBE, p->cfg.low_first);
    w[ST_ECHO] = p->echo;
    w[ST_BOOT] = (uint16_t)p->cfg.boot;
    w[ST_CAPABILITIES] = (uint16_t)capabilities(p);
    put32(w + ST_ENCODER, p->encoder, p->cfg.low_first);
    w[ST_SPEED] = (uint16_t)belt_speed(p->belt);
    w[ST_STATE] = state;
    w[ST_SCAN_TIME] = (uint16_t)(p->cfg.scan_ms * 10);
    w[ST_MIN_LEAD] = (uint16_t)p->cfg.min_lead;
    w[ST_ORDER_ACK] = p->order_ack;
    w[ST_PENDING] = (uint16_t)orders_pending(p);
    w[ST_ITEMS] = (uint16_t)on_belt(p);
    w[ST_BELT_AT] = p->belt_at;
    events_publish(p);
    w[ST_COUNTER_A] = p->scan_counter;
}

static void set_bit(uint16_t *words, int bit, bool on)
{
    uint16_t mask = (uint16_t)(1u << bit % 16);
    words[bit / 16] = (uint16_t)(on ? words[bit / 16] | mask : words[bit / 16] & ~mask);
}

static void publish_plant(struct plc *p)
{
    uint16_t *w = p->reg + p->cfg.plant_base;
    bool low = p->cfg.low_first;
    w[PL_COUNTER_B] = p->scan_counter;
    w[PL_EVENT] = events_recorded(p);
    put32(w + PL_INDUCTED, p->plant.inducted, low);
    put32(w + PL_UNEXPECTED, p->plant.unexpected, low);
    put32(w + PL_VERIFIED, p->plant.verified, low);
    put32(w + PL_UNVERIFIED, p->plant.unverified, low);
    put32(w + PL_LEFT, p->plant.left, low);
    put32(w + PL_LOST, p->plant.lost, low);
    w[PL_ITEMS] = (uint16_t)on_belt(p);
    for (int c = 0; c < p->cfg.chutes; c++) {
        set_bit(w + PL_FULL, c, p->chute[c].full);
        set_bit(w + PL_HALF, c, p->chute[c].half);
        set_bit(w + PL_CLOSED, c, p->chute[c].disabled);
        set_bit(w + PL_CONTAINER, c, true);
    }
    w[PL_COUNTER_A] = p->scan_counter;
}

/* BELT: taken when a session opens and left alone until the next. */
void image_snapshot(struct plc *p)
{
    uint16_t *w = p->reg + p->cfg.belt_base;
    w[1] = 0; /* being written */
    w[0] = (uint16_t)p->n_items;
    for (int i = 0; i < p->cfg.belt_capacity; i++) {
        uint16_t *entry = w + BELT_HEAD + BELT_ENTRY * i;
        memset(entry, 0, BELT_ENTRY * sizeof *entry);
        if (i >= p->n_items)
            continue;
        const struct item *it = &p->items[i];
        entry[0] = it->number;
        put32(entry + 1, it->base, p->cfg.low_first);
        entry[3] = it->order.in_force ? it->order.chute : NO_CHUTE;
        entry[4] = it->order.fired ? 1 : 0;
    }
    p->snapshot = p->snapshot == 65535 ? 1 : p->snapshot + 1;
    w[1] = p->snapshot;
}

void image_publish(struct plc *p)
{
    p->scan_counter++;
    publish_status(p);
    scans_publish(p);
    publish_plant(p);
}
