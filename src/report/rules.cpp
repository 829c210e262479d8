#include "report/rules.h"

#include <algorithm>
#include <cstdlib>

#include "report/taxonomy.h"

namespace bartizan::report {
namespace {

constexpr std::string_view kAtlas = "MITRE ATLAS";
constexpr std::string_view kOwasp = "OWASP ML Top 10";
constexpr std::string_view kAml = "NIST AI 100-2";
constexpr std::string_view kRmf = "NIST AI RMF";
constexpr std::string_view kIso = "ISO/IEC 42001";
constexpr std::string_view kAct = "EU AI Act";
constexpr std::string_view kCwe = "CWE";

constexpr RuleMap kQuality[] = {
    {kRmf, "MEASURE 2.5"}, {kIso, "A.6.2.4"}, {kAct, "Art. 15(1)"}, {kAct, "Art. 13(3)(b)(ii)"}};
constexpr RuleMap kWhiteBox[] = {{kAtlas, "AML.T0015"}, {kAtlas, "AML.T0043.000"}, {kAtlas, "AML.T0044"},
                                 {kOwasp, "ML01"},      {kAml, "NISTAML.022"},     {kRmf, "MEASURE 2.7"},
                                 {kIso, "A.6.2.4"},     {kAct, "Art. 15(5)"}};
constexpr RuleMap kBlackBox[] = {{kAtlas, "AML.T0015"}, {kAtlas, "AML.T0043.001"}, {kAtlas, "AML.T0040"},
                                 {kOwasp, "ML01"},      {kAml, "NISTAML.025"},     {kRmf, "MEASURE 2.7"},
                                 {kIso, "A.6.2.4"},     {kAct, "Art. 15(5)"}};
constexpr RuleMap kMinimal[] = {{kAtlas, "AML.T0015"}, {kAtlas, "AML.T0043.000"}, {kOwasp, "ML01"},
                                {kAml, "NISTAML.022"}, {kRmf, "MEASURE 2.7"},     {kIso, "A.6.2.4"},
                                {kAct, "Art. 15(5)"}};
constexpr RuleMap kRobust[] = {{kRmf, "MEASURE 2.5"}, {kRmf, "MEASURE 2.6"}, {kIso, "A.6.2.4"}, {kAct, "Art. 15(4)"}};
constexpr RuleMap kReliable[] = {{kRmf, "MEASURE 2.13"}, {kRmf, "MEASURE 2.1"}, {kIso, "A.6.2.4"}, {kAct, "Art. 9(8)"}};

constexpr RuleMap kFair[] = {{kRmf, "MEASURE 2.11"}, {kIso, "A.5.4"}, {kAct, "Art. 10(2)(f)"}, {kAct, "Art. 15(4)"}};

constexpr RuleMap kTrojanMaps[] = {{kAtlas, "AML.T0018.000"}, {kOwasp, "ML10"}, {kAml, "NISTAML.023"},
                                   {kRmf, "MEASURE 2.7"}, {kIso, "A.6.2.4"}, {kAct, "Art. 15(5)"}};

constexpr RuleMap kPoisonMaps[] = {{kAtlas, "AML.T0020"}, {kOwasp, "ML02"}, {kAml, "NISTAML.023"},
                                   {kRmf, "MEASURE 2.7"}, {kAct, "Art. 15(5)"}};
constexpr RuleMap kTheft[] = {{kAtlas, "AML.T0024.002"}, {kAtlas, "AML.T0040"}, {kOwasp, "ML05"}, {kAml, "NISTAML.031"},
                              {kRmf, "MEASURE 2.7"},     {kIso, "A.6.2.4"},     {kAct, "Art. 15(5)"}};

constexpr RuleMap kMembers[] = {{kAtlas, "AML.T0024.000"}, {kAtlas, "AML.T0040"},    {kOwasp, "ML04"},
                                {kAml, "NISTAML.033"},     {kRmf, "MEASURE 2.10"}, {kIso, "A.5.4"},
                                {kAct, "Art. 10(5)"},      {kAct, "Art. 15(5)"}};
constexpr RuleMap kExplained[] = {{kRmf, "MEASURE 2.9"}, {kIso, "A.6.2.4"}, {kAct, "Art. 13(1)"}};

// Of the scan: what would run, how the bytes lie, what lies beside the model, what the weights hold.
constexpr RuleMap kScanRuns[] = {{kAtlas, "AML.T0011.000"}, {kAtlas, "AML.T0010"}, {kAtlas, "AML.T0018.002"},
                                 {kOwasp, "ML06"},          {kCwe, "CWE-502"},     {kCwe, "CWE-506"},
                                 {kAct, "Art. 15(5)"}};
constexpr RuleMap kScanNetwork[] = {{kAtlas, "AML.T0011.000"}, {kOwasp, "ML06"}, {kCwe, "CWE-502"}, {kCwe, "CWE-918"}};
constexpr RuleMap kScanExhausts[] = {{kAtlas, "AML.T0029"}, {kOwasp, "ML06"}, {kCwe, "CWE-409"}};
constexpr RuleMap kScanUnproven[] = {{kAtlas, "AML.T0010"}, {kOwasp, "ML06"}, {kCwe, "CWE-502"}};
constexpr RuleMap kScanReadings[] = {{kAtlas, "AML.T0076"}, {kOwasp, "ML06"}, {kCwe, "CWE-436"}};
constexpr RuleMap kScanHidden[] = {{kAtlas, "AML.T0018.002"}, {kOwasp, "ML06"}, {kCwe, "CWE-506"}};
constexpr RuleMap kScanName[] = {{kAtlas, "AML.T0010"}, {kOwasp, "ML06"}, {kCwe, "CWE-693"}};
constexpr RuleMap kScanPath[] = {{kAtlas, "AML.T0011.000"}, {kOwasp, "ML06"}, {kCwe, "CWE-22"}};
constexpr RuleMap kScanBroken[] = {{kAtlas, "AML.T0076"}, {kOwasp, "ML06"}, {kCwe, "CWE-1284"}};
constexpr RuleMap kScanNotRead[] = {{kAtlas, "AML.T0010"}, {kOwasp, "ML06"}, {kCwe, "CWE-345"}};
constexpr RuleMap kScanSecret[] = {{kAtlas, "AML.T0055"}, {kCwe, "CWE-798"}};
constexpr RuleMap kScanTemplate[] = {{kAtlas, "AML.T0011.000"}, {kOwasp, "ML06"}, {kCwe, "CWE-1336"}, {kCwe, "CWE-94"}};
constexpr RuleMap kScanRemote[] = {{kAtlas, "AML.T0011.000"}, {kOwasp, "ML06"}, {kCwe, "CWE-829"}};
constexpr RuleMap kScanWeights[] = {{kAtlas, "AML.T0018.002"}, {kOwasp, "ML10"}};

constexpr RuleMap kSealBroken[] = {
    {kAtlas, "AML.T0020"}, {kOwasp, "ML02"}, {kIso, "A.7.5"}, {kAct, "Art. 10(2)(b)"}, {kCwe, "CWE-345"}};

constexpr RuleMap kControlMaps[] = {{kRmf, "MEASURE 2.1"}, {kIso, "A.6.2.4"}};
constexpr RuleMap kDataQualityMaps[] = {{kRmf, "MEASURE 2.5"}, {kIso, "A.7.4"}, {kAct, "Art. 10(3)"}};
constexpr RuleMap kDataLabelMaps[] = {
    {kAtlas, "AML.T0020"}, {kOwasp, "ML02"}, {kRmf, "MEASURE 2.5"}, {kIso, "A.7.4"}, {kAct, "Art. 10(3)"}};
constexpr RuleMap kPersonalDataMaps[] = {{kRmf, "MEASURE 2.10"}, {kIso, "A.7.4"}, {kAct, "Art. 10(5)"}, {kCwe, "CWE-359"}};
constexpr RuleMap kDataBalanceMaps[] = {{kRmf, "MEASURE 2.11"}, {kIso, "A.7.4"}, {kAct, "Art. 10(2)(f)"}};

constexpr std::string_view kDoNotLoad =
    "Do not load the file. Find out where it came from, take the model from its publisher again, and check the "
    "signature "
    "(bartizan verify). If it was loaded, treat that machine as taken over.";
constexpr std::string_view kAskForWeights =
    "Ask the publisher for the weights alone (safetensors), or read what the finding names and allow it by hash in the "
    "scan policy once you trust it.";

constexpr std::string_view kHarden =
    "Train on adversarial examples (bartizan train --adversarial), then audit again; in service, limit how many "
    "queries one "
    "caller may make and watch for inputs that lie close together. Publish the robust accuracy with its radius "
    "beside the clean accuracy.";

constexpr Rule kRules[] = {
    {rule::kCleanAccuracy, "CleanAccuracy", "How often the model is right on data that nobody has tampered with.",
     "A model that is barely better than guessing, or much worse on one class than on the others, fails without an "
     "attacker. Accuracy is measured on the labelled data given, with a 95 % Wilson interval.",
     "Check that the labels, their order, the input range and the normalisation are those the model was trained "
     "with; if they are, train on more or better data.",
     kQuality},
    {rule::kCalibration, "Calibration", "Whether the model's confidence says how often it is right.",
     "If a model says 99 % and is right in 80 % of such cases, thresholds and alarms that rely on confidence cannot "
     "work. Measured as the expected calibration error over 15 equal bins (Guo et al. 2017).",
     "Fit a temperature on held-out data and divide the logits by it: accuracy stays as it is. Set thresholds on "
     "calibrated scores only.",
     kQuality},
    {rule::kEvaluationChecks, "EvaluationChecks",
     "Which known ways of fooling oneself this evaluation was checked for.",
     "Many published defences looked robust only because their evaluation was broken. The audit looks for each known "
     "way in which that happens; what it finds is a finding of its own (BTZ-REL).",
     "Nothing, unless a check failed: then mend what it names and audit again.", kReliable},
    {rule::kWhiteBoxEvasion, "WhiteBoxEvasion",
     "How often the model stays right when an attacker who has it changes the input.",
     "An attacker with a copy of the model follows its gradient to a change too small to notice that flips the "
     "answer. Robust accuracy is the share of inputs still classified correctly under every attack tried; the true "
     "value can only be lower.",
     kHarden, kWhiteBox},
    {rule::kBlackBoxEvasion, "BlackBoxEvasion",
     "How often the model stays right when an attacker who only sees its scores changes the input.",
     "No copy of the model is needed: the attacker asks again and again and keeps what helps (Square attack, "
     "Andriushchenko et al. 2020). The number of queries says what a rate limit can do.",
     "Return labels or rounded scores instead of full ones where callers allow it, limit queries per caller, alarm on "
     "many near-identical inputs, and train on adversarial examples (bartizan train --adversarial).",
     kBlackBox},
    {rule::kSmallPerturbation, "SmallPerturbation", "How small a change is enough to flip the answer.",
     "The distance from an input to the nearest one with another answer, found with FAB (Croce and Hein 2020). Half "
     "of the inputs flip within the median; the true distances can only be smaller.",
     kHarden, kMinimal},
    {rule::kTextEvasion, "TextEvasion", "How often a text that a reader takes for the same gets another answer.",
     "Characters that nobody sees (of no width, look-alikes, reordered, deleted: Boucher et al. 2022) or single words "
     "misspelt turn the answer. The attacker needs no copy of the model.",
     "Put the normaliser in front of the model (bartizan harden --method text-normalise), refuse text with "
     "bidirectional overrides, and train on misspelt words.",
     kBlackBox},
    {rule::kCorruption, "Corruption", "How much accuracy is lost to everyday noise, blur and brightness.",
     "No attacker is needed: a cheaper camera, rain or a low sun does it. Accuracy is measured at five strengths of "
     "each corruption (after Hendrycks and Dietterich 2019).",
     "Add the corruptions that your users will meet to the training data, and check the input quality before the "
     "model is asked.",
     kRobust},
    {rule::kGroupDisparity, "GroupDisparity", "Groups of people are answered differently.",
     "Rates of favourable answers, error rates, predictive values and calibration are compared between groups, with "
     "bootstrap intervals. A ratio of favourable answers below four fifths is what United States agencies take for "
     "evidence of adverse impact; a gap in error rates above 0.1 is large by any account.",
     "Find out where the gap comes from: labels, too few data of a group, a feature that stands for it. Gather data, "
     "reweigh or set thresholds, and audit again.",
     kFair},
    {rule::kRobustnessGap, "RobustnessGap", "One group is easier to attack than another.",
     "Of the inputs that the model gets right, the strongest attack of this audit turns more of one group than of "
     "another.",
     "Harden the model with the figures of each group in view, and add data of the group that is easier to attack.",
     kFair},
    {rule::kTrojan, "Trojan", "The model may answer to a hidden trigger.",
     "A trojaned model is right on ordinary inputs and gives the attacker's class when a trigger is present. For each "
     "class the smallest trigger is reversed on clean items (Neural Cleanse, Wang et al. 2019) and the largest margin "
     "any input can have is searched (MM-BD, Wang et al. 2024); the target class stands out in both. Only clean models "
     "of the same task tell how far a class stands out by nature.",
     "Do not deploy the model. Compare it with clean models of the same task (bartizan backdoor --reference), repair it "
     "(bartizan harden --method repair) or train it again on data that was checked, and find out how the data or the file "
     "was changed.",
     kTrojanMaps},
    {rule::kExtraction, "Extraction", "How many queries a copy of the model takes.",
     "Whoever may ask a model may train another on its answers (Tramer et al. 2016, Orekondy et al. 2019). The copy costs "
     "the thief a fraction of what the model cost, and is a white box: adversarial examples made on it work on the model. "
     "Agreement is the share of judging items on which copy and model say the same class.",
     "Limit the queries of a caller to a tenth of those that a copy of 90 % agreement takes, and watch for callers who "
     "come near it. Show labels or rounded scores where callers need no more: it stops exact extraction, and hardly slows "
     "a copy that is trained (bartizan extract --policy measures both). Mark the model (bartizan ownership) so that a copy "
     "can be told.",
     kTheft},
    {rule::kMembership, "Membership", "Whether it can be told which items a model was trained on.",
     "A model knows the items that it was trained on better than others. Where that can be told from its answers, whoever "
     "knows a record can learn that it was in the data, which may say something about a person (Shokri et al. 2017, Carlini "
     "et al. 2022). Measured with the training data as members and the test data as others.",
     "Stop training earlier, use more data or a smaller model; where records are of people, train with differential "
     "privacy (bartizan train --dp-epsilon). Measure with references (bartizan privacy): without them the figures are a "
     "lower bound.",
     kMembers},
    {rule::kExplanation, "Explanation", "Whether explanations of this model's answers can be trusted.",
     "An attribution says which numbers of an input spoke for an answer. It is worth something only if removing those numbers "
     "changes the answer faster than removing others, if its shares add up, and if a network with fresh weights gets another "
     "map (Adebayo et al. 2018).",
     "Show explanations of this model with their figures (bartizan explain), and try another method where one is rejected.",
     kExplained},
    {rule::kVanishingGradients, "VanishingGradients",
     "Evaluation unreliable: gradients vanish, so gradient attacks see nothing.",
     "When one logit is far above the others, the loss saturates in single precision and its gradient is exactly "
     "zero. The attack then stands still and the model looks robust though it is not.",
     "Trust the attacks that use the logit-ratio loss or no gradient; repeat in double precision or with rescaled "
     "logits.",
     kReliable},
    {rule::kSoftmaxInside, "SoftmaxInside", "Evaluation unreliable: the model ends in a softmax or argmax.",
     "Probabilities instead of logits squash the gradient, and an argmax has none. Attacks become weak without "
     "the model being any stronger.",
     "Export the model without its last step, or let the attacks work on the logarithm of the probabilities.",
     kReliable},
    {rule::kTrainingMode, "TrainingMode",
     "Evaluation unreliable: dropout or batch normalisation runs in training mode.",
     "Answers then depend on chance and on the other inputs in the batch, which hides the true gradient.",
     "Export the model in evaluation mode and audit again.", kReliable},
    {rule::kRandomAnswers, "RandomAnswers", "Evaluation unreliable: the same input gives different answers.",
     "Randomness blunts attacks that look once. An attacker who averages over several looks is not stopped by it.",
     "Attack the average over at least 20 runs (expectation over transformation), or switch the randomness off.",
     kReliable},
    {rule::kBlackBoxBeatsWhiteBox, "BlackBoxBeatsWhiteBox",
     "Evaluation unreliable: an attack without gradients does better than one with them.",
     "Whoever has the model can do all that a black-box attacker can. If the gradient attack finds less, its gradient "
     "misleads it and its figure is too good.",
     "Take the lower figure. Look for masked gradients: rounding, saturation, randomness, steps without a derivative.",
     kReliable},
    {rule::kCurveNotFalling, "CurveNotFalling", "Evaluation unreliable: a larger perturbation does not lower accuracy.",
     "A larger radius allows everything that a smaller one does, so accuracy must fall and reach zero. A curve that "
     "rises or levels out shows that the attack fails, not that the model holds.",
     "Use more steps, other step sizes and another loss until the curve falls to zero; take the lower envelope.",
     kReliable},
    {rule::kUnboundedAttackFails, "UnboundedAttackFails",
     "Evaluation unreliable: even an unlimited attack does not always succeed.",
     "With no limit on the change, any input can be turned into one of another class, so an attack that works "
     "reaches 100 %.",
     "Do not use the robust accuracy of this attack. Check gradients, input range and loss; try another attack.",
     kReliable},
    {rule::kMoreEffortHelps, "MoreEffortHelps", "Evaluation unreliable: more steps or restarts still find more.",
     "The attack had not converged: the robust accuracy stated is above the true one, and would fall with more effort.",
     "Raise steps and restarts until the figure stands still, then report that one.", kReliable},
    {rule::kTransferBeatsWhiteBox, "TransferBeatsWhiteBox",
     "Evaluation unreliable: examples made on another model fool this one more often.",
     "Examples carried over from another model should be weaker than those made on the model itself. If they are "
     "stronger, the model's own gradient is masked.",
     "Take the lower figure and look for masked gradients.", kReliable},
    {rule::kNotDifferentiable, "NotDifferentiable",
     "Evaluation unreliable: the model has steps without a useful gradient.",
     "Rounding, signs, thresholds and quantised arithmetic have a gradient of zero almost everywhere, so gradient "
     "attacks are blind.",
     "Use black-box attacks, or replace the derivative of those steps by a smooth one (BPDA, Athalye et al. 2018).",
     kReliable},
    {rule::kInputRange, "InputRange",
     "Evaluation unreliable: the inputs do not look like what the model was trained on.",
     "With a wrong range, channel order or normalisation the model guesses, and no figure of this audit says "
     "anything about it.",
     "State what the model expects with --mean, --std and --range, or in the file MODEL.bartizan.yaml.", kReliable},
    {rule::kEpsOutsideRange, "EpsOutsideRange",
     "Evaluation unreliable: the perturbation size does not fit the data's range.",
     "A radius larger than the data's own range allows any input, one far below its resolution allows none: "
     "neither tells anything.",
     "Give --eps in the units of the data: 8/255 for images in [0, 1].", kReliable},
    {rule::kDetectorNotAdaptive, "DetectorNotAdaptive",
     "Evaluation unreliable: a detector was tested only with attacks that do not know it.",
     "An attacker who knows of the detector evades both it and the model (Carlini and Wagner 2017).",
     "Attack the model and its detector together, with one loss over both.", kReliable},
    {"BTZ-SCN-001", "RunsCode", "Loading the file runs code or commands.",
     "Pickles, Lambda layers, custom operators and their like can name any function, and loaders call it. The scan "
     "found "
     "a call of one that runs code, with the arguments that the file gives it.",
     kDoNotLoad, kScanRuns},
    {"BTZ-SCN-002", "TouchesFiles", "Loading the file reads, writes or deletes files.",
     "The file names a function or an operator that opens files of its choice, so loading it can steal secrets or "
     "plant "
     "code that runs later.",
     kDoNotLoad, kScanRuns},
    {"BTZ-SCN-003", "TouchesNetwork", "Loading the file opens a connection.",
     "The file names a function that talks to other machines, so loading it can send data out or fetch code.",
     kDoNotLoad, kScanNetwork},
    {"BTZ-SCN-004", "TampersRuntime", "Loading the file changes the program that loads it.",
     "The file assigns to modules, registries or objects that it did not make, so that later, harmless-looking calls "
     "do "
     "something else.",
     kDoNotLoad, kScanRuns},
    {"BTZ-SCN-005", "Exhausts", "The file is made to eat memory or time.",
     "A few bytes unfold into gigabytes or into endless work: a bomb, which stops scanners and loaders alike.",
     "Do not load or unpack the file. Ask its publisher for one without it.", kScanExhausts},
    {"BTZ-SCN-010", "UnprovenCall", "Loading the file calls something that is not known to be harmless.",
     "The call is neither one of the constructors that frameworks write into their files nor a known danger. What it "
     "does "
     "depends on code that the scan does not know.",
     kAskForWeights, kScanUnproven},
    {"BTZ-SCN-011", "UnprovenImport", "Loading the file imports a module that is not known to be harmless.",
     "Importing a module runs it. The module named is not one of those whose import is known to do nothing else.",
     kAskForWeights, kScanUnproven},
    {"BTZ-SCN-012", "UnprovenCode", "The file carries code or operators of unknown effect.",
     "Graphs and configurations can carry code of their own or name operators that a library must bring. The scan "
     "cannot "
     "tell what they do.",
     kAskForWeights, kScanUnproven},
    {"BTZ-SCN-020", "TwoReadings", "Two loaders would read these bytes differently.",
     "Duplicate names, headers that contradict each other and overlapping formats let a scanner see one thing and a "
     "loader "
     "another. The scan judged every reading; an honest writer makes only one.",
     "Ask the publisher for a file written anew by the framework itself.", kScanReadings},
    {"BTZ-SCN-021", "HiddenData", "The file holds bytes that no reader of its format looks at.",
     "Data behind the end, in gaps or before the start can carry a payload past those who check only the documented "
     "parts.",
     "Write the file anew with the framework's own writer, and compare.", kScanHidden},
    {"BTZ-SCN-022", "TypeMismatch", "The name says one format, the content is another.",
     "Many tools choose what to check by the name, and loaders choose by the content. A pickle under the name of plain "
     "weights gets past the first and runs in the second.",
     "Find out why the file was renamed; do not load it with a tool that accepts pickles.", kScanName},
    {"BTZ-SCN-023", "OutsideFolder", "The file names a path outside its own folder.",
     "Unpacking or loading it would read or write files elsewhere on the machine.",
     "Do not unpack or load the file with a tool that follows such paths.", kScanPath},
    {"BTZ-SCN-024", "Broken", "The file is malformed.",
     "What could be read was judged; what lies behind the break was not. Loaders run what comes before a break, so "
     "breaks "
     "are also used to make scanners give up.",
     "Fetch the file again and compare its hash with the publisher's.", kScanBroken},
    {"BTZ-SCN-025", "NotRead", "The file, or a part of it, could not be judged.",
     "It is encrypted, over a limit, unreadable, or in a format that cannot be looked into here. What was not judged "
     "is "
     "never called clean.",
     "Have the file judged in a form that can be read, or trust it only by its signature.", kScanNotRead},
    {"BTZ-SCN-030", "HiddenExecutable", "A program, script or shared object lies in or beside the model.",
     "Weights need no programs. One that lies among them, often under another name, is there to be run by something "
     "else.",
     "Remove it, and find out what would have run it.", kScanHidden},
    {"BTZ-SCN-031", "Secret", "The file holds what looks like a key or a password.",
     "Keys in a model folder are published with it: whoever downloads the model can use them.",
     "Revoke the key now, then remove it from the file and its history.", kScanSecret},
    {"BTZ-SCN-032", "Url", "The file names an address that code or configuration would fetch.",
     "What is fetched at load time can change after the scan, and the fetch tells its owner who loads the model.",
     "Check who owns the address; load without network access.", kScanNetwork},
    {"BTZ-SCN-033", "TemplateEscape", "A template walks out of its sandbox.",
     "Chat templates are programs in Jinja. This one reaches for attributes by which an expression gets from a string "
     "to "
     "the operating system.",
     kDoNotLoad, kScanTemplate},
    {"BTZ-SCN-034", "RemoteCode", "A configuration makes the loader import and run code.",
     "Settings such as auto_map, custom layers and object paths name code, here or in another repository, that is run "
     "when "
     "the model is loaded.",
     "Read that code at the very revision you load, pin the revision, or use a model that needs none.", kScanRemote},
    {"BTZ-SCN-040", "NotFinite", "Weights are not finite, or absurdly large.",
     "One NaN or infinity spreads through every answer; absurd values are also a mark of data that are not weights.",
     "Take the model from its publisher again, and compare the hashes.", kScanWeights},
    {"BTZ-SCN-041", "Stegano", "The low bits of the weights do not look like weights.",
     "The last bits of trained floating-point weights follow known patterns. Where they are as even as encrypted data, "
     "something may be hidden in them.",
     "Round the weights to half precision and back, which removes what is hidden, and find out what reads them.",
     kScanWeights},

    {"BTZ-DAT-001", "DataDefects", "The training data have values, columns or items that are not as they should be.",
     "Repeated, missing, mixed, infinite or outlying values, drift since an earlier version, or an order that is no "
     "accident: a model learns them as it learns everything else.",
     "Look at the items named, mend or leave out what is wrong (bartizan data check --quarantine sets it apart), and "
     "train again.",
     kDataQualityMaps},
    {"BTZ-DAT-002", "DataLabels", "Labels of the training data are missing, contradict each other or are probably wrong.",
     "Confident learning compares each label with what a model says that never saw the item; equal items under two "
     "labels and items between two classes are told as well. Wrong labels may be slips, or planted.",
     "Let a person look at the items named, worst first; correct the labels or leave the items out.",
     kDataLabelMaps},
    {"BTZ-DAT-003", "DataLeak", "The training data give answers away that the model will not have in use.",
     "Items of the test that were trained on, a column that is the label in disguise, or a plain figure of a picture "
     "that follows its class: accuracy on the test says more than the model can do.",
     "Take the items out of one of the splits, the column out of the data, or collect data in which the figure varies; "
     "then measure again.",
     kDataQualityMaps},
    {"BTZ-DAT-004", "PersonalData", "There are personal data or keys in the training data.",
     "Found by form and check digits; values are masked. A model may repeat what it was taught, and who is in the data "
     "has rights to it. A key in the data is a key in the hands of whoever has the data.",
     "Remove or replace them before training, check that there is consent for what stays, and revoke keys.",
     kPersonalDataMaps},
    {"BTZ-DAT-005", "DataBalance", "Classes or groups of people are in the training data in very unequal numbers.",
     "What is rare in training is learnt badly, and an average hides it.",
     "Collect more of what is rare, or weigh it, and look at the figures of each class and group.",
     kDataBalanceMaps},

    {"BTZ-POI-001", "PoisonedData", "The training data hold items that plant a backdoor.",
     "In what the model makes of them before its last layer, poisoned items lie apart from the trusted items of the class "
     "that they are labelled as. Classes are judged first; then items are named, with the rate at which trusted ones would be.",
     "Let a person look at the items named and find out who supplied them; leave them out (bartizan data check --model "
     "--quarantine) and train again; a model that was trained on them can be repaired (bartizan harden --method repair).",
     kPoisonMaps},

    {"BTZ-PRV-001", "NotAsSigned", "The model does not verify against its signature.",
     "The signature given is not by the signer named, or a file is not what was signed: somebody changed it since, or "
     "it is another model. Nothing has parsed it.",
     "Take the model and its signature from the publisher again. If they differ still, ask the signer; treat the copy "
     "as tampered until then.",
     kScanNotRead},
    {"BTZ-PRV-002", "DataNotAsSealed", "The data set is not what was sealed.",
     "The seal does not hold, or items were changed, removed or added since. Whoever can change training data can "
     "teach "
     "a model what they want, so the difference needs an explanation before anything is trained on it.",
     "Look at the items named. Take back the sealed version, or, if the change was wanted, find out who made it and "
     "seal "
     "the data set again.",
     kSealBroken},
    {rule::kControlFailing, "ControlFailing", "A check that requirements must have has failed.",
     "The newest evidence of the check says that it failed, or its number is beyond the threshold. A failure does not "
     "expire: it holds until a newer test of the same bytes passes.",
     "Mend what the evidence shows, test again, and record the result. What cannot be mended now is set aside by a "
     "waiver, by somebody else than its owner and for a time.",
     kControlMaps},
    {rule::kControlStale, "ControlStale", "The evidence of a check that requirements must have has expired.",
     "The check passed once; what it showed holds for a limited time, because models, data and attacks change.",
     "Run the check again and record the result; 'bartizan control checks' tells how long each holds.", kControlMaps},
};

}  // namespace

std::span<const Rule> rules() { return kRules; }

const Rule* find_rule(std::string_view id) {
    const auto found = std::ranges::find(kRules, id, &Rule::id);
    return found == std::end(kRules) ? nullptr : &*found;
}

bool is_reliability_rule(std::string_view id) { return id.starts_with("BTZ-REL-"); }

std::vector<Mapping> mappings_of(std::string_view id) {
    const Rule* rule = find_rule(id);
    if (rule == nullptr) return {};
    std::vector<Mapping> maps;
    for (const RuleMap& map : rule->maps) {
        const Taxonomy* taxonomy = find_taxonomy(map.scheme);
        maps.push_back({std::string(map.scheme), std::string(map.id),
                        std::string(taxonomy == nullptr ? std::string_view() : taxonomy->version)});
    }
    return maps;
}

Finding finding_for(std::string_view id, Severity severity, std::string title) {
    const Rule* rule = find_rule(id);
    if (rule == nullptr) std::abort();
    Finding finding;
    finding.rule = rule->id;
    finding.severity = severity;
    finding.title = std::move(title);
    finding.remediation = rule->remediation;
    finding.maps = mappings_of(id);
    return finding;
}

}  // namespace bartizan::report
