// SPDX-License-Identifier: BSD-3-Clause
//
// tiercel-load: sends one workload to a Redis-compatible server from one thread over many
// connections, and prints one line of JSON: operations, seconds, rate, latencies, errors, and how
// many replies were nil. redis-benchmark measures the same, but knows no skewed key distribution
// and no cold data set; both servers under test get the very same bytes from here.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/key_chooser.h"
#include "bench/load_options.h"

namespace bench {
namespace {

double Now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

// Latencies in buckets 2 % apart: percentiles over any number of operations in fixed space.
class Histogram {
 public:
  void Add(double seconds, uint64_t times) {
    const double us = std::max(seconds * 1e6, 1.0);
    const auto bucket = static_cast<size_t>(std::log(us) / kLogStep);
    counts_[std::min(bucket, kBuckets - 1)] += times;
    total_ += times;
  }
  double PercentileUs(double fraction) const {
    uint64_t left = static_cast<uint64_t>(fraction * static_cast<double>(total_));
    for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
      if (counts_[bucket] > left) return std::exp(kLogStep * static_cast<double>(bucket + 1));
      left -= counts_[bucket];
    }
    return 0;
  }

 private:
  static constexpr size_t kBuckets = 1024;
  static constexpr double kLogStep = 0.02;
  std::vector<uint64_t> counts_ = std::vector<uint64_t>(kBuckets, 0);
  uint64_t total_ = 0;
};

// Counts complete replies in a stream: enough of RESP2 to know where each ends.
class ReplyCounter {
 public:
  // Takes what was read; returns how many whole top-level replies ended in it.
  size_t Feed(std::string_view data) {
    buffer_.append(data);
    size_t done = 0;
    size_t at = 0;
    while (SkipReply(at)) {
      ++done;
      consumed_ = at;
    }
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    return done;
  }
  uint64_t errors() const { return errors_; }
  uint64_t nils() const { return nils_; }
  const std::string& first_error() const { return first_error_; }

 private:
  bool SkipReply(size_t& at) {
    size_t pos = at;
    uint64_t open = 1;
    uint64_t errors = 0;
    uint64_t nils = 0;
    while (open > 0) {
      const size_t end = buffer_.find('\n', pos);
      if (end == std::string::npos) return false;
      const char type = buffer_[pos];
      const int64_t number = std::strtoll(buffer_.c_str() + pos + 1, nullptr, 10);
      if (type == '-') {
        ++errors;
        if (first_error_.empty()) first_error_ = buffer_.substr(pos, end - pos - 1);
      }
      pos = end + 1;
      if (type == '$') {
        if (number < 0)
          ++nils;
        else
          pos += static_cast<size_t>(number) + 2;
        if (pos > buffer_.size()) return false;
      } else if (type == '*' && number > 0) {
        open += static_cast<uint64_t>(number);
      }
      --open;
    }
    at = pos;
    errors_ += errors;
    nils_ += nils;
    return true;
  }

  std::string buffer_;
  size_t consumed_ = 0;
  uint64_t errors_ = 0;
  uint64_t nils_ = 0;
  std::string first_error_;
};

struct Client {
  int fd = -1;
  std::string out;
  size_t sent = 0;
  size_t outstanding = 0;
  double sent_at = 0;
  ReplyCounter replies;
};

class Load {
 public:
  explicit Load(const LoadOptions& options) : options_(options), chooser_(options, options.seed) {
    // Values are windows of one random text, so that no two neighbours on disk compress well.
    constexpr size_t kPoolBytes = size_t{1} << 20;
    values_.resize(kPoolBytes + options.value_bytes);
    std::mt19937_64 random(7);
    for (char& byte : values_) byte = static_cast<char>('!' + random() % 90);
  }

  int Run() {
    poll_ = epoll_create1(0);
    if (poll_ < 0) return Fail("epoll_create1");
    for (size_t i = 0; i < options_.clients; ++i) {
      clients_.push_back(std::make_unique<Client>());
      if (!Connect(*clients_.back())) return Fail("connect");
    }
    started_ = Now();
    for (auto& client : clients_) Send(*client);
    std::vector<epoll_event> events(options_.clients);
    while (busy_ > 0) {
      const int ready = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 10000);
      if (ready <= 0) return Fail("no reply for 10 seconds");
      for (int i = 0; i < ready; ++i) {
        if (!Receive(*static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr))) {
          return Fail("connection closed");
        }
      }
    }
    Print();
    return 0;
  }

 private:
  static int Fail(const char* what) {
    std::fprintf(stderr, "tiercel-load: %s: %s\n", what, std::strerror(errno));
    return 1;
  }

  bool Connect(Client& client) const {
    client.fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(options_.port));
    if (inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) return false;
    if (connect(client.fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      return false;
    const int on = 1;
    if (setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &client;
    return epoll_ctl(poll_, EPOLL_CTL_ADD, client.fd, &event) == 0;
  }

  void AppendWord(std::string& out, std::string_view word) {
    char number[32];
    std::string_view text = word;
    if (word == "VALUE") {
      text = std::string_view(values_).substr(
          chooser_.random()() % (values_.size() - options_.value_bytes), options_.value_bytes);
    } else if (word == "KEY" || word == "MEMBER" || word == "SCORE") {
      const bool key = word == "KEY";
      const uint64_t n = key ? chooser_.Next() : chooser_.random()() % options_.members;
      const int size = std::snprintf(number, sizeof(number), key ? "key:%012llu" : "%llu",
                                     static_cast<unsigned long long>(n));
      text = {number, static_cast<size_t>(size)};
    }
    char header[32];
    const int size = std::snprintf(header, sizeof(header), "$%zu\r\n", text.size());
    out.append(header, static_cast<size_t>(size)).append(text).append("\r\n");
  }

  void Send(Client& client) {
    if (issued_ >= options_.requests || Now() - started_ > options_.seconds) return;
    client.out.clear();
    const size_t batch = std::min<uint64_t>(options_.pipeline, options_.requests - issued_);
    for (size_t i = 0; i < batch; ++i) {
      client.out += '*' + std::to_string(options_.command.size()) + "\r\n";
      for (const std::string& word : options_.command) AppendWord(client.out, word);
    }
    issued_ += batch;
    client.outstanding = batch;
    client.sent_at = Now();
    size_t sent = 0;
    while (sent < client.out.size()) {
      const ssize_t n = write(client.fd, client.out.data() + sent, client.out.size() - sent);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    ++busy_;
  }

  bool Receive(Client& client) {
    const ssize_t n = read(client.fd, input_, sizeof(input_));
    if (n <= 0) return false;
    const size_t done = client.replies.Feed({input_, static_cast<size_t>(n)});
    if (done == 0) return true;
    client.outstanding -= std::min(done, client.outstanding);
    done_ += done;
    const double now = Now();
    latency_.Add(now - client.sent_at, done);
    if (client.outstanding == 0) {
      --busy_;
      Send(client);
    }
    return true;
  }

  void Print() const {
    const double seconds = Now() - started_;
    uint64_t errors = 0;
    uint64_t nils = 0;
    std::string first_error;
    for (const auto& client : clients_) {
      errors += client->replies.errors();
      nils += client->replies.nils();
      if (first_error.empty()) first_error = client->replies.first_error();
    }
    if (!first_error.empty()) std::fprintf(stderr, "first error: %s\n", first_error.c_str());
    std::printf(
        "{\"ops\":%llu,\"seconds\":%.3f,\"rate\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,"
        "\"p999_us\":%.0f,\"errors\":%llu,\"nils\":%llu}\n",
        static_cast<unsigned long long>(done_), seconds, static_cast<double>(done_) / seconds,
        latency_.PercentileUs(0.5), latency_.PercentileUs(0.99), latency_.PercentileUs(0.999),
        static_cast<unsigned long long>(errors), static_cast<unsigned long long>(nils));
  }

  LoadOptions options_;
  KeyChooser chooser_;
  std::string values_;
  std::vector<std::unique_ptr<Client>> clients_;
  int poll_ = -1;
  uint64_t issued_ = 0;
  uint64_t done_ = 0;
  size_t busy_ = 0;
  double started_ = 0;
  Histogram latency_;
  char input_[1 << 18];
};

// What LRU would have made of the same draws: the yardstick for the server's hit ratio.
int SimulateLru(const LoadOptions& options) {
  KeyChooser chooser(options, options.seed);
  std::list<uint64_t> order;
  std::unordered_map<uint64_t, std::list<uint64_t>::iterator> where;
  uint64_t hits = 0;
  for (uint64_t i = 0; i < options.requests; ++i) {
    const uint64_t key = chooser.Next();
    const auto found = where.find(key);
    if (found != where.end()) {
      ++hits;
      order.splice(order.begin(), order, found->second);
      continue;
    }
    order.push_front(key);
    where.emplace(key, order.begin());
    if (where.size() > options.simulate_lru) {
      where.erase(order.back());
      order.pop_back();
    }
  }
  std::printf("{\"lru_hit_ratio\":%.4f}\n",
              static_cast<double>(hits) / static_cast<double>(options.requests));
  return 0;
}

int Usage() {
  std::fprintf(
      stderr,
      "usage: tiercel-load [--host H] [--port N] [--clients N] [--pipeline N] [--keys N]\n"
      "  [--value-bytes N] [--requests N] [--seconds S] [--members N] [--seed N]\n"
      "  [--dist uniform|zipf|sequential] [--theta T] [--simulate-lru N] COMMAND [WORD ...]\n"
      "In COMMAND, KEY, VALUE, MEMBER and SCORE are replaced, anew for each request.\n");
  return 2;
}

bool Parse(int argc, char** argv, LoadOptions& options) {
  int i = 1;
  for (; i + 1 < argc && std::strncmp(argv[i], "--", 2) == 0; i += 2) {
    const std::string_view name = argv[i] + 2;
    const char* value = argv[i + 1];
    const auto number = std::strtoull(value, nullptr, 10);
    if (name == "host")
      options.host = value;
    else if (name == "port")
      options.port = static_cast<int>(number);
    else if (name == "clients")
      options.clients = number;
    else if (name == "pipeline")
      options.pipeline = number;
    else if (name == "keys")
      options.keys = number;
    else if (name == "value-bytes")
      options.value_bytes = number;
    else if (name == "requests")
      options.requests = number;
    else if (name == "seconds")
      options.seconds = std::strtod(value, nullptr);
    else if (name == "members")
      options.members = number;
    else if (name == "seed")
      options.seed = number;
    else if (name == "theta")
      options.theta = std::strtod(value, nullptr);
    else if (name == "simulate-lru")
      options.simulate_lru = number;
    else if (name == "dist" && std::strcmp(value, "uniform") == 0)
      options.distribution = Distribution::kUniform;
    else if (name == "dist" && std::strcmp(value, "zipf") == 0)
      options.distribution = Distribution::kZipf;
    else if (name == "dist" && std::strcmp(value, "sequential") == 0)
      options.distribution = Distribution::kSequential;
    else
      return false;
  }
  if (i >= argc || options.keys == 0 || options.clients == 0 || options.pipeline == 0) return false;
  options.command.assign(argv + i, argv + argc);
  return true;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::LoadOptions options;
  if (!bench::Parse(argc, argv, options)) return bench::Usage();
  if (options.simulate_lru > 0) return bench::SimulateLru(options);
  const auto load = std::make_unique<bench::Load>(options);
  return load->Run();
}
