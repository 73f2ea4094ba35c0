// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rdb/source.h"

namespace tools {

// Where a running Redis is: redis://[[user]:password@]host[:port]. nullopt: that is none.
struct RedisAddress {
  std::string host;
  std::string port = "6379";
  std::string user;
  std::string password;
};
std::optional<RedisAddress> ParseRedisAddress(std::string_view url);

// The data of a running Redis, as it gives them to a new replica: PSYNC, or SYNC if it does not
// know that. The dump comes with its size in front (from disk), or with a mark of 40 bytes behind
// it (without). Only the first is known to end; of the second, whoever reads the dump finds its
// end, and then asks CheckEnd().
class RedisSource : public rdb::Source {
 public:
  // Connects, authenticates and asks. An Error tells what Redis answered.
  static rdb::Result<std::unique_ptr<RedisSource>> Open(const RedisAddress& address);
  ~RedisSource() override;
  RedisSource(const RedisSource&) = delete;
  RedisSource& operator=(const RedisSource&) = delete;

  rdb::Result<std::string_view> Next() override;
  // `rest`: what was given out and does not belong to the dump. False: what follows the dump is not
  // what was announced.
  rdb::Result<bool> CheckEnd(std::string_view rest);
  // Of the dump; nullopt: not known.
  std::optional<uint64_t> size() const { return size_; }

 private:
  explicit RedisSource(int fd);
  rdb::Result<void> Send(std::string_view command);
  // A line without its end. Empty lines keep the link alive, and are passed over.
  rdb::Result<std::string> ReadLine();
  rdb::Result<void> Expect(std::string_view command, std::string_view what);
  rdb::Result<void> Fill();
  rdb::Failure Io(const std::string& what) const;

  const int fd_;
  std::unique_ptr<char[]> buffer_;
  size_t pos_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;  // Of the dump.
  std::optional<uint64_t> size_;
  std::string mark_;
};

}  // namespace tools
