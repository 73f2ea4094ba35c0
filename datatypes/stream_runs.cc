// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_runs.h"

#include <xxhash.h>

#include "datatypes/listpack_size.h"

namespace datatypes {
namespace {

uint64_t HashFields(StreamTexts fields) {
  uint64_t hash = fields.size();
  for (size_t i = 0; i < fields.size(); i += 2) {
    hash = XXH3_64bits_withSeed(fields[i].data(), fields[i].size(), hash);
  }
  return hash;
}

uint64_t FieldBytes(StreamTexts fields) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < fields.size(); i += 2) bytes += ListpackElementBytes(fields[i]);
  return bytes;
}

uint64_t ValueBytes(StreamTexts fields) {
  uint64_t bytes = 0;
  for (size_t i = 1; i < fields.size(); i += 2) bytes += ListpackElementBytes(fields[i]);
  return bytes;
}

// An entry: flags, its ID less the block's, the number of its fields and the fields unless they are
// the first entry's, values, and how many elements all that is.
void AddEntry(StreamRun& run, const StreamId& id, StreamTexts fields, bool same_fields) {
  const auto pairs = static_cast<int64_t>(fields.size() / 2);
  run.bytes += ListpackNumberBytes(same_fields ? 2 : 0) +
               ListpackNumberBytes(static_cast<int64_t>(id.ms - run.start.ms)) +
               ListpackNumberBytes(static_cast<int64_t>(id.seq - run.start.seq)) +
               ValueBytes(fields);
  if (!same_fields) run.bytes += ListpackNumberBytes(pairs) + FieldBytes(fields);
  run.bytes += ListpackNumberBytes(same_fields ? pairs + 3 : 2 * pairs + 4);
  run.last = id;
  ++run.live;
}

// With the counters of live and of deleted entries.
uint64_t BlockBytes(const StreamRun& run) {
  return run.bytes + ListpackNumberBytes(static_cast<int64_t>(run.live)) +
         ListpackNumberBytes(static_cast<int64_t>(run.deleted));
}

}  // namespace

uint64_t TextBytesOf(StreamTexts fields) {
  uint64_t bytes = 0;
  for (const std::string_view text : fields) bytes += text.size();
  return bytes;
}

bool StartsAnotherRun(const StreamRun& run, StreamTexts fields, const Settings& settings) {
  uint64_t most = static_cast<uint64_t>(settings.stream_node_max_bytes);
  if (settings.stream_node_max_bytes <= 0 || most > kMaxStreamTextBytes) most = kMaxStreamTextBytes;
  if (BlockBytes(run) + TextBytesOf(fields) >= most) return true;
  return settings.stream_node_max_entries > 0 &&
         run.live + run.deleted >= static_cast<uint64_t>(settings.stream_node_max_entries);
}

StreamRun BeginRun(const StreamId& id, StreamTexts fields) {
  StreamRun run;
  run.start = id;
  run.fields = HashFields(fields);
  run.bytes = kEmptyListpackBytes + ListpackNumberBytes(static_cast<int64_t>(fields.size() / 2)) +
              FieldBytes(fields) + ListpackNumberBytes(0);
  AddEntry(run, id, fields, /*same_fields=*/true);
  return run;
}

void AddToRun(StreamRun& run, const StreamId& id, StreamTexts fields) {
  AddEntry(run, id, fields, run.fields == HashFields(fields));
}

}  // namespace datatypes
