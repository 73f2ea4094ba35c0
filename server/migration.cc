// SPDX-License-Identifier: BSD-3-Clause
#include "server/migration.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "datatypes/snapshot_dump.h"
#include "rdb/sink.h"

namespace server {
namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;

void AppendBulk(std::string* out, std::string_view bytes) {
  *out += '$';
  *out += std::to_string(bytes.size());
  *out += "\r\n";
  *out += bytes;
  *out += "\r\n";
}

void AppendRequest(std::string* out, std::initializer_list<std::string_view> words) {
  *out += '*';
  *out += std::to_string(words.size());
  *out += "\r\n";
  for (const std::string_view word : words) AppendBulk(out, word);
}

// How long a payload is going to be.
class CountingSink final : public rdb::Sink {
 public:
  rdb::Result<void> Write(std::string_view bytes) override {
    bytes_ += bytes.size();
    return {};
  }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

class LinkSink final : public rdb::Sink {
 public:
  explicit LinkSink(MigrationLink& link) : link_(link) {}
  rdb::Result<void> Write(std::string_view bytes) override {
    if (link_.Write(bytes)) return {};
    failed_ = true;
    return rdb::Failure(rdb::Error(rdb::Error::Code::kIo, 0, "the connection failed"));
  }
  bool failed() const { return failed_; }

 private:
  MigrationLink& link_;
  bool failed_ = false;
};

}  // namespace

std::string MigrationRequest::LinkName() const {
  std::string name = host + ' ' + std::to_string(port);
  if (auth) name += ' ' + std::to_string(user.size()) + ' ' + user + ' ' + password;
  return name;
}

void Migration::Run() {
  // A connection that was idle may have been closed by the other side: then once more with a new
  // one, if nothing can have been done yet.
  for (bool may_retry = link_ != nullptr;; may_retry = false) {
    error_.clear();
    sent_.clear();
    if (link_ == nullptr && !Connect()) {
      error_ = "IOERR error or timeout connecting to the client";
      return;
    }
    link_->SetLimit(request_.timeout_ms, stop);
    Preface preface;
    const bool sent = Send(&preface);
    if (!sent && error_.empty()) error_ = "IOERR error or timeout writing to target instance";
    if (sent && ReadReplies(preface)) return;
    const bool again = may_retry && !link_->timed_out() && error_.starts_with("IOERR");
    link_.reset();
    if (!again) return;
  }
}

bool Migration::Connect() {
  link_ = MigrationLink::Connect(request_.host, request_.port, request_.timeout_ms, stop);
  return link_ != nullptr;
}

bool Migration::Send(Preface* preface) {
  out_.clear();
  if (request_.auth) {
    preface->auth = true;
    if (request_.user.empty()) {
      AppendRequest(&out_, {"AUTH", request_.password});
    } else {
      AppendRequest(&out_, {"AUTH", request_.user, request_.password});
    }
  }
  if (link_->selected_db != request_.to_db) {
    preface->select = true;
    AppendRequest(&out_, {"SELECT", std::to_string(request_.to_db)});
  }
  for (Key& key : keys) {
    if (!SendKey(key)) return false;
  }
  return Flush();
}

bool Migration::Flush() {
  const bool written = link_->Write(out_);
  out_.clear();
  return written;
}

bool Migration::SendKey(Key& key) {
  if (!key.payload) return SendFromSnapshot(key);
  if (key.expire_at_ms != lsm::kNoExpiry && key.expire_at_ms < clock_.NowMs()) return true;
  sent_.push_back(&key);
  if (!SendHead(key, key.expire_at_ms, key.payload->size())) return false;
  out_ += *key.payload;
  return SendTail();
}

bool Migration::SendHead(const Key& key, int64_t expire_at_ms, uint64_t payload_bytes) {
  int64_t ttl_ms = 0;  // None.
  if (expire_at_ms != lsm::kNoExpiry) {
    ttl_ms = std::max<int64_t>(expire_at_ms - clock_.NowMs(), 1);
  }
  out_ += request_.replace ? "*5\r\n" : "*4\r\n";
  AppendBulk(&out_, "RESTORE");
  AppendBulk(&out_, key.name);
  AppendBulk(&out_, std::to_string(ttl_ms));
  out_ += '$' + std::to_string(payload_bytes) + "\r\n";
  return out_.size() < kChunkBytes || Flush();
}

bool Migration::SendTail() {
  out_ += "\r\n";
  if (request_.replace) AppendBulk(&out_, "REPLACE");
  return out_.size() < kChunkBytes || Flush();
}

// Twice through the value: for its length, which comes first, and to send it. So memory does not
// depend on its size.
bool Migration::SendFromSnapshot(Key& key) {
  bool connected = true;
  const auto found =
      snapshot->VisitKey(request_.from_db, key.name, [&](auto, const lsm::MetaView& meta) {
        const int64_t expire_at_ms = meta.head.expire_at_ms;
        if (expire_at_ms != lsm::kNoExpiry && expire_at_ms < clock_.NowMs()) return lsm::Status();
        CountingSink size;
        LSM_RETURN_IF_ERROR(datatypes::DumpSnapshotValue(*snapshot, meta, format_, size));
        sent_.push_back(&key);
        connected = SendHead(key, expire_at_ms, size.bytes()) && Flush();
        if (!connected) return lsm::Status();
        LinkSink sink(*link_);
        const lsm::Status sent = datatypes::DumpSnapshotValue(*snapshot, meta, format_, sink);
        connected = !sink.failed();
        if (!sent.ok()) return connected ? sent : lsm::Status();
        connected = SendTail();
        return lsm::Status();
      });
  if (found) return connected;
  error_ = "ERR " + found.error().message();
  return false;
}

bool Migration::ReadReplies(const Preface& preface) {
  const std::string reading = "IOERR error or timeout reading to target instance";
  std::string refused;
  for (const bool expected : {preface.auth, preface.select}) {
    if (!expected) continue;
    const std::optional<std::string> line = link_->ReadLine();
    if (!line) {
      error_ = reading;
      return false;
    }
    if (refused.empty() && line->starts_with('-')) refused = *line;
  }
  for (size_t i = 0; i < sent_.size(); ++i) {
    const std::optional<std::string> line = link_->ReadLine();
    if (!line) {
      if (error_.empty()) error_ = reading;
      if (i == 0) return false;
      link_.reset();
      return true;
    }
    const std::string& wrong = refused.empty() && line->starts_with('-') ? *line : refused;
    sent_[i]->accepted = wrong.empty();
    if (!wrong.empty() && error_.empty()) {
      error_ = "ERR Target instance replied with error: " + wrong.substr(1);
    }
  }
  // After an error nobody knows which database is selected.
  link_->selected_db = error_.empty() ? request_.to_db : -1;
  return true;
}

}  // namespace server
