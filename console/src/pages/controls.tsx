/** What frameworks and laws ask, and how far evidence meets it. */
import {part} from '../api';
import {count} from '../format';
import {useData} from '../hooks';
import {go, Link, useQuery} from '../router';
import {Choice} from '../ui/field';
import {Badge, Empty, Notice, Page, Section, Tone, Trouble, Waiting} from '../ui/parts';
import {Table} from '../ui/table';

export const CONTROL_STATES = ['failing', 'unknown', 'stale', 'attested', 'met'];
const TONES: Record<string, Tone> = {failing: 'bad', unknown: 'plain', stale: 'warn', attested: 'info', met: 'good'};
const MOST = 300;

export function StateBadge({state}: {state: string}) {
  return <Badge tone={TONES[state] ?? 'plain'}>{state}</Badge>;
}

interface Matrix {
  at: number; subjects: number;
  schemes: {scheme: string; title: string; requirements: Record<string, number>}[];
  controls: {requirement: string; title: string; state: string; subjects: Record<string, number>; waived?: number; unchecked?: boolean}[];
}

export function Controls() {
  const query = useQuery();
  const scheme = query.get('scheme') ?? '', state = query.get('state') ?? '', asset = query.get('asset') ?? '';
  const asked = new URLSearchParams();
  if (scheme) asked.set('scheme', scheme.replace(/@.*$/, ''));
  if (state) asked.set('state', state);
  if (asset) asked.set('asset', asset);
  const {data, problem} = useData<Matrix>(`/v1/controls?${asked}`);
  const to = (changes: Record<string, string>) => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) value === '' ? next.delete(name) : next.set(name, value);
    go(`/controls${next.size > 0 ? `?${next}` : ''}`);
  };
  return (
    <Page title="Controls" intro="What frameworks and laws ask, and how far evidence meets it. A state follows from evidence, which expires.">
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : (
        <>
          {scheme === '' ? <Schemes matrix={data} onChoose={(one) => to({scheme: one})} /> : (
            <>
              <p><Link to="/controls">All frameworks</Link></p>
              <div className="filters">
                <Choice label="State" value={state} onChange={(value) => to({state: value})} options={['', ...CONTROL_STATES]} />
              </div>
              <Requirements matrix={data} />
            </>)}
        </>)}
    </Page>
  );
}

function Shares({counts}: {counts: Record<string, number>}) {
  const all = Object.values(counts).reduce((sum, many) => sum + many, 0);
  const label = CONTROL_STATES.map((state) => `${counts[state] ?? 0} ${state}`).join(', ');
  return (
    <svg className="shares" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={label}>
      {CONTROL_STATES.map((state, i) => {
        const before = CONTROL_STATES.slice(0, i).reduce((sum, one) => sum + (counts[one] ?? 0), 0);
        return <rect key={state} className={state} x={(before / Math.max(all, 1)) * 100} width={((counts[state] ?? 0) / Math.max(all, 1)) * 100} height="8" />;
      })}
    </svg>
  );
}

function Schemes({matrix, onChoose}: {matrix: Matrix; onChoose: (scheme: string) => void}) {
  return (
    <Section title="Frameworks">
      {matrix.subjects === 0 && <Notice tone="info">There is no model and no data set yet, so nearly everything is unknown.</Notice>}
      <Table label="Frameworks" rows={matrix.schemes} keyOf={(one) => one.scheme} columns={[
        {name: 'Framework', of: (one) => <button type="button" className="link" onClick={() => onChoose(one.scheme)}>{one.title}</button>},
        {name: 'Met', of: (one) => <Shares counts={one.requirements} />},
        ...CONTROL_STATES.map((state) => ({name: state, right: true, of: (one: Matrix['schemes'][0]) => count(one.requirements[state] ?? 0)})),
      ]} />
    </Section>
  );
}

function Requirements({matrix}: {matrix: Matrix}) {
  const shown = matrix.controls.slice(0, MOST);
  return (
    <Section title="Requirements">
      {shown.length === 0 ? <Empty>There is none in this state.</Empty> : (
        <Table label="Requirements" rows={shown} keyOf={(one) => one.requirement} columns={[
          {name: 'Requirement', of: (one) => <div className="stack"><Link to={`/controls/${part(one.requirement)}`}>{one.requirement}</Link><span>{one.title}</span></div>},
          {name: 'State', of: (one) => <div className="badges"><StateBadge state={one.state} />{one.waived !== undefined && <Badge tone="info">{one.waived} waived</Badge>}{one.unchecked && <Badge>by documents alone</Badge>}</div>},
          {name: 'Subjects', of: (one) => <Shares counts={one.subjects} />},
        ]} />)}
      {matrix.controls.length > MOST && <p className="faint">The first {MOST} of {count(matrix.controls.length)}: choose a state to see fewer.</p>}
    </Section>
  );
}
