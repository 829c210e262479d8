/** One incident: what is known, what is to be done, what was done. */
import {useState} from 'react';
import {send} from '../api';
import {span} from '../format';
import {useData} from '../hooks';
import {Link} from '../router';
import {useKnown, useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Choice, Field} from '../ui/field';
import {Badge, Empty, Facts, Notice, Page, Section, severityTone, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {Clocks} from './clocks';
import {Report, STATES, Task} from './incident_types';
import {VersionLink} from './live';
import {Runs} from './runs';

export type Act = (text: string, method: 'POST' | 'PUT', path: string, body?: unknown) => Promise<void>;

export function Incident({number}: {number: string}) {
  const path = `/v1/incidents/${encodeURIComponent(number)}`;
  const {data, problem, reload} = useData<Report>(path);
  const mayRespond = useMay('respond');
  const {session} = useKnown();
  const [question, setQuestion] = useState<Question | null>(null);
  const [adding, setAdding] = useState<'note' | 'task' | 'state' | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const act: Act = async (text, method, at, body) => {
    await send(method, at, body);
    setDone(text);
    await reload();
  };
  const incident = data?.incident;
  const finish = (task: Task): Question => ({
    title: `Is this done: ${task.title}?`, action: 'Done', text: <p>It is kept on the timeline.</p>,
    run: () => act('The task is done.', 'POST', `${path}/tasks/${task.task}/done`),
  });
  return (
    <Page title={incident ? `${incident.incident}: ${incident.title}` : `Incident ${number}`} intro={<Link to="/incidents">All incidents</Link>}
      actions={incident && mayRespond && (
        <>
          {incident.owner !== session.name && <button type="button" onClick={() => void act('You own it.', 'POST', `${path}/owner`, {owner: session.name})}>Take it</button>}
          <button type="button" onClick={() => setAdding('note')}>Add a note…</button>
          <button type="button" onClick={() => setAdding('task')}>Add a task…</button>
          <button type="button" className="primary" onClick={() => setAdding('state')}>Move on…</button>
        </>)}>
      {done && <Notice tone="good">{done}</Notice>}
      {problem && <Trouble problem={problem} />}
      {data === null || !incident ? !problem && <Waiting /> : (
        <>
          <Known report={data} />
          <Clocks clocks={data.clocks} path={path} act={act} mayRespond={mayRespond} ask={setQuestion} />
          <Runs runs={data.runs} incident={incident.incident} act={act} mayRespond={mayRespond} ask={setQuestion} />
          <Section title="Tasks">
            {data.tasks.length === 0 ? <Empty>There is nothing to do that somebody wrote down.</Empty> : (
              <Table label="Tasks" rows={data.tasks} keyOf={(task) => task.task} columns={[
                {name: 'Task', of: (task) => task.title},
                {name: 'Owner', of: (task) => task.owner ?? <span className="faint">nobody</span>},
                {name: 'State', of: (task) => task.done !== null ? <Badge tone="good">done by {task.done_by}</Badge> : <Badge tone="warn">to do</Badge>},
                {name: 'Do', of: (task) => mayRespond && task.done === null && <button type="button" onClick={() => setQuestion(finish(task))} aria-label={`Done: ${task.title}`}>Done…</button>},
              ]} />)}
          </Section>
          <Timeline report={data} />
        </>)}
      <Ask question={question} onClose={() => setQuestion(null)} />
      {adding === 'note' && <Note path={path} act={act} onClose={() => setAdding(null)} />}
      {adding === 'task' && <NewTask path={path} act={act} onClose={() => setAdding(null)} />}
      {adding === 'state' && incident && <Move path={path} state={incident.state} act={act} onClose={() => setAdding(null)} />}
    </Page>
  );
}

function Known({report}: {report: Report}) {
  const {incident, times, holds} = report;
  const took = (seconds: number | null) => (seconds === null ? <span className="faint">not yet</span> : span(seconds));
  return (
    <Facts rows={[
      ['State', <Badge tone={incident.state === 'open' ? 'bad' : incident.state === 'closed' ? 'good' : 'info'}>{incident.state}</Badge>],
      ['Severity', <Badge tone={severityTone(incident.severity)}>{incident.severity}</Badge>],
      ['Threat', [incident.threat, ...incident.atlas].join(', ')],
      ['Owner', incident.owner ?? <span className="faint">nobody</span>],
      ['Versions', incident.versions.length === 0 ? <span className="faint">none</span> : incident.versions.map((one) => <div key={one}><VersionLink text={one} /></div>)],
      ['Principals', incident.principals.join(', ') || <span className="faint">none</span>],
      ['Evidence held', holds.length === 0 ? <span className="faint">none yet</span> : `${holds.length}, the first ${holds[0]!.sha256.slice(0, 16)}…`],
      ['Time to detect', took(times.to_detect)], ['Time to contain', took(times.to_contain)], ['Time to recover', took(times.to_recover)],
    ]} />
  );
}

function Timeline({report}: {report: Report}) {
  const entries = [...report.timeline].sort((a, b) => b.position - a.position);
  return (
    <Section title="Timeline">
      <ol className="feed timeline" aria-label="Timeline, the newest first">
        {entries.map((entry) => (
          <li key={entry.position}>
            <div className="feed-head"><Badge>{entry.kind}</Badge><span className="break">{entry.text}</span></div>
            <p className="faint"><When at={entry.at} /> · {entry.actor}</p>
          </li>))}
      </ol>
    </Section>
  );
}

function Note({path, act, onClose}: {path: string; act: Act; onClose: () => void}) {
  const [text, setText] = useState('');
  return <Ask onClose={onClose} question={{
    title: 'Add a note', action: 'Add', ready: text.trim() !== '', text: <p>It stands on the timeline, and cannot be changed.</p>,
    children: <Field label="Note" value={text} onChange={setText} />,
    run: () => act('The note is kept.', 'POST', `${path}/notes`, {text}),
  }} />;
}

function NewTask({path, act, onClose}: {path: string; act: Act; onClose: () => void}) {
  const [title, setTitle] = useState('');
  const [owner, setOwner] = useState('');
  return <Ask onClose={onClose} question={{
    title: 'Add a task', action: 'Add', ready: title.trim() !== '', text: <p>Say what is to be done, and by whom.</p>,
    children: <>
      <Field label="Task" value={title} onChange={setTitle} />
      <Field label="Owner" value={owner} onChange={setOwner} hint="may be empty" />
    </>,
    run: () => act('The task is added.', 'POST', `${path}/tasks`, {title, owner}),
  }} />;
}

function Move({path, state, act, onClose}: {path: string; state: string; act: Act; onClose: () => void}) {
  const ended = state === 'closed' || state === 'dismissed';
  const ways = ended ? ['open'] : STATES.slice(STATES.indexOf(state) + 1);
  const [to, setTo] = useState(ways[0] ?? 'open');
  const needed = to === 'dismissed' || to === 'open';
  return <Ask onClose={onClose} question={{
    title: 'How far has it come?', action: 'Move', reason: needed ? 'needed' : 'asked', text: <p>It is {state} now.</p>,
    children: <Choice label="To" value={to} onChange={setTo} options={ways} />,
    run: (reason) => act(`It is ${to}.`, 'POST', `${path}/state`, {state: to, reason}),
  }} />;
}
