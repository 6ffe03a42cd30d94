// Our WASI against the engine's stock one: the same guest, the same random sequences of file operations, and every
// answer and the files at the end compared. What differs on purpose is in known_differences.tsv, with the reason.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <wasi.h>
#include <wasmtime.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "os/clock.h"
#include "os/files.h"
#include "wasm/wasi/wasi_context.h"
#include "wasm/wasmtime_error.h"

namespace openskills::wasi {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = OPENSKILLS_BUILD_DIR "/conformance/wasi/replay.wasm";
constexpr const char* kDifferences = OPENSKILLS_SOURCE_DIR "/tests/conformance/wasi/differential/known_differences.tsv";
constexpr int kSeeds = 150;
constexpr int kOperations = 400;
constexpr std::int64_t kBillionSeconds = 1'000'000'000;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// One operation as the guest reports it.
struct Step {
  std::string operation;  // with the paths it was given
  int answer = 0;
  std::string digest;
};

struct Replay {
  std::vector<Step> steps;
  std::string tree;
};

std::vector<Step> parse(const std::string& output) {
  std::vector<Step> steps;
  std::istringstream lines(output);
  int number = 0;
  for (Step step; lines >> number >> step.operation >> step.answer >> step.digest;) {
    EXPECT_EQ(number, static_cast<int>(steps.size()));
    steps.push_back(step);
  }
  return steps;
}

// Everything beneath a folder: kinds, sizes, bytes, links, and times that were set by hand.
std::string tree_of(const fs::path& root) {
  std::map<std::string, std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat status{};
    EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
    std::string line = fmt::format("{:o}", status.st_mode & S_IFMT);
    if (S_ISREG(status.st_mode)) line += fmt::format(" {} {}", status.st_nlink, content_of(entry.path()));
    if (S_ISLNK(status.st_mode)) line += " " + fs::read_symlink(entry.path()).string();
    if (status.st_mtim.tv_sec < kBillionSeconds) line += fmt::format(" at {}", status.st_mtim.tv_nsec);
    lines[entry.path().lexically_relative(root).string()] = line;
  }
  std::string tree;
  for (const auto& [name, line] : lines) tree += name + ": " + line + "\n";
  return tree;
}

class Collector : public OutputSink {
 public:
  bool write(StreamKind, std::string_view bytes) override {
    text += bytes;
    return true;
  }
  std::string text;
};

class StockDifferentialTest : public ::testing::Test {
 protected:
  StockDifferentialTest() : folder_(os::TemporaryDirectory::create("openskills-differential-").value()) {
    engine_ = wasm_engine_new();
    const std::string bytes = content_of(kModule);
    wasmtime_error_t* error =
        wasmtime_module_new(engine_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &module_);
    if (error != nullptr) ADD_FAILURE() << kModule << ": " << take_message(error) << " (build.sh makes it)";
  }
  ~StockDifferentialTest() override {
    if (module_ != nullptr) wasmtime_module_delete(module_);
    wasm_engine_delete(engine_);
  }

  // A fresh folder with a file, a folder and a link in it.
  fs::path fresh(const char* name) {
    fs::path root = fs::path(folder_.path()) / name;
    fs::remove_all(root);
    fs::create_directories(root / "d");
    std::ofstream(root / "a") << "some content";
    fs::create_symlink("d", root / "l");
    return root;
  }

  void call_start(wasmtime_linker_t* linker, wasmtime_store_t* store) {
    wasmtime_context_t* context = wasmtime_store_context(store);
    wasmtime_instance_t instance{};
    wasm_trap_t* trap = nullptr;
    wasmtime_error_t* error = wasmtime_linker_instantiate(linker, context, module_, &instance, &trap);
    ASSERT_EQ(error, nullptr) << take_message(error);
    wasmtime_extern_t start{};
    ASSERT_TRUE(wasmtime_instance_export_get(context, &instance, "_start", 6, &start));
    error = wasmtime_func_call(context, &start.of.func, nullptr, 0, nullptr, 0, &trap);
    // Both end the guest by proc_exit.
    if (error != nullptr) wasmtime_error_delete(error);
    if (trap != nullptr) wasm_trap_delete(trap);
  }

  Replay run_ours(int seed) {
    const fs::path root = fresh("ours");
    Collector sink;
    WasiConfig config;
    config.argv = {"replay", std::to_string(seed), std::to_string(kOperations)};
    config.sink = &sink;
    config.control.deadline_monotonic_ns = os::monotonic_now_ns() + 60 * kBillionSeconds;
    config.preopens.push_back({"/rw", os::open_directory(root.string()).value(), Access::kReadWrite});
    const std::unique_ptr<WasiContext> wasi = WasiContext::create(std::move(config)).value();
    wasmtime_linker_t* linker = wasmtime_linker_new(engine_);
    EXPECT_TRUE(define_wasi(linker));
    wasmtime_store_t* store = wasmtime_store_new(engine_, wasi.get(), nullptr);
    call_start(linker, store);
    wasmtime_store_delete(store);
    wasmtime_linker_delete(linker);
    return {parse(sink.text), tree_of(root)};
  }

  Replay run_stock(int seed) {
    const fs::path root = fresh("stock");
    const std::string output = folder_.path() + "/stock-output";
    const std::string seed_text = std::to_string(seed);
    const std::string count_text = std::to_string(kOperations);
    const char* argv[] = {"replay", seed_text.c_str(), count_text.c_str()};
    wasi_config_t* config = wasi_config_new();
    EXPECT_TRUE(wasi_config_set_argv(config, 3, argv));
    EXPECT_TRUE(wasi_config_set_stdout_file(config, output.c_str()));
    EXPECT_TRUE(wasi_config_preopen_dir(config, root.c_str(), "/rw", true));
    wasmtime_linker_t* linker = wasmtime_linker_new(engine_);
    EXPECT_EQ(wasmtime_linker_define_wasi(linker), nullptr);
    wasmtime_store_t* store = wasmtime_store_new(engine_, nullptr, nullptr);
    EXPECT_EQ(wasmtime_context_set_wasi(wasmtime_store_context(store), config), nullptr);
    call_start(linker, store);
    wasmtime_store_delete(store);
    wasmtime_linker_delete(linker);
    return {parse(content_of(output)), tree_of(root)};
  }

  os::TemporaryDirectory folder_;
  wasm_engine_t* engine_ = nullptr;
  wasmtime_module_t* module_ = nullptr;
};

// What may differ, and how often it did. A row is about the operations that begin as it says, or about all: "*".
class KnownDifferences {
 public:
  KnownDifferences() {
    std::ifstream file(kDifferences);
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line.front() == '#') continue;
      std::istringstream fields(line);
      Row row;
      std::string reason;
      fields >> row.operation >> row.ours >> row.stock;
      std::getline(fields, reason);
      EXPECT_GT(reason.size(), 20U) << "a reason is needed: " << line;
      rows_.push_back(row);
    }
  }

  bool allows(const Step& ours, const Step& stock) {
    for (Row& row : rows_) {
      const bool is_meant = row.operation == "*" || ours.operation.starts_with(row.operation);
      if (!is_meant || row.ours != ours.answer || row.stock != stock.answer) continue;
      ++row.seen;
      return true;
    }
    return false;
  }

  void expect_all_seen() const {
    for (const Row& row : rows_) {
      EXPECT_GT(row.seen, 0) << row.operation << " " << row.ours << " " << row.stock
                             << " is in the table, and does not differ";
    }
  }

 private:
  struct Row {
    std::string operation;
    int ours = 0;
    int stock = 0;
    int seen = 0;
  };
  std::vector<Row> rows_;
};

bool equal(const Step& left, const Step& right) {
  return left.operation == right.operation && left.answer == right.answer && left.digest == right.digest;
}

TEST_F(StockDifferentialTest, RandomSequencesGiveTheSameAnswersAndFiles) {
  KnownDifferences known;
  std::size_t successes = 0;
  int cut_short = 0;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    const Replay ours = run_ours(seed);
    const Replay stock = run_stock(seed);
    ASSERT_EQ(ours.steps.size(), static_cast<std::size_t>(kOperations)) << seed;
    ASSERT_EQ(stock.steps.size(), static_cast<std::size_t>(kOperations)) << seed;
    bool same = true;
    for (std::size_t i = 0; i < ours.steps.size() && same; ++i) {
      if (ours.steps[i].answer == 0) ++successes;
      if (equal(ours.steps[i], stock.steps[i])) continue;
      same = known.allows(ours.steps[i], stock.steps[i]);
      EXPECT_TRUE(same) << "seed " << seed << ", step " << i << " " << ours.steps[i].operation << ": ours "
                        << ours.steps[i].answer << " " << ours.steps[i].digest << ", stock " << stock.steps[i].answer
                        << " " << stock.steps[i].digest;
      // One made a file and the other did not: what follows is about different files.
      const bool diverged = ours.steps[i].operation.starts_with("open(") && stock.steps[i].answer == 0;
      if (same && diverged) {
        ++cut_short;
        same = false;
      }
    }
    const bool same_tree = ours.tree == stock.tree;
    EXPECT_TRUE(same_tree || !same) << "seed " << seed << ", ours:\n" << ours.tree << "stock:\n" << stock.tree;
  }
  known.expect_all_seen();
  EXPECT_LT(cut_short, kSeeds / 2);
  // Enough has happened for the comparison to mean something.
  EXPECT_GT(successes, static_cast<std::size_t>(kSeeds) * kOperations / 4);
}

// The control: different sequences are told apart.
TEST_F(StockDifferentialTest, ADifferenceIsSeen) {
  const Replay one = run_ours(1);
  const Replay other = run_stock(2);
  EXPECT_NE(one.tree, other.tree);
  EXPECT_FALSE(std::equal(one.steps.begin(), one.steps.end(), other.steps.begin(), equal));
  const Replay again = run_ours(1);
  EXPECT_EQ(one.tree, again.tree);
  EXPECT_TRUE(std::equal(one.steps.begin(), one.steps.end(), again.steps.begin(), equal));
}

}  // namespace
}  // namespace openskills::wasi
