// pack, unpack and digest: skills as single files, and what tells that two are the same.
#include "catalog/package.h"

#include <memory>

#include "catalog/resources.h"
#include "cli/command.h"
#include "os/files.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PackFlags {
  std::string directory;
  std::string output;
  bool lenient = false;
  bool force = false;
};

struct UnpackFlags {
  std::vector<std::string> files;
  std::string to = ".";
  std::string name;
  std::string digest;
};

std::string file_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<void> write_package(const std::string& path, const std::string& bytes, bool force) {
  if (!force && os::file_info_at(path)) {
    return fail_with_hint(ErrorCode::kPathExists, fmt::format("'{}' is already there", path),
                          "name another file with --output, or replace it with --force");
  }
  return write_file(path, bytes);
}

int pack(const GlobalFlags& global, const PackFlags& flags) {
  const Result<PackedSkill> packed =
      pack_skill(flags.directory, flags.lenient ? PackCheck::kLenient : PackCheck::kStrict);
  if (!packed) return report_error(global, packed.error());
  const std::string output = flags.output.empty() ? packed->name + ".skill" : flags.output;
  const Result<void> written = write_package(output, packed->bytes, flags.force);
  if (!written) return report_error(global, written.error());
  if (global.json) {
    print_json(
        {{"path", output}, {"bytes", packed->bytes.size()}, {"files", packed->files}, {"left_out", packed->left_out}});
    return kExitOk;
  }
  write_stdout(printable(fmt::format("{}: {} files, {} bytes\n", output, packed->files.size(), packed->bytes.size())));
  if (!global.quiet) {
    for (const std::string& one : packed->left_out) write_stderr(printable("left out: " + one + "\n"));
  }
  return kExitOk;
}

Result<UnpackedSkill> unpack_one(const std::string& file, const UnpackFlags& flags, UnpackBudget& budget) {
  TRY(const std::string bytes, os::read_file_at(file, kMaxPackageBytes));
  UnpackOptions options;
  options.destination = flags.to;
  options.name = flags.name;
  options.fallback_name = file_of(file).substr(0, file_of(file).rfind('.'));
  options.expected_digest = bare_digest(flags.digest);
  return unpack_skill(bytes, options, budget);
}

int unpack(const GlobalFlags& global, const UnpackFlags& flags) {
  if (flags.files.size() > 1 && !(flags.name.empty() && flags.digest.empty())) {
    return report_error(global, {ErrorCode::kInvalidArgument, "--name and --digest go with one package", {}});
  }
  UnpackBudget budget;
  Json unpacked = Json::array();
  std::string text;
  for (const std::string& file : flags.files) {
    const Result<UnpackedSkill> skill = unpack_one(file, flags, budget);
    if (!skill) {
      if (!global.json) write_stdout(text);
      Error error = skill.error();
      error.message = fmt::format("{}: {}", file, error.message);
      return report_error(global, error);
    }
    unpacked.push_back({{"package", file},
                        {"path", skill->directory},
                        {"digest", "sha256:" + skill->digest},
                        {"files", skill->files},
                        {"bytes", skill->bytes}});
    text += printable(fmt::format("{}: {} files, sha256:{}\n", skill->directory, skill->files, skill->digest));
  }
  if (global.json) {
    print_json(unpacked);
  } else {
    write_stdout(text);
  }
  return kExitOk;
}

int digest(const GlobalFlags& global, const std::string& directory, bool source) {
  const Result<std::string> digest = skill_digest(directory, source ? DigestOf::kSource : DigestOf::kFiles);
  if (!digest) return report_error(global, digest.error());
  if (global.json) {
    print_json({{"path", directory}, {"digest", "sha256:" + *digest}});
  } else {
    write_stdout(fmt::format("sha256:{}\n", *digest));
  }
  return kExitOk;
}

}  // namespace

Command add_pack(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("pack", "Pack a skill into one file");
  command->footer("Example: openskills pack ./my-skill --output /tmp/my-skill.skill");
  auto flags = std::make_shared<PackFlags>();
  command->add_option("DIR", flags->directory, "The skill's folder")->required();
  command->add_option("-o,--output", flags->output, "The file to make (default: NAME.skill here)")->type_name("FILE");
  command->add_flag("--lenient", flags->lenient, "Pack whatever loads, not only what is valid");
  command->add_flag("--force", flags->force, "Replace the file");
  return {command, [&global, flags] { return pack(global, *flags); }};
}

Command add_unpack(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("unpack", "Unpack a skill, safely: whole or not at all");
  command->footer("Example: openskills unpack my-skill.skill --to ~/.agents/skills");
  auto flags = std::make_shared<UnpackFlags>();
  command->add_option("FILE", flags->files, "A package (repeatable; all share one budget)")->required();
  command->add_option("--to", flags->to, "The folder to make the skill's in (default: here)")->type_name("DIR");
  command->add_option("--name", flags->name, "Another name for the skill's folder");
  command->add_option("--digest", flags->digest, "Only the skill that has this digest")->type_name("SHA256");
  return {command, [&global, flags] { return unpack(global, *flags); }};
}

Command add_digest(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("digest", "Print the digest of a skill's files");
  command->footer("Example: openskills digest ./my-skill");
  auto directory = std::make_shared<std::string>();
  auto source = std::make_shared<bool>(false);
  command->add_option("DIR", *directory, "The skill's folder")->required();
  command->add_flag("--source", *source,
                    "As before installation: without the metadata `gh skill` writes into SKILL.md");
  return {command, [&global, directory, source] { return digest(global, *directory, *source); }};
}

}  // namespace openskills::cli
