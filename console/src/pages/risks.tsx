/** What could go wrong with each asset: how likely, how bad, and what stands against it. */
import {useState} from 'react';
import {part, send} from '../api';
import {count, plural} from '../format';
import {useData} from '../hooks';
import {Link} from '../router';
import {useMay} from '../session';
import {Ask} from '../ui/dialog';
import {Choice} from '../ui/field';
import {Badge, Empty, Notice, Page, Section, Tone, Trouble, Waiting} from '../ui/parts';
import {Table} from '../ui/table';
import {VersionLink} from './live';
import {bandOf, fieldOf, RiskInfo, Score} from './risk_map';

const BAND_TONES: Record<string, Tone> = {low: 'good', moderate: 'info', high: 'warn', critical: 'bad'};
const LEVELS = [1, 2, 3, 4, 5];

export function Band({score}: {score: Score}) {
  return <Badge tone={BAND_TONES[score.band] ?? 'plain'}>{score.band} {score.score.toFixed(1)}</Badge>;
}

export function Risks() {
  const {data, problem, reload} = useData<{risks: RiskInfo[]}>('/v1/risks');
  const mayGovern = useMay('govern');
  const [chosen, setChosen] = useState<string | null>(null);
  const [deriving, setDeriving] = useState(false);
  const [done, setDone] = useState<string | null>(null);
  const risks = (data?.risks ?? []).filter((risk) => risk.applies);
  const shown = risks.filter((risk) => chosen === null || keyOf(fieldOf(risk)) === chosen)
    .sort((a, b) => b.residual.score - a.residual.score);
  return (
    <Page title="Risks" intro="How likely, how bad, and what stands against it. Figures follow from the inventory and from evidence; nobody writes them."
      actions={mayGovern && <button type="button" className="primary" onClick={() => setDeriving(true)}>Derive risks…</button>}>
      {done && <Notice tone="good">{done}</Notice>}
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : risks.length === 0
        ? <Empty command="bartizan risk derive model:demo">No risk is in the register. Those of an asset follow from what the inventory says of it:</Empty>
        : <>
            <Section title="Heat map" aside={chosen !== null && <button type="button" onClick={() => setChosen(null)}>Show all</button>}>
              <Map risks={risks} chosen={chosen} onChoose={setChosen} />
            </Section>
            <Section title="Register" aside={<span className="faint">{plural(shown.length, 'risk')}</span>}>
              <Table label="Risks" rows={shown} keyOf={(risk) => risk.id} columns={[
                {name: 'Risk', of: (risk) => <div className="stack"><Link className="strong" to={`/risks/${part(risk.id)}`}>{risk.id}: {risk.title}</Link><VersionLink text={risk.asset} /></div>},
                {name: 'Before controls', of: (risk) => <Band score={risk.inherent} />},
                {name: 'Now', of: (risk) => <Band score={risk.residual} />},
                {name: 'Owner', of: (risk) => risk.owner || <Badge tone="warn">nobody</Badge>},
                {name: 'Treatment', of: (risk) => risk.treatment || <span className="faint">undecided</span>},
                {name: 'State', of: (risk) => risk.state},
              ]} />
            </Section>
          </>}
      {deriving && <Derive onClose={() => setDeriving(false)} onDone={async (text) => {
        setDone(text);
        await reload();
      }} />}
    </Page>
  );
}

function keyOf(field: {likelihood: number; impact: number}): string {
  return `${field.likelihood}/${field.impact}`;
}

function Map({risks, chosen, onChoose}: {risks: RiskInfo[]; chosen: string | null; onChoose: (key: string | null) => void}) {
  const many: Record<string, number> = {};
  for (const risk of risks) many[keyOf(fieldOf(risk))] = (many[keyOf(fieldOf(risk))] ?? 0) + 1;
  return (
    <table className="heat" aria-label="Risks by likelihood and impact, with what stands against them">
      <thead><tr><th scope="col">likelihood ↑ impact →</th>{LEVELS.map((impact) => <th key={impact} scope="col">{impact}</th>)}</tr></thead>
      <tbody>
        {[...LEVELS].reverse().map((likelihood) => (
          <tr key={likelihood}>
            <th scope="row">{likelihood}</th>
            {LEVELS.map((impact) => {
              const key = keyOf({likelihood, impact}), here = many[key] ?? 0, band = bandOf(likelihood * impact);
              return (
                <td key={impact} className={band}>
                  {here > 0 && (
                    <button type="button" aria-pressed={chosen === key} onClick={() => onChoose(chosen === key ? null : key)}
                      aria-label={`likelihood ${likelihood}, impact ${impact}, ${band}: ${plural(here, 'risk')}`}>{count(here)}</button>)}
                </td>);
            })}
          </tr>))}
      </tbody>
    </table>
  );
}

function Derive({onClose, onDone}: {onClose: () => void; onDone: (text: string) => Promise<void>}) {
  const {data} = useData<{assets: {asset: string}[]}>('/v1/inventory');
  const [asset, setAsset] = useState('');
  const assets = [...new Set((data?.assets ?? []).map((one) => one.asset))];
  return <Ask onClose={onClose} question={{
    title: 'Derive risks', action: 'Derive', ready: asset !== '',
    text: <p>The risks of an asset, from what the inventory says of it. Those that are in the register stay as they are.</p>,
    children: <Choice label="Asset" value={asset} onChange={setAsset} options={['', ...assets]} />,
    run: async () => {
      const answer = await send<{risks: unknown[]}>('POST', '/v1/risks/derive', {asset});
      await onDone(`${plural(answer.risks.length, 'risk')} of ${asset}.`);
    },
  }} />;
}
