#include "format/yaml_tree.h"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "format/frontmatter.h"
#include "format/yaml_simple.h"

namespace openskills {
namespace {

Diagnostic error_at(DiagnosticCode code, std::string message, Position at) {
  return Diagnostic{code, Severity::kError, std::move(message), {}, at.line, at.column};
}

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }

  [[nodiscard]] yaml_event_t* get() noexcept { return &event_; }
  [[nodiscard]] const yaml_event_t& value() const noexcept { return event_; }

 private:
  yaml_event_t event_{};
};

std::string text_of(const yaml_char_t* bytes) { return bytes == nullptr ? "" : reinterpret_cast<const char*>(bytes); }

// Builds the tree from libyaml's events with an explicit stack.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, std::uint32_t first_line)
      : text_(text), first_line_(first_line), has_hash_(text.find('#') != std::string_view::npos) {}

  YamlResult build();

 private:
  // A collection that is still open, and the key that waits for its value.
  struct Open {
    YamlNode node;
    std::optional<YamlPair> pending;
  };

  std::optional<Diagnostic> feed(const yaml_event_t& event);
  std::optional<Diagnostic> open(const yaml_event_t& event, YamlKind kind, bool flow, const yaml_char_t* anchor,
                                 const yaml_char_t* tag);
  std::optional<Diagnostic> add(YamlNode node);
  std::optional<Diagnostic> close(Position at);
  YamlNode scalar(const yaml_event_t& event);
  void note(DiagnosticCode code, std::string message, Position at);
  void note_cut(const yaml_event_t& event, const YamlNode& node);
  void drop_repeated_keys(YamlNode& mapping);
  [[nodiscard]] Position position(const yaml_mark_t& mark) const {
    return {first_line_ + static_cast<std::uint32_t>(mark.line), static_cast<std::uint32_t>(mark.column) + 1};
  }

  std::string_view text_;
  std::uint32_t first_line_;
  bool has_hash_;
  std::vector<Open> stack_;
  std::size_t nodes_ = 0;
  bool done_ = false;
  YamlDocument document_;
  // Where line `line_` of the text begins; events come in order, so that the search goes on from the last one.
  std::size_t line_ = 0;
  std::size_t line_begin_ = 0;
};

void TreeBuilder::note(DiagnosticCode code, std::string message, Position at) {
  document_.notes.push_back({code, Severity::kWarning, std::move(message), {}, at.line, at.column});
}

std::optional<Diagnostic> TreeBuilder::open(const yaml_event_t& event, YamlKind kind, bool flow,
                                            const yaml_char_t* anchor, const yaml_char_t* tag) {
  const Position at = position(event.start_mark);
  if (stack_.size() >= kMaxYamlDepth) {
    return error_at(DiagnosticCode::kYamlTooComplex,
                    fmt::format("the frontmatter is nested deeper than {} levels", kMaxYamlDepth), at);
  }
  if (flow) document_.notes.push_back(flow_collection_note(at));
  if (anchor != nullptr) note(DiagnosticCode::kYamlAnchor, fmt::format("anchor '&{}' is ignored", text_of(anchor)), at);
  if (tag != nullptr) note(DiagnosticCode::kYamlTag, fmt::format("tag '{}' is ignored", text_of(tag)), at);
  Open collection;
  collection.node.kind = kind;
  collection.node.position = at;
  stack_.push_back(std::move(collection));
  return std::nullopt;
}

std::optional<Diagnostic> TreeBuilder::add(YamlNode node) {
  if (++nodes_ > kMaxYamlNodes) {
    return error_at(DiagnosticCode::kYamlTooComplex,
                    fmt::format("the frontmatter has more than {} values", kMaxYamlNodes), node.position);
  }
  if (stack_.empty()) {
    document_.root = std::move(node);
    done_ = true;
    return std::nullopt;
  }
  Open& parent = stack_.back();
  if (parent.node.kind == YamlKind::kSequence) {
    parent.node.items.push_back(std::move(node));
  } else if (parent.pending) {
    parent.pending->value = std::move(node);
    parent.node.pairs.push_back(std::move(*parent.pending));
    parent.pending.reset();
  } else if (node.kind == YamlKind::kScalar) {
    parent.pending = YamlPair{std::move(node.text), node.position, {}};
  } else {
    return error_at(DiagnosticCode::kYamlInvalid, "a list or mapping cannot be a key", node.position);
  }
  return std::nullopt;
}

std::optional<Diagnostic> TreeBuilder::close(Position at) {
  if (stack_.empty()) return error_at(DiagnosticCode::kYamlInvalid, "unexpected end of a collection", at);
  YamlNode node = std::move(stack_.back().node);
  stack_.pop_back();
  if (node.kind == YamlKind::kMapping) drop_repeated_keys(node);
  return add(std::move(node));
}

void TreeBuilder::drop_repeated_keys(YamlNode& mapping) {
  std::vector<std::size_t> order(mapping.pairs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int compared = mapping.pairs[a].key.compare(mapping.pairs[b].key);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<std::size_t> dropped;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const YamlPair& later = mapping.pairs[order[i]];
    if (mapping.pairs[order[i - 1]].key != later.key) continue;
    dropped.push_back(order[i - 1]);
    note(DiagnosticCode::kYamlDuplicateKey, fmt::format("the key '{}' occurs twice; this value counts", later.key),
         later.position);
  }
  std::sort(dropped.rbegin(), dropped.rend());
  for (const std::size_t index : dropped) {
    mapping.pairs.erase(mapping.pairs.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

YamlNode TreeBuilder::scalar(const yaml_event_t& event) {
  const auto& data = event.data.scalar;
  YamlNode node;
  node.position = position(event.start_mark);
  node.text.assign(reinterpret_cast<const char*>(data.value), data.length);
  const bool plain = data.style == YAML_PLAIN_SCALAR_STYLE;
  if (data.tag != nullptr) {
    note(DiagnosticCode::kYamlTag, fmt::format("tag '{}' is not interpreted", text_of(data.tag)), node.position);
    const std::string tag = text_of(data.tag);
    if (plain && tag.starts_with('!')) node.text = node.text.empty() ? tag : tag + ' ' + node.text;
  }
  if (data.anchor != nullptr) {
    note(DiagnosticCode::kYamlAnchor, fmt::format("anchor '&{}' is text", text_of(data.anchor)), node.position);
    const std::string anchor = '&' + text_of(data.anchor);
    if (plain) node.text = node.text.empty() ? anchor : anchor + ' ' + node.text;
  }
  if (plain && has_hash_) note_cut(event, node);
  return node;
}

void TreeBuilder::note_cut(const yaml_event_t& event, const YamlNode& node) {
  while (line_ < event.end_mark.line && line_begin_ < text_.size()) {
    line_begin_ = line_at(text_, line_begin_).next_offset;
    ++line_;
  }
  if (line_ != event.end_mark.line) return;
  std::string_view rest = line_at(text_, line_begin_).text;
  // The mark counts characters.
  for (std::size_t column = 0; column < event.end_mark.column && !rest.empty(); ++column) {
    do {
      rest.remove_prefix(1);
    } while (!rest.empty() && (static_cast<std::uint8_t>(rest.front()) & 0xC0U) == 0x80U);
  }
  const std::string_view comment = trim(rest);
  if (!comment.starts_with('#')) return;
  // "# remark" after a key or a short value is how comments are written; "#12" and a cut description are not. A key
  // never reaches this: a colon follows it.
  const bool is_value = !stack_.empty() && stack_.back().pending.has_value();
  const bool prose = is_value && stack_.size() == 1 && stack_.back().pending->key == "description";
  const bool glued = comment.size() > 1 && comment[1] != ' ' && comment[1] != '#';
  if (!prose && !glued) return;
  note(DiagnosticCode::kCommentCutValue,
       fmt::format("'{}' is a comment and not part of the value; quote the value", comment.substr(0, 40)),
       node.position);
}

std::optional<Diagnostic> TreeBuilder::feed(const yaml_event_t& event) {
  const Position at = position(event.start_mark);
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      if (!done_) return std::nullopt;
      return error_at(DiagnosticCode::kYamlInvalid, "the frontmatter has a second YAML document", at);
    case YAML_SCALAR_EVENT: return add(scalar(event));
    case YAML_ALIAS_EVENT: {
      YamlNode node;
      node.position = at;
      node.text = '*' + text_of(event.data.alias.anchor);
      note(DiagnosticCode::kYamlAnchor, fmt::format("alias '{}' is text and not expanded", node.text), at);
      return add(std::move(node));
    }
    case YAML_SEQUENCE_START_EVENT: {
      const auto& data = event.data.sequence_start;
      return open(event, YamlKind::kSequence, data.style == YAML_FLOW_SEQUENCE_STYLE, data.anchor, data.tag);
    }
    case YAML_MAPPING_START_EVENT: {
      const auto& data = event.data.mapping_start;
      return open(event, YamlKind::kMapping, data.style == YAML_FLOW_MAPPING_STYLE, data.anchor, data.tag);
    }
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return close(at);
    default: return std::nullopt;
  }
}

// The parser of libyaml, and the tree on top of it.
class Parser {
 public:
  explicit Parser(std::string_view text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    if (text.data() == nullptr) text = "";  // libyaml asserts that there is a pointer, also to nothing
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&parser_); }

  bool next(Event& event) { return yaml_parser_parse(&parser_, event.get()) != 0; }

  [[nodiscard]] Diagnostic problem(std::uint32_t first_line) const {
    const std::string_view text = parser_.problem == nullptr ? "not YAML" : parser_.problem;
    Position at{first_line + static_cast<std::uint32_t>(parser_.problem_mark.line),
                static_cast<std::uint32_t>(parser_.problem_mark.column) + 1};
    return error_at(DiagnosticCode::kYamlInvalid, fmt::format("Invalid YAML in frontmatter: {}", text), at);
  }

 private:
  yaml_parser_t parser_{};
};

YamlResult TreeBuilder::build() {
  Parser parser(text_);
  while (true) {
    Event event;
    if (!parser.next(event)) return std::unexpected(parser.problem(first_line_));
    if (event.value().type == YAML_STREAM_END_EVENT) break;
    if (std::optional<Diagnostic> problem = feed(event.value())) return std::unexpected(std::move(*problem));
  }
  if (!done_) document_.root.position = {first_line_, 1};
  std::stable_sort(document_.notes.begin(), document_.notes.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return std::move(document_);
}

}  // namespace

YamlResult parse_yaml_events(std::string_view text, std::uint32_t first_line) {
  return TreeBuilder(text, first_line).build();
}

YamlResult parse_yaml(std::string_view text, std::uint32_t first_line) {
  if (std::optional<YamlDocument> simple = parse_simple_yaml(text, first_line)) return std::move(*simple);
  return parse_yaml_events(text, first_line);
}

}  // namespace openskills
