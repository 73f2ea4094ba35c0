// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/file_system.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

using lsm::OpenMode;
using lsm::PosixFileSystem;

namespace {

// A directory of its own, gone at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tiercel-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("bytes written in parts are read back, and reading stops at the end") {
  const TemporaryDirectory dir;
  auto file = PosixFileSystem().Open(dir / "f", OpenMode::kCreate).value();
  const std::array<std::string_view, 4> parts = {"ab", "", "cde", "f"};
  REQUIRE(file->WriteAt(3, parts).ok());
  std::string buffer(100, '?');
  CHECK(file->ReadAt(0, 100, buffer.data()).value() == 9);
  CHECK(buffer.substr(0, 9) == std::string("\0\0\0abcdef", 9));
  CHECK(file->ReadAt(9, 10, buffer.data()).value() == 0);
  CHECK(file->Sync().ok());
}

TEST_CASE("more parts than one system call takes are all written") {
  const TemporaryDirectory dir;
  auto file = PosixFileSystem().Open(dir / "f", OpenMode::kCreate).value();
  std::vector<std::string_view> parts(100, "0123456789");
  REQUIRE(file->WriteAt(0, parts).ok());
  CHECK(file->Size().value() == 1000);
}

TEST_CASE("allocation makes a file longer and keeps what is in it") {
  const TemporaryDirectory dir;
  auto file = PosixFileSystem().Open(dir / "f", OpenMode::kCreate).value();
  REQUIRE(file->WriteAt(0, "hello").ok());
  REQUIRE(file->Allocate(1 << 20).ok());
  CHECK(file->Size().value() == 1 << 20);
  std::string buffer(6, '?');
  REQUIRE(file->ReadAt(0, 6, buffer.data()).value() == 6);
  CHECK(buffer == std::string("hello\0", 6));
  REQUIRE(file->Allocate(10).ok());
  CHECK(file->Size().value() == 1 << 20);
  REQUIRE(file->Truncate(5).ok());
  CHECK(PosixFileSystem().FileSize(dir / "f").value() == 5);
}

TEST_CASE("errors name the path and the cause") {
  const TemporaryDirectory dir;
  const auto file = PosixFileSystem().Open(dir / "absent", OpenMode::kRead);
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().message() ==
        "cannot open " + (dir / "absent") + ": No such file or directory");
}

TEST_CASE("names can be listed, linked, renamed and removed") {
  const TemporaryDirectory dir;
  auto& fs = PosixFileSystem();
  REQUIRE(fs.CreateDirectory(dir / "sub").ok());
  REQUIRE(fs.CreateDirectory(dir / "sub").ok());
  REQUIRE(fs.Open(dir / "a", OpenMode::kCreate).has_value());
  REQUIRE(fs.Link(dir / "a", dir / "b").ok());
  REQUIRE(fs.Rename(dir / "a", dir / "c").ok());
  auto names = fs.List(dir.path()).value();
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"b", "c", "sub"});
  CHECK(fs.Remove(dir / "b").ok());
  CHECK_FALSE(fs.Exists(dir / "b"));
  CHECK(fs.RemoveDirectory(dir / "sub").ok());
  CHECK(fs.SyncDirectory(dir.path()).ok());
  CHECK(fs.FreeSpace(dir.path()).value() > 0);
}

TEST_CASE("a directory is taken once, and who is refused learns by whom it is held") {
  const TemporaryDirectory dir;
  {
    const auto held = PosixFileSystem().Lock(dir.path());
    REQUIRE(held.has_value());
    const auto refused = PosixFileSystem().Lock(dir.path());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == lsm::Status::Code::kBusy);
    CHECK(refused.error().message().find("process " + std::to_string(::getpid())) !=
          std::string::npos);
  }
  CHECK(PosixFileSystem().Lock(dir.path()).has_value());
}
