/** Everything that happened, entry by entry; and a proof that one was given, checked here. */
import {useState} from 'react';
import {count} from '../format';
import {useData} from '../hooks';
import {go, Link, useQuery} from '../router';
import {Badge, Facts, Notice, Page, Section, Trouble, Waiting} from '../ui/parts';
import {TextArea} from '../ui/field';
import {Table} from '../ui/table';
import {Proof, usePinnedKey} from './proof';
import {EntryInfo} from './types';

const PAGE = 50;
export interface HeadInfo {head: string; entries: number; key: string}

export function Ledger() {
  const query = useQuery();
  const head = useData<HeadInfo>('/v1/ledger/head');
  const size = head.data?.entries ?? 0;
  const wanted = query.get('from');
  const from = wanted !== null && /^[0-9]{1,15}$/.test(wanted) ? Number(wanted) : Math.max(0, size - PAGE);
  const page = useData<{size: number; entries: EntryInfo[]}>(head.data === null ? null : `/v1/ledger/entries?from=${from}&limit=${PAGE}`);
  const problem = head.problem ?? page.problem;
  return (
    <Page title="Ledger" intro="Everything that happened, in an order that nobody can change: open an entry to have its proof checked in this browser.">
      {problem && <Trouble problem={problem} />}
      {head.data && <Head info={head.data} />}
      <Section title="Entries" aside={<Pager from={from} size={size} newest={wanted === null} />}>
        {page.data === null ? !problem && <Waiting /> : (
          <Table label="Entries" rows={[...page.data.entries].reverse()} keyOf={(entry) => entry.index} columns={[
            {name: 'Entry', of: (entry) => <Link className="strong" to={`/ledger/${entry.index}`}>{entry.index}</Link>},
            {name: 'When', of: (entry) => entry.time.replace('T', ' ').slice(0, 19) + ' UTC'},
            {name: 'What', of: (entry) => <Badge tone={/denied|failed/.test(entry.kind) ? 'warn' : 'plain'}>{entry.kind}</Badge>},
            {name: 'Who', of: (entry) => <span className="break">{entry.actor}</span>},
            {name: 'On', of: (entry) => <span className="break">{entry.asset}</span>},
          ]} />)}
      </Section>
      <Given logKey={head.data?.key ?? null} />
    </Page>
  );
}

function Head({info}: {info: HeadInfo}) {
  const changed = usePinnedKey(info.key);
  return (
    <>
      {changed !== null && (
        <Notice tone="bad">
          <p>The ledger is signed by another key than when this browser first saw it. If nobody told you of a new key, do not trust what it says.</p>
          <p className="break">Before: <code>{changed.before}</code></p>
          <button type="button" onClick={changed.accept}>I know of it: keep the new key</button>
        </Notice>)}
      <Facts rows={[['Entries', count(info.entries)], ['Key of the ledger', <code className="break">{info.key}</code>]]} />
    </>
  );
}

function Pager({from, size, newest}: {from: number; size: number; newest: boolean}) {
  const to = (at: number | null) => go(at === null ? '/ledger' : `/ledger?from=${at}`);
  return (
    <div className="pager">
      <button type="button" disabled={from === 0} onClick={() => to(Math.max(0, from - PAGE))}>Older</button>
      <button type="button" disabled={newest || from + PAGE >= size} onClick={() => to(from + PAGE)}>Newer</button>
      <button type="button" disabled={newest} onClick={() => to(null)}>Newest</button>
    </div>
  );
}

function Given({logKey}: {logKey: string | null}) {
  const [text, setText] = useState('');
  const [checked, setChecked] = useState<string | null>(null);
  return (
    <Section title="Check a proof that you were given">
      <TextArea label="Proof" value={text} onChange={setText} hint="The text that 'bartizan ledger prove' writes. It is checked in this browser, and sent nowhere." />
      <button type="button" disabled={text.trim() === '' || logKey === null} onClick={() => setChecked(text)}>Check</button>
      {checked !== null && logKey !== null && <Proof text={checked} logKey={logKey} />}
    </Section>
  );
}
