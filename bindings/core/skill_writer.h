// Skills and what is odd about them, member by member, told to whatever takes them: JSON text, or a language's own
// values. There can be ten thousand, so nothing stands in between.
//
// `Out` has JsonText's calls that make a value (api/json_text.h). It may throw what it throws. Thread rule: pure functions.
#pragma once

#include <vector>

#include "openskills/skill.h"

namespace openskills::bindings {

template <class Out>
void write_diagnostics(Out& out, const std::vector<SkillDiagnostic>& diagnostics) {
  out.begin_array();
  for (const SkillDiagnostic& one : diagnostics) {
    out.begin_object();
    out.name("code"), out.string(one.code);
    out.name("severity"), out.string(one.severity);
    out.name("message"), out.string(one.message);
    out.name("path"), out.string(one.path);
    out.name("line"), out.number(one.line);
    out.name("column"), out.number(one.column);
    out.end_object();
  }
  out.end_array();
}

template <class Out>
void write_skill(Out& out, const SkillInfo& skill) {
  out.begin_object();
  out.name("id"), out.string(skill.id);
  out.name("name"), out.string(skill.name);
  out.name("description"), out.string(skill.description);
  out.name("path"), out.string(skill.path);
  out.name("source"), out.string(skill.source);
  out.name("user_invocable"), out.boolean(skill.user_invocable);
  out.name("model_invocable"), out.boolean(skill.model_invocable);
  out.name("diagnostics"), write_diagnostics(out, skill.diagnostics);
  out.end_object();
}

template <class Out>
void write_skills(Out& out, const std::vector<SkillInfo>& skills) {
  out.begin_array();
  for (const SkillInfo& skill : skills) write_skill(out, skill);
  out.end_array();
}

}  // namespace openskills::bindings
