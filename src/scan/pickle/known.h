#pragma once
/// What is known of Python names, offline: which run code or do other harm, which are inert reconstructors and under
/// what contract. A name is looked up whole, then by the families it is in ("torch.hub.*"): the longest entry decides.
/// To add one: a word in known_danger.cpp or known_inert.cpp.
/// Thread rule: constant data.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bartizan::scan::pickle {

enum class Stance : std::uint8_t {
    unknown,
    danger,     ///< even a reference to it is malicious
    inert,      ///< may be called within its contract
    framework,  ///< family: its classes may be made without a call, its names be referred to
    neutral,    ///< may be referred to; a call is not proven
    device,     ///< builds calls from values (getattr, partial, map): judged by what comes out
};

/// How a call is judged, and what the machine makes of it.
enum class Contract : std::uint8_t {
    none,
    values,      ///< any values, none of them callable
    object,      ///< a class: values; BUILD fills its dict
    class_only,  ///< a class of a framework: made empty, not called
    // Inert under a contract of their own.
    reconstructor,     ///< copyreg._reconstructor(class, base, state)
    new_object,        ///< copyreg.__newobj__(class, *args)
    bytes_like,        ///< bytes, bytearray: of bytes, or a small size
    encode,            ///< _codecs.encode(text, "latin1")
    generator,         ///< numpy.random's: names and constructors of numpy.random alone, since it calls them
    default_dict,      ///< its factory is inert
    array_shell,       ///< numpy _reconstruct(subtype, (0,), b"b")
    unsigned_code,     ///< numpy.dtype("f8", ...)
    tensor,            ///< torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...)
    tensor_parts,      ///< first argument a tensor or values
    typed_tensor,      ///< torch._tensor._rebuild_from_type_v2(function, type, args, state)
    class_and_values,  ///< (class, *values): pandas _new_Index, numpy views
    named,             ///< (module, name): numpy._core._ufunc_reconstruct
    function_parts,    ///< cloudpickle, dill: a function from code
    // Devices.
    get_attribute,
    attribute_getter,
    method_caller,
    item_getter,
    get_item,
    partial,
    map_calls,
    reduce_calls,
    apply_call,
    import_module,
    add_extension,
    make_type,
    load_pickle,
    fold,  ///< computes strings
    fold_inert,
};

/// What may be done to what such a call gave.
enum Action : std::uint8_t { kNothing = 0, kBuild = 1, kAppend = 2, kSetItem = 4 };

struct Entry {
    Stance stance = Stance::unknown;
    Contract contract = Contract::none;
    std::uint8_t actions = kNothing;
    std::string_view rule = {};  ///< scan/rules.h
    std::string_view what = {};  ///< "runs commands": completes "a call that ..."
};

/// Words separated by blanks: "module.name", "module.*" for all that is in or below, as one Entry.
struct Known {
    Entry entry;
    std::string_view names;
};
std::span<const Known> known_danger();
std::span<const Known> known_inert();

/// The entry of "module.name", by its longest match.
const Entry& look_up(std::string_view name);

/// The one spelling of a name: Python 2 modules, aliases, modules reached through others ("random._os.system"),
/// trailing __call__.
std::string canonical_name(std::string_view module, std::string_view name);
/// A component that reaches into the interpreter: "__globals__", "__subclasses__", "gi_frame"; empty: none.
std::string_view inner_component(std::string_view name);

}  // namespace bartizan::scan::pickle
