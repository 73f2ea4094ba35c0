// SPDX-License-Identifier: BSD-3-Clause
//
// tiercel-pubsub-load PORT SUBSCRIBERS MESSAGES PAYLOAD_BYTES PIPELINE: one publisher, and as many
// subscribers of one channel, all in one thread. Prints one line of JSON: messages delivered, their
// rate, and the time from a message's sending to its last receipt. Subscribers' bytes are counted,
// not parsed: all messages are of one size.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace {

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

double Now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    Die("connect");
  }
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

void SendAll(int fd, const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t sent = send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) Die("send");
    if (sent > 0) done += static_cast<size_t>(sent);
  }
}

std::string Bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

struct Load {
  size_t subscribers;
  size_t messages;
  size_t pipeline;
  std::string publish;
  size_t message_bytes;

  std::vector<int> fds;  // The publisher's comes last.
  size_t published = 0;
  size_t received_bytes = 0;
  std::deque<double> sent_at;  // Of batches not received by all.
  std::vector<double> delays;

  size_t delivered() const { return received_bytes / message_bytes; }
  void Publish() {
    const size_t count = std::min(pipeline, messages - published);
    std::string batch;
    for (size_t i = 0; i < count; ++i) batch += publish;
    sent_at.push_back(Now());
    SendAll(fds.back(), batch);
    published += count;
  }
};

void Subscribe(Load& load, int port) {
  constexpr const char* kCommand = "*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nbench\r\n";
  const std::string reply = "*3\r\n$9\r\nsubscribe\r\n$5\r\nbench\r\n:1\r\n";
  for (size_t i = 0; i < load.subscribers; ++i) {
    load.fds.push_back(Connect(port));
    SendAll(load.fds.back(), kCommand);
    std::string got(reply.size(), 0);
    if (recv(load.fds.back(), got.data(), got.size(), MSG_WAITALL) !=
            static_cast<ssize_t>(got.size()) ||
        got != reply) {
      Die("subscribe");
    }
  }
  load.fds.push_back(Connect(port));
}

void Run(Load& load) {
  const int epoll = epoll_create1(0);
  for (size_t i = 0; i < load.fds.size(); ++i) {
    fcntl(load.fds[i], F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, load.fds[i], &event) != 0) Die("epoll_ctl");
  }
  fcntl(load.fds.back(), F_SETFL, 0);
  std::vector<epoll_event> events(1024);
  std::vector<char> buffer(size_t{256} << 10);
  load.Publish();
  while (load.delivered() < load.messages * load.subscribers) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 10000);
    if (count <= 0) Die("no message in ten seconds");
    for (int i = 0; i < count; ++i) {
      const size_t index = events[static_cast<size_t>(i)].data.u64;
      const ssize_t got = recv(load.fds[index], buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) Die("closed");
      if (got > 0 && index < load.subscribers) load.received_bytes += static_cast<size_t>(got);
    }
    // The next batch when all have the last but one: the server always has something to do.
    const size_t ahead = load.published * load.subscribers - load.delivered();
    if (load.published < load.messages && ahead <= load.pipeline * load.subscribers) {
      if (load.sent_at.size() > 1) {
        load.delays.push_back(Now() - load.sent_at.front());
        load.sent_at.pop_front();
      }
      load.Publish();
    }
  }
  close(epoll);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: %s PORT SUBSCRIBERS MESSAGES PAYLOAD_BYTES PIPELINE\n", argv[0]);
    return 2;
  }
  const rlimit limit{8192, 8192};
  setrlimit(RLIMIT_NOFILE, &limit);
  Load load{};
  load.subscribers = std::strtoul(argv[2], nullptr, 10);
  load.messages = std::strtoul(argv[3], nullptr, 10);
  load.pipeline = std::strtoul(argv[5], nullptr, 10);
  const std::string payload(std::strtoul(argv[4], nullptr, 10), 'x');
  load.publish = "*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n" + Bulk(payload);
  load.message_bytes = ("*3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n" + Bulk(payload)).size();
  Subscribe(load, std::atoi(argv[1]));
  const double begin = Now();
  Run(load);
  const double seconds = Now() - begin;
  std::sort(load.delays.begin(), load.delays.end());
  const double median = load.delays.empty() ? 0 : load.delays[load.delays.size() / 2];
  const auto ops = static_cast<double>(load.messages * load.subscribers);
  std::printf("{\"ops\": %.0f, \"seconds\": %.6f, \"rate\": %.0f, \"p50_us\": %.1f}\n", ops,
              seconds, ops / seconds, median * 1e6);
  return 0;
}
