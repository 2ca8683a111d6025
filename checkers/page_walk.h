// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_PAGE_WALK_H_
#define CLOSURE_CHECKERS_PAGE_WALK_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/check_run.h"
#include "checkers/upstream_call.h"
#include "closure/v1/checker_service.pb.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace closure {

// How many entries a list is asked for at a time.
inline constexpr int kListPageSize = 500;
// How many pages a list may have; an upstream that always promises another page is not followed any further.
inline constexpr size_t kListPagesMax = 1000;
// How long a page token may be, in bytes.
inline constexpr size_t kPageTokenMax = 4096;

// Remembers the page tokens of one list, so that going through it ends. Not thread-safe.
class PageTokens {
 public:
  // Errors: MalformedAnswer for a token that came before, is too long, or is the one after the last page allowed.
  absl::Status Admit(const std::string& who, const std::string& token);

 private:
  std::set<std::string> seen_;
};

// One list of an upstream: how a page of it is asked for, and what its entries are as items.
template <typename Request, typename Response>
struct PagedList {
  // Who is asked for what, in front of every error: "billing: ListFunds".
  std::string who;
  // Makes the call; see CallUpstream.
  std::function<void(grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>)> start;
  // Turns a page into items; may return an error, which ends the check. Called for one page at a time.
  std::function<absl::StatusOr<std::vector<v1::ReportedItem>>(const Response&)> read;
};

// Goes through every page of a list for one part of a check, without blocking. Keeps itself and the run alive until it
// is over.
template <typename Request, typename Response>
class PageWalk : public std::enable_shared_from_this<PageWalk<Request, Response>> {
 public:
  PageWalk(std::shared_ptr<CheckRun> run, size_t part, PagedList<Request, Response> list)
      : run_(std::move(run)), part_(part), list_(std::move(list)) {
    request_.set_account_id(run_->request().account_id());
    request_.set_page_size(kListPageSize);
  }

  void AskForPage() {
    if (run_->over()) return;
    CallUpstream<Response>(
        list_.who, request_, run_->RemainingOptions(), list_.start,
        [self = this->shared_from_this()](absl::StatusOr<Response> page) { self->ReadPage(std::move(page)); });
  }

 private:
  void ReadPage(absl::StatusOr<Response> page) {
    if (!page.ok()) return run_->Fail(page.status());
    absl::StatusOr<std::vector<v1::ReportedItem>> items = list_.read(*page);
    if (!items.ok()) return run_->Fail(items.status());
    run_->Add(part_, *std::move(items));
    if (page->next_page_token().empty()) return run_->PartDone();
    const absl::Status admitted = tokens_.Admit(list_.who, page->next_page_token());
    if (!admitted.ok()) return run_->Fail(admitted);
    request_.set_page_token(page->next_page_token());
    AskForPage();
  }

  const std::shared_ptr<CheckRun> run_;
  const size_t part_;
  const PagedList<Request, Response> list_;
  Request request_;
  PageTokens tokens_;
};

template <typename Request, typename Response>
void WalkPages(std::shared_ptr<CheckRun> run, size_t part, PagedList<Request, Response> list) {
  std::make_shared<PageWalk<Request, Response>>(std::move(run), part, std::move(list))->AskForPage();
}

}  // namespace closure

#endif  // CLOSURE_CHECKERS_PAGE_WALK_H_
