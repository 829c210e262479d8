#include "report/taxonomy.h"

#include <algorithm>

namespace bartizan::report {
namespace {

// MITRE ATLAS ids and names: Copyright 2021-2025 MITRE, Apache-2.0 (data version 5.6.0).
constexpr Taxon kAtlas[] = {
    {"AML.T0010", "AI Supply Chain Compromise"},
    {"AML.T0011.000", "Unsafe AI Artifacts"},
    {"AML.T0015", "Evade AI Model"},
    {"AML.T0018.000", "Poison AI Model"},
    {"AML.T0018.002", "Embed Malware"},
    {"AML.T0020", "Poison Training Data"},
    {"AML.T0024.000", "Infer Training Data Membership"},
    {"AML.T0024.002", "Extract AI Model"},
    {"AML.T0029", "Denial of AI Service"},
    {"AML.T0031", "Erode AI Model Integrity"},
    {"AML.T0040", "AI Model Inference API Access"},
    {"AML.T0042", "Verify Attack"},
    {"AML.T0043", "Craft Adversarial Data"},
    {"AML.T0043.000", "White-Box Optimization"},
    {"AML.T0043.001", "Black-Box Optimization"},
    {"AML.T0043.002", "Black-Box Transfer"},
    {"AML.T0044", "Full AI Model Access"},
    {"AML.T0055", "Unsecured Credentials"},
    {"AML.T0076", "Corrupt AI Model"},
};

constexpr Taxon kOwaspMl[] = {
    {"ML01", "Input Manipulation Attack"},
    {"ML02", "Data Poisoning Attack"},
    {"ML03", "Model Inversion Attack"},
    {"ML04", "Membership Inference Attack"},
    {"ML05", "Model Theft"},
    {"ML06", "AI Supply Chain Attacks"},
    {"ML07", "Transfer Learning Attack"},
    {"ML08", "Model Skewing"},
    {"ML09", "Output Integrity Attack"},
    {"ML10", "Model Poisoning"},
};

constexpr Taxon kAdversarialMl[] = {
    {"NISTAML.022", "Evasion"},
    {"NISTAML.023", "Backdoor Poisoning"},
    {"NISTAML.025", "Black-box Evasion"},
    {"NISTAML.031", "Model Extraction"},
    {"NISTAML.033", "Membership Inference"},
};

constexpr Taxon kAiRmf[] = {
    {"MEASURE 2.1", "Test sets, metrics and tools are documented"},
    {"MEASURE 2.5", "Shown to be valid and reliable"},
    {"MEASURE 2.6", "Evaluated for safety"},
    {"MEASURE 2.7", "Security and resilience are evaluated"},
    {"MEASURE 2.9", "The model is explained, validated and documented"},
    {"MEASURE 2.10", "Privacy risk is examined and documented"},
    {"MEASURE 2.11", "Fairness and bias are evaluated"},
    {"MEASURE 2.13", "The measurements themselves are evaluated"},
};

constexpr Taxon kIso42001[] = {
    {"A.5.4", "Assessing AI system impact on individuals or groups of individuals"},
    {"A.6.2.4", "AI system verification and validation"},
    {"A.6.2.6", "AI system operation and monitoring"},
    {"A.7.4", "Quality of data for AI systems"},
    {"A.7.5", "Data provenance"},
};

constexpr Taxon kAiAct[] = {
    {"Art. 9(8)", "Testing against metrics defined beforehand"},
    {"Art. 10(2)(b)", "Data collection processes and the origin of data"},
    {"Art. 10(2)(f)", "Data are examined for possible biases"},
    {"Art. 10(3)", "Data are relevant, representative, free of errors as far as possible, and complete"},
    {"Art. 10(5)", "Special categories of personal data"},
    {"Art. 13(1)", "Transparent enough that its output can be interpreted"},
    {"Art. 13(3)(b)(ii)", "Instructions state the tested accuracy and robustness"},
    {"Art. 15(1)", "Appropriate accuracy, robustness and cybersecurity"},
    {"Art. 15(4)", "Resilience against errors and faults"},
    {"Art. 15(5)", "Resilience against adversarial examples and other attacks"},
};

constexpr Taxon kCwe[] = {
    {"CWE-22", "Path Traversal"},
    {"CWE-94", "Code Injection"},
    {"CWE-345", "Insufficient Verification of Data Authenticity"},
    {"CWE-359", "Exposure of Private Personal Information to an Unauthorized Actor"},
    {"CWE-409", "Data Amplification by Compressed Data"},
    {"CWE-436", "Interpretation Conflict"},
    {"CWE-502", "Deserialization of Untrusted Data"},
    {"CWE-506", "Embedded Malicious Code"},
    {"CWE-693", "Protection Mechanism Failure"},
    {"CWE-798", "Use of Hard-coded Credentials"},
    {"CWE-829", "Inclusion of Functionality from Untrusted Control Sphere"},
    {"CWE-918", "Server-Side Request Forgery"},
    {"CWE-1284", "Improper Validation of Specified Quantity in Input"},
    {"CWE-1336", "Template Engine Injection"},
};

constexpr Taxonomy kTaxonomies[] = {
    {"MITRE ATLAS", "5.6.0", "MITRE", "https://atlas.mitre.org/", kAtlas},
    {"OWASP ML Top 10", "2023", "OWASP", "https://owasp.org/www-project-machine-learning-security-top-10/", kOwaspMl},
    {"NIST AI 100-2", "e2025", "NIST", "https://csrc.nist.gov/pubs/ai/100/2/e2025/final", kAdversarialMl},
    {"NIST AI RMF", "1.0", "NIST", "https://www.nist.gov/itl/ai-risk-management-framework", kAiRmf},
    {"ISO/IEC 42001", "2023", "ISO/IEC", "https://www.iso.org/standard/81230.html", kIso42001},
    {"CWE", "4.17", "MITRE", "https://cwe.mitre.org/", kCwe},
    {"EU AI Act", "2024/1689", "European Union", "https://eur-lex.europa.eu/eli/reg/2024/1689/oj", kAiAct},
};

}  // namespace

std::span<const Taxonomy> taxonomies() { return kTaxonomies; }

const Taxonomy* find_taxonomy(std::string_view scheme) {
    const auto found = std::ranges::find(kTaxonomies, scheme, &Taxonomy::scheme);
    return found == std::end(kTaxonomies) ? nullptr : &*found;
}

std::string_view taxon_title(std::string_view scheme, std::string_view id) {
    const Taxonomy* taxonomy = find_taxonomy(scheme);
    if (taxonomy == nullptr) return {};
    const auto found = std::ranges::find(taxonomy->taxa, id, &Taxon::id);
    return found == taxonomy->taxa.end() ? std::string_view() : found->title;
}

}  // namespace bartizan::report
