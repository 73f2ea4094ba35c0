// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "resp/output_buffer.h"

namespace resp {

enum class Protocol { kResp2 = 2, kResp3 = 3 };

// Writes replies into an OutputBuffer, in the protocol version the client has chosen. Types that
// RESP2 does not know get the form in which Redis sends them to a RESP2 client. The one thing with
// no such form is an attribute; it may only be written if protocol() is kResp3. Borrows the buffer.
// Loop thread only.
class Writer {
 public:
  // The place of an aggregate's header, to be written when its length is known. Each must be given
  // to exactly one Set...Length(); nested ones from the inside out.
  class Deferred {
    friend class Writer;
    explicit Deferred(size_t mark) : mark_(mark) {}
    size_t mark_;
  };

  explicit Writer(OutputBuffer* out, Protocol protocol = Protocol::kResp2)
      : out_(out), protocol_(protocol) {}

  Protocol protocol() const { return protocol_; }
  void set_protocol(Protocol protocol) { protocol_ = protocol; }
  bool resp3() const { return protocol_ == Protocol::kResp3; }
  OutputBuffer& out() { return *out_; }

  // "+text". Must hold neither CR nor LF.
  void SimpleString(std::string_view text);
  // "-text". The text begins with its code ("ERR …"); CR and LF become spaces.
  void Error(std::string_view text);
  void Integer(int64_t value);
  void Bulk(std::string_view bytes);
  // The same without a copy of large payloads.
  void BulkShared(std::shared_ptr<const std::string> bytes);
  // The integer as a bulk string, as GET of a counter sends it.
  void BulkFromInteger(int64_t value);

  // RESP2 "$-1", RESP3 "_".
  void Null();
  // RESP2 "*-1", RESP3 "_".
  void NullArray();
  // RESP2 ":1" and ":0", RESP3 "#t" and "#f".
  void Bool(bool value);
  // RESP2 a bulk string, RESP3 ",…"; the number as FormatDouble() has it.
  void Double(double value);
  // A bulk string in both, the number as FormatHumanDouble() has it.
  void HumanDouble(long double value);
  // An integer of any size, in digits. RESP2 a bulk string, RESP3 "(…".
  void BigNumber(std::string_view digits);
  // `format` has three characters, such as "txt". RESP2 a bulk string of the text alone.
  void Verbatim(std::string_view format, std::string_view text);

  // Headers; as many replies must follow, or twice as many where pairs are counted.
  void Array(size_t count);
  void Map(size_t pairs);   // RESP2 an array.
  void Set(size_t count);   // RESP2 an array.
  void Push(size_t count);  // RESP2 an array.
  void Attribute(size_t pairs);

  // An aggregate whose length is found while its parts are written.
  Deferred Defer();
  void SetArrayLength(Deferred at, size_t count);
  void SetMapLength(Deferred at, size_t pairs);
  void SetSetLength(Deferred at, size_t count);
  void SetPushLength(Deferred at, size_t count);

  // A bulk string in pieces: the header, `length` bytes by Raw(), then BulkEnd().
  void BulkHeader(size_t length);
  void BulkEnd() { out_->Append("\r\n"); }

  // Bytes that already are a reply, or a piece of one.
  void Raw(std::string_view bytes) { out_->Append(bytes); }

 private:
  void Header(char type, uint64_t number);
  void FillHeader(Deferred at, char type, size_t number);

  OutputBuffer* out_;
  Protocol protocol_;
};

}  // namespace resp
