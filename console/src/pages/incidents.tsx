/** What happened that must be answered: a board by how far each has come. */
import {useState} from 'react';
import {send} from '../api';
import {count} from '../format';
import {useData} from '../hooks';
import {go, Link} from '../router';
import {useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Choice, Field} from '../ui/field';
import {Badge, Empty, Page, severityTone, Trouble, Waiting, When} from '../ui/parts';
import {IncidentInfo, STATES} from './incident_types';

export function Incidents() {
  const {data, problem} = useData<{incidents: IncidentInfo[]}>('/v1/incidents?limit=200');
  const mayRespond = useMay('respond');
  const [opening, setOpening] = useState(false);
  return (
    <Page title="Incidents" intro="What happened that must be answered, and how far each has come."
      actions={mayRespond && <button type="button" className="primary" onClick={() => setOpening(true)}>Open an incident…</button>}>
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : data.incidents.length === 0
        ? <Empty command={'bartizan incident open "it answers otherwise" --severity high --version model:demo@1'}>There is no incident. Alerts open them by themselves; so can you:</Empty>
        : <Board incidents={data.incidents} />}
      {opening && <Open onClose={() => setOpening(false)} />}
    </Page>
  );
}

function Board({incidents}: {incidents: IncidentInfo[]}) {
  return (
    <div className="board">
      {STATES.map((state) => {
        const here = incidents.filter((one) => one.state === state);
        return (
          <section key={state} className="column" aria-labelledby={'state-' + state}>
            <h2 id={'state-' + state}>{state} <span className="faint">{count(here.length)}</span></h2>
            {here.length === 0 ? <p className="faint">none</p> : (
              <ul>
                {here.map((one) => (
                  <li key={one.incident}>
                    <Link to={`/incidents/${one.incident}`}>{one.incident}: {one.title}</Link>
                    <div className="badges"><Badge tone={severityTone(one.severity)}>{one.severity}</Badge><Badge>{one.threat}</Badge></div>
                    <p className="faint">{one.owner ?? 'nobody owns it'} · <When at={one.last_signal || one.opened} /></p>
                  </li>))}
              </ul>)}
          </section>);
      })}
    </div>
  );
}

const SEVERITIES = ['low', 'medium', 'high', 'critical'];
const THREATS = ['other', 'evasion', 'extraction', 'membership', 'drift', 'tampering', 'poisoning', 'backdoor', 'leaked-key', 'misuse'];

function Open({onClose}: {onClose: () => void}) {
  const [title, setTitle] = useState('');
  const [severity, setSeverity] = useState('medium');
  const [threat, setThreat] = useState('other');
  const [version, setVersion] = useState('');
  const question: Question = {
    title: 'Open an incident', action: 'Open', ready: title.trim() !== '', text: <p>Say what you saw.</p>,
    children: <>
      <Field label="What happened" value={title} onChange={setTitle} />
      <Choice label="Severity" value={severity} onChange={setSeverity} options={SEVERITIES} />
      <Choice label="Threat" value={threat} onChange={setThreat} options={THREATS} />
      <Field label="Version" value={version} onChange={setVersion} hint="as model:fashion@3; may be empty" />
    </>,
    run: async () => {
      const made = await send<IncidentInfo>('POST', '/v1/incidents', {title, severity, threat, ...(version !== '' && {version})});
      go(`/incidents/${made.incident}`);
    },
  };
  return <Ask question={question} onClose={onClose} />;
}
