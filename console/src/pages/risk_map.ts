/** Risks as the register tells of them, and where each lies on the map. Pure. */

export interface Score {likelihood: number; score: number; band: string}
export interface RiskInfo {
  id: string; asset: string; threat: string; title: string; statement: string; owner: string; treatment: string; state: string;
  applies: boolean; inherent: Score; residual: Score; if_fresh: Score; impact: number; effect: number;
  harms: {axis: string; harm: string; level: number; reason: string}[];
  controls: {check: string; state: string; evidence: string | null; effect: number; if_fresh: number; function: string; why: string}[];
  acceptance: {owner: string; by: string; reason: string; granted: number; expires: number; state: string} | null;
}

/** The field of the map that a risk lies in: likelihood is a fraction between whole numbers. */
export function fieldOf(risk: Pick<RiskInfo, 'residual' | 'impact'>): {likelihood: number; impact: number} {
  const within = (value: number) => Math.min(5, Math.max(1, Math.ceil(value - 1e-9)));
  return {likelihood: within(risk.residual.likelihood), impact: within(risk.impact)};
}

/** As the register has it: a score of 1 to 4 is low, to 9 moderate, to 14 high, beyond critical. */
export function bandOf(score: number): string {
  return score <= 4 ? 'low' : score <= 9 ? 'moderate' : score <= 14 ? 'high' : 'critical';
}
