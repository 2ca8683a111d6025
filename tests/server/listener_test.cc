// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "catch2/catch.hpp"
#include "server/listener/connection_acceptor.h"
#include "server/listener/connection_counts.h"
#include "server/listener/listening_socket.h"
#include "tests/support/manual_clock.h"
#include "tests/support/mark_watch.h"
#include "tests/support/scratch_directory.h"

namespace closure {
namespace {

using Catch::Contains;
using Verdict = ConnectionCounts::Verdict;

// ---- who counts as one ----

std::string PeerOfText(const std::string& text) {
  sockaddr_storage address{};
  auto& four = reinterpret_cast<sockaddr_in&>(address);
  auto& six = reinterpret_cast<sockaddr_in6&>(address);
  if (inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
  } else if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
  }
  return PeerOf(address);
}

TEST_CASE("a peer is an IPv4 address, or the network of an IPv6 one", "[listener]") {
  CHECK(PeerOfText("10.0.0.7") == "10.0.0.7");
  CHECK(PeerOfText("::ffff:10.0.0.7") == "10.0.0.7");
  CHECK(PeerOfText("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::");
  CHECK(PeerOfText("2001:db8:1:2::9") == "2001:db8:1:2::");
  CHECK(PeerOfText("2001:db8:1:3::9") != "2001:db8:1:2::");
  CHECK(PeerOfText("::1") == "::1");
  CHECK(PeerOf(sockaddr_storage{.ss_family = AF_UNIX}).empty());
}

// ---- counting ----

TEST_CASE("a peer gets no more connections than it may have, and the others still do", "[listener]") {
  ConnectionCounts counts({.total = 10, .per_peer = 2});
  CHECK(counts.Enter("a").verdict == Verdict::kAdmitted);
  CHECK(counts.Enter("a").verdict == Verdict::kAdmitted);
  CHECK_FALSE(counts.HasRoom("a"));
  CHECK(counts.Enter("a").verdict == Verdict::kPeerFull);
  CHECK(counts.HasRoom("b"));
  CHECK(counts.Enter("b").verdict == Verdict::kAdmitted);
  counts.Leave("a");
  CHECK(counts.HasRoom("a"));
  CHECK(counts.Enter("a").verdict == Verdict::kAdmitted);
  CHECK(counts.total() == 3);
  CHECK(counts.refused() == 1);
}

TEST_CASE("over unix sockets only the whole number counts", "[listener]") {
  ConnectionCounts counts({.total = 3, .per_peer = 1});
  for (int i = 0; i < 3; ++i) CHECK(counts.Enter("").verdict == Verdict::kAdmitted);
  CHECK_FALSE(counts.HasRoom(""));
  CHECK(counts.Enter("").verdict == Verdict::kFull);
}

TEST_CASE("of refusals in a row the first is told, and again once there was room for a while", "[listener]") {
  ConnectionCounts counts({.total = 4, .per_peer = 2});
  for (const char* peer : {"a", "a", "b"}) counts.Enter(peer);
  CHECK(counts.Enter("a").is_first_refusal);
  CHECK_FALSE(counts.Enter("a").is_first_refusal);
  counts.Enter("b");
  CHECK(counts.Enter("c").is_first_refusal);
  CHECK_FALSE(counts.Enter("a").is_first_refusal);
  for (const char* peer : {"a", "b"}) counts.Leave(peer);
  for (const char* peer : {"a", "b"}) counts.Enter(peer);
  CHECK(counts.Enter("c").is_first_refusal);
}

// ---- the socket ----

std::string WhyNot(const std::string& address) {
  const auto socket = ListeningSocket::Open(address);
  REQUIRE(absl::IsUnavailable(socket.status()));
  return std::string(socket.status().message());
}

TEST_CASE("port 0 takes a free one, and an address is shared with nobody", "[listener]") {
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]"}) {
    const auto first = ListeningSocket::Open(host + ":0");
    REQUIRE(first.ok());
    CHECK((*first)->port() > 0);
    CHECK((*first)->address() == host + ":" + std::to_string((*first)->port()));
    CHECK_THAT(WhyNot((*first)->address()), Contains("Address already in use; see who listens there with: ss -ltnp"));
  }
}

TEST_CASE("why nobody can listen is told with the system's reason and what to do", "[config][listener]") {
  const ScratchDirectory scratch;
  CHECK_THAT(WhyNot("192.0.2.1:0"), Contains("listen_address 192.0.2.1:0: cannot be listened on: "));
  CHECK_THAT(WhyNot("example.com:0"), Contains("no address"));
  CHECK_THAT(WhyNot("127.0.0.1"), Contains("no address"));
  CHECK_THAT(WhyNot("unix:" + scratch.File("absent/x.sock")), Contains("No such file or directory; make it"));
  close(open(scratch.File("file").c_str(), O_CREAT | O_WRONLY, 0600));
  CHECK_THAT(WhyNot("unix:" + scratch.File("file")), Contains("no socket; remove it"));
  CHECK_THAT(WhyNot("unix:/" + std::string(200, 'x')), Contains("no length"));
}

TEST_CASE("a unix socket takes the place of a dead server's, and of no other", "[listener]") {
  const ScratchDirectory scratch;
  const std::string path = scratch.File("x.sock");
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  REQUIRE(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  close(dead);
  auto mine = ListeningSocket::Open("unix:" + path);
  REQUIRE(mine.ok());
  CHECK((*mine)->address() == "unix:" + path);
  CHECK_THAT(WhyNot("unix:" + path), Contains("another server listens on this socket"));
  mine->reset();
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("the file of another server that took a path over is not removed", "[listener]") {
  const ScratchDirectory scratch;
  const std::string path = scratch.File("x.sock");
  auto first = ListeningSocket::Open("unix:" + path);
  REQUIRE(first.ok());
  REQUIRE(unlink(path.c_str()) == 0);
  const auto second = ListeningSocket::Open("unix:" + path);
  REQUIRE(second.ok());
  first->reset();
  CHECK(access(path.c_str(), F_OK) == 0);
}

// ---- accepting ----

// A socket that is closed with it.
class Client {
 public:
  // Comes from this address of loopback.
  explicit Client(int port, const std::string& from = "127.0.0.1") : file_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{.sin_family = AF_INET};
    inet_pton(AF_INET, from.c_str(), &address.sin_addr);
    REQUIRE(bind(file_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(file_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { Leave(); }
  void Leave() {
    if (file_ >= 0) close(file_);
    file_ = -1;
  }
  // Waits for the other end to close; whether it did, and sent nothing.
  bool IsClosed() const {
    char byte = 0;
    const ssize_t size = read(file_, &byte, 1);
    return size == 0 || (size < 0 && errno == ECONNRESET);
  }
  // Waits for a byte.
  bool IsServed() const {
    char byte = 0;
    return read(file_, &byte, 1) == 1;
  }

 private:
  int file_;
};

// Accepts, and sends a byte to everybody whom it serves.
class Accepting {
 public:
  explicit Accepting(ConnectionLimits limits) {
    auto socket = ListeningSocket::Open("127.0.0.1:0");
    REQUIRE(socket.ok());
    port_ = (*socket)->port();
    acceptor_ = std::make_unique<ConnectionAcceptor>(
        *std::move(socket),
        ConnectionAcceptor::Options{.limits = limits, .serve = [this](int file) { Serve(file); }, .log = &log_});
  }
  ~Accepting() {
    acceptor_->Stop();
    CloseAll();
  }
  ConnectionAcceptor& acceptor() { return *acceptor_; }
  int port() const { return port_; }
  // As a server does that ends its connections.
  void CloseAll() {
    absl::MutexLock lock(&mutex_);
    for (const int file : served_) close(file);
    served_.clear();
  }
  int CountLines(const std::string& words) {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(std::count_if(
        lines_.begin(), lines_.end(), [&](const std::string& line) { return line.find(words) != std::string::npos; }));
  }

 private:
  void Serve(int file) {
    absl::MutexLock lock(&mutex_);
    CHECK(write(file, "x", 1) == 1);
    served_.push_back(file);
  }

  absl::Mutex mutex_;
  std::vector<int> served_;
  std::vector<std::string> lines_;
  const ManualClock clock_;
  Log log_{&clock_, [this](const std::string& line) {
             absl::MutexLock lock(&mutex_);
             lines_.push_back(line);
           }};
  int port_ = 0;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
};

TEST_CASE("what a peer has too many of is closed at once, told once, and the others are served", "[listener]") {
  const MarkWatch refused(Mark::kConnectionRefused);
  Accepting accepting({.total = 10, .per_peer = 2});
  accepting.acceptor().Start();
  const Client first(accepting.port());
  const Client second(accepting.port());
  CHECK((first.IsServed() && second.IsServed()));
  for (int i = 0; i < 20; ++i) CHECK(Client(accepting.port()).IsClosed());
  CHECK(Client(accepting.port(), "127.0.0.2").IsServed());
  CHECK(accepting.acceptor().counts().refused == 20);
  CHECK(accepting.CountLines("\"peer\":\"127.0.0.1\",\"limit\":\"2\"") == 1);
  CHECK(refused.reached());
}

TEST_CASE("what there are too many of is closed at once, whoever it is", "[listener]") {
  Accepting accepting({.total = 3, .per_peer = 2});
  accepting.acceptor().Start();
  const Client one(accepting.port(), "127.0.0.1");
  const Client two(accepting.port(), "127.0.0.2");
  const Client three(accepting.port(), "127.0.0.3");
  CHECK((one.IsServed() && two.IsServed() && three.IsServed()));
  CHECK(Client(accepting.port(), "127.0.0.4").IsClosed());
  CHECK(accepting.acceptor().counts().open == 3);
  CHECK(accepting.CountLines("limits.connections_max") == 1);
}

TEST_CASE("a connection that its server closed makes room, although nobody told", "[listener]") {
  Accepting accepting({.total = 2, .per_peer = 2});
  accepting.acceptor().Start();
  for (int round = 0; round < 5; ++round) {
    const Client first(accepting.port());
    const Client second(accepting.port());
    CHECK((first.IsServed() && second.IsServed()));
    CHECK(Client(accepting.port()).IsClosed());
    CHECK(accepting.acceptor().counts().open == 2);
    accepting.CloseAll();
    CHECK(accepting.acceptor().counts().open == 0);
  }
}

TEST_CASE("without a file for more connections those are closed, and others are served when there are some again",
          "[listener]") {
  const MarkWatch out_of_files(Mark::kOutOfFiles);
  Accepting accepting({.total = 1000, .per_peer = 1000});
  std::vector<std::unique_ptr<Client>> clients;
  // They wait to be accepted.
  for (int i = 0; i < 30; ++i) clients.push_back(std::make_unique<Client>(accepting.port()));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = dup(0);
  close(next);
  // Room for the three lowest.
  const rlimit few{.rlim_cur = static_cast<rlim_t>(next) + 3, .rlim_max = before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  accepting.acceptor().Start();
  int served = 0;
  for (const auto& client : clients) served += client->IsServed() ? 1 : 0;
  CHECK(served == 3);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(Client(accepting.port()).IsServed());
  CHECK(accepting.CountLines("no file left") == 1);
  CHECK(out_of_files.reached());
}

TEST_CASE("one that stops listens no more, and leaves what it served as it is", "[listener]") {
  Accepting accepting({});
  accepting.acceptor().Start();
  const Client client(accepting.port());
  CHECK(client.IsServed());
  const int port = accepting.port();
  accepting.acceptor().Stop();
  CHECK(ListeningSocket::Open("127.0.0.1:" + std::to_string(port)).ok());
  CHECK(accepting.acceptor().counts().open == 1);
}

}  // namespace
}  // namespace closure
