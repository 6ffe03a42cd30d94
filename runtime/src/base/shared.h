// Shared: a value that copies share until one of them is changed.
//
// Thread rule: as for the value itself, except that copies in different threads may be used freely: no change of one is
// seen in another.
#pragma once

#include <memory>
#include <utility>

namespace openskills {

template <class T>
class Shared {
 public:
  Shared() = default;                                                 // as T()
  Shared(T value) : value_(std::make_shared<T>(std::move(value))) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const T& operator*() const noexcept { return value_ ? *value_ : empty(); }
  [[nodiscard]] const T* operator->() const noexcept { return &**this; }

  // The value to be changed: this object's alone from here on.
  [[nodiscard]] T& edit() {
    if (!value_) {
      value_ = std::make_shared<T>();
    } else if (value_.use_count() > 1) {
      value_ = std::make_shared<T>(*value_);
    }
    return *value_;
  }

 private:
  static const T& empty() noexcept {
    static const T kEmpty{};
    return kEmpty;
  }

  std::shared_ptr<T> value_;
};

}  // namespace openskills
