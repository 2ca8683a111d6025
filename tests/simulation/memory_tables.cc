// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/memory_tables.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "storage/sqlite/columns.h"

namespace closure::simulation {
namespace {

using sqlite::Micros;

// Collects the fields that are hashed. Each field is its length and then its bytes, so that no two rows look the same.
class Digest {
 public:
  void Add(std::string_view text) { bytes_.append(fmt::format("{}:", text.size())).append(text); }
  void Add(int64_t number) { Add(std::to_string(number)); }
  void Add(std::optional<int64_t> number) { Add(number.has_value() ? std::to_string(*number) : "none"); }
  void Add(const google::protobuf::MessageLite& message) { Add(message.SerializeAsString()); }
  void Add(const ClosureKey& key) {
    Add(key.account_id);
    Add(key.closure_id);
  }
  template <typename First, typename Second>
  void Add(const std::pair<First, Second>& both) {
    Add(both.first);
    Add(both.second);
  }
  void Add(const Account& account) {
    Add(account.fence);
    Add(int64_t{account.gate});
    Add(account.gate_revision);
    Add(account.gate_closure_row);
  }
  void Add(const StoredTask& task) {
    Add(task.closure_row);
    Add(task.task);
    Add(task.lease_until);
  }
  void Add(const StoredRequest& request) {
    Add(request.record.account_id);
    Add(request.record.request_id);
    Add(request.record.body_hash);
    Add(request.record.response);
    Add(Micros(request.record.time));
    Add(request.closure_row);
  }
  void Add(const Admission& admission) {
    Add(admission.organization_id);
    Add(admission.time);
  }
  void Add(const MadeCode& code) {
    Add(code.account_id);
    Add(code.time);
  }
  void Add(std::monostate) {}

  template <typename Key, typename Row>
  void AddTable(std::string_view name, const UndoTable<Key, Row>& table) {
    Add(name);
    Add(static_cast<int64_t>(table.rows().size()));
    for (const auto& [key, row] : table.rows()) {
      Add(key);
      Add(row);
    }
  }

  std::string Hash() const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    if (EVP_Digest(bytes_.data(), bytes_.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
      fmt::print(stderr, "simulation: impossible: EVP_Digest with SHA-256 failed\n");
      std::abort();
    }
    return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
  }

 private:
  std::string bytes_;
};

}  // namespace

bool IsEnded(v1::Closure::State state) {
  return state == v1::Closure::CLOSED || state == v1::Closure::ABORTED || state == v1::Closure::CANCELLED ||
         state == v1::Closure::EXPIRED;
}

const internal::v1::ClosureData* FindOpen(const MemoryTables& tables, std::string_view account_id) {
  const auto& rows = tables.closure_rows.rows();
  for (auto place = rows.lower_bound(ClosureKey{.account_id = std::string(account_id)});
       place != rows.end() && place->first.account_id == account_id; ++place) {
    const internal::v1::ClosureData* const data = tables.closures.Find(place->second);
    if (!IsEnded(data->closure().state())) return data;
  }
  return nullptr;
}

int64_t FenceOf(const MemoryTables& tables, std::string_view account_id) {
  const Account* const account = tables.accounts.Find(account_id);
  return account == nullptr ? 0 : account->fence;
}

std::string DigestOf(const MemoryTables& tables) {
  Digest digest;
  digest.AddTable("accounts", tables.accounts);
  digest.AddTable("closures", tables.closures);
  digest.AddTable("items", tables.items);
  digest.AddTable("transitions", tables.transitions);
  digest.AddTable("consents", tables.consents);
  digest.AddTable("tasks", tables.tasks);
  digest.Add(*tables.last_task_id);
  digest.AddTable("requests", tables.requests);
  digest.AddTable("tombstones", tables.tombstones);
  digest.AddTable("admissions", tables.admissions);
  digest.AddTable("codes", tables.codes);
  digest.Add(*tables.system);
  return digest.Hash();
}

}  // namespace closure::simulation
