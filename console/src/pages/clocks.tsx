/** Deadlines that laws set, counted down. */
import {useState} from 'react';
import {countdown, time} from '../format';
import {useData, useNow} from '../hooks';
import {Ask, Question} from '../ui/dialog';
import {Choice} from '../ui/field';
import {Badge, Empty, Section, Tone} from '../ui/parts';
import {Table} from '../ui/table';
import {Act} from './incident';
import {Clock} from './incident_types';

const TONES: Record<string, Tone> = {running: 'warn', waiting: 'plain', missed: 'bad', met: 'good', 'met-late': 'bad'};

export function Clocks({clocks, path, act, mayRespond, ask}: {
  clocks: Clock[]; path: string; act: Act; mayRespond: boolean; ask: (question: Question) => void;
}) {
  const now = useNow();
  const [starting, setStarting] = useState(false);
  const meet = (clock: Clock): Question => ({
    title: `Was it told: ${clock.title}?`, action: 'It was told', reason: 'needed',
    text: <p>Give the receipt: a number, a name, a date. {clock.citation}</p>,
    run: (receipt) => act('The clock is met.', 'POST', `${path}/clocks/${encodeURIComponent(clock.rule)}/met`, {receipt}),
  });
  return (
    <Section title="Clocks" aside={mayRespond && <button type="button" onClick={() => setStarting(true)}>Start a clock…</button>}>
      {clocks.length === 0 ? <Empty>No legal clock runs. Start those that hold for you.</Empty> : (
        <Table label="Clocks" rows={clocks} keyOf={(clock) => clock.rule} columns={[
          {name: 'What', of: (clock) => <div className="stack"><span>{clock.title}</span><span className="faint">{clock.regime}, {clock.citation}</span></div>},
          {name: 'State', of: (clock) => <Badge tone={TONES[clock.state] ?? 'plain'}>{clock.state}</Badge>},
          {name: 'Left', of: (clock) => clock.met !== null ? <span className="faint">{clock.receipt}</span>
            : clock.due === null ? <span className="faint">begins with: {clock.anchor}</span>
              : <span className="clock" title={time(clock.due)}>{countdown(clock.due, now)}</span>},
          {name: 'Do', of: (clock) => mayRespond && clock.met === null && <button type="button" onClick={() => ask(meet(clock))} aria-label={`Met: ${clock.title}`}>Met…</button>},
        ]} />)}
      {starting && <Start path={path} act={act} onClose={() => setStarting(false)} />}
    </Section>
  );
}

function Start({path, act, onClose}: {path: string; act: Act; onClose: () => void}) {
  const {data} = useData<{clocks: {rule: string; title: string; condition: string; citation: string}[]}>('/v1/clocks');
  const [rule, setRule] = useState('');
  const rules = data?.clocks ?? [];
  const chosen = rules.find((one) => one.rule === rule);
  return <Ask onClose={onClose} question={{
    title: 'Start a clock', action: 'Start', ready: chosen !== undefined,
    text: <p>Which deadline holds for you is for you to know: it is no legal advice.</p>,
    children: <>
      <Choice label="Clock" value={rule} onChange={setRule} options={['', ...rules.map((one) => one.rule)]} />
      {chosen && <p className="hint">{chosen.title}. {chosen.condition} ({chosen.citation})</p>}
    </>,
    run: () => act('The clock runs.', 'POST', `${path}/clocks`, {rule}),
  }} />;
}
