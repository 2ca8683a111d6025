// SPDX-License-Identifier: Apache-2.0
#include "server/listener/connection_acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "protos/coverage_mark.h"
#include "server/strings.h"

namespace closure {
namespace {

// What passes before it is tried again where not one file is left.
constexpr int kNoFilePauseMillis = 50;

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

// The system's number of the socket that the file is; 0 where it is none.
ino_t SocketNumber(int file) {
  struct stat info {};
  return fstat(file, &info) == 0 && S_ISSOCK(info.st_mode) ? info.st_ino : 0;
}

}  // namespace

ConnectionAcceptor::ConnectionAcceptor(std::unique_ptr<ListeningSocket> socket, Options options)
    : socket_(std::move(socket)),
      options_(std::move(options)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      reserve_(OpenReserve()),
      counts_(options_.limits) {}

ConnectionAcceptor::~ConnectionAcceptor() {
  Stop();
  close(wake_);
  if (reserve_ >= 0) close(reserve_);
}

void ConnectionAcceptor::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ConnectionAcceptor::Stop() {
  if (socket_ == nullptr) return;
  eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
  socket_.reset();
}

ConnectionAcceptor::Counts ConnectionAcceptor::counts() {
  absl::MutexLock lock(&mutex_);
  ForgetClosed();
  return {.open = counts_.total(), .refused = counts_.refused()};
}

void ConnectionAcceptor::Run() {
  while (Wait()) {
    while (AcceptOne()) continue;
  }
}

bool ConnectionAcceptor::Wait() {
  pollfd files[] = {{.fd = wake_, .events = POLLIN, .revents = 0},
                    {.fd = socket_->file(), .events = POLLIN, .revents = 0}};
  // A connection that cannot be taken yet would be told at once, again and again.
  const bool pauses = is_out_of_files_ && reserve_ < 0;
  if (pauses) reserve_ = OpenReserve();
  poll(files, pauses ? 1 : 2, pauses ? kNoFilePauseMillis : -1);
  return files[0].revents == 0;
}

bool ConnectionAcceptor::AcceptOne() {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  const int file = accept4(socket_->file(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (file >= 0) {
    is_out_of_files_ = false;
    ForgetLack();
    Take(file, PeerOf(address));
    return true;
  }
  if (errno == EMFILE || errno == ENFILE) return DropOne();
  // One that was given up before it was taken is not the last.
  return errno == ECONNABORTED || errno == EINTR;
}

void ConnectionAcceptor::Take(int file, const std::string& peer) {
  const ConnectionCounts::Entry entry = Enter(file, peer);
  if (entry.verdict != ConnectionCounts::Verdict::kAdmitted) {
    // Told by the time that the peer sees it.
    TellRefusal(entry, peer);
    close(file);
    return;
  }
  // As gRPC sets it on those that it accepts itself; a unix socket knows nothing of it.
  const int on = 1;
  setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  options_.serve(file);
}

ConnectionCounts::Entry ConnectionAcceptor::Enter(int file, const std::string& peer) {
  absl::MutexLock lock(&mutex_);
  // The system gives the number of a file again as soon as it is closed.
  if (const auto before = open_.find(file); before != open_.end()) {
    counts_.Leave(before->second.peer);
    open_.erase(before);
  }
  if (!counts_.HasRoom(peer)) ForgetClosed();
  const ConnectionCounts::Entry entry = counts_.Enter(peer);
  if (entry.verdict == ConnectionCounts::Verdict::kAdmitted)
    open_.emplace(file, Connection{.number = SocketNumber(file), .peer = peer});
  return entry;
}

void ConnectionAcceptor::ForgetClosed() {
  for (auto each = open_.begin(); each != open_.end();) {
    const bool is_open = SocketNumber(each->first) == each->second.number;
    if (!is_open) counts_.Leave(each->second.peer);
    each = is_open ? std::next(each) : open_.erase(each);
  }
}

void ConnectionAcceptor::TellRefusal(const ConnectionCounts::Entry& entry, const std::string& peer) {
  if (!entry.is_first_refusal) return;
  Reach(Mark::kConnectionRefused);
  const bool is_full = entry.verdict == ConnectionCounts::Verdict::kFull;
  const std::string limit = Concat(is_full ? options_.limits.total : options_.limits.per_peer);
  options_.log->Warning(is_full ? "connections are refused: there are as many as limits.connections_max allows"
                                : "connections of a peer are refused: it has as many as "
                                  "limits.connections_per_peer_max allows",
                        {{"peer", peer.empty() ? "unix socket" : peer}, {"limit", limit}});
}

void ConnectionAcceptor::TellLack() {
  if (lack_told_at_.has_value()) return;
  Reach(Mark::kOutOfFiles);
  lack_told_at_ = counts().open;
  options_.log->Error(
      "connections are refused: the process has no file left for them; raise LimitNOFILE, or lower "
      "limits.connections_max");
}

void ConnectionAcceptor::ForgetLack() {
  // As with the limits: told again only after there was some room for a while.
  if (lack_told_at_.has_value() && counts().open <= *lack_told_at_ / 2) lack_told_at_.reset();
}

bool ConnectionAcceptor::DropOne() {
  is_out_of_files_ = true;
  TellLack();
  if (reserve_ < 0) return false;
  close(reserve_);
  const int file = accept4(socket_->file(), nullptr, nullptr, SOCK_CLOEXEC);
  if (file >= 0) close(file);
  reserve_ = OpenReserve();
  return file >= 0;
}

}  // namespace closure
