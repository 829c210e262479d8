/** One entry of the ledger, shown from its proof: what is read here is what was checked. */
import {useCallback, useState} from 'react';
import {part} from '../api';
import {useData, useText} from '../hooks';
import {Link} from '../router';
import {Facts, Page, Section, Trouble, Waiting} from '../ui/parts';
import {HeadInfo} from './ledger';
import {Proof} from './proof';
import {EntryInfo} from './types';

export function Entry({index}: {index: string}) {
  const head = useData<HeadInfo>('/v1/ledger/head');
  const proof = useText(`/v1/ledger/entries/${part(index)}/proof`);
  const [text, setText] = useState('');
  const keep = useCallback((entry: string) => setText(entry), []);
  const problem = head.problem ?? proof.problem;
  const known = /^[0-9]{1,18}$/.test(index);
  return (
    <Page title={`Entry ${index}`} intro={<Link to="/ledger">The ledger</Link>}>
      {problem && <Trouble problem={problem} />}
      {head.data === null || proof.data === null ? !problem && <Waiting /> : (
        <>
          <Section title="Proof"><Proof text={proof.data} logKey={head.data.key} {...(known && {expected: BigInt(index)})} onEntry={keep} /></Section>
          <Shown text={text} />
          <Section title="The proof, to be kept or handed on">
            <pre tabIndex={0} aria-label="Proof">{proof.data}</pre>
          </Section>
        </>)}
    </Page>
  );
}

function Shown({text}: {text: string}) {
  let entry: EntryInfo;
  try {
    entry = JSON.parse(text) as EntryInfo;
  } catch {
    return null;
  }
  return (
    <Section title="What it says">
      <Facts rows={[
        ['When', String(entry.time)], ['What', String(entry.kind)], ['Who', String(entry.actor)],
        ['On', <span className="break">{String(entry.asset)}</span>],
      ]} />
      <pre tabIndex={0} aria-label="Details">{JSON.stringify(entry.details, null, 2)}</pre>
    </Section>
  );
}
