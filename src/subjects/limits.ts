/*
 * What one user, and the whole mesh, may take of a broker. Every tenant of NATS shares the server's memory with the
 * others, so each number here bounds what a stolen key can use up; the margins say what honest sidecars need.
 */

/**
 * Largest message, in bytes, headers included; nats-server closes the connection of who sends a larger one. It is
 * nats-server's own default. Sidecars send at most 128 KiB of a body and a head at once, and the registry cuts its
 * answers to fit.
 */
export const MAX_MESSAGE_BYTES = 1 << 20;

/**
 * Subscriptions of one connection. A sidecar has a dozen of its own and 2 for each service that it calls, of which it
 * follows at most 1024: that is 2060, and here is room for nearly twice as many. While an identity is renewed there
 * are two connections, each with its own count. nats-server refuses the next one and keeps the connection. Each costs
 * the broker about 300 bytes, and one message is copied to as many of them as match.
 */
export const MAX_SUBSCRIPTIONS = 4096;

/**
 * Connections of one server, of all accounts. An idle one with TLS costs the broker some 50 KiB, and each may have
 * `maxPending` bytes waiting: set it lower where the broker's memory is small.
 */
export const MAX_CONNECTIONS = 8192;

/**
 * Connections of the account MESH in the whole cluster (nats-server counts them so). It is less than one server
 * takes: whoever holds all that MESH may have cannot keep out the registry's store, nor the system user that revokes
 * him. A sidecar has one, and two while its identity is renewed.
 */
export const MAX_MESH_CONNECTIONS = MAX_CONNECTIONS - 192;
