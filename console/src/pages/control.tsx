/** One requirement: each subject that it is asked of, and the evidence behind its state. */
import {useData} from '../hooks';
import {Link} from '../router';
import {Badge, Empty, Facts, Page, Section, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {StateBadge} from './controls';
import {verdictTone} from './model';
import {VersionLink} from './live';

interface Part {
  check: string; role: string; state: string;
  evidence: {id: string; verdict: string; collected: number; expires: number; summary: string} | null;
}
interface ControlInfo {
  requirement: string; title: string; scheme: string; licence: string; mapping: string; note?: string;
  subjects: {subject: string; digest: string; state: string; waived?: string; checks: Part[]}[];
}

export function Control({id}: {id: string}) {
  const {data, problem} = useData<ControlInfo>(`/v1/controls/requirement?id=${encodeURIComponent(id)}`);
  const scheme = id.slice(0, Math.max(id.indexOf(':'), 0));
  return (
    <Page title={id} intro={<Link to={`/controls?scheme=${encodeURIComponent(scheme)}`}>The framework</Link>}>
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : (
        <>
          <Facts rows={[
            ['Asks', data.title], ['Framework', data.scheme],
            ['How checks were assigned', data.mapping], ['Licence of the text', data.licence],
            ...(data.note ? [['Note', data.note] as [string, string]] : []),
          ]} />
          <Section title="Subjects">
            {data.subjects.length === 0 ? <Empty>It is asked of nothing that there is.</Empty> : data.subjects.map((one) => (
              <article key={one.subject + one.digest} className="card subject" aria-label={one.subject}>
                <h3><VersionLink text={one.subject} /> <StateBadge state={one.state} /> {one.waived && <Badge tone="info">{one.waived}</Badge>}</h3>
                {one.checks.length === 0 ? <p className="faint">No check bears on it.</p> : (
                  <Table label={`Checks of ${one.subject}`} rows={one.checks.map((check, i) => ({...check, i}))} keyOf={(check) => check.i} columns={[
                    {name: 'Check', of: (check) => <span className="break">{check.check} <span className="faint">({check.role})</span></span>},
                    {name: 'State', of: (check) => <StateBadge state={check.state} />},
                    {name: 'Evidence', of: (check) => check.evidence === null ? <span className="faint">none</span> : <Evidence one={check.evidence} />},
                  ]} />)}
              </article>))}
          </Section>
        </>)}
    </Page>
  );
}

function Evidence({one}: {one: NonNullable<Part['evidence']>}) {
  return (
    <div className="stack">
      <Link to={`/evidence/${encodeURIComponent(one.id)}`}>{one.summary || one.id}</Link>
      <span><Badge tone={verdictTone(one.verdict)}>{one.verdict}</Badge> <span className="faint">collected <When at={one.collected} />, expires <When at={one.expires} /></span></span>
    </div>
  );
}
