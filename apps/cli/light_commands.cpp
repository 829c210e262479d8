#include "apps/cli/light_commands.h"

#include "apps/cli/drill.h"

#include <string_view>

#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace {

struct Entry {
    std::string_view command;
    LightHandler handle;
};
constexpr Entry kEntries[] = {
    {"compare", compare},
    {"doctor", doctor},
    {"init", init_command},
    {"completion", completion},
    {"scan", scan_files},
    {"sign", sign},
    {"verify", verify},
    {"convert", convert},
    {"keygen", keygen},
    {"dp-account", dp_account},
    {"bom", bom},
    {"ledger", ledger_command},
    {"text clean", text_clean},
    {"data check", data_check},
    {"data seal", data_seal},
    {"data verify", data_verify},
    {"data diff", data_diff},
    {"data watch", data_watch},
    {"data export", data_export},
    {"registry push", registry_push},
    {"registry list", registry_list},
    {"registry show", registry_show},
    {"registry promote", registry_promote},
    {"registry rollback", registry_rollback},
    {"registry quarantine", registry_quarantine},
    {"registry release", registry_release},
    {"registry collect", registry_collect},
    {"key create", key_create},
    {"key list", key_list},
    {"key revoke", key_revoke},
    {"user add", user_add},
    {"user list", user_list},
    {"user disable", user_disable},
    {"user enable", user_enable},
    {"user password", user_password},
    {"role grant", role_grant},
    {"role revoke", role_revoke},
    {"role list", role_list},
    {"alert list", alert_list},
    {"alert detectors", alert_detectors},
    {"incident list", incident_list},
    {"incident show", incident_show},
    {"incident open", incident_open},
    {"incident move", incident_move},
    {"incident act", incident_act},
    {"incident clocks", incident_clocks},
    {"incident message", incident_message},
    {"incident report", incident_report},
    {"playbook list", playbook_list},
    {"playbook check", playbook_check},
    {"playbook install", playbook_install},
    {"playbook run", playbook_run},
    {"playbook show", playbook_show},
    {"playbook agree", playbook_agree},
    {"playbook reject", playbook_reject},
    {"playbook resume", playbook_resume},
    {"playbook abort", playbook_abort},
    {"card make", card_make},
    {"card check", card_check},
    {"export oscal", export_oscal},
    {"export poam", export_poam},
    {"export cyclonedx", export_cyclonedx},
    {"export sarif", export_sarif},
    {"export pack", export_pack},
    {"drill", drill_command},
    {"control list", control_list},
    {"control matrix", control_matrix},
    {"control show", control_show},
    {"control checks", control_checks},
    {"evidence add", evidence_add},
    {"evidence list", evidence_list},
    {"evidence dispute", evidence_dispute},
    {"waiver list", waiver_list},
    {"waiver grant", waiver_grant},
    {"waiver end", waiver_end},
    {"inventory list", inventory_list},
    {"inventory set", inventory_set},
    {"risk list", risk_list},
    {"risk show", risk_show},
    {"risk derive", risk_derive},
    {"risk set", risk_set},
    {"risk accept", risk_accept},
    {"schedule list", schedule_list},
    {"schedule set", schedule_set},
    {"schedule calendar", schedule_calendar},
    {"people list", people_list},
    {"people assign", people_assign},
    {"people train", people_train},
    {"people sign", people_sign},
    {"budget show", budget_show},
    {"budget line", budget_line},
    {"budget waive", budget_waive},
    {"budget whatif", budget_whatif},
    {"vendor list", vendor_list},
    {"vendor add", vendor_add},
    {"vendor questions", vendor_questions},
    {"vendor answer", vendor_answer},
    {"vendor show", vendor_show},
    {"vendor compare", vendor_compare},
    {"vendor except", vendor_except},
    {"approval list", approval_list},
    {"approval agree", approval_agree},
    {"approval reject", approval_reject},
};

}  // namespace

LightHandler light_handler(const cli::Invocation& invocation) {
    if (invocation.command->name == "attack" && !invocation.flag("list"))
        return is_text_service(invocation) ? attack_service : nullptr;
    if (invocation.command->name == "attack") return attack_list;
    if (invocation.command->name == "harden") return invocation.flag("list") ? harden_list : nullptr;
    if (invocation.command->name == "extract") return invocation.flag("list") ? extract_list : nullptr;
    if (invocation.command->name == "poison") return invocation.flag("list") ? poison_list : nullptr;
    if (invocation.command->name == "data check" && invocation.has("model")) return nullptr;
    for (const Entry& entry : kEntries)
        if (entry.command == invocation.command->name) return entry.handle;
    return nullptr;
}

Result<int> completion(const cli::Invocation& invocation) {
    const std::string script = BARTIZAN_TRY(cli::completion(invocation.positional(0)));
    if (invocation.has("out"))
        BARTIZAN_TRY(write_file_atomically(invocation.text("out"), script));
    else
        BARTIZAN_TRY(cli::print(script));
    return 0;
}

}  // namespace bartizan::program
