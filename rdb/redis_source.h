// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rdb/source.h"

namespace rdb {

// Where a running Redis is: redis://[[user]:password@]host[:port]. nullopt: that is none.
struct RedisAddress {
  std::string host;
  std::string port = "6379";
  std::string user;
  std::string password;
};
std::optional<RedisAddress> ParseRedisAddress(std::string_view url);

// What a replica tells a primary before it asks for the data.
struct ReplicaGreeting {
  RedisAddress address;
  std::string source_address;  // To connect from; empty: any.
  int listening_port = 0;      // 0: not told.
  std::string announced_ip;    // Empty: not told.
  // What of the primary's stream is there already: its id and the offset of the next byte.
  std::string stream_id = "?";
  int64_t next_offset = -1;
  // The primary is asked to give up its own primary, which is us, and be one.
  bool hands_over = false;
  // True: the stream is followed when the data has been read. Then keep-alives are sent as well.
  bool follows = false;
  int64_t timeout_ms = 0;                      // For each wait; 0: none.
  const std::atomic<bool>* aborted = nullptr;  // Set by another thread: every call fails soon.
  std::function<void()> on_connected;          // The handshake begins.
};

// The data of a running Redis, as it gives them to a new replica: by PSYNC, or by SYNC to one that
// does not know that. The dump comes with its size in front (from disk), or with a mark of 40 bytes
// behind it (without). Only the first is known to end; of the second, whoever reads the dump finds
// its end, and then asks CheckEnd() or TakeOver(). One thread at a time.
class RedisSource : public Source {
 public:
  // Connects, authenticates and asks. An Error tells what Redis answered.
  static Result<std::unique_ptr<RedisSource>> Open(const ReplicaGreeting& greeting);
  static Result<std::unique_ptr<RedisSource>> Open(const RedisAddress& address) {
    ReplicaGreeting greeting;
    greeting.address = address;
    // As Redis' own repl-timeout: while it makes its dump it sends empty lines.
    greeting.timeout_ms = 60'000;
    return Open(greeting);
  }
  ~RedisSource() override;
  RedisSource(const RedisSource&) = delete;
  RedisSource& operator=(const RedisSource&) = delete;

  // True: Redis goes on from where the greeting says; there is no dump, the stream follows at once.
  bool continues() const { return continues_; }
  // The stream's id, and, with a dump, its offset where the dump stands. An empty id: a Redis that
  // only knows SYNC, or one that continues without a word on it.
  const std::string& stream_id() const { return stream_id_; }
  uint64_t stream_offset() const { return stream_offset_; }

  Result<std::string_view> Next() override;
  // `rest`: what was given out and does not belong to the dump. False: what follows the dump is not
  // what was announced.
  Result<bool> CheckEnd(std::string_view rest);
  // After the dump, or when continues(): what was received of the stream that follows.
  Result<std::string> TakeOver(std::string_view rest);
  // Gives the connection away. Nothing but the destructor may be called then.
  int ReleaseSocket();
  // Tells Redis that the replica lives, if that was not done for a second. To be called when
  // nothing is read for long.
  Result<void> KeepAlive();
  // Of the dump; nullopt: not known.
  std::optional<uint64_t> size() const { return size_; }
  // Bytes of the dump that were given out.
  uint64_t offset() const { return offset_; }

 private:
  RedisSource(int fd, const ReplicaGreeting& greeting);
  Result<void> Greet();
  Result<void> Configure(std::initializer_list<std::string_view> words);
  Result<void> AskForData();
  Result<void> ReadHeader();
  Result<void> Send(std::string_view command);
  // A line without its end. Empty lines keep the link alive, and are passed over.
  Result<void> ReadLine(std::string* line);
  // `line`: the reply's first one.
  Result<void> Call(std::initializer_list<std::string_view> words, std::string* line);
  // Waits until the socket can be read or written.
  Result<void> Wait(short events);
  Result<void> Fill();
  Failure Io(const std::string& what) const;

  int fd_;
  const ReplicaGreeting& greeting_;  // Valid during Open(); the next three are copied.
  const bool follows_;
  const int64_t timeout_ms_;
  const std::atomic<bool>* const aborted_;
  std::unique_ptr<char[]> buffer_;
  size_t pos_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;  // Of the dump.
  std::optional<uint64_t> size_;
  std::string mark_;
  bool continues_ = false;
  std::string stream_id_;
  uint64_t stream_offset_ = 0;
  int64_t kept_alive_ms_ = 0;
};

}  // namespace rdb
