/// What the frameworks write is proven clean; the same calls with other arguments are not.
#include <gtest/gtest.h>

#include "scan/pickle/assembler_testing.h"

namespace bartizan::scan::pickle {
namespace {

Assembler& storage(Assembler& out, int elements) {
    return out.mark()
        .text("storage")
        .global("torch", "FloatStorage")
        .text("0")
        .text("cpu")
        .integer(elements)
        .tuple()
        .raw("Q");
}

/// torch._utils._rebuild_tensor_v2(storage, offset, (rows, 2), (2, 1), False, OrderedDict())
std::string tensor(int elements, int offset, int rows) {
    Assembler out = p4().global("torch._utils", "_rebuild_tensor_v2").mark();
    storage(out, elements).integer(offset).integer(rows).integer(2).tuple2().integer(2).integer(1).tuple2().raw("\x89");
    return out.global("collections", "OrderedDict").empty_tuple().reduce().tuple().reduce().stop();
}

TEST(PickleContracts, ATensorWithinItsStorageIsClean) {
    const FileResult result = judge(tensor(8, 0, 4), {.torch = true});
    EXPECT_EQ(result.verdict, Verdict::clean) << details(result);
    EXPECT_EQ(verdict(tensor(8, 2, 4), {.torch = true}), Verdict::unproven) << "two elements behind the storage";
    EXPECT_EQ(verdict(tensor(8, -1, 1), {.torch = true}), Verdict::unproven);
    EXPECT_EQ(verdict(tensor(8, 0, 0), {.torch = true}), Verdict::clean);
    EXPECT_EQ(verdict(tensor(8, 0, 4)), Verdict::unproven) << "a bare pickle has no storages";
}

TEST(PickleContracts, ItemsOfATensorAreNotSet) {
    // CVE-2026-24747: SETITEM on a tensor writes to memory.
    std::string stream = tensor(8, 0, 4);
    stream.pop_back();
    EXPECT_EQ(verdict(stream + Assembler().integer(0).integer(1).setitem().stop(), {.torch = true}),
              Verdict::malicious);
}

TEST(PickleContracts, AStateDictIsClean) {
    Assembler out = p4().global("collections", "OrderedDict").empty_tuple().reduce().memoize();
    out.text("weight").raw(tensor(8, 0, 4).substr(2));
    std::string stream = out.unfinished();
    stream.pop_back();  // the tensor's STOP
    EXPECT_EQ(verdict(stream + "s.", {.torch = true}), Verdict::clean);
}

std::string array(std::string_view subtype_module, std::string_view subtype, std::string_view type) {
    Assembler out = p4().global("numpy.core.multiarray", "_reconstruct").global(subtype_module, subtype);
    out.integer(0).tuple1().bytes("b").tuple3().reduce().mark().integer(1).integer(2).tuple1();
    out.global("numpy", "dtype").text(type).raw("\x89\x88").tuple3().reduce();
    out.mark().integer(3).text("<").raw("NNN").integer(-1).integer(-1).integer(0).tuple().build();
    return out.raw("\x89").bytes("12345678").tuple().build().stop();
}

TEST(PickleContracts, AnArrayIsClean) {
    const FileResult result = judge(array("numpy", "ndarray", "f4"));
    EXPECT_EQ(result.verdict, Verdict::clean) << details(result);
    EXPECT_EQ(verdict(array("numpy.ma.core", "MaskedArray", "f4")), Verdict::clean);
    EXPECT_EQ(verdict(array("numpy", "memmap", "f4")), Verdict::clean) << "its bytes are in the stream";
    EXPECT_EQ(verdict(p4().call("numpy", "memmap", "weights.bin").stop()), Verdict::malicious);
    EXPECT_EQ(verdict(array("some_package", "Array", "f4")), Verdict::unproven);
    EXPECT_EQ(verdict(array("subprocess", "Popen", "f4")), Verdict::malicious);
}

TEST(PickleContracts, TheStandardLibrarysValuesAreClean) {
    EXPECT_EQ(verdict(p4().global("datetime", "datetime").bytes("\x07\xe8\1\1\0\0\0\0\0\0").tuple1().reduce().stop()),
              Verdict::clean);
    EXPECT_EQ(verdict(p4().call("decimal", "Decimal", "1.5").stop()), Verdict::clean);
    EXPECT_EQ(verdict(p4().call("pathlib", "PosixPath", "a").stop()), Verdict::clean);
    EXPECT_EQ(
        verdict(
            p4().global("uuid", "UUID").empty_tuple().newobj().dict().text("int").integer(5).setitem().build().stop()),
        Verdict::clean);
    EXPECT_EQ(verdict(p4().global("collections", "defaultdict")
                          .global("builtins", "list")
                          .tuple1()
                          .reduce()
                          .text("k")
                          .integer(1)
                          .setitem()
                          .stop()),
              Verdict::clean);
    EXPECT_EQ(verdict(p4().global("collections", "deque").empty_tuple().reduce().integer(1).append().stop()),
              Verdict::clean);
    EXPECT_EQ(verdict(p4().global("_codecs", "encode").text("abc").text("latin1").tuple2().reduce().stop()),
              Verdict::clean);
    EXPECT_EQ(verdict(p4().raw("\x8f(").integer(1).raw("\x90").stop()), Verdict::clean);
    EXPECT_EQ(verdict(p4().global("functools", "partial").global("numpy", "mean").tuple1().reduce().stop()),
              Verdict::clean);
}

TEST(PickleContracts, TypesAreClean) {
    Assembler none = p4().global("builtins", "type").raw("N").tuple1().reduce();
    EXPECT_EQ(verdict(none.stop()), Verdict::clean);
    Assembler generic = p4().global("operator", "getitem").global("typing", "Optional").global("builtins", "int");
    EXPECT_EQ(verdict(generic.tuple2().reduce().stop()), Verdict::clean);
    EXPECT_EQ(verdict(p4().global("http", "HTTPStatus").integer(200).tuple1().reduce().stop()), Verdict::clean);
}

TEST(PickleContracts, EstimatorsAreClean) {
    Assembler out = p4().global("sklearn.linear_model._logistic", "LogisticRegression").empty_tuple().newobj();
    EXPECT_EQ(verdict(out.dict().text("C").integer(1).setitem().build().stop()), Verdict::clean);
    Assembler old =
        p4().global("copyreg", "_reconstructor").global("sklearn.svm.classes", "SVC").global("builtins", "object");
    EXPECT_EQ(verdict(old.raw("N").tuple3().reduce().dict().text("C").integer(1).setitem().build().stop()),
              Verdict::clean);
    EXPECT_EQ(verdict(p4().call("sklearn.linear_model._logistic", "LogisticRegression", "l2").stop()),
              Verdict::unproven)
        << "its constructor would run";
    EXPECT_EQ(verdict(p4().call("sklearn.utils", "all_estimators", "x").stop()), Verdict::unproven);
}

TEST(PickleContracts, OtherArgumentsAreNotProven) {
    EXPECT_EQ(verdict(p4().global("builtins", "bytes").integer(2'000'000'000).tuple1().reduce().stop()),
              Verdict::unproven);
    EXPECT_EQ(verdict(p4().global("_codecs", "encode").text("abc").text("base64").tuple2().reduce().stop()),
              Verdict::unproven);
    EXPECT_EQ(verdict(p4().global("collections", "defaultdict").global("builtins", "print").tuple1().reduce().stop()),
              Verdict::unproven);
    Assembler inner =
        p4().global("types", "SimpleNamespace").empty_tuple().reduce().dict().text("__class__").text("x").setitem();
    EXPECT_EQ(verdict(inner.build().stop()), Verdict::unproven);
    EXPECT_EQ(verdict(p4().call("decimal", "Decimal", "1").text("k").integer(1).setitem().stop()), Verdict::unproven);
    EXPECT_EQ(verdict(p4().raw("]").dict().build().stop()), Verdict::unproven);
}

TEST(PickleContracts, WhatCallsItsArgumentsIsNotTrusted) {
    const auto generator = [](std::string_view module, std::string_view name) {
        Assembler out = p4().global("numpy.random._pickle", "__generator_ctor").text("MT19937");
        return verdict(out.global(module, name).tuple2().reduce().stop());
    };
    EXPECT_EQ(generator("numpy.random._pickle", "__bit_generator_ctor"), Verdict::clean);
    EXPECT_EQ(generator("sklearn.utils", "all_estimators"), Verdict::unproven);
    EXPECT_EQ(generator("builtins", "bytes"), Verdict::unproven);
    Assembler partial = p4().global("collections", "OrderedDict").global("functools", "partial");
    partial.global("sklearn.utils", "all_estimators").tuple1().reduce().tuple1().reduce();
    EXPECT_EQ(verdict(partial.stop()), Verdict::unproven);
}

TEST(PickleContracts, MakingByAnotherClassesNewIsNotTrusted) {
    // object.__new__(X) is an X, whose own BUILD counts, not object's.
    const auto made = [](std::string_view module, std::string_view name) {
        Assembler out = p4().global("builtins", "object.__new__").global(module, name).tuple1().reduce();
        return verdict(out.dict().build().stop());
    };
    EXPECT_EQ(made("sklearn.svm", "SVC"), Verdict::clean);
    EXPECT_EQ(made("scipy.stats", "rv_continuous"), Verdict::unproven) << "its __setstate__ executes a template";
    EXPECT_EQ(made("builtins", "object"), Verdict::unproven);
    EXPECT_EQ(
        verdict(p4().global("collections", "OrderedDict.__new__").global("torch.nn", "X").tuple1().reduce().stop()),
        Verdict::unproven);
}

/// Classes whose __setstate__ unpickles, evaluates a formula or frees a pointer of the state.
TEST(PickleContracts, ClassesThatActOnTheirStateAreNotProven) {
    for (const auto& [module, name] :
         {std::pair{"scipy.stats._continuous_distns", "norm_gen"}, std::pair{"statsmodels.base.data", "PandasData"},
          std::pair{"stable_baselines3.common.vec_env.base_vec_env", "CloudpickleWrapper"},
          std::pair{"skorch.net", "NeuralNet"}, std::pair{"lightgbm.basic", "Dataset"},
          std::pair{"joblib.numpy_pickle", "NDArrayWrapper"}})
        EXPECT_NE(verdict(p4().global(module, name).empty_tuple().newobj().dict().build().stop()), Verdict::clean)
            << name;
}

/// joblib: the bytes of an array lie in the stream, behind the BUILD of its wrapper.
TEST(PickleContracts, ArraysOfJoblibAreSkippedWhereTheyLie) {
    Assembler out = p4().global("joblib.numpy_pickle", "NumpyArrayWrapper").empty_tuple().newobj().dict().mark();
    out.text("subclass")
        .global("numpy", "ndarray")
        .text("shape")
        .integer(3)
        .tuple1()
        .text("order")
        .text("C")
        .text("dtype");
    out.global("numpy", "dtype").text("f8").raw("\x89\x88").tuple3().reduce().text("allow_mmap").raw("\x88");
    out.text("numpy_array_alignment_bytes").integer(16).raw("u").build();
    const std::string wrapped = out.unfinished();
    const std::string data(24, '\xff');
    EXPECT_EQ(verdict(wrapped + '\2' + std::string(2, '\xff') + data + "."), Verdict::clean);
    EXPECT_EQ(verdict(wrapped + '\2' + std::string(2, '\xff') + data + Assembler().call("os", "system", "id").stop()),
              Verdict::malicious);
    EXPECT_EQ(verdict(wrapped + "\2\xff\xff\xff"), Verdict::incomplete);
}

}  // namespace
}  // namespace bartizan::scan::pickle
