// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "datatypes/notifications.h"
#include "datatypes/settings.h"
#include "lsm/row_expiry.h"
#include "lsm/store.h"

namespace datatypes {

// Deletes fields of hashes when the store says that their time has come, and announces it. All that
// it borrows must outlive it; it serves the store as long as it lives. Loop thread only.
class FieldExpiry final : private lsm::RowExpirer {
 public:
  FieldExpiry(lsm::Store& store, const Notifier& notifier, const Settings& settings);
  ~FieldExpiry() override;
  FieldExpiry(const FieldExpiry&) = delete;
  FieldExpiry& operator=(const FieldExpiry&) = delete;

 private:
  Progress ExpireRows(uint32_t db, lsm::Entry* entry, int64_t now_ms, size_t max_rows,
                      lsm::LoadWaiter* waiter) override;
  void OnAllExpired(uint32_t db, std::string_view key) override;

  lsm::Store& store_;
  const Notifier& notifier_;
  const Settings& settings_;
};

}  // namespace datatypes
