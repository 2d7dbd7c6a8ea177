/* The program's own books: every item ends once, every order ends once, and
 * the sum of PLANT closes in every scan. The log is CSV, one line per item and
 * one per order. */
#include <stdlib.h>
#include <string.h>

#include "plc.h"

void books_open(struct plc *p)
{
    if (!p->cfg.log_file)
        return;
    p->books.log = fopen(p->cfg.log_file, "w");
    if (!p->books.log) {
        perror(p->cfg.log_file);
        exit(2);
    }
    setvbuf(p->books.log, NULL, _IOLBF, 0);
    fputs("item,index,code,ordered_chute,fired_chute,fate,chute,orders_taken,orders_ended\n", p->books.log);
}

void books_wrong(struct plc *p, const char *what, long number)
{
    printf("inconsistent: %s (%ld)\n", what, number);
    p->books.inconsistent = true;
}

long books_order(struct plc *p, uint16_t seq, unsigned op, int chute, uint16_t item)
{
    struct books *b = &p->books;
    if (b->n_orders == b->room) {
        b->room = b->room ? 2 * b->room : 1024;
        b->orders = realloc(b->orders, b->room * sizeof *b->orders);
        if (!b->orders)
            abort();
    }
    b->orders[b->n_orders] =
        (struct book_order){ .session = p->echo, .seq = seq, .item = item, .op = (uint8_t)op, .chute = chute };
    return (long)b->n_orders++;
}

static void order_line(struct plc *p, const struct book_order *o, const char *ending)
{
    static const char *const op[] = { "op0", "divert", "cancel", "enable", "disable", "lamp" };
    if (p->books.log)
        fprintf(p->books.log, "order,%u,%u,%s,%d,%u,%s\n", o->session, o->seq, o->op <= OP_LAMP ? op[o->op] : "op?",
                o->chute, o->item, ending);
}

void books_end(struct plc *p, long order, const char *ending)
{
    struct book_order *o = &p->books.orders[order];
    if (o->ended)
        books_wrong(p, "an order ended twice", order);
    o->ended = true;
    p->books.endings++;
    order_line(p, o, ending);
}

static void code_field(FILE *f, const char *code)
{
    if (!strpbrk(code, ",\"")) {
        fputs(code, f);
        return;
    }
    fputc('"', f);
    for (; *code; code++) {
        if (*code == '"')
            fputc('"', f);
        fputc(*code, f);
    }
    fputc('"', f);
}

static void number_field(FILE *f, long n)
{
    fputc(',', f);
    if (n >= 0)
        fprintf(f, "%ld", n);
}

void books_item(struct plc *p, const struct item *it, enum fate fate, int chute)
{
    static const char *const name[] = { "discharged", "left", "lost", "on_belt" };
    FILE *f = p->books.log;
    p->books.items_finished++;
    if (it->taken != it->ended + (it->order.in_force ? 1u : 0u) || (it->order.in_force && fate != FATE_ON_BELT))
        books_wrong(p, "an item ended with an open order", it->number);
    if (!f)
        return;
    fprintf(f, "%u", it->number);
    number_field(f, it->index);
    fputc(',', f);
    code_field(f, it->code ? it->code : "");
    number_field(f, it->ordered);
    number_field(f, it->fired);
    fprintf(f, ",%s", name[fate]);
    number_field(f, chute);
    fprintf(f, ",%u,%u\n", it->taken, it->ended);
}

void books_scan(struct plc *p)
{
    const struct plant *t = &p->plant;
    if (t->inducted + t->unexpected != t->verified + t->unverified + t->left + t->lost + on_belt(p) &&
        !p->books.inconsistent)
        books_wrong(p, "the sum of PLANT does not close at scan", p->scan_counter);
}

/* The end of the run: what is still open is listed as such. */
void books_close(struct plc *p)
{
    struct books *b = &p->books;
    unsigned long open = 0, in_force = 0;
    for (int i = 0; i < p->n_items; i++) {
        in_force += p->items[i].order.in_force;
        books_item(p, &p->items[i], FATE_ON_BELT, -1);
    }
    for (size_t i = 0; i < b->n_orders; i++) {
        if (!b->orders[i].ended) {
            open++;
            order_line(p, &b->orders[i], "in_force");
        }
    }
    if (open != in_force || b->endings + open != b->n_orders)
        books_wrong(p, "orders without an ending", (long)open - (long)in_force);
    if (b->items_finished != p->plant.inducted + p->plant.unexpected)
        books_wrong(p, "items without a line", (long)b->items_finished);
    if (!belt_sum_closes(p->belt))
        books_wrong(p, "parcels of the simulated belt", 0);
    if (b->untracked)
        printf("untracked=%lu\n", b->untracked);
    const struct plant *t = &p->plant;
    printf("items=%u discharged=%u left=%u lost=%u unexpected=%u orders_taken=%zu refused=%lu host_lost=%lu sessions=%lu\n",
           t->inducted, t->verified + t->unverified, t->left, t->lost, t->unexpected, b->n_orders, b->refused,
           b->host_lost, b->sessions);
    if (b->log)
        fclose(b->log);
    free(b->orders);
}
