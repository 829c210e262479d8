/** What the check of a proof came to, step by step. */
import {useEffect, useState} from 'react';
import {checkProof, Verdict} from '../proof/check';
import {Badge, Notice} from '../ui/parts';

const KEY_NAME = 'bartizan-ledger-key';

/** The key that this browser first saw is kept; null: it is still that one. */
export function usePinnedKey(key: string): {before: string; accept: () => void} | null {
  const [before, setBefore] = useState<string | null>(() => {
    try {
      const kept = localStorage.getItem(KEY_NAME);
      if (kept === null) localStorage.setItem(KEY_NAME, key);
      return kept ?? key;
    } catch {
      return key;
    }
  });
  if (before === null || before === key) return null;
  return {before, accept: () => {
    localStorage.setItem(KEY_NAME, key);
    setBefore(key);
  }};
}

export function Proof({text, logKey, expected, onEntry}: {
  text: string; logKey: string; expected?: bigint; onEntry?: (entry: string) => void;
}) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  useEffect(() => {
    let gone = false;
    setVerdict(null);
    void checkProof(text, logKey, expected).then((found) => {
      if (gone) return;
      setVerdict(found);
      onEntry?.(found.entry);
    });
    return () => {
      gone = true;
    };
  }, [text, logKey, expected, onEntry]);
  if (verdict === null) return <p role="status">Checking…</p>;
  return (
    <div className={verdict.holds ? 'proof holds' : 'proof fails'}>
      <Notice tone={verdict.holds ? 'good' : 'bad'}>
        {verdict.holds ? 'The proof holds: this entry stands in the ledger, unchanged.' : 'The proof does not hold. Do not believe this entry.'}
      </Notice>
      <ol className="steps">
        {verdict.steps.map((step) => (
          <li key={step.name}>
            <Badge tone={step.holds ? 'good' : 'bad'}>{step.holds ? 'holds' : 'fails'}</Badge> {step.name}
            <span className="faint break">{step.detail}</span>
          </li>))}
      </ol>
    </div>
  );
}
