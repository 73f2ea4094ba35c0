// SPDX-License-Identifier: BSD-3-Clause
#include <memory>
#include <utility>

#include "lsm/row_stream.h"
#include "lsm/snapshot.h"
#include "lsm/store_impl.h"

// Streams of rows. The first Fetch() takes a snapshot, which the applier gives when LevelDB has all
// that was committed by then; each one has a worker read a slice of it. What a stream and its work
// under way share outlives the stream: whoever waited may go at any time.

namespace lsm {
namespace {

constexpr size_t kSliceBytes = size_t{256} << 10;

}  // namespace

struct StoreImpl::StreamState {
  CollectionId collection = 0;
  RowWalk rest;
  std::unique_ptr<Snapshot> snapshot;
  RowSlice slice;
  LoadWaiter* waiter = nullptr;  // None: nobody waits, or it was abandoned.
};

class StoreImpl::StreamJob : public LoadJob {
 public:
  StreamJob(StoreImpl& store, std::shared_ptr<StreamState> state)
      : store_(store), state_(std::move(state)) {}
  void Run() override {
    status_ = state_->snapshot->ReadRows(state_->collection, state_->rest, kSliceBytes, &slice_);
  }
  void Finish() override {
    if (status_.ok()) {
      state_->slice = std::move(slice_);
      if (state_->slice.rows() > 0) {
        std::string next(state_->slice.last_subkey());
        if (state_->rest.direction == Collection::Direction::kForward) {
          state_->rest.from = std::move(next.append(1, '\0'));
        } else {
          state_->rest.to = std::move(next);
        }
      }
    }
    store_.EndFetch(*state_, status_);
  }

 private:
  StoreImpl& store_;
  const std::shared_ptr<StreamState> state_;  // Also the stream's.
  RowSlice slice_;
  Status status_;
};

class StoreImpl::Stream final : public RowStream {
 public:
  Stream(StoreImpl& store, CollectionId collection, RowWalk walk)
      : store_(store), state_(std::make_shared<StreamState>()) {
    state_->collection = collection;
    state_->rest = std::move(walk);
    store_.streams_.push_back(state_.get());
  }
  ~Stream() override {
    state_->waiter = nullptr;
    std::erase(store_.streams_, state_.get());
  }

  void Fetch(LoadWaiter& waiter) override {
    LoadBoard::Begin(waiter);
    state_->waiter = &waiter;
    if (state_->snapshot != nullptr) return Read();
    // The state is gone if the stream is by then.
    store_.TakeSnapshot(
        [&store = store_, held = std::weak_ptr(state_)](Result<std::unique_ptr<Snapshot>> taken) {
          const std::shared_ptr<StreamState> state = held.lock();
          if (state == nullptr || state->waiter == nullptr) return;
          if (!taken.has_value()) return store.EndFetch(*state, taken.error());
          state->snapshot = std::move(*taken);
          store.board_->Add(std::make_unique<StreamJob>(store, state));
        });
  }
  const RowSlice& slice() const override { return state_->slice; }

 private:
  void Read() { store_.board_->Add(std::make_unique<StreamJob>(store_, state_)); }

  StoreImpl& store_;
  const std::shared_ptr<StreamState> state_;  // Also of the work under way.
};

std::unique_ptr<RowStream> StoreImpl::StreamRows(const Entry& entry, RowWalk walk) {
  const Collection& collection = entry.collection();
  if (collection.changed_seq() > committed_seq_) return nullptr;
  return std::make_unique<Stream>(*this, collection.id(), std::move(walk));
}

std::unique_ptr<RowStream> StreamRows(Store& store, const Entry& entry, RowWalk walk) {
  return static_cast<StoreImpl&>(store).StreamRows(entry, std::move(walk));
}

bool PrefetchRank(Store& store, Entry& entry, std::string_view subkey, LoadWaiter& waiter) {
  if (!entry.has_collection()) return true;
  if (!entry.collection().Check(subkey, Collection::Want::kRank).has_value()) return true;
  RowsWanted wanted;
  wanted.what = RowsWanted::What::kRank;
  wanted.subkey = subkey;
  return static_cast<StoreImpl&>(store).PrefetchRows(entry, std::move(wanted), waiter);
}

bool PrefetchWalk(Store& store, Entry& entry, const RowWalk& walk, uint64_t rows,
                  LoadWaiter& waiter) {
  if (!entry.has_collection()) return true;
  RowsWanted wanted;
  wanted.rows = rows;
  if (walk.direction == Collection::Direction::kForward) {
    wanted.what = RowsWanted::What::kForward;
    wanted.subkey = walk.from;
    wanted.bound = walk.to;
  } else {
    wanted.what = RowsWanted::What::kBackward;
    wanted.subkey = walk.to.value_or(std::string());
    wanted.from_end = !walk.to.has_value();
    wanted.bound = walk.from;
  }
  return static_cast<StoreImpl&>(store).PrefetchRows(entry, std::move(wanted), waiter);
}

void StoreImpl::EndFetch(StreamState& state, const Status& status) {
  LoadWaiter* const waiter = std::exchange(state.waiter, nullptr);
  if (waiter != nullptr) board_->Done(*waiter, status);
}

void StoreImpl::AbandonStreams(const LoadWaiter& waiter) {
  for (StreamState* const stream : streams_) {
    if (stream->waiter == &waiter) stream->waiter = nullptr;
  }
}

}  // namespace lsm
