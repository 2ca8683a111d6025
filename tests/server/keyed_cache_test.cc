// SPDX-License-Identifier: Apache-2.0
#include "server/keyed_cache.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace closure {
namespace {

using Cache = KeyedCache<int>;
constexpr std::size_t kRoom = 1 << 20;

// Loads one number, and counts how often.
struct Loader {
  int value = 0;
  std::size_t bytes = 1;
  int times = 0;

  absl::StatusOr<Cache::Loaded> operator()() {
    ++times;
    return Cache::Loaded{std::make_shared<int>(value), bytes};
  }
};

int Get(Cache& cache, const std::string& key, Loader& loader) {
  const auto value = cache.Get(key, [&loader] { return loader(); });
  REQUIRE(value.ok());
  return **value;
}

TEST_CASE("a value is kept from the second time on, and loaded again after it was forgotten", "[cache]") {
  Cache cache(kRoom, Keep::kWhatIsAskedForAgain);
  Loader loader{.value = 1};
  CHECK(Get(cache, "a", loader) == 1);
  CHECK(Get(cache, "a", loader) == 1);
  loader.value = 2;
  CHECK(Get(cache, "a", loader) == 1);
  CHECK(loader.times == 2);
  cache.Forget("b");
  CHECK(Get(cache, "a", loader) == 1);
  cache.Forget("a");
  CHECK(Get(cache, "a", loader) == 2);
  CHECK(loader.times == 3);
  CHECK(Get(cache, "a", loader) == 2);
  CHECK(loader.times == 3);
}

TEST_CASE("where that is wanted a value is kept from the first time on", "[cache]") {
  Cache cache(kRoom, Keep::kAtOnce);
  Loader loader{.value = 1};
  CHECK(Get(cache, "a", loader) == 1);
  CHECK(Get(cache, "a", loader) == 1);
  CHECK(loader.times == 1);
}

TEST_CASE("whoever goes through everything drops nothing that others ask for", "[cache]") {
  Cache cache(kRoom, Keep::kWhatIsAskedForAgain);
  Loader kept{.value = 1, .bytes = 20'000};
  for (int time = 0; time < 2; ++time) Get(cache, "kept", kept);
  Loader once{.value = 2, .bytes = 20'000};
  constexpr int kMany = 1000;
  for (int number = 0; number < kMany; ++number) Get(cache, fmt::format("key {}", number), once);
  CHECK(once.times == kMany);
  Get(cache, "kept", kept);
  CHECK(kept.times == 2);
}

TEST_CASE("a value that changed while it was loaded is answered and not kept", "[cache]") {
  Cache cache(kRoom, Keep::kWhatIsAskedForAgain);
  Loader first{.value = 0};
  CHECK(Get(cache, "a", first) == 0);
  const auto old = cache.Get("a", [&cache]() -> absl::StatusOr<Cache::Loaded> {
    cache.Forget("a");
    return Cache::Loaded{std::make_shared<int>(1), 1};
  });
  CHECK(**old == 1);
  Loader loader{.value = 2};
  CHECK(Get(cache, "a", loader) == 2);
  loader.value = 3;
  CHECK(Get(cache, "a", loader) == 2);
}

TEST_CASE("what cannot be loaded is an error each time, and then no more", "[cache]") {
  Cache cache(kRoom, Keep::kWhatIsAskedForAgain);
  const auto fail = []() -> absl::StatusOr<Cache::Loaded> { return absl::UnavailableError("no"); };
  CHECK(absl::IsUnavailable(cache.Get("a", fail).status()));
  CHECK(absl::IsUnavailable(cache.Get("a", fail).status()));
  Loader loader{.value = 1};
  CHECK(Get(cache, "a", loader) == 1);
  CHECK(**cache.Get("a", fail) == 1);
}

TEST_CASE("what was not asked for longest is dropped for what is new, and what is too large is not kept", "[cache]") {
  Cache cache(kRoom, Keep::kWhatIsAskedForAgain);
  Loader large{.value = 1, .bytes = 20'000};
  Loader once{.value = 2};
  // Many times what there is room for; the one that is asked for all the time stays.
  for (int number = 0; number < 1000; ++number) {
    Get(cache, fmt::format("key {}", number), large);
    Get(cache, fmt::format("key {}", number), large);
    CHECK(Get(cache, "kept", once) == 2);
  }
  CHECK(once.times == 2);
  CHECK(large.times == 2000);
  Get(cache, "key 999", large);
  CHECK(large.times == 2000);
  Get(cache, "key 0", large);
  CHECK(large.times == 2001);

  Loader larger{.value = 3, .bytes = kRoom};
  CHECK(Get(cache, "larger", larger) == 3);
  CHECK(Get(cache, "larger", larger) == 3);
  CHECK(larger.times == 2);
}

TEST_CASE("who is told of a change never gets a value from before it, whoever loads meanwhile", "[cache]") {
  constexpr int kChanges = 2000;
  Cache cache(kRoom, Keep::kWhatIsAskedForAgain);
  std::atomic<int> stored = 0;
  const auto load = [&stored]() -> absl::StatusOr<Cache::Loaded> {
    return Cache::Loaded{std::make_shared<int>(stored), 1};
  };
  std::atomic<bool> over = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!over) cache.Get("a", load).IgnoreError();
    });
  }
  int stale = 0;
  for (int change = 1; change <= kChanges; ++change) {
    stored = change;
    cache.Forget("a");
    if (**cache.Get("a", load) != change) ++stale;
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(stale == 0);
}

}  // namespace
}  // namespace closure
