#include "run/command_line.h"

#include <gtest/gtest.h>

#include "catalog/test_tree.h"
#include "run/router.h"

namespace openskills {
namespace {

using Words = std::vector<std::string>;

class CommandLines : public testing::Test {
 protected:
  CommandLines() {
    pack("python", "python", R"("python3", "python", "python3.13")");
    pack("sh", "shell", R"("bash", "sh")");
    pack("js", "javascript", R"("node")");
    guests_ = GuestRegistry::scan({tree_.path("guests")});
  }
  void pack(const std::string& name, const std::string& language, const std::string& interpreters) const {
    tree_.write("guests/" + name + "/guest.json",
                R"({"schema": 1, "name": ")" + name + R"(", "version": "1", "language": ")" + language +
                    R"(", "module": "m.wasm", "interpreters": [)" + interpreters + "]}");
    tree_.write("guests/" + name + "/m.wasm", "module");
  }

  // "interpreter | options | script | arguments", or the error's name.
  [[nodiscard]] static std::string shown(const GuestRegistry& guests, const Words& command) {
    const Result<CommandLine> line = parse_command_line(guests, command);
    if (!line) return std::string(error_code_name(line.error().code));
    const auto join = [](const Words& words) {
      std::string text;
      for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
      return text;
    };
    return (line->interpreter != nullptr ? line->interpreter->name : "-") + " | " + join(line->options) + " | " +
           line->script.value_or("none") + " | " + join(line->arguments);
  }
  [[nodiscard]] std::string shown(const Words& command) const { return shown(guests_, command); }

  TestTree tree_;
  GuestRegistry guests_;
};

TEST_F(CommandLines, AnInterpreterWithAScript) {
  EXPECT_EQ(shown({"python3", "x.py"}), "python |  | x.py | ");
  EXPECT_EQ(shown({"python3", "x.py", "a", "-b", "--c"}), "python |  | x.py | a -b --c");
  EXPECT_EQ(shown({"python3", "-u", "-W", "error", "x.py", "-u"}), "python | -u -W error | x.py | -u");
  EXPECT_EQ(shown({"python3", "-X", "dev", "-Wx", "x.py"}), "python | -X dev -Wx | x.py | ");
  EXPECT_EQ(shown({"bash", "-e", "-o", "pipefail", "x.sh", "a"}), "sh | -e -o pipefail | x.sh | a");
  EXPECT_EQ(shown({"node", "--require", "y", "x.js", "a"}), "js | --require y | x.js | a");
}

TEST_F(CommandLines, AnInterpreterWithAProgramInItsArguments) {
  EXPECT_EQ(shown({"python3", "-c", "print(1)", "a"}), "python |  | none | -c print(1) a");
  EXPECT_EQ(shown({"python3", "-cprint(1)", "a"}), "python |  | none | -cprint(1) a");
  EXPECT_EQ(shown({"python3", "-I", "-m", "json.tool", "f"}), "python | -I | none | -m json.tool f");
  EXPECT_EQ(shown({"python3", "-mjson.tool"}), "python |  | none | -mjson.tool");
  EXPECT_EQ(shown({"python3", "-", "a"}), "python |  | none | - a");
  EXPECT_EQ(shown({"bash", "-c", "echo"}), "sh |  | none | -c echo");
  EXPECT_EQ(shown({"bash", "-s", "a"}), "sh |  | none | -s a");
  EXPECT_EQ(shown({"node", "-e", "1"}), "js |  | none | -e 1");
  EXPECT_EQ(shown({"node", "--eval", "1"}), "js |  | none | --eval 1");
}

TEST_F(CommandLines, AnInterpreterAlone) {
  EXPECT_EQ(shown({"python3"}), "python |  | none | ");
  EXPECT_EQ(shown({"python3", "--version"}), "python | --version | none | ");
  EXPECT_EQ(shown({"python3", "-W"}), "python | -W | none | ");
}

TEST_F(CommandLines, AnInterpreterOfTheSystemIsTheGuest) {
  EXPECT_EQ(shown({"/usr/bin/python3", "x.py"}), "python |  | x.py | ");
  EXPECT_EQ(shown({"/usr/local/bin/python3.13", "x.py"}), "python |  | x.py | ");
  EXPECT_EQ(shown({"/bin/sh", "x.sh"}), "sh |  | x.sh | ");
  EXPECT_EQ(shown({"/usr/bin/env", "python3", "x.py"}), "python |  | x.py | ");
  EXPECT_EQ(shown({"env", "python3", "x.py", "a"}), "python |  | x.py | a");
  EXPECT_EQ(shown({"env", "scripts/x.py"}), "- |  | scripts/x.py | ");
  EXPECT_EQ(shown({"/usr/bin/env", "-S", "python3", "-u", "x.py"}), "python | -u | x.py | ");
}

TEST_F(CommandLines, EnvInEndlessRepetitionIsNoDanger) {
  Words command(100'000, "env");
  EXPECT_EQ(shown(command), "invalid-argument");
  command.push_back("python3");
  EXPECT_EQ(shown(command), "python |  | none | ");
}

TEST_F(CommandLines, UvRunIsTheScript) {
  EXPECT_EQ(shown({"uv", "run", "x.py", "a"}), "python |  | x.py | a");
  EXPECT_EQ(shown({"uv", "run", "python", "x.py"}), "python |  | x.py | ");
  EXPECT_EQ(shown({"uv", "run", "--with", "requests", "-p", "3.12", "x.py"}), "python |  | x.py | ");
  EXPECT_EQ(shown({"uv", "run", "--script", "--quiet", "x.py", "--flag"}), "python |  | x.py | --flag");
  EXPECT_EQ(shown({"uv", "run", "--with=requests", "python3", "-m", "json.tool"}), "python |  | none | -m json.tool");
  EXPECT_EQ(shown({"uv", "run", "--", "x.py"}), "python |  | x.py | ");
  EXPECT_EQ(shown({"uv", "run", "-"}), "python |  | none | -");
  EXPECT_EQ(shown({"uv", "run", "--with"}), "python |  | none | ");
  EXPECT_EQ(shown({"uv", "run"}), "tier-unavailable");
  EXPECT_EQ(shown({"uv", "pip", "install", "x"}), "tier-unavailable");
  EXPECT_EQ(shown(GuestRegistry(), {"uv", "run", "x.py"}), "guest-missing");
}

TEST_F(CommandLines, AScriptByItsPath) {
  EXPECT_EQ(shown({"./scripts/x.py", "a"}), "- |  | ./scripts/x.py | a");
  EXPECT_EQ(shown({"scripts/x"}), "- |  | scripts/x | ");
  EXPECT_EQ(shown({"x.py"}), "- |  | x.py | ");
  EXPECT_EQ(shown({"/skill/x.py", "-c"}), "- |  | /skill/x.py | -c");
  EXPECT_EQ(shown({"/workspace/run"}), "- |  | /workspace/run | ");
  EXPECT_EQ(shown({"../x.py"}), "- |  | ../x.py | ");  // refused when it is looked up
}

TEST_F(CommandLines, AProgramOfTheHostIsNone) {
  for (const Words& command :
       {Words{"ls"}, Words{"git", "status"}, Words{"/bin/ls"}, Words{"/usr/bin/git"}, Words{"env"}, Words{"env", "A=1"},
        Words{"rm", "-rf", "/"}, Words{"/usr/bin/x.py"}, Words{"-c"}, Words{" "}}) {
    EXPECT_EQ(shown(command), "interpreter-not-found") << command[0];
  }
}

TEST_F(CommandLines, ALanguageWithoutAGuestIsSaid) {
  for (const char* name : {"ruby", "perl", "php", "deno", "zsh", "/usr/bin/perl", "npx"}) {
    EXPECT_EQ(shown({name, "x"}), "tier-unavailable") << name;
  }
  EXPECT_EQ(shown(GuestRegistry(), {"python3", "x.py"}), "guest-missing");
}

TEST_F(CommandLines, NothingIsAnInvalidArgument) {
  EXPECT_EQ(shown({}), "invalid-argument");
  EXPECT_EQ(shown({""}), "invalid-argument");
  EXPECT_EQ(shown({"python3", ""}), "python |  |  | ");
}

Script script_of(Language language, const std::string& interpreter = {}) {
  Script script;
  script.path = "scripts/x";
  script.language = language;
  script.interpreter = interpreter;
  return script;
}

TEST_F(CommandLines, TheRouterPicksTheGuestAndSaysWhy) {
  const Route python = route_script(guests_, script_of(Language::kPython, "python3"), Tier::kAuto).value();
  EXPECT_EQ(python.guest, guests_.find_language("python"));
  EXPECT_EQ(python.tier, Tier::kWasm);
  EXPECT_NE(python.reason.find("python-1"), std::string::npos);
  EXPECT_EQ(route_script(guests_, script_of(Language::kShell), Tier::kWasm)->guest->name, "sh");
  const Route module = route_script(GuestRegistry(), script_of(Language::kWasm), Tier::kWasm).value();
  EXPECT_EQ(module.guest, nullptr);
  EXPECT_FALSE(module.reason.empty());
}

TEST_F(CommandLines, TheRouterRefusesWhatItCannotRun) {
  const GuestRegistry none;
  const auto code = [](const GuestRegistry& guests, const Script& script, Tier tier) {
    const Result<Route> route = route_script(guests, script, tier);
    return route ? ErrorCode::kInternal : route.error().code;
  };
  EXPECT_EQ(code(none, script_of(Language::kPython), Tier::kAuto), ErrorCode::kGuestMissing);
  EXPECT_EQ(code(none, script_of(Language::kShell), Tier::kAuto), ErrorCode::kTierUnavailable);
  EXPECT_EQ(code(none, script_of(Language::kTypeScript), Tier::kWasm), ErrorCode::kTierUnavailable);
  EXPECT_EQ(code(guests_, script_of(Language::kOther, "ruby"), Tier::kAuto), ErrorCode::kTierUnavailable);
  for (const Language language : {Language::kPython, Language::kWasm, Language::kOther}) {
    EXPECT_EQ(code(guests_, script_of(language), Tier::kNative), ErrorCode::kTierUnavailable);
  }
  const Result<Route> ruby = route_script(guests_, script_of(Language::kOther, "ruby"), Tier::kAuto);
  EXPECT_NE(ruby.error().message.find("'ruby'"), std::string::npos);
  const Result<Route> unknown = route_script(guests_, script_of(Language::kOther), Tier::kAuto);
  EXPECT_NE(unknown.error().message.find("unknown interpreter"), std::string::npos);
}

}  // namespace
}  // namespace openskills
