/* loopback.h - a socket that listens on loopback, at a port that nobody else has. */
#ifndef TESTS_LIB_LOOPBACK_H
#define TESTS_LIB_LOOPBACK_H

#include <netinet/in.h>

/* The socket, to be closed; so many connections may wait for it. */
int loopback_listen(int waiting, struct sockaddr_in *ret_address);
#endif
