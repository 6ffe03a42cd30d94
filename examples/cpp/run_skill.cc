// Loads a folder of skills, runs one by JSON and one script by its arguments.
//
//   run_skill SKILLS_DIR WORKSPACE_DIR
#include <openskills/openskills.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: run_skill SKILLS_DIR WORKSPACE_DIR\n";
    return 2;
  }
  openskills::OpenSkillRuntime runtime(argv[1]);
  if (auto loaded = runtime.load_skills(); !loaded) {
    std::cerr << loaded.error().message << "\n";
    return 1;
  }
  for (const auto& skill : runtime.skills()) std::cout << skill.id << ": " << skill.path << "\n";

  // JSON in, JSON out: the skill's entry point is a WebAssembly module.
  auto stats = runtime.execute_skill("text-stats-wasm", {{"text", "four words are here"}},
                                     {.timeout_ms = 5000, .workspace = argv[2]});
  std::cout << openskills::to_json(stats).dump(2) << "\n";

  // A script with arguments, working on the caller's folder.
  const std::string input = "/skill/assets/sample.csv";
  auto report = runtime.run_script("csv-report", "scripts/report.py", {input, "--output", "report.md"},
                                   {.timeout_ms = 10000, .workspace = argv[2]});
  std::cout << report.stdout_bytes << report.stderr_bytes;
  for (const auto& artifact : report.artifacts) {
    std::cout << artifact.change << " " << artifact.path << " (" << artifact.bytes << " bytes)\n";
  }
  return stats.ok() && report.ok() ? 0 : 1;
}
