// SPDX-License-Identifier: BSD-3-Clause
//
// tiercel-import: makes a store of an RDB file, or of a running Redis' data, without a server.
// Exit codes: 0 done, 1 the dump or the disk was at fault, 2 wrong usage.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

#include "datatypes/settings.h"
#include "lsm/store_writer.h"
#include "rdb/reader.h"
#include "rdb/redis_source.h"
#include "resp/number_parse.h"
#include "tools/import_handler.h"
#include "tools/inventory.h"
#include "tools/progress.h"

namespace {

constexpr char kUsage[] =
    "usage: tiercel-import [options] FILE.rdb DIR\n"
    "       tiercel-import [options] - DIR                 the dump comes from standard input\n"
    "       tiercel-import [options] --from redis://[[user]:password@]host[:port] DIR\n"
    "       tiercel-import [options] --dry-run [--json] FILE.rdb | - | --from redis://...\n"
    "\n"
    "Makes a store in DIR, which must be empty or absent, of an RDB file (Redis 1.0 to 8.6, "
    "Valkey\n"
    "9.0 and 9.2), or of what a running Redis has. Start on it: tiercel-server --dir DIR. If the\n"
    "import fails, DIR is as it was before.\n"
    "\n"
    "  --dry-run     only tells what is in the dump; with --json, as JSON\n"
    "  --db N        only this database (may be given several times)\n"
    "  --match P     only keys that match the pattern, as KEYS has it\n"
    "  --type T      only string, list, set, zset, hash, stream (may be given several times)\n"
    "  --shards N    of the new store, as lsm-shards has it; 1\n"
    "  --quiet       no progress\n";

struct Arguments {
  tools::KeyFilter filter;
  std::vector<std::string> paths;
  std::string from;
  uint32_t shards = 1;
  bool dry_run = false;
  bool json = false;
  bool quiet = false;
};

std::optional<rdb::ValueType> TypeOfName(std::string_view name) {
  for (int type = 0; type < 6; ++type) {
    const auto each = static_cast<rdb::ValueType>(type);
    if (rdb::ValueTypeName(each) == name) return each;
  }
  return std::nullopt;
}

// False: wrong usage.
bool TakeOperand(std::string_view option, const std::string& operand, Arguments* out) {
  if (option == "--from") {
    out->from = operand;
    return true;
  }
  if (option == "--match") {
    out->filter.match = operand;
    return true;
  }
  if (option == "--type") {
    const auto type = TypeOfName(operand);
    if (type) out->filter.types.insert(*type);
    return type.has_value();
  }
  const auto number = resp::ParseInt64(operand);
  if (!number || *number < 0) return false;
  if (option == "--db") {
    out->filter.dbs.insert(static_cast<uint64_t>(*number));
    return true;
  }
  if (*number < 1 || *number > 256) return false;
  out->shards = static_cast<uint32_t>(*number);
  return true;
}

std::optional<Arguments> ParseArguments(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--dry-run") {
      out.dry_run = true;
    } else if (word == "--json") {
      out.json = true;
    } else if (word == "--quiet") {
      out.quiet = true;
    } else if (word == "--from" || word == "--match" || word == "--type" || word == "--db" ||
               word == "--shards") {
      if (i + 1 == argc || !TakeOperand(word, argv[i + 1], &out)) return std::nullopt;
      ++i;
    } else if (word.size() > 1 && word[0] == '-') {
      return std::nullopt;
    } else {
      out.paths.emplace_back(word);
    }
  }
  const size_t wanted = (out.from.empty() ? 1U : 0U) + (out.dry_run ? 0U : 1U);
  if (out.paths.size() != wanted || (out.json && !out.dry_run)) return std::nullopt;
  return out;
}

// A signal asks for the end: what is half done is removed then, as after any failure.
volatile std::sig_atomic_t interrupted = 0;

void HandleSignals() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = SA_RESETHAND;  // A second one ends a read that waits for ever.
  (void)::sigaction(SIGINT, &action, nullptr);
  (void)::sigaction(SIGTERM, &action, nullptr);
}

// Ends when a signal has come.
class InterruptibleSource final : public rdb::Source {
 public:
  explicit InterruptibleSource(rdb::Source& source) : source_(source) {}
  rdb::Result<std::string_view> Next() override {
    if (interrupted != 0) {
      return rdb::Failure(rdb::Error(rdb::Error::Code::kIo, offset_, "interrupted"));
    }
    auto bytes = source_.Next();
    if (bytes) offset_ += bytes->size();
    return bytes;
  }

 private:
  rdb::Source& source_;
  uint64_t offset_ = 0;
};

int Fail(const std::string& message) {
  std::fprintf(stderr, "tiercel-import: %s\n", message.c_str());
  return 1;
}

// What the dump is read from.
struct Input {
  std::unique_ptr<rdb::Source> source;
  rdb::RedisSource* redis = nullptr;  // If it is one.
  std::optional<uint64_t> size;
};

rdb::Result<Input> OpenInput(const Arguments& arguments) {
  const auto io = [](const std::string& what) {
    return rdb::Failure(rdb::Error(rdb::Error::Code::kIo, 0, what));
  };
  Input out;
  if (!arguments.from.empty()) {
    const auto address = rdb::ParseRedisAddress(arguments.from);
    if (!address) return io(arguments.from + " is no redis:// address");
    RDB_ASSIGN_OR_RETURN(auto source, rdb::RedisSource::Open(*address));
    out.redis = source.get();
    out.size = source->size();
    out.source = std::move(source);
    return out;
  }
  const std::string& path = arguments.paths[0];
  // Stays open until the process ends.
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io(path + ": " + std::strerror(errno));
  struct stat status = {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    out.size = static_cast<uint64_t>(status.st_size);
    (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  out.source = std::make_unique<rdb::FileSource>(fd);
  return out;
}

// Reads the dump to its end; an error as text.
std::optional<std::string> ReadDump(Input& input, rdb::EventHandler& events,
                                    const lsm::Status* stopped_by, tools::Progress& progress) {
  progress.Begin("reading", "bytes", input.size);
  InterruptibleSource source(*input.source);
  tools::CountedSource counted(source, progress);
  rdb::Reader reader(counted, events);
  const rdb::Result<void> read = reader.Read();
  if (!read) {
    if (read.error().code() == rdb::Error::Code::kStopped && stopped_by != nullptr) {
      return fmt::format("byte {}: {}", read.error().offset(), stopped_by->message());
    }
    return read.error().Text();
  }
  if (input.redis != nullptr) {
    const rdb::Result<bool> ended = input.redis->CheckEnd(reader.rest());
    if (!ended) return ended.error().Text();
    if (!*ended) return "the dump does not end where Redis said it would";
  }
  progress.End();
  return std::nullopt;
}

int DryRun(const Arguments& arguments, Input& input) {
  tools::Inventory inventory(arguments.filter);
  tools::Progress progress(arguments.quiet);
  if (const auto error = ReadDump(input, inventory, nullptr, progress)) return Fail(*error);
  const std::string text = arguments.json ? inventory.Json() : inventory.Text();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

void Report(const tools::ImportHandler& handler, const lsm::StoreWriter& writer,
            const std::string& dir) {
  const tools::ImportCounts& counts = handler.counts();
  for (const std::string& warning : handler.warnings()) {
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  }
  if (handler.warning_count() > handler.warnings().size()) {
    std::fprintf(
        stderr, "... and %llu more warnings\n",
        static_cast<unsigned long long>(handler.warning_count() - handler.warnings().size()));
  }
  std::printf(
      "%llu keys and %llu libraries of functions imported into %s (%llu bytes of tables), "
      "%llu keys had expired, %llu were not wanted\n",
      static_cast<unsigned long long>(counts.keys),
      static_cast<unsigned long long>(handler.libraries()), dir.c_str(),
      static_cast<unsigned long long>(writer.table_bytes()),
      static_cast<unsigned long long>(counts.expired),
      static_cast<unsigned long long>(counts.filtered));
}

int Import(const Arguments& arguments, Input& input) {
  lsm::StoreWriter::Options options;
  options.dir = arguments.paths.back();
  options.shards = arguments.shards;
  auto writer = lsm::StoreWriter::Create(options);
  if (!writer) return Fail(writer.error().message());
  const int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
  const datatypes::Settings settings;
  tools::ImportHandler handler(**writer, arguments.filter, now_ms, settings);
  tools::Progress progress(arguments.quiet);
  if (const auto error = ReadDump(input, handler, &handler.status(), progress)) return Fail(*error);
  if (const lsm::Status wrote = handler.Finish(); !wrote.ok()) return Fail(wrote.message());
  progress.Begin("writing tables", "rows", (*writer)->rows());
  const lsm::Status finished = (*writer)->Finish([&progress](uint64_t rows) {
    progress.Update(rows);
    return interrupted == 0;
  });
  if (!finished.ok()) return Fail(finished.message());
  progress.End();
  Report(handler, **writer, options.dir);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const std::optional<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  HandleSignals();
  rdb::Result<Input> input = OpenInput(*arguments);
  if (!input) return Fail(input.error().message());
  return arguments->dry_run ? DryRun(*arguments, *input) : Import(*arguments, *input);
}
