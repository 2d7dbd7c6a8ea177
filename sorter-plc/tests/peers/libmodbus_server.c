/* A plain register server on libmodbus: no program behind the registers, one thread, as many connections as select takes.
 *
 *     libmodbus_server REGISTERS UNIT [PORT]
 *
 * Serves holding registers 0 .. REGISTERS-1; register n holds (7 n + 3) mod 65536 at first. UNIT 0 answers to all unit
 * ids, otherwise others get no answer. The first line of the output is `listening 127.0.0.1:PORT`. */
#include <arpa/inet.h>
#include <modbus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNIT_AT 6 /* in the header of Modbus/TCP */

int main(int argc, char **argv)
{
    int registers = argc > 1 ? atoi(argv[1]) : 0, unit = argc > 2 ? atoi(argv[2]) : 0;
    modbus_t *ctx = modbus_new_tcp("127.0.0.1", argc > 3 ? atoi(argv[3]) : 0);
    modbus_mapping_t *map = modbus_mapping_new(0, 0, registers, 0);
    if (registers < 1 || registers > 65536 || !ctx || !map) {
        fprintf(stderr, "usage: libmodbus_server REGISTERS UNIT [PORT]\n");
        return 2;
    }
    for (int n = 0; n < registers; n++)
        map->tab_registers[n] = (uint16_t)(7 * n + 3);
    signal(SIGPIPE, SIG_IGN);
    int listener = modbus_tcp_listen(ctx, 16);
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    if (listener < 0 || getsockname(listener, (struct sockaddr *)&at, &size) < 0) {
        perror("listen");
        return 2;
    }
    printf("listening 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    fd_set open, ready;
    FD_ZERO(&open);
    FD_SET(listener, &open);
    for (;;) {
        ready = open;
        if (select(FD_SETSIZE, &ready, NULL, NULL, NULL) < 0)
            continue;
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            if (fd == listener) {
                int client = accept(listener, NULL, NULL);
                if (client >= 0 && client < FD_SETSIZE)
                    FD_SET(client, &open);
                continue;
            }
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(ctx, fd);
            int length = modbus_receive(ctx, query);
            if (length > 0 && (unit == 0 || query[UNIT_AT] == unit)) {
                modbus_reply(ctx, query, length, map);
            } else if (length < 0) {
                close(fd);
                FD_CLR(fd, &open);
            }
        }
    }
}
