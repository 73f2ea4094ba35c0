// SPDX-License-Identifier: BSD-3-Clause
#include "resp/writer.h"

#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "resp/number_format.h"

namespace resp {
namespace {

// Type, number and CRLF.
constexpr size_t kHeaderBytes = 1 + kMaxInt64Chars + 2;
// Bulk strings up to this size are written with one bounds check.
constexpr size_t kSmallBulkBytes = 1024;

char* PutCrlf(char* p) {
  p[0] = '\r';
  p[1] = '\n';
  return p + 2;
}

char* PutHeader(char* p, char type, uint64_t number) {
  *p = type;
  return PutCrlf(FormatUint64(p + 1, number));
}

}  // namespace

void Writer::Header(char type, uint64_t number) {
  out_->Commit(PutHeader(out_->Prepare(kHeaderBytes), type, number));
}

void Writer::SimpleString(std::string_view text) {
  assert(text.find_first_of("\r\n") == std::string_view::npos);
  out_->Append("+");
  out_->Append(text);
  out_->Append("\r\n");
}

void Writer::Error(std::string_view text) {
  out_->Append("-");
  while (true) {
    const size_t line_break = text.find_first_of("\r\n");
    out_->Append(text.substr(0, line_break));
    if (line_break == std::string_view::npos) break;
    out_->Append(" ");
    text.remove_prefix(line_break + 1);
  }
  out_->Append("\r\n");
}

void Writer::Integer(int64_t value) {
  char* p = out_->Prepare(kHeaderBytes);
  *p = ':';
  out_->Commit(PutCrlf(FormatInt64(p + 1, value)));
}

void Writer::Bulk(std::string_view bytes) {
  if (bytes.size() > kSmallBulkBytes) {
    BulkHeader(bytes.size());
    out_->Append(bytes);
    BulkEnd();
    return;
  }
  char* p = PutHeader(out_->Prepare(kHeaderBytes + bytes.size() + 2), '$', bytes.size());
  if (!bytes.empty()) std::memcpy(p, bytes.data(), bytes.size());
  out_->Commit(PutCrlf(p + bytes.size()));
}

void Writer::BulkShared(std::shared_ptr<const std::string> bytes) {
  BulkHeader(bytes->size());
  out_->AppendShared(std::move(bytes));
  BulkEnd();
}

void Writer::BulkFromInteger(int64_t value) {
  std::array<char, kMaxInt64Chars> text{};
  const char* const end = FormatInt64(text.data(), value);
  Bulk({text.data(), end});
}

void Writer::Null() {
  out_->Append(resp3() ? "_\r\n" : "$-1\r\n");
}

void Writer::NullArray() {
  out_->Append(resp3() ? "_\r\n" : "*-1\r\n");
}

void Writer::Bool(bool value) {
  if (resp3()) {
    out_->Append(value ? "#t\r\n" : "#f\r\n");
  } else {
    out_->Append(value ? ":1\r\n" : ":0\r\n");
  }
}

void Writer::Double(double value) {
  std::array<char, kMaxDoubleChars> text{};
  const char* const end = FormatDouble(text.data(), value);
  const std::string_view number(text.data(), end);
  if (!resp3()) {
    Bulk(number);
    return;
  }
  out_->Append(",");
  out_->Append(number);
  out_->Append("\r\n");
}

void Writer::HumanDouble(long double value) {
  Bulk(HumanDoubleToString(value));
}

void Writer::BigNumber(std::string_view digits) {
  if (!resp3()) {
    Bulk(digits);
    return;
  }
  out_->Append("(");
  out_->Append(digits);
  out_->Append("\r\n");
}

void Writer::Verbatim(std::string_view format, std::string_view text) {
  assert(format.size() == 3);
  if (!resp3()) {
    Bulk(text);
    return;
  }
  Header('=', format.size() + 1 + text.size());
  out_->Append(format);
  out_->Append(":");
  out_->Append(text);
  out_->Append("\r\n");
}

void Writer::Array(size_t count) {
  Header('*', count);
}

void Writer::Map(size_t pairs) {
  if (resp3()) {
    Header('%', pairs);
  } else {
    Header('*', 2 * pairs);
  }
}

void Writer::Set(size_t count) {
  Header(resp3() ? '~' : '*', count);
}

void Writer::Push(size_t count) {
  Header(resp3() ? '>' : '*', count);
}

void Writer::Attribute(size_t pairs) {
  assert(resp3());
  Header('|', pairs);
}

Writer::Deferred Writer::Defer() {
  return Deferred(out_->Reserve(kHeaderBytes));
}

void Writer::FillHeader(Deferred at, char type, size_t number) {
  std::array<char, kHeaderBytes> header{};
  const char* const end = PutHeader(header.data(), type, number);
  out_->FillReserved(at.mark_, kHeaderBytes, {header.data(), end});
}

void Writer::SetArrayLength(Deferred at, size_t count) {
  FillHeader(at, '*', count);
}

void Writer::SetMapLength(Deferred at, size_t pairs) {
  if (resp3()) {
    FillHeader(at, '%', pairs);
  } else {
    FillHeader(at, '*', 2 * pairs);
  }
}

void Writer::SetSetLength(Deferred at, size_t count) {
  FillHeader(at, resp3() ? '~' : '*', count);
}

void Writer::SetPushLength(Deferred at, size_t count) {
  FillHeader(at, resp3() ? '>' : '*', count);
}

void Writer::BulkHeader(size_t length) {
  Header('$', length);
}

}  // namespace resp
