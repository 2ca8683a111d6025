// SPDX-License-Identifier: Apache-2.0
// That the judge of a closure that was left on its way can fail.
#include "tests/io_faults/closure_books.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/simulation/judge_acts.h"

namespace closure {
namespace {

void AddAct(sandbox::v1::ShowAccountResponse& shown, const std::string& method, const std::string& key,
            int64_t units = 0) {
  sandbox::v1::SandboxAct& act = *shown.add_acts();
  act.set_method(method);
  act.set_idempotency_key(key);
  act.set_outcome("DONE");
  if (units > 0) {
    act.mutable_amount()->set_currency_code("USD");
    act.mutable_amount()->set_units(units);
  }
  REQUIRE(simulation::IsDone(act));
}

TEST_CASE("what was done to an account whose closure was left on its way is right, or the judge says what is not",
          "[iofaults]") {
  sandbox::v1::ShowAccountResponse shown;
  CHECK(JudgeActsSoFar(shown, false).empty());
  AddAct(shown, "closure.upstream.v1.AccountService/FreezeAccount", "c/FREEZE/1");
  AddAct(shown, "closure.upstream.v1.AccountService/FreezeAccount", "c/FREEZE/2");
  AddAct(shown, "closure.upstream.v1.ResourceService/ReleaseResource", "c/i-1");
  CHECK(JudgeActsSoFar(shown, false).empty());

  sandbox::v1::ShowAccountResponse released_twice = shown;
  AddAct(released_twice, "closure.upstream.v1.ResourceService/ReleaseResource", "c/i-1 again");
  CHECK_THAT(JudgeActsSoFar(released_twice, false), Catch::Contains("ReleaseResource was done under 2 keys"));

  sandbox::v1::ShowAccountResponse wrong_money = shown;
  AddAct(wrong_money, "closure.upstream.v1.BillingService/ForfeitBalance", "c/forfeit", 21);
  CHECK_THAT(JudgeActsSoFar(wrong_money, false), Catch::Contains("renounced were 20.00 USD"));

  AddAct(shown, "closure.upstream.v1.AccountService/DeleteAccount", "c/DELETE");
  CHECK(JudgeActsSoFar(shown, true).empty());
  CHECK_THAT(JudgeActsSoFar(shown, false), Catch::Contains("before the silent period was over"));

  sandbox::v1::ShowAccountResponse gone;
  gone.set_deleted(true);
  CHECK_FALSE(JudgeActsSoFar(gone, false).empty());
  CHECK(JudgeActsSoFar(gone, true).empty());
}

}  // namespace
}  // namespace closure
