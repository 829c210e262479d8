/** One piece of evidence: what was found, on which bytes, by whom, and where it stands in the ledger. */
import {ReactNode, useState} from 'react';
import {part, send} from '../api';
import {useData} from '../hooks';
import {Link} from '../router';
import {useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Badge, Facts, Notice, Page, Trouble, Waiting, When} from '../ui/parts';
import {VersionLink} from './live';
import {verdictTone} from './model';

interface EvidenceInfo {
  id: string; check: string; subject: string; digest: string; method: string; verdict: string; summary?: string;
  value?: number; low?: number; high?: number; samples?: number; unit?: string; tool?: string; limitations?: string[];
  collected: number; expires: number; recorded: number; recorded_by: string; entry: number | null; disputed: string | null;
}

export function Evidence({id}: {id: string}) {
  const path = `/v1/evidence/${part(id)}`;
  const {data, problem, reload} = useData<EvidenceInfo>(path);
  const mayDispute = useMay('govern');
  const [question, setQuestion] = useState<Question | null>(null);
  const dispute: Question = {
    title: 'Dispute this evidence?', action: 'Dispute', danger: true, reason: 'needed',
    text: <p>It counts no more, for any requirement.</p>,
    run: async (reason) => {
      await send('POST', path + '/dispute', {reason});
      await reload();
    },
  };
  const figure = (one: EvidenceInfo): ReactNode => one.value === undefined || one.value === null ? <span className="faint">none</span>
    : `${one.value}${one.unit ? ' ' + one.unit : ''}${one.low != null && one.high != null ? ` (${one.low} to ${one.high})` : ''}${one.samples ? `, ${one.samples} samples` : ''}`;
  return (
    <Page title={data?.check ?? id} intro="Evidence" actions={data && mayDispute && data.disputed === null &&
      <button type="button" className="danger" onClick={() => setQuestion(dispute)}>Dispute…</button>}>
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : (
        <>
          {data.disputed !== null && <Notice tone="bad">Disputed: {data.disputed}</Notice>}
          <Facts rows={[
            ['Verdict', <Badge tone={verdictTone(data.verdict)}>{data.verdict}</Badge>],
            ['Found', data.summary || <span className="faint">nothing was said</span>],
            ['Figure', figure(data)], ['About', <VersionLink text={data.subject} />],
            ['SHA-256', <code className="break">{data.digest}</code>], ['Method', data.method],
            ['Made by', data.tool || <span className="faint">not told</span>],
            ['Limits', (data.limitations ?? []).join('; ') || <span className="faint">none were named</span>],
            ['Collected', <When at={data.collected} />], ['Expires', <When at={data.expires} />],
            ['Recorded', <><When at={data.recorded} /> by {data.recorded_by}</>],
            ['In the ledger', data.entry === null ? <span className="faint">not yet</span> : <Link to={`/ledger/${data.entry}`}>entry {data.entry}</Link>],
          ]} />
        </>)}
      <Ask question={question} onClose={() => setQuestion(null)} />
    </Page>
  );
}
