#!/bin/sh
# A worked example: makes a credit table in which the past was unfair to women under 25, trains a model on it, and audits
# the model for bias. Usage: run.sh [FOLDER]. Needs bartizan on the PATH (or in $BARTIZAN) and awk.
set -eu
out=${1:-credit-bias}
bartizan=${BARTIZAN:-bartizan}
mkdir -p "$out"

# Park and Miller's generator, so that the table is the same wherever it is made.
table() {
    awk -v seed="$1" -v rows="$2" 'function uniform() { seed = seed * 16807 % 2147483647; return seed / 2147483647 }
    BEGIN {
        print "income,debt,years_employed,postcode,sex,age,granted"
        for (i = 0; i < rows; ++i) {
            female = uniform() < 0.5; age = 18 + int(47 * uniform())
            income = 1.5 + 2 * uniform() + uniform(); debt = 2 * uniform()
            years = int((age - 18) * uniform() / 2)
            # Where people live tells their sex in this town: a model may use it in its place.
            postcode = female ? 20 + int(10 * uniform()) : 10 + int(12 * uniform())
            # Who paid back had income to spare; who decided in the past also held sex and youth against people.
            score = income - debt + 0.04 * years - 1.2 + 0.6 * (uniform() - 0.5)
            if (female) score -= 0.35
            if (female && age < 25) score -= 0.5
            printf "%.3f,%.3f,%d,%d,%s,%d,%s\n", income, debt, years, postcode, (female ? "woman" : "man"), age, (score > 0 ? "yes" : "no")
        }
    }'
}
table 11 6000 > "$out/train.csv"
table 12 3000 > "$out/test.csv"
# The model sees neither sex nor age: both stay in a file of their own, row by row.
for part in train test; do
    cut -d, -f1-4,7 "$out/$part.csv" > "$out/$part-model.csv"
    cut -d, -f5,6 "$out/$part.csv" > "$out/$part-people.csv"
done

"$bartizan" train mlp --data "$out/train-model.csv" --label granted --epochs 10 --seed 1 --out "$out/credit.onnx" --quiet
cat > "$out/plan.yaml" <<PLAN
samples: 400
probes:
  evasion-blackbox: off
  minimal-perturbation: off
  backdoor: off
  reliability: off
  evasion-whitebox: {steps: 10, final-steps: 10}
  bias: {favourable: 1}
PLAN
"$bartizan" audit "$out/credit.onnx" --data "$out/test-model.csv" --label granted --plan "$out/plan.yaml" \
    --train-data "$out/train-model.csv" --group sex --group age:25,45 --group-file "$out/test-people.csv" \
    --seed 1 --out "$out/report" --fail-on never
