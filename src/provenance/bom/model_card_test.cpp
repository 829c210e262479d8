#include "provenance/bom/model_card.h"

#include <gtest/gtest.h>

#include "provenance/bom/yaml.h"

namespace bartizan::provenance {
namespace {

constexpr const char* kCard = R"(---
license: other
license_name: our-licence
pipeline_tag: text-classification
tags: [a, b]
datasets: glue
base_model:
- bert
- bert
co2_eq_emissions: {emissions: 12.5, source: codecarbon}
model-index:
- name: m
  results:
  - dataset: {name: GLUE, split: test}
    metrics:
    - {type: accuracy, value: 0.9}
    - {type: f1, value: 0.8}
---
# Title
## Intended uses & limitations of use
Sort mail.
More.

## Training
not this
### Bias
Some bias.
)";

ModelCard card_of(std::string_view readme) {
    ModelCard card;
    read_hub_card(readme, "README.md", card);
    return card;
}

TEST(ModelCards, AreReadFromTheFrontMatter) {
    const ModelCard card = card_of(kCard);
    EXPECT_EQ(card.warnings, std::vector<std::string>());
    EXPECT_EQ(card.task, "text-classification");
    ASSERT_EQ(card.licences.size(), 1U);
    EXPECT_EQ(card.licences[0].name, "our-licence");
    EXPECT_EQ(card.datasets, std::vector<std::string>{"glue"});
    EXPECT_EQ(card.base_models, std::vector<std::string>{"bert"});
    EXPECT_EQ(card.tags, (std::vector<std::string>{"a", "b"}));
    ASSERT_EQ(card.metrics.size(), 2U);
    EXPECT_EQ(card.metrics[1].type, "f1");
    EXPECT_EQ(card.metrics[1].value, "0.8");
    EXPECT_EQ(card.metrics[1].slice, "GLUE (test)");
    EXPECT_EQ(card.environment[0], Property("co2_eq_emissions:emissions", "12.5"));
}

TEST(ModelCards, GiveTheSectionsThatMatter) {
    const ModelCard card = card_of(
        "# M\n## Intended use\nSort mail.\nMore.\n\n## Training\nnot this\n### Bias\nSome.\n## "
        "Limitations\r\nFew.\r\n");
    EXPECT_EQ(card.use_cases, std::vector<std::string>{"Sort mail.\nMore."});
    EXPECT_EQ(card.risks, std::vector<std::string>{"Some."});
    EXPECT_EQ(card.limitations, std::vector<std::string>{"Few."});
}

TEST(ModelCards, TakeLineEndsAndMarksOfOtherSystems) {
    EXPECT_EQ(card_of("\xef\xbb\xbf---\r\npipeline_tag: x\r\n---\r\ntext").task, "x");
}

TEST(ModelCards, ThatAreMalformedGiveAWarningAndTheRest) {
    for (const char* front : {"license: [a", "- a\n- b", "a: b: c", "\t", "&x [*x"}) {
        const ModelCard card = card_of(std::string("---\n") + front + "\n---\n## Limitations\nFew.\n");
        EXPECT_EQ(card.warnings.size(), 1U) << front;
        EXPECT_EQ(card.limitations.size(), 1U) << front;
    }
    EXPECT_EQ(card_of("---\nnever: closed").task, "");
    for (const char* odd :
         {"model-index: x", "model-index: [1, [2], {results: 3}, {results: [4, {metrics: [5, {type: [6]}]}]}]",
          "tags: {a: b}", "license: [[x]]", "co2_eq_emissions: [1]"})
        EXPECT_EQ(card_of(std::string("---\n") + odd + "\n---\n").warnings.size(), 0U) << odd;
}

TEST(ModelCards, AreBounded) {
    std::string many = "---\ntags:\n";
    for (int i = 0; i < 1000; ++i) many += "- t" + std::to_string(i) + "\n";
    EXPECT_EQ(card_of(many + "---\n").tags.size(), kMostListed);
    EXPECT_EQ(card_of("---\npipeline_tag: " + std::string(100'000, 'x') + "\n---\n").task.size(), kLongestText);
    EXPECT_LE(card_of("## Limitations\n" + std::string(100'000, 'x') + "\n").limitations.size(), 1U);
}

TEST(ModelCards, AreFilledFromTheConfiguration) {
    ModelCard card;
    read_config(R"({"model_type": "bert", "architectures": ["BertModel"], "torch_dtype": "float16"})", "config.json",
                card);
    EXPECT_EQ(card.family, "bert");
    EXPECT_EQ(card.architecture, "BertModel");
    for (const char* odd : {"[]", "{\"model_type\": 3, \"architectures\": {}}", "7"}) {
        ModelCard other;
        read_config(odd, "config.json", other);
        EXPECT_EQ(other.family + other.architecture, "") << odd;
    }
    read_config("{", "config.json", card);
    EXPECT_EQ(card.warnings.size(), 1U);
}

TEST(ModelCards, AreFilledFromTheSidecar) {
    ModelCard card;
    read_sidecar("bartizan_sidecar: 1\nmean: [0.5, 0.5]\nclasses: [cat, dog]\n", "m.bartizan.yaml", card);
    EXPECT_EQ(card.properties,
              (std::vector<Property>{{"bartizan:mean", "0.5, 0.5"}, {"bartizan:classes", "cat, dog"}}));
    read_sidecar("- x", "m.bartizan.yaml", card);
    EXPECT_EQ(card.warnings.size(), 1U);
}

TEST(Yaml, WithAliasesIsCountedAsItIsRead) {
    EXPECT_EQ(parse_yaml("a: &x [1, 2]\nb: *x")->dump(), R"({"a":["1","2"],"b":["1","2"]})");
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
        for (int j = 0; j < 9; ++j) bomb += ", " + below;
        bomb += "]\n";
    }
    EXPECT_EQ(parse_yaml(bomb).error().code(), Errc::exhausted);
}

TEST(Yaml, IsBounded) {
    EXPECT_FALSE(parse_yaml(std::string(100'000, '[')).ok());
    EXPECT_FALSE(parse_yaml(std::string(100, '[') + std::string(100, ']')).ok());
    EXPECT_EQ(parse_yaml(std::string(kLargestYaml + 1, ' ')).error().code(), Errc::exhausted);
    EXPECT_FALSE(parse_yaml("&a [*a]").ok());
}

}  // namespace
}  // namespace bartizan::provenance
