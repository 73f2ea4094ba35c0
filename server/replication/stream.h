// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace server {

// The stream of commands that this server sends to its replicas, as bytes, with its identity.
// Loop thread only.
//
// A position counts the bytes since the id's beginning: the stream's next byte stands at offset().
// (PSYNC and INFO number bytes from 1: the byte at position p is their p + 1.)
//
// The bytes are kept once, in blocks that all replicas read from: the backlog, which is the last
// backlog_size() bytes, and in front of it what the slowest Reader has not taken yet. So a replica
// costs a position, not a copy. While the stream is not active nothing is kept, and who would
// append need not even make the bytes: no replica has asked yet.
class ReplicationStream {
 public:
  static constexpr size_t kIdDigits = 40;
  static constexpr size_t kBlockBytes = size_t{64} << 10;

  // `make_id` gives ids of kIdDigits hexadecimal digits.
  explicit ReplicationStream(std::function<std::string()> make_id);
  ReplicationStream(const ReplicationStream&) = delete;
  ReplicationStream& operator=(const ReplicationStream&) = delete;

  // ---- Identity -----------------------------------------------------------------------------
  const std::string& id() const { return id_; }                // master_replid
  const std::string& second_id() const { return second_id_; }  // 40 zeros: none.
  int64_t second_offset() const { return second_offset_; }     // -1: none. Numbered from 1.
  uint64_t offset() const { return offset_; }                  // master_repl_offset

  // A replica has loaded a full sync: the stream goes on as the primary's, and is active. Own
  // replicas are dropped, the backlog starts anew.
  void Adopt(std::string id, uint64_t offset);
  // The primary said +CONTINUE with a new id: the old becomes the second id. Own replicas are
  // dropped, so that they learn the id; they lose nothing by it.
  void ContinueAs(std::string id);
  // Promoted (REPLICAOF NO ONE): new id, the old one becomes the second id, valid up to
  // offset() + 1. Own replicas are dropped, as above.
  void Fork();
  // After a clean restart of a primary: the stream of before, which ended at `offset`, is the
  // second id, and the stream is active. Requires !active().
  void Resume(const std::string& former_id, uint64_t offset);
  // What drops own replicas; called before anything else has changed.
  void OnBreak(std::function<void()> drop_replicas) { on_break_ = std::move(drop_replicas); }

  // ---- Bytes --------------------------------------------------------------------------------
  // False: no replica has asked, or none for so long that the backlog was freed.
  bool active() const { return active_; }
  // The first replica asks. There is no history to continue from, so the id is a new one.
  void Activate();
  // No replica has asked for long: the backlog is freed, and the id with it, because what happens
  // from now on is not recorded. Requires that there are no readers.
  void Deactivate();

  // Bytes that replicas are to get: into the backlog, and to each of them at the turn's end.
  // Advances offset(). Also what a replica relays, verbatim. Requires active().
  void Append(std::string_view bytes);

  size_t backlog_size() const { return backlog_size_; }
  void set_backlog_size(size_t bytes);
  // Position of the first byte that a partial sync may start from; offset() if there is none.
  uint64_t backlog_start() const;
  // Whether a replica that has the stream `id` up to `position` can go on from the backlog.
  bool Continues(std::string_view id, uint64_t position) const;

  // Who reads the stream: its position, which holds back what is freed. Must die before the stream.
  class Reader {
   public:
    Reader(ReplicationStream& stream, uint64_t position);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    uint64_t position() const { return position_; }
    // Bytes that are not taken yet.
    uint64_t behind() const { return stream_.offset() - position_; }
    // The next bytes, as far as they lie together, at most `most`; empty when there are none.
    std::string_view Next(size_t most) const;
    // They are taken.
    void Advance(size_t bytes) { position_ += bytes; }

   private:
    ReplicationStream& stream_;
    uint64_t position_;
  };

  // Bytes of memory that the blocks take.
  size_t memory_bytes() const { return blocks_.size() * kBlockBytes; }

 private:
  uint64_t FirstKept() const;
  void StartEmpty(uint64_t offset);
  void Trim();
  void Break();

  std::function<std::string()> make_id_;
  std::function<void()> on_break_;
  std::string id_;
  std::string second_id_;
  int64_t second_offset_ = -1;
  uint64_t offset_ = 0;
  bool active_ = false;
  size_t backlog_size_ = size_t{1} << 20;
  uint64_t recorded_from_ = 0;  // Nothing before it was kept.
  uint64_t blocks_start_ = 0;   // Position of the first byte of the first block.
  std::deque<std::unique_ptr<char[]>> blocks_;
  std::vector<Reader*> readers_;
};

}  // namespace server
