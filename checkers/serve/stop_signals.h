// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_SERVE_STOP_SIGNALS_H_
#define CLOSURE_CHECKERS_SERVE_STOP_SIGNALS_H_

#include <signal.h>

namespace closure {

// Those that ask a server, or a checker that is served, to stop in order.
inline sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace closure

#endif  // CLOSURE_CHECKERS_SERVE_STOP_SIGNALS_H_
