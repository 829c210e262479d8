/** What waits for a second person. */
import {useState} from 'react';
import {part, send} from '../api';
import {useData} from '../hooks';
import {useKnown} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Empty, Notice, Page, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {ApprovalInfo} from './types';

export function Approvals() {
  const {data, problem, reload} = useData<{approvals: ApprovalInfo[]}>('/v1/approvals');
  const {session} = useKnown();
  const [question, setQuestion] = useState<Question | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const [fresh, setFresh] = useState<string | null>(null);
  const ask = (one: ApprovalInfo, agree: boolean): Question => ({
    title: agree ? 'Agree to this?' : 'Turn this down?', action: agree ? 'Agree' : 'Turn down', danger: !agree,
    text: <><p>{one.requested_by} asked for it:</p><pre tabIndex={0} aria-label="Request">{`${one.request.method} ${one.request.target}\n${one.request.body}`}</pre></>,
    run: async () => {
      const answer = await send<{key?: string}>('POST', `/v1/approvals/${part(one.id)}/${agree ? 'approve' : 'reject'}`);
      setFresh(answer.key ?? null);
      setDone(agree ? 'It is done.' : 'It is turned down.');
      await reload();
    },
  });
  return (
    <Page title="Approvals" intro="What one person asked for and a second one must agree to.">
      {done && <Notice tone="good">{done}</Notice>}
      {fresh !== null && <Notice tone="warn"><p>The key, which is not shown again:</p><code className="break secret">{fresh}</code></Notice>}
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : data.approvals.length === 0
        ? <Empty command="two_person: {promote: true, release: true, keys: true}">Nothing waits for you. Which actions need a second person stands in the configuration:</Empty>
        : <Table label="Approvals" rows={data.approvals} keyOf={(one) => one.id} columns={[
            {name: 'What', of: (one) => <div className="stack"><code className="break">{one.request.method} {one.request.target}</code><code className="faint break">{one.request.body}</code></div>},
            {name: 'Asked by', of: (one) => one.requested_by},
            {name: 'When', of: (one) => <When at={one.requested} />},
            {name: 'Ends', of: (one) => <When at={one.expires} />},
            {name: 'Do', of: (one) => one.requested_by === session.name ? <span className="faint">somebody else must agree</span> : (
              <div className="badges">
                <button type="button" className="primary" onClick={() => setQuestion(ask(one, true))}>Agree…</button>
                <button type="button" onClick={() => setQuestion(ask(one, false))}>Turn down…</button>
              </div>)},
          ]} />}
      <Ask question={question} onClose={() => setQuestion(null)} />
    </Page>
  );
}
