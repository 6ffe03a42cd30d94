#include "catalog/search.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "api/visible_skills.h"
#include "base/utf8.h"
#include "cli/command.h"

namespace openskills::cli {
namespace {

using Json = nlohmann::ordered_json;

struct SearchFlags {
  std::vector<std::string> query;
  std::size_t limit = 10;
  SkillChoice choice;
};

Json json_of(const std::string& query, const std::vector<SearchHit>& hits) {
  Json skills = Json::array();
  for (const SearchHit& hit : hits) {
    skills.push_back({{"id", hit.skill->id},
                      {"description", hit.skill->manifest->description},
                      {"path", hit.skill->directory},
                      {"source", hit.skill->source()},
                      {"score", std::round(hit.score * 10'000) / 10'000}});
  }
  return {{"query", query}, {"skills", std::move(skills)}};
}

int search(const GlobalFlags& global, const SearchFlags& flags) {
  const Result<Catalog> catalog = discover(global);
  if (!catalog) return report_error(global, catalog.error());
  const Result<SkillPredicate> wanted = predicate_of(*catalog, flags.choice);
  if (!wanted) return report_error(global, wanted.error());
  std::string query;
  for (const std::string& word : flags.query) query += (query.empty() ? "" : " ") + word;
  const std::vector<const Skill*> skills = visible_skills(*catalog, runtime_options(global), *wanted);
  const std::vector<SearchHit> hits = SearchIndex(skills).search(query, flags.limit);
  if (global.json) {
    print_json(json_of(query, hits));
    return kExitOk;
  }
  std::string text;
  std::size_t width = 0;
  for (const SearchHit& hit : hits) width = std::max(width, count_code_points(hit.skill->id));
  for (const SearchHit& hit : hits) text += list_line(*hit.skill, width);
  write_stdout(text);
  if (hits.empty() && !global.quiet) {
    write_stderr(fmt::format("None of {} skills has a word of the query.\n", skills.size()));
  }
  return kExitOk;
}

}  // namespace

Command add_search(CLI::App& app, const GlobalFlags& global) {
  CLI::App* command = app.add_subcommand("search", "Find skills by words of their names and descriptions");
  command->footer("Example: openskills --skills ./skills search convert pdf --limit 5");
  auto flags = std::make_shared<SearchFlags>();
  command->add_option("QUERY", flags->query, "Words")->required();
  command->add_option("--limit", flags->limit, "How many to show (default 10)")->check(CLI::PositiveNumber);
  add_skill_choice(*command, flags->choice);
  return {command, [&global, flags] { return search(global, *flags); }};
}

}  // namespace openskills::cli
