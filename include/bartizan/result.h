#pragma once
/// Errors as values. Anything that can fail for a reason outside the code returns `Result<T>`; the caller
/// propagates with `BARTIZAN_TRY` and adds the place with `within()`. Nothing here throws.
/// Thread rule: plain values; share them as you would share an int.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace bartizan {

/// One code per reaction of the caller. Mapped to exit statuses and HTTP statuses by the functions below,
/// and nowhere else. Never branch on the text of an error.
enum class Errc : std::uint8_t {
    invalid_input,  ///< the caller's data or options are wrong: mend them
    not_found,      ///< the thing named does not exist
    unsupported,    ///< well-formed, but this build cannot do it
    denied,         ///< the caller may not do this
    conflict,       ///< the state does not allow it now
    exhausted,      ///< memory, disk, or a limit ran out
    unavailable,    ///< a peer or helper program cannot be reached
    cancelled,      ///< the caller asked to stop, or the deadline passed
    internal,       ///< a broken promise inside: a bug
};

/// The stable lower-case name of a code, as JSON output shows it.
std::string_view to_string(Errc code);
/// Exit status of a command that ended with this error: 2 (mend the input) or 3 (not the user's doing).
int exit_status(Errc code);
/// HTTP status of a response that carries this error.
int http_status(Errc code);

/// What went wrong, where, and how to mend it. `message` says what; `context` the places, outermost last;
/// `hint` how to mend it (may be empty).
class [[nodiscard]] Error {
public:
    Error(Errc code, std::string message, std::string hint = {})
        : code_(code), message_(std::move(message)), hint_(std::move(hint)) {}

    Errc code() const { return code_; }
    const std::string& message() const { return message_; }
    const std::string& hint() const { return hint_; }

    /// Adds the place on the way up: `return error.within("model 'a.onnx'")`.
    Error within(std::string place) && {
        context_.push_back(std::move(place));
        return std::move(*this);
    }
    Error within(std::string place) const& { return Error(*this).within(std::move(place)); }

    /// One line: "outer place: inner place: message; hint". Control characters from outside are escaped.
    std::string line() const;

private:
    Errc code_;
    std::string message_;
    std::string hint_;
    std::vector<std::string> context_;
};

inline Error invalid_input(std::string message, std::string hint = {}) {
    return {Errc::invalid_input, std::move(message), std::move(hint)};
}
inline Error unsupported(std::string message, std::string hint = {}) {
    return {Errc::unsupported, std::move(message), std::move(hint)};
}
inline Error exhausted(std::string message, std::string hint = {}) {
    return {Errc::exhausted, std::move(message), std::move(hint)};
}
inline Error internal_error(std::string message) { return {Errc::internal, std::move(message)}; }

/// A value or the reason there is none.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    /// Anything that converts to T (a derived unique_ptr, a string literal), so that `return x;` reads well.
    template <class U>
        requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Error> && !std::is_same_v<std::remove_cvref_t<U>, Result>)
    Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }

    /// The value, or `preset` in place of an error.
    T value_or(T preset) const& { return ok() ? value() : std::move(preset); }

    const Error& error() const& { return std::get<1>(state_); }
    Error&& error() && { return std::get<1>(std::move(state_)); }

    /// Adds a place to the error, if there is one.
    Result within(std::string place) && {
        if (ok()) return std::move(*this);
        return std::move(*this).error().within(std::move(place));
    }

private:
    std::variant<T, Error> state_;
};

/// Success without a value, or the reason of the failure.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return error_.index() == 0; }
    explicit operator bool() const { return ok(); }
    void value() const {}
    const Error& error() const& { return std::get<1>(error_); }
    Error&& error() && { return std::get<1>(std::move(error_)); }
    Result within(std::string place) && {
        if (ok()) return {};
        return std::move(*this).error().within(std::move(place));
    }

private:
    std::variant<std::monostate, Error> error_;
};

}  // namespace bartizan

/// The value of a `Result` expression, or an early return of its error. Works for `Result<void>` too.
#define BARTIZAN_TRY(...) BARTIZAN_TRY_NAMED_(BARTIZAN_JOIN_(bartizan_result_, __COUNTER__), (__VA_ARGS__), )

/// The same, naming the place on the way up.
#define BARTIZAN_TRY_WITHIN(expression, place) \
    BARTIZAN_TRY_NAMED_(BARTIZAN_JOIN_(bartizan_result_, __COUNTER__), (expression), .within((place)))

// A name of its own for each use, so that one may stand inside another.
#define BARTIZAN_JOIN_(a, b) BARTIZAN_JOIN_AGAIN_(a, b)
#define BARTIZAN_JOIN_AGAIN_(a, b) a##b
#define BARTIZAN_TRY_NAMED_(name, expression, add_place)           \
    __extension__({                                                \
        auto name = expression;                                    \
        if (!name.ok()) return std::move(name).error() add_place;  \
        std::move(name).value();                                   \
    })
