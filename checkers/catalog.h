// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_CATALOG_H_
#define CLOSURE_CHECKERS_CATALOG_H_

#include <memory>
#include <vector>

#include "checkers/checker.h"
#include "checkers/checker_settings.h"
#include "checkers/upstreams.h"

namespace closure {

// Makes every checker that the server has built in. A new one is a folder, its sources in CMakeLists.txt, a
// line in catalog.cc and a page in docs/checkers/.
std::vector<std::shared_ptr<Checker>> MakeBuiltinCheckers(const Upstreams& upstreams, const CheckerSettings& settings);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_CATALOG_H_
