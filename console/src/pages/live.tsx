/** What happens now: traffic second by second, what watches it, what was noticed. */
import {count, milliseconds, plural, versionOf} from '../format';
import {useData} from '../hooks';
import {Alert, KEPT_SECONDS, Live as LiveState, useLive, Watched} from '../live';
import {Link} from '../router';
import {part} from '../api';
import {useMay} from '../session';
import {Badge, Empty, Page, Section, severityTone, Trouble, When} from '../ui/parts';
import {Sparkline} from '../ui/sparkline';
import {Table} from '../ui/table';

export function Live() {
  const live = useLive();
  const seesAlerts = useMay('read-ledger');
  return (
    <Page title="Live" intro="What is asked this second, what watches it, and what was noticed.">
      <Traffic live={live} />
      {seesAlerts && <Alerts fresh={live.alerts} />}
      <Detectors versions={live.detectors} />
    </Page>
  );
}

/** For each model: answers in each of the seconds that are kept. */
export function courses(live: LiveState): {model: string; answered: number[]; refused: number; rate: number; mean: number}[] {
  const models = new Set(live.seconds.flatMap((second) => second.models.map((one) => one.model)));
  return [...models].sort().map((model) => {
    const found = live.seconds.map((second) => second.models.find((one) => one.model === model));
    const answered = found.map((one) => one?.answered ?? 0);
    const recent = found.slice(-10).filter((one) => one !== undefined);
    const many = recent.reduce((sum, one) => sum + one.answered, 0);
    return {
      model, answered,
      refused: found.reduce((sum, one) => sum + (one?.refused ?? 0), 0),
      rate: many / Math.max(1, Math.min(10, live.seconds.length)),
      mean: many === 0 ? 0 : recent.reduce((sum, one) => sum + one.mean_ms * one.answered, 0) / many,
    };
  });
}

function Traffic({live}: {live: LiveState}) {
  const rows = courses(live);
  return (
    <Section title="Traffic" aside={<span className="faint">the last {KEPT_SECONDS / 60} minutes, since this page was opened</span>}>
      {rows.length === 0
        ? <Empty>{live.connected ? 'Nobody asks a model now.' : 'Waiting for the server…'}</Empty>
        : <Table label="Traffic" rows={rows} keyOf={(row) => row.model} columns={[
            {name: 'Model', of: (row) => <Link to={`/models/${part(row.model)}`} className="strong">{row.model}</Link>},
            {name: 'Answers each second', of: (row) => <Sparkline tone="bars" values={row.answered} label={`answers of ${row.model} each second`} />},
            {name: 'Now', of: (row) => `${row.rate < 10 ? row.rate.toFixed(1) : count(row.rate)} a second`, right: true},
            {name: 'Time', of: (row) => (row.mean === 0 ? '' : milliseconds(row.mean)), right: true},
            {name: 'Refused', of: (row) => count(row.refused), right: true},
          ]} />}
    </Section>
  );
}

function Alerts({fresh}: {fresh: Alert[]}) {
  const {data, problem} = useData<{alerts: Alert[]}>('/v1/alerts?limit=50');
  const known = new Set(fresh.map((alert) => alert.number));
  const all = [...fresh, ...(data?.alerts ?? []).filter((alert) => !known.has(alert.number))];
  return (
    <Section title="Alerts">
      {problem && <Trouble problem={problem} />}
      {data !== null && all.length === 0
        ? <Empty>Nothing was noticed. Alerts come up here by themselves.</Empty>
        : <ul className="feed" aria-live="polite" aria-label="Alerts, the newest first">
            {all.map((alert) => (
              <li key={alert.number}>
                <div className="feed-head">
                  <Badge tone={severityTone(alert.severity)}>{alert.severity}</Badge>
                  <span className="strong">{alert.title}</span>
                </div>
                <p className="faint">
                  <When at={alert.last} /> · {alert.detector} · <VersionLink text={alert.version} />
                  {alert.principals.length > 0 && <> · {alert.principals.join(', ')}</>}
                  {alert.times > 1 && <> · {plural(alert.times, 'time')}</>}
                  {alert.atlas && <> · {alert.atlas}</>}
                </p>
              </li>))}
          </ul>}
    </Section>
  );
}

export function VersionLink({text}: {text: string}) {
  const {kind, name, version} = versionOf(text);
  if (kind !== 'model') return <>{text}</>;
  return <Link to={version > 0 ? `/models/${part(name)}/versions/${version}` : `/models/${part(name)}`}>{text}</Link>;
}

function Detectors({versions}: {versions: Watched[] | null}) {
  return (
    <Section title="Detectors">
      {versions === null || versions.length === 0
        ? <Empty command="bartizan registry push model.onnx --name demo --data reference.npz">No version is watched: a version is watched from its first query on, and against its reference data, where it was pushed with them.</Empty>
        : <Table label="Detectors" rows={versions} keyOf={(one) => one.version} columns={[
            {name: 'Version', of: (one) => <VersionLink text={one.version} />},
            {name: 'Queries', of: (one) => count(one.queries), right: true},
            {name: 'Watched by', of: (one) => <div className="badges">{one.detectors.map((name) => <Badge key={name}>{name}</Badge>)}</div>},
            {name: 'Not by', of: (one) => one.not_watched_because ?? (one.without ?? []).join('; ')},
          ]} />}
    </Section>
  );
}
