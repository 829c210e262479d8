/** How every model is, at a look. */
import {count, milliseconds, plural} from '../format';
import {useData} from '../hooks';
import {Link} from '../router';
import {part} from '../api';
import {Badge, Empty, Figure, Figures, Notice, Page, Section, Tone, Trouble, Waiting} from '../ui/parts';
import {Sparkline} from '../ui/sparkline';
import {Table} from '../ui/table';
import {ModelRow, OverviewInfo} from './types';

const PUSH = 'bartizan registry push model.onnx --name demo\nbartizan registry promote demo 1';
const DRIFT_TO_ACT_ON = 0.25;  // of the population stability index, as the field has it

export function Overview() {
  const {data, problem} = useData<OverviewInfo>('/v1/overview');
  return (
    <Page title="Overview" intro="Every model that you may see: what was found, what it is asked, what was noticed.">
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : <Shown info={data} />}
    </Page>
  );
}

function Shown({info}: {info: OverviewInfo}) {
  const asked = info.models.reduce((sum, model) => sum + model.traffic.answered, 0);
  const alerts = info.models.reduce((sum, model) => sum + alertsOf(model), 0);
  const open = info.incidents === null ? null : Object.entries(info.incidents)
    .reduce((sum, [state, many]) => (state === 'closed' || state === 'dismissed' ? sum : sum + many), 0);
  return (
    <>
      {info.database === 'lost' && <Notice tone="bad">The database cannot be reached: changes are refused, models are served.</Notice>}
      {info.ledger === 'lost' && <Notice tone="bad">The ledger cannot be written: changes are refused.</Notice>}
      <Figures>
        <Figure name="models">{count(info.models.length)}</Figure>
        <Figure name="answers in the last hour">{count(asked)}</Figure>
        {open !== null && <Figure name="alerts in the last day" tone={alerts > 0 ? 'warn' : 'plain'}>{count(alerts)}</Figure>}
        {open !== null && <Figure name="open incidents" tone={open > 0 ? 'bad' : 'plain'}>{count(open)}</Figure>}
        <Figure name="ledger entries">{count(info.ledger_entries)}</Figure>
      </Figures>
      <Section title="Models">
        {info.models.length === 0
          ? <Empty command={PUSH}>There is no model yet. Push one and promote it:</Empty>
          : <Table label="Models" rows={info.models} keyOf={(model) => model.name} columns={[
              {name: 'Model', of: (model) => <Name model={model} />},
              {name: 'Audit', of: (model) => <Score model={model} />},
              {name: 'Last hour', of: (model) => <Asked model={model} />},
              {name: 'Alerts', of: (model) => <Alerts model={model} />},
              {name: 'Drift', of: (model) => <Drift model={model} />},
            ]} />}
      </Section>
    </>
  );
}

function alertsOf(model: ModelRow): number {
  return Object.values(model.alerts ?? {}).reduce((sum, many) => sum + many, 0);
}

function Name({model}: {model: ModelRow}) {
  const held = model.quarantine ?? model.production?.quarantine ?? null;
  return (
    <div className="stack">
      <Link to={`/models/${part(model.name)}`} className="strong">{model.name}</Link>
      {held !== null ? <Badge tone="bad">in quarantine</Badge>
        : model.production ? <span className="faint">version {model.production.version} in production</span>
          : <Badge tone="info">none in production</Badge>}
      {model.worker?.trouble && <Badge tone="bad">does not run</Badge>}
    </div>
  );
}

export function scoreTone(score: number): Tone {
  return score >= 70 ? 'good' : score >= 40 ? 'warn' : 'bad';
}

function Score({model}: {model: ModelRow}) {
  const shown = model.production ?? model.candidate;
  if (shown === null) return <span className="faint">no version</span>;
  const scan = shown.checks['scan'];
  return (
    <div className="stack">
      {shown.score === null ? <span className="faint">not audited</span>
        : <Badge tone={scoreTone(shown.score)}>{Math.round(shown.score)} of 100</Badge>}
      {scan !== undefined && scan !== 'clean' && <Badge tone={scan === 'malicious' ? 'bad' : 'warn'}>scan: {scan}</Badge>}
    </div>
  );
}

function Asked({model}: {model: ModelRow}) {
  const {traffic} = model;
  if (traffic.answered + traffic.refused === 0) return <span className="faint">not asked</span>;
  return (
    <div className="stack">
      <Sparkline tone="bars" values={traffic.minutes} label={`answers in each of the last 60 minutes, ${count(traffic.answered)} in all`} />
      <span>{plural(traffic.answered, 'answer')} <span className="faint">{milliseconds(traffic.mean_ms)}</span></span>
      {traffic.refused > 0 && <span className="faint">{count(traffic.refused)} refused</span>}
    </div>
  );
}

function Alerts({model}: {model: ModelRow}) {
  if (model.alerts === null) return <span className="faint">not shown to you</span>;
  if (alertsOf(model) === 0) return <span className="faint">none</span>;
  const order: [string, Tone][] = [['critical', 'bad'], ['high', 'bad'], ['medium', 'warn'], ['low', 'plain']];
  return <div className="badges">{order.map(([severity, tone]) => model.alerts![severity] !== undefined &&
    <Badge key={severity} tone={tone}>{count(model.alerts![severity])} {severity}</Badge>)}</div>;
}

function Drift({model}: {model: ModelRow}) {
  const {watched} = model;
  if (watched === null) return <span className="faint">not asked yet</span>;
  if (watched.not_watched_because) return <span className="faint" title={watched.not_watched_because}>not watched: {watched.not_watched_because}</span>;
  const points = watched.drift ?? [];
  const last = points[points.length - 1];
  if (last === undefined) return <span className="faint">first look after {count(watched.drift_window ?? 0)} queries</span>;
  return (
    <div className="stack">
      <Sparkline values={points.map((point) => point.index)} limit={DRIFT_TO_ACT_ON} label={`drift index, ${last.index.toFixed(2)} now`} />
      <Badge tone={last.index >= DRIFT_TO_ACT_ON ? 'bad' : last.index >= 0.1 ? 'warn' : 'good'}>{last.index.toFixed(2)}</Badge>
    </div>
  );
}
