/** One version and its evidence. */
import {useState} from 'react';
import {part, send} from '../api';
import {bytes} from '../format';
import {useData} from '../hooks';
import {Link} from '../router';
import {useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Badge, Empty, Facts, Notice, Page, Section, sentence, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {Done, Stage, told, verdictTone} from './model';
import {promoteQuestion} from './promote';
import {VersionInfo} from './types';

export function Version({name, version}: {name: string; version: string}) {
  const path = `/v1/models/${part(name)}`;
  const {data, problem, reload} = useData<VersionInfo>(`${path}/versions/${part(version)}`);
  const [question, setQuestion] = useState<Question | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const object = 'model:' + name;
  const mayPromote = useMay('promote', object), mayQuarantine = useMay('quarantine', object);
  const mayRelease = useMay('release', object), mayOverride = useMay('override-gates', object);
  const act = async (text: string, method: 'POST' | 'PUT', at: string, body: unknown) => {
    const answer = await send<unknown>(method, at, body);
    setDone(told(answer, text));
    await reload();
  };
  const hold = (kind: 'quarantine' | 'release'): Question => ({
    title: kind === 'quarantine' ? `Put version ${version} in quarantine?` : `Release version ${version}?`,
    action: kind === 'quarantine' ? 'Quarantine' : 'Release', danger: kind === 'quarantine', reason: 'needed',
    text: <p>{kind === 'quarantine' ? 'It stops answering and cannot be read, but by the role security.' : `It was held because: ${data!.quarantine}`}</p>,
    run: (reason) => act(kind === 'quarantine' ? 'It is in quarantine.' : 'It is released.', 'POST', `${path}/${kind}`,
      {version: Number(version), reason}),
  });
  return (
    <Page title={`${name}, version ${version}`} intro={<Link to={`/models/${part(name)}`}>All versions of {name}</Link>} actions={data && (
      <>
        {mayPromote && data.stage !== 'production' && data.quarantine === null && !data.removed &&
          <button type="button" className="primary" onClick={() => setQuestion(promoteQuestion(data, name, mayOverride, act))}>Promote…</button>}
        {mayQuarantine && data.quarantine === null && <button type="button" className="danger" onClick={() => setQuestion(hold('quarantine'))}>Quarantine…</button>}
        {mayRelease && data.quarantine !== null && <button type="button" onClick={() => setQuestion(hold('release'))}>Release…</button>}
      </>)}>
      {done && <Notice tone={done.tone}>{done.text}</Notice>}
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : <Shown data={data} name={name} />}
      <Ask question={question} onClose={() => setQuestion(null)} />
    </Page>
  );
}

function Shown({data, name}: {data: VersionInfo; name: string}) {
  const missing = data.missing_for_production ?? [];
  return (
    <>
      {data.quarantine !== null && <Notice tone="bad">In quarantine: {data.quarantine}</Notice>}
      <Facts rows={[
        ['Stage', <Stage stage={data.stage} />],
        ['File', <span className="break">{data.file}, {bytes(data.bytes)}</span>],
        ['SHA-256', <code className="break">{data.sha256}</code>],
        ['Pushed', <><When at={data.created} /> by {data.created_by}</>],
        ['Note', data.note || <span className="faint">none</span>],
        ['Range of inputs', data.input_range === null ? <span className="faint">not told</span> : `${data.input_range[0]} to ${data.input_range[1]}`],
      ]} />
      <Section title="Evidence">
        {missing.length > 0 && <Notice tone="warn">Before it may serve: {missing.map(sentence).join(' ')}</Notice>}
        {data.checks.length === 0
          ? <Empty command={`bartizan audit model.onnx --data data.npz --out audit\nbartizan registry push model.onnx --name ${name} --audit audit/report.json`}>Nothing was examined yet. An audit tells how it stands against attacks:</Empty>
          : <Table label="Evidence" rows={data.checks} keyOf={(check) => check.name} columns={[
              {name: 'Check', of: (check) => check.name},
              {name: 'Verdict', of: (check) => <Badge tone={verdictTone(check.verdict)}>{check.verdict}</Badge>},
              {name: 'Score', of: (check) => (check.score === null ? '' : `${Math.round(check.score)} of 100`)},
              {name: 'Detail', of: (check) => check.detail || <span className="faint">none</span>},
              {name: 'When', of: (check) => <When at={check.created} />},
            ]} />}
      </Section>
      <Section title="What goes with it">
        {data.attachments.length === 0 ? <Empty>Nothing was attached.</Empty> : (
          <Table label="Attachments" rows={data.attachments} keyOf={(one) => one.role} columns={[
            {name: 'What', of: (one) => one.role},
            {name: 'SHA-256', of: (one) => <code className="break">{one.sha256}</code>},
            {name: 'Size', of: (one) => bytes(one.bytes), right: true},
            {name: 'When', of: (one) => <When at={one.created} />},
          ]} />)}
      </Section>
    </>
  );
}
