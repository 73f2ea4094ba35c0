// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/copy_value.h"

#include <string>

#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "lsm/row_expiry.h"

namespace datatypes {
namespace {

lsm::Status CopyRows(lsm::Collection& source, lsm::Collection& destination) {
  lsm::CollectionCursor row = source.SeekFirst();
  for (; row.valid(); row.Next()) {
    lsm::Result<lsm::Collection::PutResult> put = destination.Put(row.subkey(), row.value());
    if (!put) return put.error();
  }
  return row.status();
}

}  // namespace

Result<void> CopyValue(Keyspace from_space, std::string_view from, Keyspace to_space,
                       std::string_view to) {
  lsm::Store& store = to_space.store();
  ASSIGN_OR_RETURN(const lsm::Entry* source, from_space.Peek(from));
  const std::string payload(source->payload());
  const lsm::RowTimes row_times = lsm::RowExpiry::TimesOf(*source);
  const int64_t expire_at_ms = source->has_expiry() ? source->expire_at_ms() : lsm::kNoExpiry;
  lsm::Entry* copy = store.Create(to_space.db(), to, source->type(), source->type_flags(), payload);
  // The new entry may have displaced the old one in memory; the collection itself stays.
  ASSIGN_OR_RETURN(source, from_space.Peek(from));
  if (source->has_collection()) {
    copy = store.AttachCollection(copy);
    lsm::Status copied = CopyRows(source->collection(), copy->collection());
    ASSIGN_OR_RETURN(copy, to_space.Peek(to));
    if (!copied.ok()) {
      store.Delete(copy);
      return tl::unexpected(Error(copied));
    }
    if (row_times != lsm::RowTimes()) lsm::RowExpiry::Of(store).SetTimes(copy, row_times);
  }
  if (expire_at_ms != lsm::kNoExpiry) store.SetExpiry(copy, expire_at_ms);
  return {};
}

}  // namespace datatypes
