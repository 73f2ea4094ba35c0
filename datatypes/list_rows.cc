// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "datatypes/list.h"
#include "datatypes/list_format.h"
#include "datatypes/listpack_size.h"
#include "datatypes/value_rows.h"

namespace datatypes {
namespace {

class ListRows final : public ValueRows {
 public:
  ListRows(const Settings& settings, PutRow put) : settings_(settings), put_(std::move(put)) {}

  lsm::Status ListElement(std::string_view element) override {
    if (count_++ == 0) {
      extras_.first = extras_.last = OrderLabel::FromInteger(0);
    } else {
      extras_.last = extras_.last.After();
    }
    extras_.packed_bytes += ListpackElementBytes(element);
    return put_(extras_.last.view(), element);
  }

  lsm::Result<bool> Finish(ValueHead* head) override {
    head->has_rows = true;
    head->type = kList;
    if (ExceedsListpack(settings_, extras_.packed_bytes, count_))
      head->type_flags = List::kQuicklist;
    head->payload = std::string(ListPayload(extras_).view());
    return true;
  }

 private:
  const Settings& settings_;
  const PutRow put_;
  ListExtras extras_ = {{}, {}, kEmptyListpackBytes};
  uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<ValueRows> MakeListRows(const Settings& settings, ValueRows::PutRow put) {
  return std::make_unique<ListRows>(settings, std::move(put));
}

}  // namespace datatypes
