/* The scan store: codes, dimensions and weights, six records in the window. */
#include <stdlib.h>
#include <string.h>

#include "plc.h"

void scans_init(struct plc *p)
{
    p->scans.size = SCAN_SLOTS + (unsigned)p->cfg.scan_store;
    p->scans.ring = calloc(p->scans.size, sizeof *p->scans.ring);
    if (!p->scans.ring)
        abort();
}

static void add(struct plc *p, const struct scan_record *r)
{
    struct scan_store *s = &p->scans;
    s->ring[(s->head + s->count) % s->size] = *r;
    s->count++;
}

/* One record of code text: two characters a word, the first in the high byte. */
static void code_record(struct scan_record *r, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        r->data[i / 2] |= (uint16_t)((unsigned char)text[i] << (i % 2 ? 0 : 8));
    r->kind_length |= (uint16_t)length;
}

/* All records of an item go in together or not at all. */
void scans_of_item(struct plc *p, uint16_t item, const struct parcel *parcel)
{
    struct scan_store *s = &p->scans;
    bool has_scanner = p->cfg.scanner >= 0, has_scale = p->cfg.scale >= 0;
    size_t length = parcel->code ? strlen(parcel->code) : 0;
    unsigned code_records = !has_scanner ? 0 : length == 0 ? 1 : (unsigned)((length + SCAN_CODE_CHARS - 1) / SCAN_CODE_CHARS);
    unsigned count = code_records + (has_scale ? 1 : 0);
    if (s->size - s->count < count) {
        s->overflow = true;
        return;
    }
    unsigned index = 0;
    for (; index < code_records; index++) {
        struct scan_record r = { .item = item, .index_count = (uint16_t)(index << 8 | count) };
        if (length == 0) {
            r.kind_length = K_NO_READ << 8;
        } else {
            size_t from = (size_t)index * SCAN_CODE_CHARS;
            size_t part = length - from < SCAN_CODE_CHARS ? length - from : SCAN_CODE_CHARS;
            r.kind_length = (uint16_t)((index == 0 ? K_CODE : K_CONTINUATION) << 8);
            code_record(&r, parcel->code + from, part);
        }
        add(p, &r);
    }
    if (has_scale) {
        struct scan_record r = { .item = item, .index_count = (uint16_t)(index << 8 | count) };
        r.kind_length = K_DIMENSIONS << 8 | 10; /* octets: five words */
        r.data[0] = (uint16_t)parcel->length;
        r.data[1] = (uint16_t)parcel->width;
        r.data[2] = (uint16_t)parcel->height;
        put32(r.data + 3, parcel->weight, p->cfg.low_first);
        add(p, &r);
    }
}

uint16_t scans_published(const struct plc *p)
{
    const struct scan_store *s = &p->scans;
    if (p->echo == 0)
        return 0;
    return seq_add(s->ack, s->count < SCAN_SLOTS ? s->count : SCAN_SLOTS);
}

void scans_ack(struct plc *p, uint16_t ack)
{
    struct scan_store *s = &p->scans;
    if (ack == 0)
        return;
    unsigned taken = seq_distance(s->ack, ack);
    if (taken == 0 || taken > seq_distance(s->ack, scans_published(p)))
        return;
    s->head = (s->head + taken) % s->size;
    s->count -= taken;
    s->ack = ack;
}

bool scans_hold_item(const struct plc *p, uint16_t item)
{
    const struct scan_store *s = &p->scans;
    for (unsigned i = 0; i < s->count; i++)
        if (s->ring[(s->head + i) % s->size].item == item)
            return true;
    return false;
}

void scans_publish(struct plc *p)
{
    const struct scan_store *s = &p->scans;
    uint16_t *block = p->reg + p->cfg.scan_base;
    uint16_t *status = p->reg + p->cfg.status_base;
    unsigned shown = 0;
    if (p->echo == 0 || p->just_opened)
        memset(block + 1, 0, SCAN_SLOTS * SCAN_SLOT_WORDS * sizeof *block);
    if (p->echo != 0) {
        shown = s->count < SCAN_SLOTS ? s->count : SCAN_SLOTS;
        for (unsigned i = 0; i < shown; i++) {
            const struct scan_record *r = &s->ring[(s->head + i) % s->size];
            uint16_t seq = seq_add(s->ack, i + 1);
            uint16_t *w = block + 1 + (seq - 1) % SCAN_SLOTS * SCAN_SLOT_WORDS;
            w[0] = seq;
            w[1] = r->item;
            w[2] = r->kind_length;
            w[3] = r->index_count;
            memcpy(w + 4, r->data, sizeof r->data);
        }
    }
    block[0] = block[SCAN_WORDS - 1] = p->scan_counter;
    status[ST_SC_PUBLISHED] = scans_published(p);
    status[ST_SC_BACKLOG] = (uint16_t)(s->count - shown);
}
