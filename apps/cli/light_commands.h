#pragma once
/// The commands that `bartizan` does itself, without the engine.

#include "bartizan/result.h"
#include "cli/command.h"

namespace bartizan::program {

using LightHandler = Result<int> (*)(const cli::Invocation& invocation);

/// Who carries the invocation out in this process; null: the engine does.
LightHandler light_handler(const cli::Invocation& invocation);

Result<int> init_command(const cli::Invocation& invocation);
Result<int> doctor(const cli::Invocation& invocation);
Result<int> attack_list(const cli::Invocation& invocation);
/// An attack on text, aimed at an address rather than a file.
bool is_text_service(const cli::Invocation& invocation);
Result<int> attack_service(const cli::Invocation& invocation);
Result<int> harden_list(const cli::Invocation& invocation);
Result<int> extract_list(const cli::Invocation& invocation);
Result<int> poison_list(const cli::Invocation& invocation);
Result<int> compare(const cli::Invocation& invocation);
Result<int> sign(const cli::Invocation& invocation);
Result<int> verify(const cli::Invocation& invocation);
Result<int> convert(const cli::Invocation& invocation);
Result<int> keygen(const cli::Invocation& invocation);
Result<int> dp_account(const cli::Invocation& invocation);
Result<int> bom(const cli::Invocation& invocation);
Result<int> text_clean(const cli::Invocation& invocation);
Result<int> data_check(const cli::Invocation& invocation);
Result<int> data_seal(const cli::Invocation& invocation);
Result<int> data_verify(const cli::Invocation& invocation);
Result<int> data_diff(const cli::Invocation& invocation);
Result<int> data_watch(const cli::Invocation& invocation);
Result<int> data_export(const cli::Invocation& invocation);
Result<int> ledger_command(const cli::Invocation& invocation);
Result<int> completion(const cli::Invocation& invocation);
Result<int> scan_files(const cli::Invocation& invocation);
Result<int> registry_push(const cli::Invocation& invocation);
Result<int> registry_list(const cli::Invocation& invocation);
Result<int> registry_show(const cli::Invocation& invocation);
Result<int> registry_promote(const cli::Invocation& invocation);
Result<int> registry_rollback(const cli::Invocation& invocation);
Result<int> registry_quarantine(const cli::Invocation& invocation);
Result<int> registry_release(const cli::Invocation& invocation);
Result<int> registry_collect(const cli::Invocation& invocation);
Result<int> key_create(const cli::Invocation& invocation);
Result<int> key_list(const cli::Invocation& invocation);
Result<int> key_revoke(const cli::Invocation& invocation);
Result<int> user_add(const cli::Invocation& invocation);
Result<int> user_list(const cli::Invocation& invocation);
Result<int> user_disable(const cli::Invocation& invocation);
Result<int> user_enable(const cli::Invocation& invocation);
Result<int> user_password(const cli::Invocation& invocation);
Result<int> role_grant(const cli::Invocation& invocation);
Result<int> role_revoke(const cli::Invocation& invocation);
Result<int> role_list(const cli::Invocation& invocation);
Result<int> alert_list(const cli::Invocation& invocation);
Result<int> alert_detectors(const cli::Invocation& invocation);
Result<int> incident_list(const cli::Invocation& invocation);
Result<int> incident_show(const cli::Invocation& invocation);
Result<int> incident_open(const cli::Invocation& invocation);
Result<int> incident_move(const cli::Invocation& invocation);
Result<int> incident_act(const cli::Invocation& invocation);
Result<int> incident_clocks(const cli::Invocation& invocation);
Result<int> incident_message(const cli::Invocation& invocation);
Result<int> incident_report(const cli::Invocation& invocation);
Result<int> playbook_list(const cli::Invocation& invocation);
Result<int> playbook_check(const cli::Invocation& invocation);
Result<int> playbook_install(const cli::Invocation& invocation);
Result<int> playbook_run(const cli::Invocation& invocation);
Result<int> playbook_show(const cli::Invocation& invocation);
Result<int> playbook_agree(const cli::Invocation& invocation);
Result<int> playbook_reject(const cli::Invocation& invocation);
Result<int> playbook_resume(const cli::Invocation& invocation);
Result<int> playbook_abort(const cli::Invocation& invocation);
Result<int> card_make(const cli::Invocation& invocation);
Result<int> card_check(const cli::Invocation& invocation);
Result<int> export_oscal(const cli::Invocation& invocation);
Result<int> export_poam(const cli::Invocation& invocation);
Result<int> export_cyclonedx(const cli::Invocation& invocation);
Result<int> export_sarif(const cli::Invocation& invocation);
Result<int> export_pack(const cli::Invocation& invocation);
Result<int> control_list(const cli::Invocation& invocation);
Result<int> control_matrix(const cli::Invocation& invocation);
Result<int> control_show(const cli::Invocation& invocation);
Result<int> control_checks(const cli::Invocation& invocation);
Result<int> evidence_add(const cli::Invocation& invocation);
Result<int> evidence_list(const cli::Invocation& invocation);
Result<int> evidence_dispute(const cli::Invocation& invocation);
Result<int> waiver_list(const cli::Invocation& invocation);
Result<int> waiver_grant(const cli::Invocation& invocation);
Result<int> waiver_end(const cli::Invocation& invocation);
Result<int> inventory_list(const cli::Invocation& invocation);
Result<int> inventory_set(const cli::Invocation& invocation);
Result<int> risk_list(const cli::Invocation& invocation);
Result<int> risk_show(const cli::Invocation& invocation);
Result<int> risk_derive(const cli::Invocation& invocation);
Result<int> risk_set(const cli::Invocation& invocation);
Result<int> risk_accept(const cli::Invocation& invocation);
Result<int> schedule_list(const cli::Invocation& invocation);
Result<int> schedule_set(const cli::Invocation& invocation);
Result<int> schedule_calendar(const cli::Invocation& invocation);
Result<int> people_list(const cli::Invocation& invocation);
Result<int> people_assign(const cli::Invocation& invocation);
Result<int> people_train(const cli::Invocation& invocation);
Result<int> people_sign(const cli::Invocation& invocation);
Result<int> budget_show(const cli::Invocation& invocation);
Result<int> budget_line(const cli::Invocation& invocation);
Result<int> budget_waive(const cli::Invocation& invocation);
Result<int> budget_whatif(const cli::Invocation& invocation);
Result<int> vendor_list(const cli::Invocation& invocation);
Result<int> vendor_add(const cli::Invocation& invocation);
Result<int> vendor_questions(const cli::Invocation& invocation);
Result<int> vendor_answer(const cli::Invocation& invocation);
Result<int> vendor_show(const cli::Invocation& invocation);
Result<int> vendor_compare(const cli::Invocation& invocation);
Result<int> vendor_except(const cli::Invocation& invocation);
Result<int> approval_list(const cli::Invocation& invocation);
Result<int> approval_agree(const cli::Invocation& invocation);
Result<int> approval_reject(const cli::Invocation& invocation);

}  // namespace bartizan::program
