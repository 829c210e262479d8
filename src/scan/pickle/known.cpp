#include "scan/pickle/known.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace bartizan::scan::pickle {
namespace {

using Table = std::unordered_map<std::string_view, const Entry*>;

void add_all(std::span<const Known> known, Table& table) {
    for (const Known& row : known) {
        std::string_view words = row.names;
        while (!words.empty()) {
            const std::size_t end = std::min(words.find_first_of(" \n"), words.size());
            // Danger comes first and stays.
            if (end > 0) table.emplace(words.substr(0, end), &row.entry);
            words.remove_prefix(std::min(end + 1, words.size()));
        }
    }
}

const Table& table() {
    static const Table made = [] {
        Table out;
        out.reserve(4'096);
        add_all(known_danger(), out);
        add_all(known_inert(), out);
        return out;
    }();
    return made;
}

struct Alias {
    std::string_view from, to;
};

/// Modules under other names: Python 2's (Lib/_compat_pickle.py), those in C behind those in Python, vendored ones.
constexpr Alias kModules[] = {
    {"__builtin__", "builtins"},
    {"__builtins__", "builtins"},
    {"copy_reg", "copyreg"},
    {"exceptions", "builtins"},
    {"_operator", "operator"},
    {"_functools", "functools"},
    {"_pickle", "pickle"},
    {"cPickle", "pickle"},
    {"_io", "io"},
    {"_pyio", "io"},
    {"_socket", "socket"},
    {"_thread", "threading"},
    {"thread", "threading"},
    {"_weakref", "weakref"},
    {"_ctypes", "ctypes"},
    {"_decimal", "decimal"},
    {"_pydecimal", "decimal"},
    {"_pydatetime", "datetime"},
    {"_datetime", "datetime"},
    {"_collections", "collections"},
    {"__mp_main__", "__main__"},
    {"_sqlite3", "sqlite3"},
    {"_imp", "imp"},
    {"_frozen_importlib", "importlib._bootstrap"},
    {"_frozen_importlib_external", "importlib._bootstrap_external"},
    {"UserDict", "collections"},
    {"UserList", "collections"},
    {"UserString", "collections"},
    {"urllib2", "urllib.request"},
    {"urlparse", "urllib.parse"},
    {"Cookie", "http.cookies"},
    {"ConfigParser", "configparser"},
    {"httplib", "http.client"},
    {"BaseHTTPServer", "http.server"},
    {"SimpleHTTPServer", "http.server"},
    {"SocketServer", "socketserver"},
    {"xmlrpclib", "xmlrpc.client"},
    {"SimpleXMLRPCServer", "xmlrpc.server"},
    {"pathlib._local", "pathlib"},
    {"numpy._core", "numpy.core"},
    {"six.moves.builtins", "builtins"},
    {"past.builtins", "builtins"},
    {"future.builtins", "builtins"},
    {"setuptools._distutils", "distutils"},
    {"pip._vendor.distlib", "distlib"},
    {"cloudpickle.cloudpickle_fast", "cloudpickle.cloudpickle"},
    {"joblib.externals.cloudpickle", "cloudpickle"},
    {"joblib.externals.loky", "loky"},
    {"sklearn.externals.joblib", "joblib"},
    {"ray.cloudpickle", "cloudpickle"},
    {"pyspark.cloudpickle", "cloudpickle"},
};

constexpr Alias kNames[] = {
    {"builtins.unicode", "builtins.str"},
    {"builtins.basestring", "builtins.str"},
    {"builtins.long", "builtins.int"},
    {"builtins.xrange", "builtins.range"},
    {"builtins.unichr", "builtins.chr"},
    {"builtins.reduce", "functools.reduce"},
    {"builtins.apply", "operator.apply"},
    {"builtins.intern", "sys.intern"},
    {"builtins.izip", "builtins.zip"},
    {"builtins.imap", "builtins.map"},
    {"builtins.ifilter", "builtins.filter"},
    {"itertools.imap", "builtins.map"},
    {"itertools.ifilter", "builtins.filter"},
    {"itertools.izip", "builtins.zip"},
    {"collections.IterableUserDict", "collections.UserDict"},
    {"os.getcwdu", "os.getcwd"},
    {"operator.__getitem__", "operator.getitem"},
    {"operator.__call__", "operator.call"},
    {"operator.__add__", "operator.add"},
    {"operator.__concat__", "operator.concat"},
};

/// Modules that are the same danger through whatever module they are reached.
constexpr std::string_view kReached[] = {
    "os",
    "sys",
    "subprocess",
    "builtins",
    "importlib",
    "shutil",
    "socket",
    "pickle",
    "ctypes",
    "runpy",
    "posix",
    "nt",
    "pty",
    "marshal",
    "threading",
    "multiprocessing",
    "tempfile",
    "urllib",
    "inspect",
    "pkgutil",
    "linecache",
    "webbrowser",
    "asyncio",
    "ssl",
    "functools",
    "operator",
    "itertools",
    "types",
    "codecs",
    "weakref",
    "pathlib",
    "glob",
    "zipfile",
    "tarfile",
    "logging",
    "http",
    "signal",
    "imp",
    "site",
    "platform",
    "contextlib",
    "code",
    "codeop",
    "pdb",
    "atexit",
    "gc",
    "dis",
    "cffi",
    "io",
    "resource",
    "traceback",
    "warnings",
    "requests",
    "pip",
    "timeit",
    "__main__",
    "_posixsubprocess",
    "__builtin__",
    "posixpath",
    "ntpath",
    "copyreg",
    "zipimport",
    "concurrent",
    "select",
};

constexpr std::string_view kInner[] = {
    "__globals__",       "__builtins__",  "__subclasses__",    "__dict__",    "__getattribute__", "__code__",
    "__mro__",           "__bases__",     "__base__",          "__self__",    "__loader__",       "__spec__",
    "__import__",        "__closure__",   "__class__",         "__setattr__", "__delattr__",      "__getattr__",
    "__reduce__",        "__reduce_ex__", "__init_subclass__", "mro",         "f_globals",        "f_builtins",
    "f_locals",          "gi_frame",      "cr_frame",          "tb_frame",    "f_back",           "func_globals",
    "im_func",           "__setstate__",  "__get__",           "__set__",     "__set_name__",     "__prepare__",
    "__class_getitem__", "__defaults__",  "__kwdefaults__",
};

bool contains(std::span<const std::string_view> words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

/// Replaces a leading run of whole components.
bool replace_prefix(std::string& name, std::string_view from, std::string_view to) {
    if (!name.starts_with(from) || (name.size() > from.size() && name[from.size()] != '.')) return false;
    name.replace(0, from.size(), to);
    return true;
}

std::string_view without_underscores(std::string_view component) {
    if (component.size() > 4 && component.starts_with("__") && component.ends_with("__")) return component;
    while (component.starts_with('_')) component.remove_prefix(1);
    return component;
}

/// "random._os.system" is os.system: begins anew at the last component that is a module of its own. `name` follows
/// the module, so a component of it that is called as a module is one, or it would not be worth the name.
std::string from_module_on(std::string_view module, std::string_view name) {
    std::string out;
    std::string_view rest = name;
    std::string_view begin;
    while (!rest.empty()) {
        const std::size_t dot = std::min(rest.find('.'), rest.size());
        const std::string_view component = rest.substr(0, dot);
        const std::string_view bare = component == "__builtins__" ? "builtins" : without_underscores(component);
        if (contains(kReached, bare) && (dot < rest.size() || bare == "os" || bare == "sys" || bare == "subprocess" ||
                                         bare == "builtins" || bare == "importlib")) {
            out = bare;
            begin = rest.substr(dot);
        }
        rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    if (!out.empty()) return out.append(begin);
    out.assign(module);
    if (!module.empty() && !name.empty()) out += '.';
    return out.append(name);
}

}  // namespace

std::string canonical_name(std::string_view module, std::string_view name) {
    std::string out = from_module_on(module, name);
    for (const std::string_view tail : {".__call__", ".__func__", ".__wrapped__"})
        while (out.ends_with(tail) && out.size() > tail.size()) out.resize(out.size() - tail.size());
    for (const Alias& alias : kModules)
        if (replace_prefix(out, alias.from, alias.to)) break;
    for (const Alias& alias : kNames)
        if (out == alias.from) return std::string(alias.to);
    return out;
}

std::string_view inner_component(std::string_view name) {
    while (!name.empty()) {
        const std::size_t dot = std::min(name.find('.'), name.size());
        const std::string_view component = name.substr(0, dot);
        if (contains(kInner, component)) return component;
        name.remove_prefix(std::min(dot + 1, name.size()));
    }
    return {};
}

const Entry& look_up(std::string_view name) {
    static constexpr Entry kUnknown{};
    const Table& known = table();
    if (const auto found = known.find(name); found != known.end()) return *found->second;
    std::string family(name);
    family += ".*";
    while (true) {
        if (const auto found = known.find(family); found != known.end()) return *found->second;
        const std::size_t dot = family.size() < 3 ? std::string::npos : family.rfind('.', family.size() - 3);
        if (dot == std::string::npos) return kUnknown;
        family.resize(dot + 1);
        family += '*';
    }
}

}  // namespace bartizan::scan::pickle
