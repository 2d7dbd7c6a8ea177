/* Orders: taking them from the ring, refusing, replacing, firing, ending. */
#include <string.h>

#include "plc.h"

/* The order at the head of the ring, as it was read. */
struct request {
    uint16_t seq, item;
    unsigned op;
    int chute;
    uint32_t target;
    uint16_t pattern; /* the "target lo" word of a lamp */
};

unsigned orders_pending(const struct plc *p)
{
    unsigned n = 0;
    for (int i = 0; i < p->n_items; i++)
        n += p->items[i].order.in_force && !p->items[i].order.fired;
    return n;
}

/* The order of an item has its one ending. */
void order_ends(struct plc *p, struct item *it, const char *ending)
{
    books_end(p, it->order.book, ending);
    it->ended++;
    memset(&it->order, 0, sizeof it->order);
}

void order_ended_event(struct plc *p, struct item *it, int reason, uint32_t encoder)
{
    static const char *const name[] = { "", "ended:replaced", "ended:cancelled", "ended:chute_closed",
                                        "ended:item_gone", "ended:belt_stopped" };
    event(p, EV_ENDED, (unsigned)reason, it->number, it->order.seq, encoder);
    order_ends(p, it, name[reason]);
}

void order_missed(struct plc *p, struct item *it, uint32_t encoder)
{
    event(p, EV_MISSED, it->order.chute, it->number, it->order.chute, encoder);
    order_ends(p, it, "missed");
}

/* ---- taking ---- */

/* The first reason that holds, in the order 6, 3, 2, 8, 1, 5, 4; 0: none. */
static int divert_refusal(struct plc *p, const struct request *r, const struct item *it, uint32_t fire)
{
    if (!p->running)
        return R_NOT_RUNNING;
    if (r->chute >= p->cfg.chutes)
        return R_NO_CHUTE;
    if (!it)
        return R_UNKNOWN_ITEM;
    if (it->order.in_force && it->order.fired)
        return R_FIRED;
    int32_t ahead = signed_distance(p->encoder, fire);
    if (ahead < p->cfg.min_lead)
        return R_LATE;
    if (r->target != 0 && ahead > p->cfg.exit_mm / p->cfg.pulse_mm)
        return R_LATE;
    if (chute_closed(p, r->chute))
        return R_CHUTE_CLOSED;
    if (!it->order.in_force && orders_pending(p) >= (unsigned)p->cfg.order_table)
        return R_TABLE_FULL;
    return 0;
}

static void refuse(struct plc *p, const struct request *r, struct item *it, long book, int reason)
{
    char ending[24];
    snprintf(ending, sizeof ending, "refused:%d", reason);
    event(p, EV_REFUSED, (unsigned)reason, r->item, r->seq, p->encoder);
    books_end(p, book, ending);
    p->books.refused++;
    if (it && r->op == OP_DIVERT)
        it->ended++;
}

static void take_divert(struct plc *p, const struct request *r, struct item *it, long book)
{
    uint32_t fire = r->target;
    if (it)
        it->taken++;
    if (it && r->target == 0 && r->chute < p->cfg.chutes)
        fire = fire_point(p, it, r->chute);
    int reason = divert_refusal(p, r, it, fire);
    if (reason) {
        refuse(p, r, it, book, reason);
        return;
    }
    if (it->order.in_force)
        order_ended_event(p, it, E_REPLACED, p->encoder);
    it->order = (struct order){ .in_force = true, .seq = r->seq, .chute = (uint8_t)r->chute, .fire = fire,
                                .given_target = r->target != 0, .book = book };
    it->ordered = r->chute;
}

static void take_cancel(struct plc *p, const struct request *r, struct item *it, long book)
{
    if (!it) {
        refuse(p, r, it, book, R_UNKNOWN_ITEM);
    } else if (it->order.in_force && it->order.fired) {
        refuse(p, r, it, book, R_FIRED);
    } else {
        if (it->order.in_force)
            order_ended_event(p, it, E_CANCELLED, p->encoder);
        books_end(p, book, "done");
    }
}

static void take_chute_order(struct plc *p, const struct request *r, long book)
{
    if (r->op < OP_ENABLE || r->op > OP_LAMP || r->chute >= p->cfg.chutes) {
        refuse(p, r, NULL, book, R_NO_CHUTE);
        return;
    }
    struct chute *c = &p->chute[r->chute];
    if (r->op == OP_LAMP) {
        c->lamp = r->pattern;
    } else if (c->disabled != (r->op == OP_DISABLE)) {
        c->disabled = r->op == OP_DISABLE;
        event(p, EV_CHUTE, 0, 0, (uint16_t)r->chute, p->encoder);
    }
    books_end(p, book, "done");
}

static void take(struct plc *p, const uint16_t *slot)
{
    struct request r = { .seq = slot[0], .op = slot[1] >> 12, .chute = slot[1] & 0xFFF, .item = slot[2],
                         .target = get32(slot + 3, p->cfg.low_first),
                         .pattern = slot[p->cfg.low_first ? 3 : 4] };
    struct item *it = item_find(p, r.item);
    long book = books_order(p, r.seq, r.op, r.chute, r.item);
    if (r.op == OP_DIVERT)
        take_divert(p, &r, it, book);
    else if (r.op == OP_CANCEL)
        take_cancel(p, &r, it, book);
    else
        take_chute_order(p, &r, book);
    p->order_ack = r.seq;
}

/* Takes what stands next in the ring. Called while live and in session. */
void orders_scan(struct plc *p)
{
    const uint16_t *image = order_image(p);
    for (int n = 0; n < ORDER_SLOTS; n++) {
        /* Taking makes at most one event; without room for it the order waits,
         * because the event may not come later than the ack. */
        if (!events_room(p))
            return;
        uint16_t next = seq_add(p->order_ack, 1);
        const uint16_t *slot = image + OR_RING + (next - 1) % ORDER_SLOTS * ORDER_SLOT_WORDS;
        if (slot[0] != next) {
            p->bad_check_scans = 0;
            return;
        }
        if (slot[5] != order_check(p->echo, slot)) {
            if (p->bad_check_scans < 100)
                p->bad_check_scans++;
            return;
        }
        p->bad_check_scans = 0;
        take(p, slot);
    }
}

/* ---- firing ---- */

static void fire(struct plc *p, struct item *it)
{
    int chute = it->order.chute;
    uint32_t at = it->order.fire;
    if (!p->running) {
        order_ended_event(p, it, E_BELT_STOPPED, at);
    } else if (chute_closed(p, chute)) {
        order_ended_event(p, it, E_CHUTE_CLOSED, at);
    } else {
        it->order.fired = true;
        it->order.fired_us = p->now_us;
        it->fired = chute;
        event(p, EV_FIRED, (unsigned)chute, it->number, (uint16_t)chute, at);
        belt_fire(p, chute, at);
    }
}

/* Everything whose fire point is not beyond `upto`, in the order of the belt. */
void orders_fire_due(struct plc *p, uint32_t upto)
{
    for (;;) {
        struct item *first = NULL;
        for (int i = 0; i < p->n_items; i++) {
            struct item *it = &p->items[i];
            if (!it->order.in_force || it->order.fired || signed_distance(it->order.fire, upto) < 0)
                continue;
            if (!first || signed_distance(it->order.fire, first->order.fire) > 0)
                first = it;
        }
        if (!first)
            return;
        fire(p, first);
    }
}
