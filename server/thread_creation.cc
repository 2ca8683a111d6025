// SPDX-License-Identifier: Apache-2.0
// Stands in the place of the C library's pthread_create, for the libraries of the process too. gRPC goes on without a
// word when it gets no thread, and gives work to it all the same: calls are never answered, and timers never come
// (ADR 18). So a process that gets no thread ends, as one that gets no memory does. Linked into the server's program
// only, and not together with a sanitizer, which stands in the same place.
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>

#include "server/process_end.h"

extern "C" __attribute__((visibility("default"))) int pthread_create(pthread_t* thread,
                                                                     const pthread_attr_t* attributes,
                                                                     void* (*run)(void*), void* argument) noexcept {
  static const auto create = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  const int error = create(thread, attributes, run, argument);
  // Other errors are the caller's own.
  if (error == EAGAIN || error == ENOMEM) closure::EndForLackOfThreads();
  return error;
}
