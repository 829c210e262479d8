/** One risk: where its figures come from, who answers for it, whether it is accepted. */
import {useState} from 'react';
import {part, send} from '../api';
import {useData} from '../hooks';
import {Link} from '../router';
import {useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Choice, Field} from '../ui/field';
import {Badge, Empty, Facts, Notice, Page, Section, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {StateBadge} from './controls';
import {VersionLink} from './live';
import {RiskInfo} from './risk_map';
import {Band} from './risks';

const TREATMENTS = ['', 'avoid', 'mitigate', 'transfer', 'share', 'accept'];
const DAY = 86_400;

export function Risk({id}: {id: string}) {
  const path = `/v1/risks/${part(id)}`;
  const {data, problem, reload} = useData<RiskInfo>(path);
  const mayGovern = useMay('govern');
  const [open, setOpen] = useState<'set' | 'accept' | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const act = async (text: string, method: 'PUT' | 'POST', at: string, body: unknown) => {
    await send(method, at, body);
    setDone(text);
    await reload();
  };
  return (
    <Page title={data ? `${data.id}: ${data.title}` : id} intro={<Link to="/risks">All risks</Link>} actions={data && mayGovern && (
      <>
        <button type="button" onClick={() => setOpen('set')}>Owner and treatment…</button>
        <button type="button" onClick={() => setOpen('accept')}>Accept…</button>
      </>)}>
      {done && <Notice tone="good">{done}</Notice>}
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : <Shown risk={data} />}
      {data && open === 'set' && <Words risk={data} onClose={() => setOpen(null)} run={(body) => act('It is kept.', 'PUT', path, body)} />}
      {data && open === 'accept' && <Accept onClose={() => setOpen(null)} run={(body) => act('The risk is accepted.', 'POST', path + '/accept', body)} />}
    </Page>
  );
}

function Shown({risk}: {risk: RiskInfo}) {
  return (
    <>
      <Facts rows={[
        ['Asset', <VersionLink text={risk.asset} />], ['What could happen', risk.statement || risk.title], ['Threat', risk.threat],
        ['Before controls', <Band score={risk.inherent} />], ['Now', <Band score={risk.residual} />],
        ['If all evidence were fresh', <Band score={risk.if_fresh} />], ['Impact', `${risk.impact} of 5`],
        ['Owner', risk.owner || <Badge tone="warn">nobody</Badge>], ['Treatment', risk.treatment || <span className="faint">undecided</span>],
        ['State', risk.state],
        ['Accepted', risk.acceptance === null ? <span className="faint">no</span>
          : <>by {risk.acceptance.by}: {risk.acceptance.reason}; ends <When at={risk.acceptance.expires} /></>],
      ]} />
      <Section title="What stands against it">
        {risk.controls.length === 0 ? <Empty>Nothing that is tested.</Empty> : (
          <Table label="Controls" rows={risk.controls} keyOf={(one) => one.check} columns={[
            {name: 'Check', of: (one) => one.evidence === null ? one.check : <Link to={`/evidence/${part(one.evidence)}`}>{one.check}</Link>},
            {name: 'State', of: (one) => <StateBadge state={one.state} />},
            {name: 'Takes away', of: (one) => `${Math.round(one.effect * 100)} %`, right: true},
            {name: 'Why', of: (one) => one.why},
          ]} />)}
      </Section>
      <Section title="Who would be harmed">
        <Table label="Harms" rows={risk.harms} keyOf={(one) => one.axis} columns={[
          {name: 'What', of: (one) => one.axis}, {name: 'Harm', of: (one) => `${one.harm} (${one.level})`}, {name: 'Why', of: (one) => one.reason},
        ]} />
      </Section>
    </>
  );
}

function Words({risk, run, onClose}: {risk: RiskInfo; run: (body: unknown) => Promise<void>; onClose: () => void}) {
  const [owner, setOwner] = useState(risk.owner);
  const [treatment, setTreatment] = useState(risk.treatment);
  const question: Question = {
    title: 'Owner and treatment', action: 'Keep', text: <p>Who answers for it, and what is done about it.</p>,
    children: <>
      <Field label="Owner" value={owner} onChange={setOwner} />
      <Choice label="Treatment" value={treatment} onChange={setTreatment} options={TREATMENTS} />
    </>,
    run: () => run({owner, treatment}),
  };
  return <Ask question={question} onClose={onClose} />;
}

function Accept({run, onClose}: {run: (body: unknown) => Promise<void>; onClose: () => void}) {
  const [days, setDays] = useState('90');
  return <Ask onClose={onClose} question={{
    title: 'Accept this risk?', action: 'Accept', danger: true, reason: 'needed', ready: /^[1-9][0-9]{0,2}$/.test(days) && Number(days) <= 366,
    text: <p>Somebody else than its owner has to. It ends by itself.</p>,
    children: <Field label="Days" type="number" value={days} onChange={setDays} hint="1 to 366" />,
    run: (reason) => run({reason, expires: Math.floor(Date.now() / 1000) + Number(days) * DAY}),
  }} />;
}
