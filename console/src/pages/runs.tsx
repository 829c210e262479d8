/** Playbooks at work: what each step did, and what waits for somebody. */
import {useState} from 'react';
import {part} from '../api';
import {useData} from '../hooks';
import {useKnown} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Choice} from '../ui/field';
import {Badge, Empty, Section, Tone, When} from '../ui/parts';
import {Act} from './incident';
import {RunInfo, StepVisit} from './incident_types';

const TONES: Record<string, Tone> = {done: 'good', completed: 'good', waiting: 'warn', begun: 'info', running: 'info', failed: 'bad', rejected: 'bad', aborted: 'bad'};

export function Runs({runs, incident, act, mayRespond, ask}: {
  runs: RunInfo[]; incident: number; act: Act; mayRespond: boolean; ask: (question: Question) => void;
}) {
  const [starting, setStarting] = useState(false);
  return (
    <Section title="Playbooks" aside={mayRespond && <button type="button" onClick={() => setStarting(true)}>Run a playbook…</button>}>
      {runs.length === 0 ? <Empty>No playbook was run for it.</Empty>
        : runs.map((run) => <Run key={run.run} id={run.run} act={act} mayRespond={mayRespond} ask={ask} />)}
      {starting && <Start incident={incident} act={act} onClose={() => setStarting(false)} />}
    </Section>
  );
}

function Run({id, act, mayRespond, ask}: {id: string; act: Act; mayRespond: boolean; ask: (question: Question) => void}) {
  const {data, reload} = useData<RunInfo>(`/v1/runs/${part(id)}`);
  const {session} = useKnown();
  if (data === null) return null;
  const decide = (step: StepVisit, agreed: boolean): Question => ({
    title: agreed ? `Agree to: ${step.name ?? step.step}?` : `Turn down: ${step.name ?? step.step}?`,
    action: agreed ? 'Agree' : 'Turn down', danger: !agreed, reason: 'asked',
    text: <p>{step.manual ?? 'The playbook goes on from there.'}</p>,
    run: async (note) => {
      await act(agreed ? 'You agreed.' : 'You turned it down.', 'POST', `/v1/runs/${part(id)}/decide`, {step: step.step, agreed, note});
      await reload();
    },
  });
  const needsOthers = (step: StepVisit) => (step.approvals_needed ?? 0) > 0 && data.started_by === session.name;
  return (
    <article className="card run" aria-label={`Run of ${data.playbook}`}>
      <h3>{data.playbook} <Badge tone={TONES[data.state] ?? 'plain'}>{data.state}</Badge> {data.mode !== 'execute' && <Badge tone="info">{data.mode}</Badge>}</h3>
      <p className="faint">started <When at={data.started} /> by {data.started_by}{data.reason && <>: {data.reason}</>}</p>
      <ol className="run-steps">
        {data.steps.map((step) => (
          <li key={`${step.step}/${step.visit}`}>
            <Badge tone={TONES[step.state] ?? 'plain'}>{step.state}</Badge> {step.name ?? step.step}
            {step.approvals_needed !== undefined && <span className="faint"> · {(step.agreed ?? []).length} of {step.approvals_needed} agreed</span>}
            {step.state === 'waiting' && mayRespond && (needsOthers(step) ? <span className="faint"> · somebody else must agree</span> : (
              <div className="badges">
                <button type="button" className="primary" onClick={() => ask(decide(step, true))}>{step.manual ? 'It is done…' : 'Agree…'}</button>
                <button type="button" onClick={() => ask(decide(step, false))}>Turn down…</button>
              </div>))}
          </li>))}
      </ol>
    </article>
  );
}

function Start({incident, act, onClose}: {incident: number; act: Act; onClose: () => void}) {
  const {data} = useData<{playbooks: {playbook: string; title: string; description: string}[]}>('/v1/playbooks');
  const [name, setName] = useState('');
  const [mode, setMode] = useState('dry');
  const chosen = data?.playbooks.find((one) => one.playbook === name);
  return <Ask onClose={onClose} question={{
    title: 'Run a playbook', action: mode === 'execute' ? 'Execute' : 'Run', danger: mode === 'execute', ready: chosen !== undefined,
    text: <p>Dry: it tells what it would do, and does nothing.</p>,
    children: <>
      <Choice label="Playbook" value={name} onChange={setName} options={['', ...(data?.playbooks ?? []).map((one) => one.playbook)]} />
      {chosen && <p className="hint">{chosen.title}. {chosen.description}</p>}
      <Choice label="Mode" value={mode} onChange={setMode} options={['dry', 'execute', 'drill']} />
    </>,
    run: () => act(mode === 'execute' ? 'The playbook was started.' : 'The playbook was run.', 'POST', `/v1/playbooks/${part(name)}/run`, {incident, mode}),
  }} />;
}
