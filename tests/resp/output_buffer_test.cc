// SPDX-License-Identifier: BSD-3-Clause
#include "resp/output_buffer.h"

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using resp::OutputBuffer;

namespace {

std::shared_ptr<const std::string> Shared(size_t size, char c) {
  return std::make_shared<const std::string>(size, c);
}

// What the first `max` pieces of the iovec hold.
std::string Gather(const OutputBuffer& buffer, size_t max = 1024) {
  std::vector<struct iovec> pieces(max);
  const size_t count = buffer.FillIovec(pieces.data(), max);
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  return text;
}

}  // namespace

TEST_CASE("a new output buffer is empty and costs no memory") {
  const OutputBuffer buffer;
  CHECK(buffer.empty());
  CHECK(buffer.memory_bytes() == 0);
  CHECK(Gather(buffer).empty());
}

TEST_CASE("small replies lie in one piece in a small block") {
  OutputBuffer buffer;
  for (int i = 0; i < 100; ++i) buffer.Append(":1\r\n");
  std::array<struct iovec, 4> pieces{};
  CHECK(buffer.FillIovec(pieces.data(), pieces.size()) == 1);
  CHECK(buffer.size() == 400);
  CHECK(buffer.memory_bytes() == OutputBuffer::kFirstBlockBytes);
}

TEST_CASE("an emptied buffer uses its block again") {
  OutputBuffer buffer;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 50; ++i) buffer.Append(std::string(130, 'x'));
    buffer.Consume(buffer.size());
  }
  CHECK(buffer.memory_bytes() == OutputBuffer::kBlockBytes);
  buffer.ReleaseIdle();
  CHECK(buffer.memory_bytes() == 0);
  buffer.Append("more");
  CHECK(buffer.ToString() == "more");
}

TEST_CASE("ReleaseIdle leaves pending bytes alone") {
  OutputBuffer buffer;
  buffer.Append("x");
  buffer.ReleaseIdle();
  CHECK(buffer.ToString() == "x");
}

TEST_CASE("a big payload has its own block, which goes when it is sent") {
  OutputBuffer buffer;
  const std::string big(1000000, 'b');
  buffer.Append("$1000000\r\n");
  buffer.Append(big);
  buffer.Append("\r\n:1\r\n");
  CHECK(buffer.ToString() == "$1000000\r\n" + big + "\r\n:1\r\n");
  CHECK(buffer.memory_bytes() < 1000000 + 4096);
  buffer.Clear();
  CHECK(buffer.memory_bytes() == 0);
}

TEST_CASE("a shared payload is not copied and is let go when it is sent") {
  OutputBuffer buffer;
  const auto payload = Shared(5000, 's');
  buffer.Append("a");
  buffer.AppendShared(payload);
  buffer.Append("b");
  CHECK(payload.use_count() == 2);
  CHECK(buffer.memory_bytes() == 5000 + OutputBuffer::kFirstBlockBytes);
  std::array<struct iovec, 4> pieces{};
  REQUIRE(buffer.FillIovec(pieces.data(), pieces.size()) == 3);
  CHECK(pieces[1].iov_base == payload->data());
  buffer.Consume(5001);
  CHECK(payload.use_count() == 1);
  CHECK(buffer.ToString() == "b");
  CHECK(buffer.memory_bytes() == OutputBuffer::kFirstBlockBytes);
}

TEST_CASE("a small shared payload is copied") {
  OutputBuffer buffer;
  const auto payload = Shared(10, 's');
  buffer.AppendShared(payload);
  CHECK(payload.use_count() == 1);
  CHECK(buffer.ToString() == "ssssssssss");
}

TEST_CASE("many shared payloads with short texts between them share blocks") {
  OutputBuffer buffer;
  const auto payload = Shared(2000, 's');
  for (int i = 0; i < 20; ++i) {
    buffer.Append("$2000\r\n");
    buffer.AppendShared(payload);
    buffer.Append("\r\n");
  }
  CHECK(buffer.memory_bytes() == size_t{20} * 2000 + OutputBuffer::kFirstBlockBytes);
}

TEST_CASE("FillIovec describes the front when there is not room for all") {
  OutputBuffer buffer;
  buffer.Append("a");
  buffer.AppendShared(Shared(2000, 's'));
  buffer.Append("b");
  CHECK(Gather(buffer, 1) == "a");
  CHECK(Gather(buffer, 2) == "a" + std::string(2000, 's'));
  CHECK(Gather(buffer, 3) == buffer.ToString());
  CHECK(buffer.FillIovec(nullptr, 0) == 0);
}

TEST_CASE("truncating to a mark drops what came after it, in whatever block it lies") {
  OutputBuffer buffer;
  buffer.Append("keep");
  buffer.Consume(2);
  const size_t mark = buffer.Mark();
  const auto payload = Shared(3000, 's');
  buffer.Append("drop");
  buffer.AppendShared(payload);
  buffer.Append(std::string(50000, 'd'));
  buffer.TruncateTo(mark);
  CHECK(buffer.ToString() == "ep");
  CHECK(payload.use_count() == 1);
  buffer.Append("more");
  CHECK(buffer.ToString() == "epmore");
  CHECK(buffer.Mark() == 8);
}

TEST_CASE("truncating to the middle of a shared payload keeps its front") {
  OutputBuffer buffer;
  const auto payload = Shared(3000, 's');
  buffer.AppendShared(payload);
  buffer.TruncateTo(1200);
  CHECK(buffer.ToString() == std::string(1200, 's'));
  buffer.Append("x");
  CHECK(buffer.ToString() == std::string(1200, 's') + "x");
  buffer.Clear();
  CHECK(buffer.memory_bytes() == OutputBuffer::kFirstBlockBytes);
}

TEST_CASE("a hole is filled and closes up, whatever has been appended after it") {
  for (const size_t after : {0U, 5U, 900U, 5000U, 40000U}) {
    CAPTURE(after);
    OutputBuffer buffer;
    buffer.Append("<");
    const size_t hole = buffer.Reserve(24);
    const std::string body(after, 'x');
    buffer.Append(body);
    buffer.AppendShared(Shared(2000, 's'));
    buffer.Append(">");
    buffer.FillReserved(hole, 24, "*7\r\n");
    CHECK(buffer.ToString() == "<*7\r\n" + body + std::string(2000, 's') + ">");
    CHECK(Gather(buffer) == buffer.ToString());
    CHECK(buffer.size() == buffer.ToString().size());
    buffer.Clear();
    CHECK(buffer.empty());
  }
}

TEST_CASE("holes within each other are filled from the last to the first") {
  OutputBuffer buffer;
  const size_t outer = buffer.Reserve(24);
  const size_t inner = buffer.Reserve(24);
  buffer.Append("x");
  buffer.FillReserved(inner, 24, "in");
  const size_t second = buffer.Reserve(24);
  buffer.Append("y");
  buffer.FillReserved(second, 24, "2");
  buffer.FillReserved(outer, 24, "out");
  CHECK(buffer.ToString() == "outinx2y");
}

TEST_CASE("random appends, holes, truncations and sends agree with a string") {
  const unsigned seed = std::random_device{}();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 100; ++round) {
    OutputBuffer buffer;
    std::string model;
    for (int step = 0; step < 200; ++step) {
      const size_t sizes[] = {1, 4, 130, 1000, 4096, 20000};
      const std::string text(random() % sizes[random() % 6] + 1,
                             static_cast<char>('a' + random() % 26));
      switch (random() % 6) {
        case 0:
        case 1:
          buffer.Append(text);
          model += text;
          break;
        case 2:
          buffer.AppendShared(std::make_shared<const std::string>(text));
          model += text;
          break;
        case 3: {
          const size_t size = random() % (model.size() + 1);
          buffer.Consume(size);
          model.erase(0, size);
          break;
        }
        case 4: {
          const size_t size = random() % (model.size() / 4 + 1);
          buffer.TruncateTo(buffer.Mark() - size);
          model.resize(model.size() - size);
          break;
        }
        default: {
          const size_t hole = buffer.Reserve(24);
          buffer.Append(text);
          buffer.FillReserved(hole, 24, "%12\r\n");
          model += "%12\r\n" + text;
        }
      }
      REQUIRE(buffer.size() == model.size());
      if (step % 10 == 0) REQUIRE(buffer.ToString() == model);
    }
    REQUIRE(Gather(buffer) == model);
    buffer.Clear();
    buffer.ReleaseIdle();
    REQUIRE(buffer.memory_bytes() == 0);
  }
}
