#include "graph/functions.h"

#include <set>

#include <onnx/onnx_pb.h>

#include "graph/attributes.h"
#include "graph/names.h"

namespace bartizan::graph {
namespace {

/// FunctionProto.attribute_proto came with IR version 9; libonnx 1.12 keeps it among the unknown fields.
constexpr int kAttributeProtoField = 11;

Result<void> check_distinct(const onnx::FunctionProto& function, const Limits& limits) {
    for (const auto* names : {&function.input(), &function.output()}) {
        std::set<std::string_view> seen;
        for (const std::string& name : *names) {
            BARTIZAN_TRY(check_name(name, "value", limits));
            if (name.empty() || !seen.insert(name).second)
                return invalid_input("the name '" + name + "' is empty or listed twice");
        }
    }
    return {};
}

}  // namespace

Result<Functions> Functions::from(const onnx::ModelProto& model, const Limits& limits) {
    Functions functions;
    for (const onnx::FunctionProto& function : model.functions()) {
        BARTIZAN_TRY(check_name(function.name(), "function", limits));
        BARTIZAN_TRY(check_name(function.domain(), "domain", limits));
        const std::string place = "function '" + function.name() + "'";
        BARTIZAN_TRY_WITHIN(check_distinct(function, limits), place);
        const std::pair key(plain_domain(function.domain()), function.name());
        if (!functions.functions_.emplace(key, &function).second) return invalid_input(place + " is defined twice");
    }
    return functions;
}

const onnx::FunctionProto* Functions::find(const std::string& domain, const std::string& op_type) const {
    const auto found = functions_.find({domain, op_type});
    return found == functions_.end() ? nullptr : found->second;
}

Result<void> merge_opsets(const onnx::FunctionProto& function, std::map<std::string, std::int64_t>& opsets,
                          const Limits& limits) {
    for (const onnx::OperatorSetIdProto& entry : function.opset_import()) {
        const std::string domain = plain_domain(entry.domain());
        BARTIZAN_TRY(check_opset(domain, entry.version(), limits));
        const auto [found, unused] = opsets.emplace(domain, entry.version());
        if (found->second != entry.version())
            return unsupported("it uses operator set '" + found->first + "' " + std::to_string(entry.version()) +
                                   ", the model " + std::to_string(found->second),
                               "export the model with one version of each operator set");
    }
    return {};
}

Result<Attributes> default_attributes(const onnx::FunctionProto& function, TensorReader& tensors) {
    Attributes defaults;
    const google::protobuf::UnknownFieldSet& unknown = function.unknown_fields();
    for (int i = 0; i < unknown.field_count(); ++i) {
        const google::protobuf::UnknownField& field = unknown.field(i);
        if (field.number() != kAttributeProtoField ||
            field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
            continue;
        onnx::AttributeProto proto;
        if (!proto.ParseFromString(field.length_delimited())) return invalid_input("a default attribute is damaged");
        defaults.emplace(proto.name(),
                         BARTIZAN_TRY_WITHIN(attribute_from_onnx(proto, tensors), "attribute '" + proto.name() + "'"));
    }
    return defaults;
}

}  // namespace bartizan::graph
