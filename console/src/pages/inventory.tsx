/** What there is: models and data sets, who answers for them, how much hangs on them, where they come from. */
import {useState} from 'react';
import {part, send} from '../api';
import {useData} from '../hooks';
import {may, useKnown} from '../session';
import {Ask} from '../ui/dialog';
import {Choice, Field} from '../ui/field';
import {Badge, Empty, Notice, Page, Section, Trouble, Waiting} from '../ui/parts';
import {Table} from '../ui/table';
import {VersionLink} from './live';

interface Asset {
  asset: string; version: string; sha256: string; owner: string; purpose: string; criticality: number; exposure: string;
  modality: string; sector: string; vendor: string; data_classes: string[]; risk_class: string;
}
interface InventoryInfo {assets: Asset[]; lineage: {from: string; relation: string; to: string}[]}

export function Inventory() {
  const {data, problem, reload} = useData<InventoryInfo>('/v1/inventory');
  const known = useKnown();
  const [editing, setEditing] = useState<Asset | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const mayDescribe = (asset: string) => may(known, 'push', asset) || may(known, 'govern');
  const fresh = [...new Map((data?.assets ?? []).map((one) => [one.asset, one])).values()];
  return (
    <Page title="Inventory" intro="Models and data sets: who answers for them, what hangs on them, and where they come from.">
      {done && <Notice tone="good">{done}</Notice>}
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : fresh.length === 0
        ? <Empty command="bartizan registry push model.onnx --name demo">There is nothing yet. What is pushed comes here by itself:</Empty>
        : <>
            <Table label="Inventory" rows={fresh} keyOf={(one) => one.asset} columns={[
              {name: 'Asset', of: (one) => <div className="stack"><VersionLink text={one.asset} /><span className="faint">{one.version}</span></div>},
              {name: 'Owner', of: (one) => one.owner || <Badge tone="warn">nobody</Badge>},
              {name: 'Purpose', of: (one) => one.purpose || <span className="faint">not told</span>},
              {name: 'Criticality', of: (one) => (one.criticality === 0 ? <span className="faint">not told</span> : `${one.criticality} of 5`)},
              {name: 'Sector', of: (one) => one.sector || <span className="faint">not told</span>},
              {name: 'Risk class', of: (one) => one.risk_class || <span className="faint">not told</span>},
              {name: 'Do', of: (one) => mayDescribe(one.asset) && <button type="button" onClick={() => setEditing(one)} aria-label={`Describe ${one.asset}`}>Describe…</button>},
            ]} />
            <Lineage edges={data.lineage} />
          </>}
      {editing && <Describe asset={editing} onClose={() => setEditing(null)} onDone={async () => {
        setDone(`${editing.asset} is described.`);
        await reload();
      }} />}
    </Page>
  );
}

function Lineage({edges}: {edges: InventoryInfo['lineage']}) {
  return (
    <Section title="Where things come from">
      {edges.length === 0 ? <Empty command="bartizan registry push model.onnx --name demo --lineage trained_on:data:clothes@1">Nothing says what it was made from:</Empty> : (
        <Table label="Lineage" rows={edges.map((edge, i) => ({...edge, i}))} keyOf={(edge) => edge.i} columns={[
          {name: 'From', of: (edge) => <VersionLink text={edge.from} />},
          {name: 'Relation', of: (edge) => edge.relation},
          {name: 'To', of: (edge) => <VersionLink text={edge.to} />},
        ]} />)}
    </Section>
  );
}

function Describe({asset, onClose, onDone}: {asset: Asset; onClose: () => void; onDone: () => Promise<void>}) {
  const [owner, setOwner] = useState(asset.owner);
  const [purpose, setPurpose] = useState(asset.purpose);
  const [criticality, setCriticality] = useState(String(asset.criticality));
  const {version: _version, sha256: _sha, ...profile} = asset;
  return <Ask onClose={onClose} question={{
    title: `Describe ${asset.asset}`, action: 'Keep', text: <p>Who answers for it, and how much hangs on it.</p>,
    children: <>
      <Field label="Owner" value={owner} onChange={setOwner} />
      <Field label="Purpose" value={purpose} onChange={setPurpose} />
      <Choice label="Criticality" value={criticality} onChange={setCriticality} options={['0', '1', '2', '3', '4', '5']} />
    </>,
    run: async () => {
      await send('PUT', `/v1/inventory/${part(asset.asset)}`, {...profile, owner, purpose, criticality: Number(criticality)});
      await onDone();
    },
  }} />;
}
