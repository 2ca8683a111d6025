// SPDX-License-Identifier: Apache-2.0
// What jemalloc reads before main (ADR 27): memory that was freed goes back to the system after a second, so that a
// large scan is not paid for by everything after it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:1000,muzzy_decay_ms:0";
}
