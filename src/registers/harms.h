#pragma once
/// What a threat may harm, and how much, by what the inventory says of the asset. Where it says nothing the harm is
/// severe, and the reason says so. Pure.

#include <vector>

#include "governance/inventory.h"
#include "registers/risks.h"

namespace bartizan::registers {

/// safety, money, availability: the criticality. rights: the risk class of the EU AI Act. confidentiality: the classes
/// of data. legal: the risk class, and at least 4 in health, finance and automotive.
Harm harm_of(const std::string& axis, const governance::Profile& profile);
/// One for each axis of the threat; what people judged goes first.
std::vector<Harm> harms_of(const Threat& threat, const governance::Profile& profile, const std::vector<Harm>& judged);

}  // namespace bartizan::registers
