/** One model: which version serves, which others there are, and the ways between them. */
import {useState} from 'react';
import {part, send} from '../api';
import {bytes} from '../format';
import {useData} from '../hooks';
import {Link} from '../router';
import {useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Badge, Empty, Facts, Notice, Page, Section, Tone, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {scoreTone} from './overview';
import {promoteQuestion} from './promote';
import {AssetInfo, Move, VersionInfo} from './types';

export interface Done {tone: Tone; text: string}

/** 202: a second person must agree first. */
export function told(answer: unknown, done: string): Done {
  const waits = typeof answer === 'object' && answer !== null && 'approval' in answer;
  return waits ? {tone: 'info', text: 'A second person must agree first: it waits under Approvals.'} : {tone: 'good', text: done};
}

export function Model({name}: {name: string}) {
  const path = `/v1/models/${part(name)}`;
  const {data, problem, reload} = useData<AssetInfo>(path);
  const moves = useData<{moves: Move[]}>(path + '/moves');
  const [question, setQuestion] = useState<Question | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const object = 'model:' + name;
  const mayPromote = useMay('promote', object), mayQuarantine = useMay('quarantine', object);
  const mayRelease = useMay('release', object), mayOverride = useMay('override-gates', object);
  const act = async (text: string, method: 'POST' | 'PUT', at: string, body: unknown) => {
    const answer = await send<unknown>(method, at, body);
    setDone(told(answer, text));
    await Promise.all([reload(), moves.reload()]);
  };
  const production = data?.aliases['production'] ?? 0;
  const rollBack = (): Question => ({
    title: `Roll ${name} back to version ${data!.rollback_to}?`, action: 'Roll back', reason: 'needed',
    text: <p>Version {production} stops serving, version {data!.rollback_to} serves every caller within a second.</p>,
    run: (reason) => act(`${name} is back at version ${data!.rollback_to}.`, 'POST', path + '/rollback', {reason}),
  });
  const quarantine = (): Question => ({
    title: `Put ${name} in quarantine?`, action: 'Quarantine', danger: true, reason: 'needed',
    text: <p>All its versions stop answering and cannot be read, but by the role security, which alone can release it.</p>,
    run: (reason) => act(`${name} is in quarantine.`, 'POST', path + '/quarantine', {reason}),
  });
  const release = (): Question => ({
    title: `Release ${name} from quarantine?`, action: 'Release', reason: 'needed',
    text: <p>It was held because: {data!.quarantine}</p>,
    run: (reason) => act(`${name} is released.`, 'POST', path + '/release', {reason}),
  });
  return (
    <Page title={name} intro="Which version serves, and which others there are." actions={data && (
      <>
        {mayPromote && data.rollback_to !== null && <button type="button" onClick={() => setQuestion(rollBack())}>Roll back…</button>}
        {mayQuarantine && data.quarantine === null && <button type="button" className="danger" onClick={() => setQuestion(quarantine())}>Quarantine…</button>}
        {mayRelease && data.quarantine !== null && <button type="button" onClick={() => setQuestion(release())}>Release…</button>}
      </>)}>
      {done && <Notice tone={done.tone}>{done.text}</Notice>}
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : (
        <>
          {data.quarantine !== null && <Notice tone="bad">In quarantine: {data.quarantine}</Notice>}
          <Facts rows={[
            ['In production', production === 0 ? 'no version' : <Link to={`/models/${part(name)}/versions/${production}`}>version {production}</Link>],
            ['Newest', `version ${data.newest}`],
            ['A rollback leads to', data.rollback_to === null ? 'nothing: none of the versions before may serve' : `version ${data.rollback_to}`],
            ['Made', <><When at={data.created} /> by {data.created_by}</>],
          ]} />
          <Section title="Versions">
            <Table label="Versions" rows={[...data.versions].sort((a, b) => b.version - a.version)} keyOf={(one) => one.version} columns={[
              {name: 'Version', of: (one) => <Link className="strong" to={`/models/${part(name)}/versions/${one.version}`}>version {one.version}</Link>},
              {name: 'Stage', of: (one) => <Stage stage={one.stage} />},
              {name: 'Evidence', of: (one) => <Evidence version={one} />},
              {name: 'File', of: (one) => <div className="stack"><span className="break">{one.file}</span><span className="faint">{bytes(one.bytes)}</span></div>},
              {name: 'Pushed', of: (one) => <div className="stack"><When at={one.created} /><span className="faint">by {one.created_by}</span></div>},
              {name: 'Do', of: (one) => mayPromote && one.stage !== 'production' && one.quarantine === null && !one.removed
                ? <button type="button" onClick={() => setQuestion(promoteQuestion(one, name, mayOverride, act))}>Promote {one.version}…</button> : null},
            ]} />
          </Section>
          <Moves moves={moves.data?.moves ?? []} />
        </>)}
      <Ask question={question} onClose={() => setQuestion(null)} />
    </Page>
  );
}

export function Stage({stage}: {stage: string}) {
  const tones: Record<string, Tone> = {production: 'good', candidate: 'info', quarantined: 'bad'};
  return <Badge tone={tones[stage] ?? 'plain'}>{stage}</Badge>;
}

export function verdictTone(verdict: string): Tone {
  if (verdict === 'clean' || verdict === 'verified' || verdict === 'pass') return 'good';
  return verdict === 'malicious' || verdict === 'failed' || verdict === 'fail' ? 'bad' : 'warn';
}

function Evidence({version}: {version: VersionInfo}) {
  if (version.checks.length === 0) return <span className="faint">none</span>;
  return <div className="badges">{version.checks.map((check) => (
    <Badge key={check.name} tone={check.score === null ? verdictTone(check.verdict) : scoreTone(check.score)}>
      {check.name}: {check.score === null ? check.verdict : Math.round(check.score)}
    </Badge>))}</div>;
}

function Moves({moves}: {moves: Move[]}) {
  return (
    <Section title="What was moved">
      {moves.length === 0 ? <Empty>No version was promoted yet.</Empty> : (
        <Table label="Moves" rows={moves.map((move, i) => ({...move, i}))} keyOf={(move) => move.i} columns={[
          {name: 'When', of: (move) => <When at={move.moved} />},
          {name: 'What', of: (move) => `${move.move}: ${move.alias} ${move.from === null ? '' : `from ${move.from} `}to ${move.to}`},
          {name: 'Who', of: (move) => move.moved_by},
          {name: 'Reason', of: (move) => move.reason || <span className="faint">none was given</span>},
        ]} />)}
    </Section>
  );
}
