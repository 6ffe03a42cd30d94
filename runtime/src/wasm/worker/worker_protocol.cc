#include "wasm/worker/worker_protocol.h"

#include <nlohmann/json.hpp>

namespace openskills::worker {
namespace {

using Json = nlohmann::json;

// The first member of each message.
constexpr int kGreeting = 1;
constexpr int kRequest = 2;
constexpr int kStarted = 3;
constexpr int kEnded = 4;
constexpr int kFailed = 5;
constexpr int kOffer = 6;

std::string pack(const Json& json) {
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

std::unexpected<Error> malformed() {
  return fail(ErrorCode::kInternal, "a message between host and worker is malformed");
}

// Calls `read` with the message. The library throws for members that are missing or of another type; nothing of it
// leaves this function.
template <class T, class Read>
Result<T> unpack(std::string_view bytes, Read read) {
  try {
    return read(Json::from_cbor(bytes));
  } catch (const Json::exception&) {
    return malformed();
  }
}

Json encode_one(const Started& /*started*/) { return {kStarted}; }

Json encode_one(const Ended& ended) {
  return {kEnded, ended.status.exit_code, ended.status.signal_number, ended.status.cpu_ns,
          ended.status.peak_resident_bytes};
}

Json encode_one(const Failed& failed) {
  return {kFailed, static_cast<int>(failed.error.code), failed.error.message, failed.error.hint};
}

}  // namespace

std::string encode(const Greeting& greeting) { return pack({kGreeting, greeting.version, greeting.code_fingerprint}); }

std::string encode(const Request& request) {
  return pack({kRequest, static_cast<int>(request.kind), request.run.started_monotonic_ns,
               static_cast<int>(request.keep_loaded), request.run.has_stdin, request.name,
               static_cast<int>(request.missing_layers)});
}

std::string encode(const Offer& offer) {
  const os::FileInfo& code = offer.code;
  return pack({kOffer, code.device, code.inode, code.size_bytes, code.modified_ns, code.changed_ns});
}

std::string encode(const Status& status) {
  return pack(std::visit([](const auto& one) { return encode_one(one); }, status));
}

Result<Greeting> decode_greeting(std::string_view bytes) {
  return unpack<Greeting>(bytes, [](const Json& json) -> Result<Greeting> {
    if (json.at(0).get<int>() != kGreeting) return malformed();
    return Greeting{json.at(1).get<std::string>(), json.at(2).get<std::string>()};
  });
}

Result<Request> decode_request(std::string_view bytes) {
  return unpack<Request>(bytes, [](const Json& json) -> Result<Request> {
    if (json.at(0).get<int>() != kRequest) return malformed();
    return Request{static_cast<Request::Kind>(json.at(1).get<int>()),
                   {json.at(2).get<std::int64_t>(), json.at(4).get<bool>()},
                   static_cast<KeepLoaded>(json.at(3).get<int>()),
                   json.at(5).get<std::string>(),
                   static_cast<MissingLayers>(json.at(6).get<int>())};
  });
}

Result<Offer> decode_offer(std::string_view bytes) {
  return unpack<Offer>(bytes, [](const Json& json) -> Result<Offer> {
    if (json.at(0).get<int>() != kOffer) return malformed();
    Offer offer;
    offer.code.device = json.at(1).get<std::uint64_t>();
    offer.code.inode = json.at(2).get<std::uint64_t>();
    offer.code.size_bytes = json.at(3).get<std::uint64_t>();
    offer.code.modified_ns = json.at(4).get<std::int64_t>();
    offer.code.changed_ns = json.at(5).get<std::int64_t>();
    return offer;
  });
}

Result<Status> decode_status(std::string_view bytes) {
  return unpack<Status>(bytes, [](const Json& json) -> Result<Status> {
    switch (json.at(0).get<int>()) {
      case kStarted: return Started{};
      case kEnded:
        return Ended{{json.at(1).get<int>(), json.at(2).get<int>(), json.at(3).get<std::uint64_t>(),
                      json.at(4).get<std::uint64_t>()}};
      case kFailed:
        return Failed{{static_cast<ErrorCode>(json.at(1).get<int>()), json.at(2).get<std::string>(),
                       json.at(3).get<std::string>()}};
      default: return malformed();
    }
  });
}

}  // namespace openskills::worker
