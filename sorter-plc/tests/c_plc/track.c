/* Tracking: what the sensors see becomes items and events. The PLC knows an
 * item by the count of its leading edge at the induction eye; every further
 * eye corrects by how much it runs late. */
#include <stdlib.h>
#include <string.h>

#include "plc.h"

struct item *item_find(struct plc *p, uint16_t number)
{
    for (int i = 0; i < p->n_items; i++)
        if (p->items[i].number == number)
            return &p->items[i];
    return NULL;
}

/* Where the leading edge is expected at a place, in counts. */
static uint32_t expected_at(const struct item *it, int pulses)
{
    return it->base + (uint32_t)it->shift + (uint32_t)pulses;
}

uint32_t fire_point(const struct plc *p, const struct item *it, int chute)
{
    return expected_at(it, (p->cfg.chute_first + p->cfg.chute_step * chute) / p->cfg.pulse_mm);
}

/* A number that no item on the belt and no unacknowledged record has. */
static uint16_t new_number(struct plc *p)
{
    do
        p->last_number = p->last_number == 65535 ? 1 : p->last_number + 1;
    while (item_find(p, p->last_number) || events_hold_item(p, p->last_number) || scans_hold_item(p, p->last_number));
    return p->last_number;
}

static struct item *item_new(struct plc *p, uint32_t base, unsigned length, const struct parcel *parcel)
{
    if (p->n_items >= p->cfg.belt_capacity) {
        p->books.untracked++;
        return NULL;
    }
    uint16_t number = new_number(p);
    struct item *it = &p->items[p->n_items++];
    *it = (struct item){ .number = number, .length = (uint16_t)length, .base = base, .next_eye = 1,
                         .index = parcel ? parcel->index : -1, .code = parcel ? parcel->code : NULL,
                         .ordered = -1, .fired = -1 };
    return it;
}

/* The item ends. An order that is still in force ends with it. */
static void item_ends(struct plc *p, struct item *it, enum event_type type, unsigned detail, uint16_t arg,
                      enum fate fate, uint32_t encoder)
{
    bool open_order = it->order.in_force;
    if (open_order && p->cfg.ended_before)
        order_ended_event(p, it, E_ITEM_GONE, encoder);
    event(p, type, detail, it->number, arg, encoder);
    if (open_order && !p->cfg.ended_before)
        order_ended_event(p, it, E_ITEM_GONE, encoder);
    books_item(p, it, fate, fate == FATE_DISCHARGED ? arg : -1);
    int i = (int)(it - p->items);
    memmove(it, it + 1, (size_t)(p->n_items - i - 1) * sizeof *it);
    p->n_items--;
}

static void discharged(struct plc *p, struct item *it, bool verified, uint32_t encoder)
{
    uint16_t chute = it->order.chute;
    order_ends(p, it, "discharged");
    if (verified)
        p->plant.verified++;
    else
        p->plant.unverified++;
    item_ends(p, it, EV_DISCHARGED, verified, chute, FATE_DISCHARGED, encoder);
}

static void item_lost(struct plc *p, struct item *it, int eye, uint32_t encoder)
{
    p->plant.lost++;
    item_ends(p, it, EV_LOST, (unsigned)eye, 0, FATE_LOST, encoder);
}

static void item_left(struct plc *p, struct item *it, int eye, uint32_t encoder)
{
    p->plant.left++;
    item_ends(p, it, EV_LEFT, (unsigned)eye, 0, FATE_LEFT, encoder);
}

/* The tracked item that is expected at this count; NULL: nobody is. */
static struct item *match(struct plc *p, int eye, int pulses, uint32_t count)
{
    struct item *best = NULL;
    int32_t best_off = p->cfg.window_mm / p->cfg.pulse_mm + 1;
    for (int i = 0; i < p->n_items; i++) {
        struct item *it = &p->items[i];
        if (eye >= 0 ? it->next_eye != eye : it->scanned || it->order.fired)
            continue;
        int32_t off = abs(signed_distance(expected_at(it, pulses), count));
        if (off < best_off) {
            best = it;
            best_off = off;
        }
    }
    return best;
}

static void leading_edge(struct plc *p, int eye, uint32_t count)
{
    if (eye == 0) {
        p->entering = true;
        return;
    }
    struct item *it = match(p, eye, eye_pulses(p, eye), count);
    if (!it) { /* reported with its length when it has passed */
        p->stray[eye].pending = true;
        p->stray[eye].lead = count;
        return;
    }
    if (it->order.fired) /* it ought to be in its chute */
        order_missed(p, it, count);
    int32_t deviation = signed_distance(expected_at(it, eye_pulses(p, eye)), count);
    it->shift += deviation;
    if (it->order.in_force && !it->order.given_target)
        it->order.fire += (uint32_t)deviation;
    if (eye == p->cfg.n_eyes - 1) {
        item_left(p, it, eye, count);
    } else {
        it->next_eye = eye + 1;
        event(p, EV_SEEN, (unsigned)eye, it->number, (uint16_t)(int16_t)deviation, count);
    }
}

static void trailing_edge(struct plc *p, const struct edge *e, uint32_t count)
{
    uint32_t lead = count_at(p, e->lead_travel);
    const struct parcel *parcel = belt_parcel(p->belt, e->parcel);
    if (e->number == 0) {
        p->entering = false;
        struct item *it = item_new(p, lead, count - lead, parcel);
        if (!it)
            return;
        p->plant.inducted++;
        event(p, EV_INDUCTED, 0, it->number, it->length, lead);
        if ((long)p->plant.inducted == p->cfg.kill_at_item) {
            belt_save(p);
            fflush(NULL);
            _Exit(9);
        }
    } else if (p->stray[e->number].pending) {
        p->stray[e->number].pending = false;
        lead = p->stray[e->number].lead;
        struct item *it = item_new(p, lead - (uint32_t)eye_pulses(p, e->number), count - lead, parcel);
        if (!it)
            return;
        it->next_eye = e->number + 1;
        p->plant.unexpected++;
        event(p, EV_UNEXPECTED, (unsigned)e->number, it->number, it->length, lead);
        if (e->number == p->cfg.n_eyes - 1)
            item_left(p, it, e->number, lead);
    }
}

static void scanned(struct plc *p, const struct edge *e)
{
    int mm = p->cfg.scanner > p->cfg.scale ? p->cfg.scanner : p->cfg.scale;
    struct item *it = match(p, -1, mm / p->cfg.pulse_mm, count_at(p, e->lead_travel));
    const struct parcel *parcel = belt_parcel(p->belt, e->parcel);
    if (it && parcel) {
        it->scanned = true;
        scans_of_item(p, it->number, parcel);
    }
}

/* The eye of a chute: of the items fired into it, the one expected now. */
static void chute_eye(struct plc *p, const struct edge *e, uint32_t count)
{
    struct item *best = NULL;
    int64_t best_off = 0;
    p->chute[e->number].parcels++;
    if (e->number >= p->cfg.unverified)
        return; /* no eye there; the parcel lies in it all the same */
    for (int i = 0; i < p->n_items; i++) {
        struct item *it = &p->items[i];
        if (!it->order.fired || it->order.chute != e->number)
            continue;
        int64_t off = llabs(e->time_us - it->order.fired_us - (int64_t)p->cfg.transfer_ms * 500);
        if (!best || off < best_off) {
            best = it;
            best_off = off;
        }
    }
    if (best)
        discharged(p, best, true, count);
}

/* Fired items whose transfer time is over. */
static void transfers(struct plc *p)
{
    for (int i = p->n_items - 1; i >= 0; i--) {
        struct item *it = &p->items[i];
        if (!it->order.fired || p->now_us - it->order.fired_us < (int64_t)p->cfg.transfer_ms * 1000)
            continue;
        if (it->order.chute < p->cfg.unverified)
            order_missed(p, it, p->encoder);
        else
            discharged(p, it, false, p->encoder);
    }
}

/* Items that an eye should have seen by now. One that was fired may be in its
 * chute: only the transfer time tells. */
static void windows(struct plc *p)
{
    int window = p->cfg.window_mm / p->cfg.pulse_mm;
    for (int i = 0; i < p->n_items; i++) {
        struct item *it = &p->items[i];
        uint32_t expected = expected_at(it, eye_pulses(p, it->next_eye));
        if (signed_distance(expected, p->encoder) <= window)
            continue;
        if (!it->order.fired)
            item_lost(p, it, it->next_eye, expected), i--;
        else if (it->next_eye < p->cfg.n_eyes - 1)
            it->next_eye++, i--;
    }
}

void track_scan(struct plc *p)
{
    const struct edge *edges;
    size_t n = belt_edges(p->belt, &edges);
    for (size_t i = 0; i < n; i++) {
        const struct edge *e = &edges[i];
        uint32_t count = count_at(p, e->travel);
        orders_fire_due(p, count);
        if (belt_edge_void(p->belt, e))
            continue; /* the parcel was diverted before it came to this sensor */
        switch (e->kind) {
        case EDGE_LEAD: leading_edge(p, e->number, count); break;
        case EDGE_TRAIL: trailing_edge(p, e, count); break;
        case EDGE_SCANNED: scanned(p, e); break;
        case EDGE_CHUTE: chute_eye(p, e, count); break;
        }
    }
    orders_fire_due(p, p->encoder);
    transfers(p);
    windows(p);
}

bool chute_closed(const struct plc *p, int chute)
{
    return p->chute[chute].full || p->chute[chute].disabled;
}

/* Fill of the chutes. A full one is emptied after a while. */
void chutes_scan(struct plc *p)
{
    int capacity = p->cfg.chute_capacity;
    for (int i = 0; capacity > 0 && i < p->cfg.chutes; i++) {
        struct chute *c = &p->chute[i];
        if (c->full && p->now_us - c->full_since >= (int64_t)p->cfg.empty_ms * 1000)
            c->parcels = 0;
        bool full = c->parcels >= capacity, half = c->parcels * 2 >= capacity;
        if (full && !c->full)
            c->full_since = p->now_us;
        if (full != c->full || half != c->half) {
            c->full = full;
            c->half = half;
            event(p, EV_CHUTE, 0, 0, (uint16_t)i, p->encoder);
        }
    }
}
