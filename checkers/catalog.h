// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_CATALOG_H_
#define CLOSURE_CHECKERS_CATALOG_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "checkers/checker.h"
#include "checkers/checker_settings.h"
#include "checkers/upstreams.h"

namespace closure {

// Adds checkers of somebody's own to the built-in ones (ClosuredMain). To be called once, before anything else here and
// before any thread is started. Errors: INVALID_ARGUMENT with the name and what is wrong with the description; then
// nothing is added.
absl::Status AddCompiledCheckers(std::vector<std::shared_ptr<Checker>> checkers);

// Makes every checker that the server has built in, and those that were added, which are the same objects each time. A
// new one is a folder, its sources in CMakeLists.txt, a line in catalog.cc and a page in docs/checkers/.
std::vector<std::shared_ptr<Checker>> MakeBuiltinCheckers(const Upstreams& upstreams, const CheckerSettings& settings);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_CATALOG_H_
